//! Moves jobs on, and makes their runs: each instant once.

use std::collections::{HashMap, HashSet};

use deadpool_postgres::Client;
use mainspring_job::store::{Advance, Advanced, StoreError, StoreErrorKind};
use tokio_postgres::types::ToSql;

use super::{Answers, Outcome, firsts, rows};
use crate::column::{Instant, get, signed};

/// A job that another node is moving right now is left to it, as it would be a moment later.
///
/// Nothing of a batch is joined with something of it: with the ways of joining that are left by
/// [`Pool`](crate::pool::Pool), that would take a time that grows with the square of the batch. `IS TRUE`
/// keeps a look-up a look-up.
const ADVANCE: &str = "WITH input AS (SELECT * FROM unnest($1::bigint[], $2::bigint[], \
    $3::timestamptz[], $4::boolean[], $5::bigint[]) AS i (job, version, next_due, is_paused, \
    place)), \
    locked AS (SELECT i.* FROM {schema}.jobs j JOIN input i ON j.id = i.job \
    WHERE j.version = i.version ORDER BY j.id FOR UPDATE OF j SKIP LOCKED), \
    moved AS (UPDATE {schema}.jobs j SET next_due = l.next_due, is_paused = l.is_paused, \
    version = j.version + 1 FROM locked l WHERE j.id = l.job RETURNING j.id, l.place), \
    plans AS (SELECT p.due, p.state, p.note, j.* FROM unnest($6::bigint[], $7::bigint[], \
    $8::timestamptz[], $9::text[], $10::text[]) AS p (job, version, due, state, note) \
    JOIN {schema}.jobs j ON j.id = p.job WHERE j.version = p.version \
    AND (p.job IN (SELECT id FROM moved)) IS TRUE), \
    clock AS (SELECT coalesce($11::timestamptz, clock_timestamp()) AS now), \
    added AS (INSERT INTO {schema}.runs (job, due, name, handler, payload, policy, runs_max, \
    queue, priority, at) SELECT p.id, p.due, p.name, p.handler, p.payload, p.policy, p.runs_max, \
    p.queue, p.priority, least(p.due, now) FROM plans p, clock WHERE p.state = 'due' AND NOT \
    EXISTS (SELECT 1 FROM {schema}.history h WHERE h.job = p.id AND h.due = p.due) \
    ON CONFLICT DO NOTHING RETURNING job), \
    recorded AS (INSERT INTO {schema}.history (job, due, name, state, attempt, queue, priority, \
    at, ended, error) SELECT p.id, p.due, p.name, p.state, 0, p.queue, p.priority, \
    least(p.due, now), now, p.note FROM plans p, clock WHERE p.state <> 'due' AND NOT EXISTS \
    (SELECT 1 FROM {schema}.runs r WHERE r.job = p.id AND r.due = p.due) \
    ON CONFLICT DO NOTHING RETURNING job) \
    SELECT id, place FROM moved UNION ALL SELECT job, NULL FROM added \
    UNION ALL SELECT job, NULL FROM recorded";

pub(crate) async fn advance(
    client: Client,
    schema: &str,
    steps: &[Advance],
    now: Option<Instant>,
) -> Outcome<Vec<Advanced>> {
    let mut plans = steps.iter().flat_map(|step| &step.runs);
    if let Some(plan) = plans.find(|plan| !plan.is_possible()) {
        let text = format!("a new run cannot be {}; allowed: due, skipped, missed", plan.state);
        return Err(StoreError::new(StoreErrorKind::Refused, text).into());
    }
    // Of two equal steps the first is made, and then the other is stale.
    let first = firsts(steps.iter().map(|step| (step.job, step.version)));
    let steps_of = || steps.iter().enumerate().filter(|(index, _)| first[*index] == *index);
    let places: Vec<_> = steps_of().map(|(index, _)| index as i64 + 1).collect();
    let jobs: Vec<_> = steps_of().map(|(_, step)| signed(step.job.as_u64())).collect();
    let versions: Vec<_> = steps_of().map(|(_, step)| signed(step.version)).collect();
    let pauses: Vec<_> = steps_of().map(|(_, step)| step.is_paused).collect();
    let next = |step: &Advance| step.next.filter(|_| !step.is_paused).map(Instant::from);
    let nexts: Vec<_> = steps_of().map(|(_, step)| next(step)).collect();
    let (mut of_jobs, mut of_versions) = (Vec::new(), Vec::new());
    let mut dues = Vec::new();
    let mut states = Vec::new();
    let mut notes = Vec::new();
    for (_, step) in steps_of() {
        let mut seen = HashSet::new();
        for plan in &step.runs {
            if seen.insert(Instant::from(plan.due)) {
                of_jobs.push(signed(step.job.as_u64()));
                of_versions.push(signed(step.version));
                dues.push(Instant::from(plan.due));
                states.push(plan.state.as_str());
                notes.push(plan.note.as_deref());
            }
        }
    }
    let params: [&(dyn ToSql + Sync); 11] = [
        &jobs,
        &versions,
        &nexts,
        &pauses,
        &places,
        &of_jobs,
        &of_versions,
        &dues,
        &states,
        &notes,
        &now,
    ];
    let (mut moved, mut new) = (Vec::new(), HashMap::<i64, u32>::new());
    for row in &rows(&client, schema, ADVANCE, &params).await? {
        let job = get(row, 0)?;
        match get::<Option<i64>>(row, 1)? {
            Some(place) => moved.push((job, place)),
            None => *new.entry(job).or_default() += 1,
        }
    }
    let mut answers = Answers::new(steps.len(), Advanced::Conflict);
    for (job, place) in moved {
        answers.set(place, Advanced::Done { runs: new.get(&job).copied().unwrap_or(0) });
    }
    Ok(answers.0)
}
