//! Moves jobs on, and makes their runs: each instant once.

use jiff::Timestamp;
use mainspring_job::store::{Advance, Advanced, Planned, StoreError, StoreErrorKind, to_micros};
use rusqlite::{Connection, named_params};

use super::columns::signed;
use super::execute;
use crate::error::Result;

const MOVE: &str = "UPDATE mainspring_jobs SET next_due = :next, is_paused = :paused, \
    version = version + 1 WHERE id = :job AND version = :version";

const ADD: &str = "INSERT OR IGNORE INTO mainspring_runs (job, due, name, handler, payload, \
    policy, runs_max, queue, priority, state, at) \
    SELECT id, :due, name, handler, payload, policy, runs_max, queue, priority, 'due', :at \
    FROM mainspring_jobs WHERE id = :job AND NOT EXISTS \
    (SELECT 1 FROM mainspring_history WHERE job = :job AND due = :due)";

const RECORD: &str = "INSERT OR IGNORE INTO mainspring_history (job, due, name, state, attempt, \
    queue, priority, at, ended, error) \
    SELECT id, :due, name, :state, 0, queue, priority, :at, :now, :note \
    FROM mainspring_jobs WHERE id = :job AND NOT EXISTS \
    (SELECT 1 FROM mainspring_runs WHERE job = :job AND due = :due)";

pub(crate) fn advance(
    connection: &Connection,
    steps: &[Advance],
    now: Timestamp,
) -> Result<Vec<Advanced>> {
    let mut plans = steps.iter().flat_map(|step| &step.runs);
    if let Some(plan) = plans.find(|plan| !plan.is_possible()) {
        let text = format!("a new run cannot be {}; allowed: due, skipped, missed", plan.state);
        return Err(StoreError::new(StoreErrorKind::Refused, text));
    }
    steps.iter().map(|step| advance_one(connection, step, now)).collect()
}

fn advance_one(connection: &Connection, step: &Advance, now: Timestamp) -> Result<Advanced> {
    let next = step.next.filter(|_| !step.is_paused).map(to_micros);
    let job = signed(step.job.as_u64());
    let moved = execute(
        connection,
        MOVE,
        named_params! {
            ":job": job, ":version": signed(step.version), ":next": next,
            ":paused": step.is_paused,
        },
    )?;
    if moved == 0 {
        return Ok(Advanced::Conflict);
    }
    let mut runs = 0;
    for plan in &step.runs {
        runs += u32::from(add(connection, job, plan, now)?);
    }
    Ok(Advanced::Done { runs })
}

/// Whether the run is new.
fn add(connection: &Connection, job: i64, plan: &Planned, now: Timestamp) -> Result<bool> {
    let (due, now) = (to_micros(plan.due), to_micros(now));
    let at = due.min(now);
    let added = if plan.state.is_final() {
        let state = plan.state.as_str();
        let params = named_params! {
            ":job": job, ":due": due, ":at": at, ":state": state, ":now": now, ":note": plan.note,
        };
        execute(connection, RECORD, params)?
    } else {
        execute(connection, ADD, named_params! { ":job": job, ":due": due, ":at": at })?
    };
    Ok(added == 1)
}
