//! Keeps leases, gives runs back, takes lost ones away.

use std::collections::HashMap;
use std::time::Duration;

use deadpool_postgres::Client;
use mainspring_job::RunId;
use mainspring_job::store::{Beat, Cancelled, Hold, Reaped, Verdict};

use super::claim::micros;
use super::{Outcome, rows};
use crate::column::{Instant, get, name, run_id, signed, small};

const HOLDS: &str = "WITH input AS (SELECT * FROM unnest($1::bigint[], $2::timestamptz[], \
    $3::bigint[]) AS i (job, due, fence)), \
    clock AS (SELECT coalesce($4::timestamptz, clock_timestamp()) AS now)";

const BEAT: &str = "UPDATE {schema}.runs r SET lease_until = now + $5 * interval '1 microsecond' \
    FROM input i, clock WHERE r.job = i.job AND r.due = i.due AND r.fence = i.fence AND \
    r.state = 'running' RETURNING r.job, r.due, r.fence, r.is_cancel_wanted";

pub(crate) async fn heartbeat(
    client: Client,
    schema: &str,
    holds: &[Hold],
    now: Option<Instant>,
    lease: Duration,
) -> Outcome<Vec<Beat>> {
    let (jobs, dues, fences) = columns(holds);
    let sql = format!("{HOLDS} {BEAT}");
    let kept = rows(&client, schema, &sql, &[&jobs, &dues, &fences, &now, &micros(lease)]).await?;
    let mut beats = HashMap::new();
    for row in &kept {
        let beat = if get(row, 3)? { Beat::CancelWanted } else { Beat::Kept };
        beats.insert((run_id(row, 0, 1)?, get::<i64>(row, 2)?), beat);
    }
    let beat = |hold: &Hold| beats.get(&(hold.run, signed(hold.fence.as_u64()))).copied();
    Ok(holds.iter().map(|hold| beat(hold).unwrap_or(Beat::Lost)).collect())
}

const KEEP: &str = "INSERT INTO {schema}.history (job, due, name, state, attempt, fence, node, \
    queue, priority, at, started, ended, error) SELECT job, due, name, outcome, attempt, fence, \
    node, queue, priority, at, started, now, error FROM gone, clock ON CONFLICT DO NOTHING";

const RELEASE: &str = "gone AS (DELETE FROM {schema}.runs r USING input i WHERE r.job = i.job AND \
    r.due = i.due AND r.fence = i.fence AND r.state = 'running' AND r.is_cancel_wanted \
    RETURNING r.*, 'cancelled' AS outcome), \
    back AS (UPDATE {schema}.runs r SET state = 'due', at = now, lease_until = NULL, \
    attempt = attempt - 1 FROM input i, clock WHERE r.job = i.job AND r.due = i.due AND \
    r.fence = i.fence AND r.state = 'running' AND NOT r.is_cancel_wanted \
    RETURNING r.job, r.due, r.fence), \
    before AS (SELECT r.job, r.due, r.fence FROM {schema}.runs r JOIN input i ON r.job = i.job AND \
    r.due = i.due AND r.fence = i.fence WHERE r.state = 'due')";

pub(crate) async fn release(
    client: Client,
    schema: &str,
    holds: &[Hold],
    now: Option<Instant>,
) -> Outcome<Vec<Verdict>> {
    let (jobs, dues, fences) = columns(holds);
    let sql = format!(
        "{HOLDS}, {RELEASE}, kept AS ({KEEP}) SELECT job, due, fence FROM gone UNION ALL \
         SELECT job, due, fence FROM back UNION ALL SELECT job, due, fence FROM before"
    );
    let mut given = HashMap::new();
    for row in &rows(&client, schema, &sql, &[&jobs, &dues, &fences, &now]).await? {
        given.insert((run_id(row, 0, 1)?, get::<i64>(row, 2)?), Verdict::Accepted);
    }
    let verdict = |hold: &Hold| given.get(&(hold.run, signed(hold.fence.as_u64()))).copied();
    Ok(holds.iter().map(|hold| verdict(hold).unwrap_or(Verdict::Stale)).collect())
}

/// Locks first, so that a run that is being claimed or finished is judged by what it has become.
const CANCEL: &str = "WITH input AS (SELECT * FROM unnest($1::bigint[], $2::timestamptz[]) \
    AS i (job, due)), \
    clock AS (SELECT coalesce($3::timestamptz, clock_timestamp()) AS now), \
    locked AS (SELECT r.job, r.due, r.state FROM {schema}.runs r JOIN input i ON r.job = i.job AND \
    r.due = i.due ORDER BY r.job, r.due FOR UPDATE OF r), \
    asked AS (UPDATE {schema}.runs r SET is_cancel_wanted = true FROM locked l WHERE \
    r.job = l.job AND r.due = l.due AND l.state = 'running' RETURNING r.job, r.due), \
    gone AS (DELETE FROM {schema}.runs r USING locked l WHERE r.job = l.job AND r.due = l.due AND \
    l.state = 'due' RETURNING r.*, 'cancelled' AS outcome)";

pub(crate) async fn cancel(
    client: Client,
    schema: &str,
    runs: &[RunId],
    now: Option<Instant>,
) -> Outcome<Vec<Cancelled>> {
    let jobs: Vec<_> = runs.iter().map(|run| signed(run.job.as_u64())).collect();
    let dues: Vec<_> = runs.iter().map(|run| Instant::from(run.due)).collect();
    let sql = format!(
        "{CANCEL}, kept AS ({KEEP}) SELECT job, due, true FROM asked UNION ALL \
         SELECT job, due, false FROM gone"
    );
    let mut told = HashMap::new();
    for row in &rows(&client, schema, &sql, &[&jobs, &dues, &now]).await? {
        let cancelled = if get(row, 2)? { Cancelled::Asked } else { Cancelled::Done };
        told.insert(run_id(row, 0, 1)?, cancelled);
    }
    // A run that is named twice is gone the second time.
    let mut cancelled = Vec::with_capacity(runs.len());
    for run in runs {
        let answer = match told.get(run) {
            Some(Cancelled::Done) => told.remove(run),
            answer => answer.copied(),
        };
        cancelled.push(answer.unwrap_or(Cancelled::Gone));
    }
    Ok(cancelled)
}

const REAP: &str = "WITH clock AS (SELECT coalesce($3::timestamptz, clock_timestamp()) AS now), \
    over AS (SELECT r.job, r.due, r.is_cancel_wanted, r.lease_until, r.node, r.attempt, r.name, \
    NOT r.is_cancel_wanted AND r.attempt >= $2 AS is_failed, \
    'the lease of node `' || coalesce(r.node, '') || '` ended without a word' AS why \
    FROM {schema}.runs r, clock WHERE r.state = 'running' AND r.lease_until <= now \
    ORDER BY r.lease_until, r.job, r.due LIMIT $1 FOR UPDATE OF r SKIP LOCKED), \
    ended AS (DELETE FROM {schema}.runs r USING over o WHERE r.job = o.job AND r.due = o.due AND \
    (o.is_failed OR o.is_cancel_wanted) RETURNING r.*, o.why, \
    CASE WHEN o.is_failed THEN 'failed' ELSE 'cancelled' END AS outcome), \
    kept AS (INSERT INTO {schema}.history (job, due, name, state, attempt, fence, node, queue, \
    priority, at, started, ended, error) SELECT job, due, name, outcome, attempt, fence, node, \
    queue, priority, at, started, now, why FROM ended, clock ON CONFLICT DO NOTHING), \
    back AS (UPDATE {schema}.runs r SET state = 'due', at = now, lease_until = NULL, fence = NULL, \
    error = o.why FROM over o, clock WHERE r.job = o.job AND r.due = o.due AND NOT (o.is_failed \
    OR o.is_cancel_wanted)) \
    SELECT job, due, name, coalesce(node, ''), attempt, is_failed FROM over \
    ORDER BY lease_until, job, due";

pub(crate) async fn reap(
    client: Client,
    schema: &str,
    limit: usize,
    attempts_max: u32,
    now: Option<Instant>,
) -> Outcome<Vec<Reaped>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let found = rows(&client, schema, REAP, &[&limit, &i64::from(attempts_max), &now]).await?;
    let reaped = found.iter().map(|row| {
        Ok(Reaped {
            id: run_id(row, 0, 1)?,
            name: name(row, 2)?,
            node: get(row, 3)?,
            attempt: small(row, 4)?,
            is_failed: get(row, 5)?,
        })
    });
    reaped.collect()
}

fn columns(holds: &[Hold]) -> (Vec<i64>, Vec<Instant>, Vec<i64>) {
    (
        holds.iter().map(|hold| signed(hold.run.job.as_u64())).collect(),
        holds.iter().map(|hold| Instant::from(hold.run.due)).collect(),
        holds.iter().map(|hold| signed(hold.fence.as_u64())).collect(),
    )
}
