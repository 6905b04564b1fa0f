//! Carries out what somebody wants done to a job or a run.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use mainspring_job::store::Cancelled;
use mainspring_job::{JobId, RunId};
use serde::Deserialize;

use super::{Says, Shown};
use crate::answer::Done;
use crate::dashboard::Shared;
use crate::refusal::{Answer, Refusal};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfJob {
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfRun {
    id: String,
}

pub(super) async fn trigger(
    State(shared): Shown,
    Says(OfJob { name }): Says<OfJob>,
) -> Answer<Json<Done>> {
    may_change(&shared)?;
    match shared.source.trigger(&name).await? {
        Some(run) => Ok(Json(Done { run: Some(run.to_string()), ..Done::OK })),
        None => Err(Refusal::no_job(&name)),
    }
}

pub(super) async fn pause(
    State(shared): Shown,
    Says(OfJob { name }): Says<OfJob>,
) -> Answer<Json<Done>> {
    may_change(&shared)?;
    done(shared.source.pause(&name).await?, &name)
}

pub(super) async fn resume(
    State(shared): Shown,
    Says(OfJob { name }): Says<OfJob>,
) -> Answer<Json<Done>> {
    may_change(&shared)?;
    done(shared.source.resume(&name).await?, &name)
}

pub(super) async fn cancel(
    State(shared): Shown,
    Says(OfRun { id }): Says<OfRun>,
) -> Answer<Json<Done>> {
    may_change(&shared)?;
    // What is no run's identity is no run's.
    let cancelled = match read(&id) {
        Some(run) => shared.source.cancel(run).await?,
        None => Cancelled::Gone,
    };
    let over = match cancelled {
        Cancelled::Done => true,
        Cancelled::Asked => false,
        _ => {
            let text =
                "there is no such run that has not ended; allowed: an `id` that /api/runs gives";
            return Err(Refusal::new(StatusCode::NOT_FOUND, text));
        }
    };
    Ok(Json(Done { over: Some(over), ..Done::OK }))
}

/// What [`RunId`] shows.
fn read(id: &str) -> Option<RunId> {
    let (job, due) = id.split_once('@')?;
    // A number that a store can keep.
    let job = job.parse().ok().filter(|number| i64::try_from(*number).is_ok())?;
    let due: Timestamp = due.parse().ok()?;
    Some(RunId { job: JobId::from_u64(job), due })
}

fn may_change(shared: &Shared) -> Answer<()> {
    if shared.can_change {
        return Ok(());
    }
    Err(Refusal::forbidden("this dashboard shows and changes nothing"))
}

fn done(is_there: bool, name: &str) -> Answer<Json<Done>> {
    if is_there { Ok(Json(Done::OK)) } else { Err(Refusal::no_job(name)) }
}
