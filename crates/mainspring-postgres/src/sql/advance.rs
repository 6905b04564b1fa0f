//! Moves jobs on, and makes their runs: each instant once.

use std::collections::HashSet;

use deadpool_postgres::Client;
use mainspring_job::store::{Advance, Advanced, StoreError, StoreErrorKind};
use tokio_postgres::types::ToSql;

use super::{Answers, Outcome, firsts, rows};
use crate::column::{Instant, get, signed, small};

/// A job that another node is moving right now is left to it, as it would be a moment later.
const ADVANCE: &str = "WITH input AS (SELECT * FROM unnest($1::bigint[], $2::bigint[], \
    $3::timestamptz[], $4::boolean[], $5::bigint[]) AS i (job, version, next_due, is_paused, \
    place)), \
    locked AS (SELECT i.* FROM {schema}.jobs j JOIN input i ON j.id = i.job \
    WHERE j.version = i.version ORDER BY j.id FOR UPDATE OF j SKIP LOCKED), \
    moved AS (UPDATE {schema}.jobs j SET next_due = l.next_due, is_paused = l.is_paused, \
    version = j.version + 1 FROM locked l WHERE j.id = l.job RETURNING j.*, l.place), \
    plans AS (SELECT p.due, p.state, p.note, m.* FROM unnest($6::bigint[], $7::timestamptz[], \
    $8::text[], $9::text[]) AS p (place, due, state, note) JOIN moved m ON m.place = p.place), \
    clock AS (SELECT coalesce($10::timestamptz, clock_timestamp()) AS now), \
    added AS (INSERT INTO {schema}.runs (job, due, name, handler, payload, policy, runs_max, \
    queue, priority, at) SELECT p.id, p.due, p.name, p.handler, p.payload, p.policy, p.runs_max, \
    p.queue, p.priority, least(p.due, now) FROM plans p, clock WHERE p.state = 'due' AND NOT \
    EXISTS (SELECT 1 FROM {schema}.history h WHERE h.job = p.id AND h.due = p.due) \
    ON CONFLICT DO NOTHING RETURNING job), \
    recorded AS (INSERT INTO {schema}.history (job, due, name, state, attempt, queue, priority, \
    at, ended, error) SELECT p.id, p.due, p.name, p.state, 0, p.queue, p.priority, \
    least(p.due, now), now, p.note FROM plans p, clock WHERE p.state <> 'due' AND NOT EXISTS \
    (SELECT 1 FROM {schema}.runs r WHERE r.job = p.id AND r.due = p.due) \
    ON CONFLICT DO NOTHING RETURNING job), \
    new AS (SELECT job, count(*) AS runs FROM (SELECT job FROM added UNION ALL SELECT job \
    FROM recorded) n GROUP BY job) \
    SELECT m.place, coalesce(n.runs, 0) FROM moved m LEFT JOIN new n ON n.job = m.id";

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
    let mut of = Vec::new();
    let mut dues = Vec::new();
    let mut states = Vec::new();
    let mut notes = Vec::new();
    for (index, step) in steps_of() {
        let mut seen = HashSet::new();
        for plan in &step.runs {
            if seen.insert(Instant::from(plan.due)) {
                of.push(index as i64 + 1);
                dues.push(Instant::from(plan.due));
                states.push(plan.state.as_str());
                notes.push(plan.note.as_deref());
            }
        }
    }
    let params: [&(dyn ToSql + Sync); 10] =
        [&jobs, &versions, &nexts, &pauses, &places, &of, &dues, &states, &notes, &now];
    let moved = rows(&client, schema, ADVANCE, &params).await?;
    let mut answers = Answers::new(steps.len(), Advanced::Conflict);
    for row in &moved {
        answers.set(get(row, 0)?, Advanced::Done { runs: small(row, 1)? });
    }
    Ok(answers.0)
}
