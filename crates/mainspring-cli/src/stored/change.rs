//! Triggers, pauses, resumes, removes and cancels, and says what came of it.

use std::io::Write;
use std::sync::Arc;

use mainspring_job::RunId;
use mainspring_job::store::{Cancelled, JobQuery, RunQuery, Store, StoreError};
use serde_json::json;

use super::{Cancel, Failure, Named, PAGE};
use crate::exit::Exit;
use crate::log;

/// What is done to a job.
#[derive(Clone, Copy)]
pub(super) enum Change {
    Trigger,
    Pause,
    Resume,
    Remove,
}

/// What was done, in a word, and by which run.
struct Done {
    word: &'static str,
    run: Option<RunId>,
}

pub(super) async fn each(
    store: &Arc<dyn Store>,
    named: &Named,
    change: Change,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    let mut exit = Exit::Well;
    for name in &named.names {
        match change_one(store, change, name).await? {
            Some(done) => say(named, name, &done, out)?,
            None => exit = unknown(store, name).await?,
        }
    }
    Ok(exit)
}

/// `None` if there is no such job.
async fn change_one(
    store: &Arc<dyn Store>,
    change: Change,
    name: &str,
) -> Result<Option<Done>, StoreError> {
    let now = log::now();
    let (word, is_there) = match change {
        Change::Trigger => {
            let run = store.trigger(name, now).await?;
            return Ok(run.map(|run| Done { word: "triggered", run: Some(run) }));
        }
        Change::Pause => ("paused", store.pause(name).await?),
        Change::Resume => ("resumed", store.resume(name, now).await?),
        Change::Remove => ("removed", store.remove(name).await?),
    };
    Ok(is_there.then_some(Done { word, run: None }))
}

fn say(arguments: &Named, name: &str, done: &Done, out: &mut impl Write) -> Result<(), Failure> {
    let due = done.run.map(|run| run.due);
    if arguments.store.json {
        let line = json!({"name": name, "done": done.word, "due": due.map(|due| due.to_string())});
        writeln!(out, "{line}")?;
    } else {
        let due = due.map(|due| format!(": its run is due {due}")).unwrap_or_default();
        writeln!(out, "{} {name}{due}", done.word)?;
    }
    Ok(())
}

pub(super) async fn cancel(
    store: &Arc<dyn Store>,
    arguments: &Cancel,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    let query = RunQuery::live(PAGE).named(&arguments.name);
    let live = store.runs(&query).await?;
    let wanted: Vec<RunId> = live
        .iter()
        .map(|run| run.id)
        .filter(|id| arguments.due.is_none_or(|due| id.due == due))
        .collect();
    if wanted.is_empty() {
        return Ok(match arguments.due {
            Some(due) => Exit::failed(format!("no run of {:?} of {due} is live", arguments.name)),
            None => Exit::failed(format!("no run of {:?} is live", arguments.name)),
        });
    }
    let cancelled = store.cancel(&wanted).await?;
    for (run, cancelled) in wanted.iter().zip(cancelled) {
        let word = match cancelled {
            Cancelled::Done => "cancelled",
            Cancelled::Asked => "asked its node to cancel",
            _ => "has ended by itself:",
        };
        let (name, due) = (&arguments.name, run.due);
        if arguments.store.json {
            writeln!(out, "{}", json!({"name": name, "done": word, "due": due.to_string()}))?;
        } else {
            writeln!(out, "{word} {name} of {due}")?;
        }
    }
    Ok(Exit::Well)
}

/// Says that there is no such job, and which one may have been meant.
pub(super) async fn unknown(store: &Arc<dyn Store>, name: &str) -> Result<Exit, StoreError> {
    let jobs = store.jobs(&JobQuery::first(PAGE)).await?;
    let alike = |job: &str| strsim::jaro(job, name);
    let nearest = jobs
        .iter()
        .map(|job| job.name.as_str())
        .max_by(|a, b| alike(a).partial_cmp(&alike(b)).unwrap_or(std::cmp::Ordering::Equal));
    let hint = match nearest {
        Some(other) if alike(other) > 0.7 => format!("; did you mean {other:?}?"),
        Some(_) => "; `mainspring jobs` lists those there are".to_owned(),
        None => "; the store has no jobs".to_owned(),
    };
    let _closed = writeln!(anstream::stderr(), "mainspring: there is no job {name:?}{hint}");
    Ok(Exit::Input)
}
