//! Counts what there is.

use mainspring_job::store::{Holder, Tally};
use rusqlite::Connection;

use super::columns::instant_if;
use super::{row, rows};
use crate::error::Result;

const JOBS: &str = "SELECT count(*), coalesce(sum(is_paused), 0) FROM mainspring_jobs";

const DUE: &str = "SELECT count(*) FROM mainspring_runs WHERE state = 'due'";

const HOLDERS: &str = "SELECT coalesce(node, ''), count(*), min(lease_until) FROM mainspring_runs \
    WHERE state = 'running' GROUP BY 1 ORDER BY 1";

pub(crate) fn tally(connection: &Connection) -> Result<Tally> {
    let mut tally = Tally::default();
    let jobs = row(connection, JOBS, [], |row| Ok((count(row.get(0)?), count(row.get(1)?))))?;
    (tally.jobs, tally.paused) = jobs.unwrap_or_default();
    tally.due = row(connection, DUE, [], |row| Ok(count(row.get(0)?)))?.unwrap_or_default();
    tally.holders = rows(connection, HOLDERS, [], |row| {
        let (node, running) = (row.get(0)?, count(row.get(1)?));
        Ok(Holder { node, running, lease_until: instant_if(row, 2)? })
    })?;
    Ok(tally)
}

/// No count is negative.
fn count(number: i64) -> u64 {
    number.cast_unsigned()
}
