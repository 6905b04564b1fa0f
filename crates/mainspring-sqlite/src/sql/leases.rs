//! Keeps leases, gives runs back, takes lost ones away.

use std::time::Duration;

use jiff::Timestamp;
use mainspring_job::store::{Beat, Cancelled, Hold, Reaped, Verdict, to_micros};
use mainspring_job::{RunId, RunState};
use rusqlite::{Connection, named_params};

use super::columns::{job_and_due, later, name, run_id, signed};
use super::finish::{Texts, end};
use super::{execute, row, rows};
use crate::error::Result;

const BEAT: &str = "UPDATE OR FAIL mainspring_runs SET lease_until = :until WHERE job = :job \
    AND due = :due AND fence = :fence AND state = 'running' RETURNING is_cancel_wanted";

const GIVE_BACK: &str = "UPDATE mainspring_runs SET state = 'due', at = :now, lease_until = NULL, \
    attempt = attempt - 1 WHERE job = :job AND due = :due";

const TAKE_AWAY: &str = "UPDATE mainspring_runs SET state = 'due', at = :now, lease_until = NULL, \
    fence = NULL, error = :error WHERE job = :job AND due = :due";

const ASK: &str = "UPDATE mainspring_runs SET is_cancel_wanted = 1 WHERE job = ? AND due = ? \
    AND state = 'running'";

const OVER: &str = "SELECT job, due, name, node, attempt, is_cancel_wanted FROM mainspring_runs \
    WHERE state = 'running' AND lease_until <= ? ORDER BY lease_until, job, due LIMIT ?";

pub(crate) fn heartbeat(
    connection: &Connection,
    holds: &[Hold],
    now: Timestamp,
    lease: Duration,
) -> Result<Vec<Beat>> {
    let until = later(now, lease);
    let beat = |hold: &Hold| {
        let (job, due) = job_and_due(hold.run);
        let fence = signed(hold.fence.as_u64());
        let params = named_params! { ":job": job, ":due": due, ":fence": fence, ":until": until };
        let wanted = row(connection, BEAT, params, |row| row.get::<_, bool>(0))?;
        Ok(match wanted {
            None => Beat::Lost,
            Some(false) => Beat::Kept,
            Some(true) => Beat::CancelWanted,
        })
    };
    holds.iter().map(beat).collect()
}

pub(crate) fn release(
    connection: &Connection,
    holds: &[Hold],
    now: Timestamp,
) -> Result<Vec<Verdict>> {
    holds.iter().map(|hold| release_one(connection, *hold, now)).collect()
}

fn release_one(connection: &Connection, hold: Hold, now: Timestamp) -> Result<Verdict> {
    let (job, due) = job_and_due(hold.run);
    let sql = "SELECT state, is_cancel_wanted FROM mainspring_runs WHERE job = ? AND due = ? \
               AND fence = ?";
    let held = row(connection, sql, (job, due, signed(hold.fence.as_u64())), |row| {
        Ok((row.get::<_, String>(0)? == RunState::Running.as_str(), row.get::<_, bool>(1)?))
    })?;
    match held {
        None => return Ok(Verdict::Stale),
        // It was given back before.
        Some((false, _)) => {}
        Some((true, true)) => {
            end(connection, (job, due), RunState::Cancelled, now, Texts::Kept)?;
        }
        Some((true, false)) => {
            let params = named_params! { ":job": job, ":due": due, ":now": to_micros(now) };
            execute(connection, GIVE_BACK, params)?;
        }
    }
    Ok(Verdict::Accepted)
}

pub(crate) fn cancel(
    connection: &Connection,
    runs: &[RunId],
    now: Timestamp,
) -> Result<Vec<Cancelled>> {
    let cancel = |run: &RunId| {
        let run = job_and_due(*run);
        if execute(connection, ASK, run)? == 1 {
            return Ok(Cancelled::Asked);
        }
        let is_done = end(connection, run, RunState::Cancelled, now, Texts::Kept)?;
        Ok(if is_done { Cancelled::Done } else { Cancelled::Gone })
    };
    runs.iter().map(cancel).collect()
}

pub(crate) fn reap(
    connection: &Connection,
    limit: usize,
    attempts_max: u32,
    now: Timestamp,
) -> Result<Vec<Reaped>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let over = rows(connection, OVER, (to_micros(now), limit), |row| {
        let node = row.get::<_, Option<String>>(3)?.unwrap_or_default();
        let run = Reaped {
            id: run_id(row, 0, 1)?,
            name: name(row, 2)?,
            node,
            attempt: row.get(4)?,
            is_failed: false,
        };
        Ok((run, row.get::<_, bool>(5)?))
    })?;
    let mut reaped = Vec::with_capacity(over.len());
    for (mut run, is_cancel_wanted) in over {
        let (job, due) = job_and_due(run.id);
        let error = format!("the lease of node `{}` ended without a word", run.node);
        run.is_failed = run.attempt >= attempts_max && !is_cancel_wanted;
        if run.is_failed || is_cancel_wanted {
            let state = if run.is_failed { RunState::Failed } else { RunState::Cancelled };
            let texts = Texts::New { error: Some(&error), output: None };
            end(connection, (job, due), state, now, texts)?;
        } else {
            let params = named_params! {
                ":job": job, ":due": due, ":now": to_micros(now), ":error": error,
            };
            execute(connection, TAKE_AWAY, params)?;
        }
        reaped.push(run);
    }
    Ok(reaped)
}
