//! Counts what there is.

use deadpool_postgres::Client;
use mainspring_job::store::{Holder, Tally};

use super::{Outcome, rows};
use crate::column::{get, instant_if};

const JOBS: &str = "SELECT count(*), count(*) FILTER (WHERE is_paused) FROM {schema}.jobs";

const DUE: &str = "SELECT count(*) FROM {schema}.runs WHERE state = 'due'";

/// By the bytes of their names, as everywhere else.
const HOLDERS: &str = "SELECT coalesce(node, '') COLLATE \"C\", count(*), min(lease_until) FROM \
    {schema}.runs WHERE state = 'running' GROUP BY 1 ORDER BY 1";

pub(crate) async fn tally(client: Client, schema: &str) -> Outcome<Tally> {
    let mut tally = Tally::default();
    for row in rows(&client, schema, JOBS, &[]).await? {
        (tally.jobs, tally.paused) = (count(get(&row, 0)?), count(get(&row, 1)?));
    }
    for row in rows(&client, schema, DUE, &[]).await? {
        tally.due = count(get(&row, 0)?);
    }
    for row in rows(&client, schema, HOLDERS, &[]).await? {
        let (node, running) = (get(&row, 0)?, count(get(&row, 1)?));
        tally.holders.push(Holder { node, running, lease_until: instant_if(&row, 2)? });
    }
    Ok(tally)
}

/// No count is negative.
fn count(number: i64) -> u64 {
    number.cast_unsigned()
}
