//! Turns columns into what they stand for, and back.

use std::error::Error;

use bytes::{BufMut, BytesMut};
use jiff::Timestamp;
use mainspring_job::store::{
    ClaimedRun, Fence, StoreError, StoreErrorKind, StoredJob, StoredRun, from_micros, to_micros,
};
use mainspring_job::{JobId, JobName, RunId, RunState};
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, accepts, to_sql_checked};

use crate::error::Result;

/// An instant in whole microseconds, as a `timestamptz`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Instant(i64);

/// From 1970 to 2000, where PostgreSQL counts from.
const EPOCH: i64 = 946_684_800_000_000;

impl From<Timestamp> for Instant {
    fn from(at: Timestamp) -> Self {
        Self(to_micros(at))
    }
}

impl From<Instant> for Timestamp {
    fn from(at: Instant) -> Self {
        from_micros(at.0)
    }
}

impl ToSql for Instant {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.put_i64(self.0.saturating_sub(EPOCH));
        Ok(IsNull::No)
    }

    accepts!(TIMESTAMPTZ);
    to_sql_checked!();
}

impl<'a> FromSql<'a> for Instant {
    fn from_sql(
        _: &Type,
        raw: &'a [u8],
    ) -> std::result::Result<Self, Box<dyn Error + Sync + Send>> {
        let micros = raw.try_into().map(i64::from_be_bytes)?;
        Ok(Self(micros.saturating_add(EPOCH)))
    }

    accepts!(TIMESTAMPTZ);
}

/// The columns that [`stored_job`] reads, of the table `j`; `{schema}` is to be filled in.
///
/// Asked for a state, the database would look through the whole index of that state's runs instead of the
/// few runs of the job.
pub(crate) const JOB: &str = "j.id, j.name, j.handler, j.schedule, j.anchor, j.payload, j.policy, \
    j.queue, j.priority, j.revision, j.version, j.is_paused, j.next_due, \
    (SELECT count(*) FILTER (WHERE r.state = 'running') FROM {schema}.runs r WHERE r.job = j.id), \
    (SELECT count(*) FILTER (WHERE r.state = 'due') FROM {schema}.runs r WHERE r.job = j.id)";

pub(crate) fn stored_job(row: &Row) -> Result<StoredJob> {
    Ok(StoredJob {
        id: job_id(row, 0)?,
        name: name(row, 1)?,
        handler: name(row, 2)?,
        schedule: get(row, 3)?,
        anchor: instant(row, 4)?,
        payload: get(row, 5)?,
        policy: get(row, 6)?,
        queue: name(row, 7)?,
        priority: get(row, 8)?,
        revision: number(row, 9)?,
        version: number(row, 10)?,
        is_paused: get(row, 11)?,
        next_due: instant_if(row, 12)?,
        running: small(row, 13)?,
        waiting: small(row, 14)?,
    })
}

/// The columns of a live run that [`stored_run`] reads, but for its error and its output.
pub(crate) const LIVE: &str = "job, due, name, state, attempt, fence, node, queue, priority, at, \
    started, lease_until, NULL::timestamptz";

/// The columns of an ended run that [`stored_run`] reads, but for its error and its output.
pub(crate) const ENDED: &str = "job, due, name, state, attempt, fence, node, queue, priority, at, \
    started, NULL::timestamptz, ended";

pub(crate) fn stored_run(row: &Row) -> Result<StoredRun> {
    let state: String = get(row, 3)?;
    let unknown = || damaged(format!("there is no state `{state}`"));
    Ok(StoredRun {
        id: run_id(row, 0, 1)?,
        name: name(row, 2)?,
        state: RunState::named(&state).ok_or_else(unknown)?,
        attempt: small(row, 4)?,
        fence: get::<Option<i64>>(row, 5)?.map(|fence| Fence::from_u64(fence.cast_unsigned())),
        node: get(row, 6)?,
        queue: name(row, 7)?,
        priority: get(row, 8)?,
        at: instant(row, 9)?,
        started: instant_if(row, 10)?,
        lease_until: instant_if(row, 11)?,
        ended: instant_if(row, 12)?,
        error: get(row, 13)?,
        output: get(row, 14)?,
    })
}

pub(crate) fn claimed_run(row: &Row) -> Result<ClaimedRun> {
    Ok(ClaimedRun {
        id: run_id(row, 0, 1)?,
        name: name(row, 2)?,
        handler: name(row, 3)?,
        payload: get(row, 4)?,
        policy: get(row, 5)?,
        queue: name(row, 6)?,
        priority: get(row, 7)?,
        attempt: small(row, 8)?,
        fence: Fence::from_u64(number(row, 9)?),
        at: instant(row, 10)?,
        started: instant(row, 11)?,
        lease_until: instant(row, 12)?,
    })
}

pub(crate) fn run_id(row: &Row, job: usize, due: usize) -> Result<RunId> {
    Ok(RunId { job: job_id(row, job)?, due: instant(row, due)? })
}

pub(crate) fn job_id(row: &Row, column: usize) -> Result<JobId> {
    Ok(JobId::from_u64(number(row, column)?))
}

pub(crate) fn name(row: &Row, column: usize) -> Result<JobName> {
    let text = get::<&str>(row, column)?;
    JobName::new(text).map_err(|error| damaged(format!("`{text}` in the database: {error}")))
}

pub(crate) fn instant(row: &Row, column: usize) -> Result<Timestamp> {
    get::<Instant>(row, column).map(Timestamp::from)
}

pub(crate) fn instant_if(row: &Row, column: usize) -> Result<Option<Timestamp>> {
    Ok(get::<Option<Instant>>(row, column)?.map(Timestamp::from))
}

pub(crate) fn get<'a, T: FromSql<'a>>(row: &'a Row, column: usize) -> Result<T> {
    row.try_get(column).map_err(|error| {
        let text = format!("column {} of an answer is not what it should be", column + 1);
        damaged(text).caused_by(error)
    })
}

/// A number below 2⁶³, as all that stores hand out are.
pub(crate) fn signed(number: u64) -> i64 {
    number.cast_signed()
}

fn number(row: &Row, column: usize) -> Result<u64> {
    get::<i64>(row, column).map(i64::cast_unsigned)
}

pub(crate) fn small(row: &Row, column: usize) -> Result<u32> {
    Ok(u32::try_from(get::<i64>(row, column)?).unwrap_or(u32::MAX))
}

fn damaged(text: String) -> StoreError {
    StoreError::new(StoreErrorKind::Corrupt, text)
}
