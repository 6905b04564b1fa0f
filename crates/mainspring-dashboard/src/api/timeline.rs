//! Answers with what ran lately and what is to come.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use axum::Json;
use axum::extract::State;
use jiff::{SignedDuration, Timestamp};
use mainspring_job::store::RunQuery;
use serde::Deserialize;

use super::{Asks, Shown};
use crate::answer::{At, Coming, Past, Timeline};
use crate::refusal::{Answer, Refusal};
use crate::source::JobView;

/// So many runs on either side.
const RUNS_MAX: usize = 2000;

const HOURS_MAX: u32 = 24 * 31;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Span {
    hours: Option<u32>,
}

pub(super) async fn timeline(
    State(shared): Shown,
    Asks(Span { hours }): Asks<Span>,
) -> Answer<Json<Timeline>> {
    let hours = hours.unwrap_or(24);
    if !(1..=HOURS_MAX).contains(&hours) {
        let text = format!("`hours` is not possible; allowed: 1 to {HOURS_MAX}");
        return Err(Refusal::bad(text));
    }
    let now = shared.source.now();
    let span = SignedDuration::from_hours(i64::from(hours));
    let from = now.checked_sub(span).unwrap_or(Timestamp::MIN);
    let until = now.checked_add(span).unwrap_or(Timestamp::MAX);
    let ended = shared.source.runs(&RunQuery::history(RUNS_MAX + 1).without_texts()).await?;
    let past_truncated = ended.len() > RUNS_MAX
        && ended.last().is_some_and(|run| run.ended.is_some_and(|ended| ended >= from));
    let in_span = ended.iter().take(RUNS_MAX).filter(|run| run.ended >= Some(from));
    let mut past: Vec<Past> = in_span.map(Past::of).collect();
    past.reverse();
    let jobs = shared.source.due_by(until, RUNS_MAX + 1).await?;
    // Schedules are asked for thousands of times, which is nothing to hold others' timers up with.
    let coming = tokio::task::spawn_blocking(move || coming(&jobs, until, RUNS_MAX + 1)).await;
    let mut coming = coming.map_err(|_| Refusal::unavailable("the program ends"))?;
    let coming_truncated = coming.len() > RUNS_MAX;
    coming.truncate(RUNS_MAX);
    let (now, from, until) = (At(now), At(from), At(until));
    Ok(Json(Timeline { now, from, until, past, coming, past_truncated, coming_truncated }))
}

/// The first `limit` instants of these jobs, up to `until`.
fn coming(jobs: &[JobView], until: Timestamp, limit: usize) -> Vec<Coming> {
    let next = jobs.iter().enumerate().filter_map(|(job, view)| Some(Reverse((view.next?, job))));
    let mut heap: BinaryHeap<_> = next.collect();
    let mut coming = Vec::new();
    while coming.len() < limit
        && let Some(Reverse((due, job))) = heap.pop()
    {
        let JobView { name, schedule, .. } = &jobs[job];
        coming.push(Coming { name: name.as_str().to_owned(), due: At(due) });
        let next = schedule.as_ref().ok().and_then(|schedule| schedule.as_ref()?.next_after(due));
        heap.extend(next.filter(|next| *next <= until).map(|next| Reverse((next, job))));
    }
    coming
}
