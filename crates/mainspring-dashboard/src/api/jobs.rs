//! Answers with jobs: a page of them, or one with all there is to know.

use axum::Json;
use axum::extract::State;
use mainspring_job::RunState;
use mainspring_job::store::StoredRun;
use serde::Deserialize;

use super::{Asks, Shown, limited};
use crate::answer::{At, Job, JobDetails, Jobs, Last, Recent};
use crate::refusal::{Answer, Refusal};
use crate::source::{JobView, Only, Page};

/// So many times to come stand in a job's details.
const UPCOMING: usize = 10;

/// So many characters may a search have.
const SEARCH_MAX: usize = 256;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    search: Option<String>,
    state: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct One {
    name: String,
}

pub(super) async fn jobs(State(shared): Shown, Asks(which): Asks<Which>) -> Answer<Json<Jobs>> {
    let search = which.search.unwrap_or_default();
    if search.chars().count() > SEARCH_MAX {
        let text = format!("`search` is too long; allowed: {SEARCH_MAX} characters");
        return Err(Refusal::bad(text));
    }
    let only = match which.state.as_deref() {
        None | Some("") => Only::All,
        Some("running") => Only::Running,
        Some("paused") => Only::Paused,
        Some("failing") => Only::Failing,
        Some(_) => {
            let text = "there is no such `state`; allowed: running, paused, failing";
            return Err(Refusal::bad(text));
        }
    };
    let page = Page {
        search: search.to_lowercase(),
        only,
        after: which.after.filter(|after| !after.is_empty()),
        limit: limited(which.limit, 100, 500)?,
    };
    let found = shared.source.jobs(&page).await?;
    let recent = shared.source.recent(&found.jobs).await?;
    let jobs = found.jobs.into_iter().zip(recent).map(|(job, runs)| shown(job, &runs)).collect();
    Ok(Json(Jobs { jobs, next: found.next }))
}

pub(super) async fn job(
    State(shared): Shown,
    Asks(One { name }): Asks<One>,
) -> Answer<Json<JobDetails>> {
    let Some(job) = shared.source.job(&name).await? else {
        return Err(Refusal::no_job(&name));
    };
    let recent = shared.source.recent(std::slice::from_ref(&job)).await?;
    let error = job.schedule.as_ref().err().cloned();
    let mut upcoming: Vec<At> = job.next.into_iter().map(At).collect();
    if let (Ok(Some(schedule)), Some(next)) = (&job.schedule, job.next) {
        upcoming.extend(schedule.upcoming(next).take(UPCOMING - 1).map(At));
    }
    let job = shown(job, recent.first().map(Vec::as_slice).unwrap_or_default());
    Ok(Json(JobDetails { job, upcoming, error }))
}

/// A job with its last runs, the last one first.
fn shown(job: JobView, runs: &[StoredRun]) -> Job {
    let schedule = job.schedule.as_ref().ok().and_then(Option::as_ref);
    let state = match () {
        () if job.is_paused => "paused",
        () if job.running > 0 => "running",
        // One without a schedule waits to be triggered.
        () if job.next.is_none() && !job.text.is_empty() => "ended",
        () => "waiting",
    };
    Job {
        words: schedule.map(|schedule| schedule.describe().to_string()),
        schedule: Some(job.text).filter(|text| !text.is_empty()),
        name: job.name.as_str().to_owned(),
        handler: job.handler.as_str().to_owned(),
        next: job.next.map(At),
        state,
        running: job.running,
        waiting: job.waiting,
        queue: job.queue,
        revision: job.revision,
        last: runs.first().map(Last::of),
        recent: runs.iter().rev().map(Recent::of).collect(),
        success_rate: success_rate(runs),
    }
}

/// Of the runs that came to an end by themselves.
fn success_rate(runs: &[StoredRun]) -> Option<f64> {
    let count = |state| runs.iter().filter(|run| run.state == state).count();
    let succeeded = count(RunState::Succeeded);
    let all = succeeded + count(RunState::Failed) + count(RunState::TimedOut);
    (all > 0).then(|| succeeded as f64 / all as f64)
}
