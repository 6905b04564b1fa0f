//! Jobs: added, changed, removed, read.

use jiff::Timestamp;
use mainspring_job::store::{JobDraft, JobQuery, StoredJob, Upserted, to_micros};
use mainspring_job::{JobId, RunState};
use rusqlite::{Connection, named_params};

use super::columns::{JOB, signed, stored_job};
use super::{execute, finish, row, rows, take_numbers};
use crate::error::Result;

const ADD: &str = "INSERT INTO mainspring_jobs (id, name, handler, schedule, anchor, payload, \
    policy, runs_max, queue, priority, revision, version, is_paused, next_due) \
    VALUES (:id, :name, :handler, :schedule, :anchor, :payload, :policy, :runs_max, :queue, \
    :priority, :revision, 1, 0, :next_due)";

/// What the draft says differs from what is kept; the next instant and the anchor follow the schedule.
const CHANGE: &str = "UPDATE mainspring_jobs SET handler = :handler, payload = :payload, \
    policy = :policy, runs_max = :runs_max, queue = :queue, priority = :priority, \
    revision = :revision, schedule = :schedule, version = version + 1, \
    anchor = iif(schedule = :schedule, anchor, :anchor), \
    next_due = iif(schedule = :schedule, next_due, iif(is_paused, NULL, :next_due)) \
    WHERE id = :id AND (handler, payload, policy, queue, priority, revision, schedule) \
    IS NOT (:handler, :payload, :policy, :queue, :priority, :revision, :schedule)";

pub(crate) fn upsert(connection: &Connection, drafts: &[JobDraft]) -> Result<Vec<Upserted>> {
    drafts.iter().map(|draft| upsert_one(connection, draft)).collect()
}

fn upsert_one(connection: &Connection, draft: &JobDraft) -> Result<Upserted> {
    let sql = "SELECT id, revision FROM mainspring_jobs WHERE name = ?";
    let there = row(connection, sql, [draft.name.as_str()], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
    })?;
    let id = match there {
        Some((id, revision)) if signed(draft.revision) < revision => {
            return Ok(Upserted::Older(JobId::from_u64(id.cast_unsigned())));
        }
        Some((id, _)) => id,
        None => signed(take_numbers(connection, "last_job", 1)? + 1),
    };
    let job = JobId::from_u64(id.cast_unsigned());
    let schedule = draft.schedule_text();
    let policy = draft.policy.to_string();
    let (anchor, next_due) = (to_micros(draft.anchor), draft.next_due.map(to_micros));
    if there.is_none() {
        execute(
            connection,
            ADD,
            named_params! {
                ":id": id, ":name": draft.name.as_str(), ":handler": draft.handler.as_str(),
                ":schedule": schedule, ":anchor": anchor, ":payload": draft.payload,
                ":policy": policy, ":runs_max": draft.runs_max(), ":queue": draft.queue.as_str(),
                ":priority": draft.priority, ":revision": signed(draft.revision),
                ":next_due": next_due,
            },
        )?;
        return Ok(Upserted::Added(job));
    }
    let changed = execute(
        connection,
        CHANGE,
        named_params! {
            ":id": id, ":handler": draft.handler.as_str(), ":schedule": schedule,
            ":anchor": anchor, ":payload": draft.payload, ":policy": policy,
            ":runs_max": draft.runs_max(), ":queue": draft.queue.as_str(),
            ":priority": draft.priority, ":revision": signed(draft.revision),
            ":next_due": next_due,
        },
    )?;
    Ok(if changed == 0 { Upserted::Same(job) } else { Upserted::Changed(job) })
}

pub(crate) fn read(connection: &Connection, query: &JobQuery) -> Result<Vec<StoredJob>> {
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    if let Some(name) = &query.name {
        let sql = format!("SELECT {JOB} FROM mainspring_jobs j WHERE name = ? LIMIT ?");
        return rows(connection, &sql, (name, limit), stored_job);
    }
    // Nothing comes before the empty text.
    let after = query.after.as_deref().unwrap_or_default();
    let sql = format!("SELECT {JOB} FROM mainspring_jobs j WHERE name > ? ORDER BY name LIMIT ?");
    rows(connection, &sql, (after, limit), stored_job)
}

pub(crate) fn due(
    connection: &Connection,
    until: Timestamp,
    limit: usize,
) -> Result<Vec<StoredJob>> {
    // Instants are kept rounded up: what is due up to `until` is due up to the microsecond before.
    let until =
        to_micros(until.checked_sub(jiff::SignedDuration::from_nanos(999)).unwrap_or(until));
    let sql = format!(
        "SELECT {JOB} FROM mainspring_jobs j WHERE next_due IS NOT NULL AND next_due <= ? \
         ORDER BY next_due, id LIMIT ?"
    );
    rows(connection, &sql, (until, i64::try_from(limit).unwrap_or(i64::MAX)), stored_job)
}

pub(crate) fn remove(connection: &Connection, name: &str, now: Timestamp) -> Result<bool> {
    let sql = "DELETE FROM mainspring_jobs WHERE name = ? RETURNING id";
    let Some(job) = row(connection, sql, [name], |row| row.get::<_, i64>(0))? else {
        return Ok(false);
    };
    let sql = "SELECT due FROM mainspring_runs WHERE job = ? AND state = 'due'";
    for due in rows(connection, sql, [job], |row| row.get::<_, i64>(0))? {
        finish::end(connection, (job, due), RunState::Cancelled, now, finish::Texts::Kept)?;
    }
    // What goes on has no job any more whose limit it could count for.
    execute(connection, "UPDATE mainspring_runs SET runs_max = NULL WHERE job = ?", [job])?;
    Ok(true)
}
