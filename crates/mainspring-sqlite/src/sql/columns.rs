//! Turns columns into what they stand for, and back.

use std::time::Duration;

use jiff::Timestamp;
use mainspring_job::store::{Fence, StoredJob, StoredRun, from_micros, to_micros};
use mainspring_job::{JobId, JobName, RunId, RunState};
use rusqlite::Row;
use rusqlite::types::Type;

/// The columns that [`stored_job`] reads, of the table `j`.
pub(crate) const JOB: &str = "j.id, j.name, j.handler, j.schedule, j.anchor, j.payload, j.policy, \
    j.queue, j.priority, j.revision, j.version, j.is_paused, j.next_due, \
    (SELECT count(*) FROM mainspring_runs r WHERE r.job = j.id AND r.state = 'running'), \
    (SELECT count(*) FROM mainspring_runs r WHERE r.job = j.id AND r.state = 'due')";

pub(crate) fn stored_job(row: &Row<'_>) -> rusqlite::Result<StoredJob> {
    Ok(StoredJob {
        id: JobId::from_u64(number(row, 0)?),
        name: name(row, 1)?,
        handler: name(row, 2)?,
        schedule: row.get(3)?,
        anchor: instant(row, 4)?,
        payload: row.get(5)?,
        policy: row.get(6)?,
        queue: name(row, 7)?,
        priority: row.get(8)?,
        revision: number(row, 9)?,
        version: number(row, 10)?,
        is_paused: row.get(11)?,
        next_due: instant_if(row, 12)?,
        running: row.get(13)?,
        waiting: row.get(14)?,
    })
}

/// The columns of a live run that [`stored_run`] reads, but for its error and its output.
pub(crate) const LIVE: &str = "job, due, name, state, attempt, fence, node, queue, priority, at, \
    started, lease_until, NULL";

/// The columns of an ended run that [`stored_run`] reads, but for its error and its output.
pub(crate) const ENDED: &str = "job, due, name, state, attempt, fence, node, queue, priority, at, \
    started, NULL, ended";

pub(crate) fn stored_run(row: &Row<'_>) -> rusqlite::Result<StoredRun> {
    let state: String = row.get(3)?;
    let unknown = || damaged(3, format!("there is no state `{state}`").into());
    Ok(StoredRun {
        id: run_id(row, 0, 1)?,
        name: name(row, 2)?,
        state: RunState::named(&state).ok_or_else(unknown)?,
        attempt: row.get(4)?,
        fence: row.get::<_, Option<i64>>(5)?.map(|fence| Fence::from_u64(fence.cast_unsigned())),
        node: row.get(6)?,
        queue: name(row, 7)?,
        priority: row.get(8)?,
        at: instant(row, 9)?,
        started: instant_if(row, 10)?,
        lease_until: instant_if(row, 11)?,
        ended: instant_if(row, 12)?,
        error: row.get(13)?,
        output: row.get(14)?,
    })
}

pub(crate) fn run_id(row: &Row<'_>, job: usize, due: usize) -> rusqlite::Result<RunId> {
    Ok(RunId { job: JobId::from_u64(number(row, job)?), due: instant(row, due)? })
}

pub(crate) fn name(row: &Row<'_>, column: usize) -> rusqlite::Result<JobName> {
    let text = row.get_ref(column)?.as_str()?;
    JobName::new(text).map_err(|error| damaged(column, error.into()))
}

pub(crate) fn instant(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    row.get(column).map(from_micros)
}

pub(crate) fn instant_if(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(from_micros))
}

fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::cast_unsigned)
}

fn damaged(column: usize, error: Box<dyn std::error::Error + Send + Sync>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error)
}

/// A number below 2⁶³, as all that stores hand out are.
pub(crate) fn signed(number: u64) -> i64 {
    number.cast_signed()
}

pub(crate) fn job_and_due(run: RunId) -> (i64, i64) {
    (signed(run.job.as_u64()), to_micros(run.due))
}

/// So much later, rounded up.
pub(crate) fn later(at: Timestamp, by: Duration) -> i64 {
    let micros = i64::try_from(by.as_nanos().div_ceil(1000)).unwrap_or(i64::MAX);
    to_micros(from_micros(to_micros(at).saturating_add(micros)))
}
