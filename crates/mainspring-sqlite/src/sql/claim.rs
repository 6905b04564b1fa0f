//! Claims runs: higher priorities first, within the limits of queues and jobs.
//!
//! # Ground rules
//! - A lane is one queue's runs of one priority, in the order in which they can be claimed. Only the
//!   beginnings of lanes are read, never what lies in the future.

use std::collections::HashMap;

use jiff::Timestamp;
use mainspring_job::JobName;
use mainspring_job::store::{Claim, ClaimedRun, Fence, NextWake, from_micros, to_micros};
use rusqlite::{CachedStatement, Connection, Row, named_params};

use super::columns::{instant, instant_if, job_and_due, later, name, run_id, signed};
use super::{execute, fences, row, rows};
use crate::error::{Result, explained};

/// The first runs of a lane whose jobs have room.
const FIRST: &str = "SELECT job, due, name, handler, payload, policy, queue, priority, attempt, at, \
    runs_max FROM mainspring_runs r \
    WHERE state = 'due' AND queue = :queue AND priority = :priority AND at <= :now AND (runs_max \
    IS NULL OR runs_max > (SELECT count(*) FROM mainspring_runs o WHERE o.job = r.job AND \
    o.state = 'running')) ORDER BY at, job, due LIMIT :limit";

const TAKE: &str = "UPDATE OR FAIL mainspring_runs SET state = 'running', attempt = attempt + 1, \
    fence = ?1, node = ?2, started = ?3, lease_until = ?4 WHERE job = ?5 AND due = ?6";

const RUNNING_OF_JOB: &str =
    "SELECT count(*) FROM mainspring_runs WHERE job = ? AND state = 'running'";

const RUNNING_OF_QUEUE: &str =
    "SELECT count(*) FROM mainspring_runs WHERE queue = ? AND state = 'running'";

struct Lane {
    queue: String,
    priority: i16,
}

/// A run that may be claimed.
struct Candidate {
    /// As it will be, but for the fence.
    run: ClaimedRun,
    runs_max: Option<u32>,
}

pub(crate) fn claim(
    connection: &Connection,
    claim: &Claim,
    now: Timestamp,
) -> Result<Vec<ClaimedRun>> {
    let mut lanes = lanes(connection, &claim.queues)?;
    lanes.sort_by_key(|lane| std::cmp::Reverse(lane.priority));
    let mut rooms = rooms(connection)?;
    let mut claimed = Vec::new();
    let mut statement = connection.prepare_cached(TAKE).map_err(explained)?;
    for lanes in lanes.chunk_by(|a, b| a.priority == b.priority) {
        let mut candidates = Vec::new();
        for lane in lanes.iter().filter(|lane| rooms.get(&lane.queue).is_none_or(|room| *room > 0))
        {
            candidates.extend(first(connection, lane, claim, now)?);
        }
        if lanes.len() > 1 {
            candidates.sort_unstable_by_key(|it| (it.run.at, it.run.id.job, it.run.id.due));
        }
        // All numbers at once; those that are left over are given to nobody.
        let numbers = candidates.len().min(claim.limit - claimed.len());
        let mut fence = fences::take(connection, numbers)?;
        for mut candidate in candidates {
            if claimed.len() == claim.limit {
                return Ok(claimed);
            }
            if !has_room(connection, &candidate, &rooms)? {
                continue;
            }
            fence += 1;
            candidate.run.fence = Fence::from_u64(fence);
            take(&mut statement, &candidate.run, &claim.node)?;
            if let Some(room) = rooms.get_mut(candidate.run.queue.as_str()) {
                *room -= 1;
            }
            claimed.push(candidate.run);
        }
    }
    Ok(claimed)
}

pub(crate) fn limit_queue(connection: &Connection, queue: &str, runs: Option<u32>) -> Result<()> {
    match runs {
        Some(runs) => {
            let sql = "INSERT INTO mainspring_queues (name, runs_max) VALUES (?1, ?2) \
                       ON CONFLICT (name) DO UPDATE SET runs_max = ?2";
            execute(connection, sql, (queue, runs))?;
        }
        None => {
            execute(connection, "DELETE FROM mainspring_queues WHERE name = ?", [queue])?;
        }
    }
    Ok(())
}

pub(crate) fn next_wake(connection: &Connection, now: Timestamp) -> Result<NextWake> {
    let sql = "SELECT min(next_due) FROM mainspring_jobs WHERE next_due IS NOT NULL";
    let job_due = row(connection, sql, [], |row| instant_if(row, 0))?.flatten();
    let sql = "SELECT min(lease_until) FROM mainspring_runs WHERE state = 'running'";
    let lease_ends = row(connection, sql, [], |row| instant_if(row, 0))?.flatten();
    let sql = "SELECT min(at) FROM mainspring_runs WHERE state = 'due' AND queue = ? \
               AND priority = ? AND at > ?";
    let mut run_ready = None;
    for lane in lanes(connection, &[])? {
        let params = (lane.queue, lane.priority, to_micros(now));
        let at = row(connection, sql, params, |row| instant_if(row, 0))?.flatten();
        run_ready = [run_ready, at].into_iter().flatten().min();
    }
    Ok(NextWake { job_due, run_ready, lease_ends })
}

/// The lanes that have any run, found by skipping along the index.
fn lanes(connection: &Connection, queues: &[JobName]) -> Result<Vec<Lane>> {
    let read = |row: &Row<'_>| Ok(Lane { queue: row.get(0)?, priority: row.get(1)? });
    let next_queue = "SELECT queue, priority FROM mainspring_runs WHERE state = 'due' \
                      AND queue > ? ORDER BY queue, priority LIMIT 1";
    let next_priority = "SELECT queue, priority FROM mainspring_runs WHERE state = 'due' \
                         AND queue = ? AND priority > ? ORDER BY priority LIMIT 1";
    let mut lanes = Vec::new();
    let along = |from: Option<Lane>, lanes: &mut Vec<Lane>| -> Result<()> {
        let mut lane = from;
        while let Some(found) = lane {
            lane = row(connection, next_priority, (&found.queue, found.priority), read)?;
            lanes.push(found);
        }
        Ok(())
    };
    if queues.is_empty() {
        let mut first = row(connection, next_queue, [""], read)?;
        while let Some(found) = first {
            let queue = found.queue.clone();
            along(Some(found), &mut lanes)?;
            first = row(connection, next_queue, [queue], read)?;
        }
    } else {
        let mut names: Vec<_> = queues.iter().map(JobName::as_str).collect();
        names.sort_unstable();
        names.dedup();
        for queue in names {
            // One less than any priority.
            let below = i64::from(i16::MIN) - 1;
            along(row(connection, next_priority, (queue, below), read)?, &mut lanes)?;
        }
    }
    Ok(lanes)
}

/// How many more runs each limited queue may have.
fn rooms(connection: &Connection) -> Result<HashMap<String, u32>> {
    let sql = "SELECT name, runs_max FROM mainspring_queues";
    let limits = rows(connection, sql, [], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
    let mut rooms = HashMap::new();
    for (queue, limit) in limits {
        let running = row(connection, RUNNING_OF_QUEUE, [&queue], |row| row.get(0))?;
        rooms.insert(queue, u32::saturating_sub(limit, running.unwrap_or(0)));
    }
    Ok(rooms)
}

fn first(
    connection: &Connection,
    lane: &Lane,
    claim: &Claim,
    now: Timestamp,
) -> Result<Vec<Candidate>> {
    let lease_until = from_micros(later(now, claim.lease));
    let params = named_params! {
        ":queue": lane.queue, ":priority": lane.priority, ":now": to_micros(now),
        ":limit": i64::try_from(claim.limit).unwrap_or(i64::MAX),
    };
    rows(connection, FIRST, params, |row| {
        let run = ClaimedRun {
            id: run_id(row, 0, 1)?,
            name: name(row, 2)?,
            handler: name(row, 3)?,
            payload: row.get(4)?,
            policy: row.get(5)?,
            queue: name(row, 6)?,
            priority: row.get(7)?,
            attempt: row.get::<_, u32>(8)?.saturating_add(1),
            fence: Fence::from_u64(0),
            at: instant(row, 9)?,
            started: now,
            lease_until,
        };
        Ok(Candidate { run, runs_max: row.get(10)? })
    })
}

fn has_room(
    connection: &Connection,
    candidate: &Candidate,
    rooms: &HashMap<String, u32>,
) -> Result<bool> {
    if rooms.get(candidate.run.queue.as_str()).is_some_and(|room| *room == 0) {
        return Ok(false);
    }
    let Some(runs_max) = candidate.runs_max else {
        return Ok(true);
    };
    let job = signed(candidate.run.id.job.as_u64());
    let running: Option<u32> = row(connection, RUNNING_OF_JOB, [job], |row| row.get(0))?;
    Ok(running.unwrap_or(0) < runs_max)
}

fn take(statement: &mut CachedStatement<'_>, run: &ClaimedRun, node: &str) -> Result<()> {
    let (job, due) = job_and_due(run.id);
    let fence = signed(run.fence.as_u64());
    let (now, until) = (to_micros(run.started), to_micros(run.lease_until));
    statement.execute((fence, node, now, until, job, due)).map(drop).map_err(explained)
}
