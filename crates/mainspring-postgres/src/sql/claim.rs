//! Claims runs, limits queues, and says when to look again.

use std::cmp::Reverse;
use std::time::Duration;

use deadpool_postgres::Client;
use jiff::Timestamp;
use mainspring_job::JobName;
use mainspring_job::store::{Claim, ClaimedRun, NextWake, StoreError, StoreErrorKind};

use super::{Outcome, rows};
use crate::column::{Instant, claimed_run, instant, instant_if};

/// The server's clock.
pub(crate) async fn now(client: Client) -> Outcome<Timestamp> {
    let found = rows(&client, "", "SELECT clock_timestamp()", &[]).await?;
    let row = found.first().ok_or_else(|| {
        StoreError::new(StoreErrorKind::Other, "the database does not say what time it is")
    })?;
    Ok(instant(row, 0)?)
}

const CLAIM: &str = "SELECT * FROM {schema}.claim($1, $2, $3, $4 * interval '1 microsecond', $5)";

pub(crate) async fn claim(
    client: Client,
    schema: &str,
    claim: &Claim,
    now: Option<Instant>,
) -> Outcome<Vec<ClaimedRun>> {
    let queues: Vec<_> = claim.queues.iter().map(JobName::as_str).collect();
    let limit = i64::try_from(claim.limit).unwrap_or(i64::MAX);
    let lease = micros(claim.lease);
    let found = rows(&client, schema, CLAIM, &[&claim.node, &queues, &limit, &lease, &now]).await?;
    let mut runs = found.iter().map(claimed_run).collect::<Result<Vec<_>, _>>()?;
    runs.sort_unstable_by_key(|run| (Reverse(run.priority), run.at, run.id));
    Ok(runs)
}

pub(crate) async fn limit_queue(
    client: Client,
    schema: &str,
    queue: &str,
    runs: Option<u32>,
) -> Outcome<()> {
    match runs {
        Some(runs) => {
            let sql = "INSERT INTO {schema}.queues (name, runs_max) VALUES ($1, $2) \
                       ON CONFLICT (name) DO UPDATE SET runs_max = $2";
            rows(&client, schema, sql, &[&queue, &i64::from(runs)]).await?;
        }
        None => {
            let sql = "DELETE FROM {schema}.queues WHERE name = $1";
            rows(&client, schema, sql, &[&queue]).await?;
        }
    }
    Ok(())
}

const WAKE: &str = "SELECT \
    (SELECT next_due FROM {schema}.jobs WHERE next_due IS NOT NULL ORDER BY next_due LIMIT 1), \
    (SELECT min(n.at) FROM {schema}.lanes('{}') l CROSS JOIN LATERAL (SELECT r.at FROM \
    {schema}.runs r WHERE r.state = 'due' AND r.queue = l.queue AND r.priority = l.priority AND \
    r.at > coalesce($1::timestamptz, clock_timestamp()) ORDER BY r.at LIMIT 1) n), \
    (SELECT lease_until FROM {schema}.runs WHERE state = 'running' ORDER BY lease_until LIMIT 1)";

pub(crate) async fn next_wake(
    client: Client,
    schema: &str,
    now: Option<Instant>,
) -> Outcome<NextWake> {
    let found = rows(&client, schema, WAKE, &[&now]).await?;
    let Some(row) = found.first() else {
        return Ok(NextWake::default());
    };
    Ok(NextWake {
        job_due: instant_if(row, 0)?,
        run_ready: instant_if(row, 1)?,
        lease_ends: instant_if(row, 2)?,
    })
}

/// A duration in microseconds, rounded up; centuries at most, as a lease may end in no other calendar.
pub(crate) fn micros(duration: Duration) -> f64 {
    const CENTURY: u128 = 36_525 * 86_400 * 1_000_000;
    duration.as_nanos().div_ceil(1000).min(CENTURY) as f64
}
