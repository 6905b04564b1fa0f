//! Moves jobs on, and makes their runs: each instant once.

use std::collections::{HashMap, HashSet};

use deadpool_postgres::Client;
use mainspring_job::store::{Advance, Advanced, StoreError, StoreErrorKind};
use tokio_postgres::types::ToSql;

use super::{Answers, Outcome, firsts, rows};
use crate::column::{Instant, get, signed};

const ADVANCE: &str = "SELECT job, place FROM {schema}.advance($1, $2, $3, $4, $5, $6, $7, $8, $9, \
    $10, $11)";

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
