//! Answers with runs: those that ended, the last one first, or those that have not.

use axum::Json;
use axum::extract::State as Extracted;
use jiff::Timestamp;
use mainspring_job::store::{RunQuery, StoredRun};
use mainspring_job::{JobId, RunId};
use serde::Deserialize;

use super::{Asks, Shown, limited};
use crate::answer::{Run, Runs, State};
use crate::refusal::{Answer, Refusal};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    job: Option<String>,
    state: Option<String>,
    ended: Option<bool>,
    after: Option<String>,
    limit: Option<usize>,
}

pub(super) async fn runs(Extracted(shared): Shown, Asks(which): Asks<Which>) -> Answer<Json<Runs>> {
    let limit = limited(which.limit, 50, 200)?;
    let state = match which.state.as_deref() {
        None | Some("") => None,
        Some(name) => Some(State::named(name).ok_or_else(|| {
            Refusal::bad(
                "there is no such `state`; allowed: due, running, succeeded, failed, timed_out, \
                 cancelled, skipped, missed",
            )
        })?),
    };
    let ended = which.ended.unwrap_or_else(|| state.is_none_or(|state| state.is_final()));
    let after = match which.after.as_deref() {
        None | Some("") => None,
        Some(cursor) => Some(read(cursor).ok_or_else(|| {
            Refusal::bad("`after` is no cursor; allowed: what `next` was on the page before")
        })?),
    };
    let name = which.job.filter(|name| !name.is_empty());
    // One more says whether there are more.
    let query = RunQuery { name, state, after, ended, ..RunQuery::history(limit + 1) };
    let mut runs = shared.source.runs(&query).await?;
    let is_more = runs.len() > limit;
    runs.truncate(limit);
    let next = runs.last().filter(|_| is_more).and_then(cursor);
    Ok(Json(Runs { runs: runs.into_iter().map(Run::of).collect(), next }))
}

/// Where a page ends: an end in nanoseconds, a job, a due instant in nanoseconds. Live runs, of which only
/// those due first are shown, have none.
fn cursor(run: &StoredRun) -> Option<String> {
    let RunId { job, due } = run.id;
    Some(format!("{}~{job}~{}", run.ended?.as_nanosecond(), due.as_nanosecond()))
}

fn read(cursor: &str) -> Option<(Timestamp, RunId)> {
    let mut parts = cursor.split('~');
    let (ended, job, due) = (parts.next()?, parts.next()?, parts.next()?);
    // A number that a store can keep.
    let job = job.parse().ok().filter(|number| i64::try_from(*number).is_ok())?;
    let instant = |text: &str| Timestamp::from_nanosecond(text.parse().ok()?).ok();
    let run = RunId { job: JobId::from_u64(job), due: instant(due)? };
    parts.next().is_none().then_some((instant(ended)?, run))
}
