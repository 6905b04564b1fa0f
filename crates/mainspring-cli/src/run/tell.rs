//! Tells in the log what the scheduler decided: skips, misses, retries, timeouts.
//!
//! What a command did is told by the [`Runner`], which is nearer to it.

use std::sync::Arc;

use mainspring_scheduler::{Event, EventKind, Events, Skip};
use tracing::{error, info, warn};

use super::runner::Runner;
use crate::log;

/// Writes the log until the scheduler is gone.
pub(super) async fn tell(mut events: Events, runner: Arc<Runner>) {
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => tell_one(&event, &runner),
            Err(lost) => warn!("{lost}"),
        }
    }
}

fn tell_one(event: &Event, runner: &Runner) {
    let task = event.job.and_then(|id| runner.task(id));
    let name = || event.name.as_ref().map(ToString::to_string).unwrap_or_default();
    let job = || task.as_ref().map_or_else(name, |task| task.label());
    let due = event.due.map(|due| tracing::field::display(log::shortened(due)));
    match &event.kind {
        EventKind::Skipped { why } => match why {
            Skip::Overlap => warn!(job = job(), due, "skipped: its last run goes on"),
            Skip::Replaced => warn!(job = job(), due, "skipped: a later run took its place"),
            Skip::QueueFull => warn!(job = job(), due, "skipped: too many of its runs wait"),
            Skip::Removed => info!(job = job(), due, "skipped: its job is gone"),
            _ => warn!(job = job(), due, "skipped"),
        },
        EventKind::Missed { count } => {
            warn!(job = job(), count, "missed: nobody was awake to run it");
        }
        EventKind::Retried { error, pause } => {
            let pause_s = pause.as_secs_f64();
            warn!(job = job(), due, error, pause_s, "it is tried again");
        }
        EventKind::TimedOut => error!(job = job(), due, "took too long and was ended"),
        EventKind::Cancelled => warn!(job = job(), due, "cancelled"),
        EventKind::GivenBack => info!(job = job(), due, "given back: it is due again"),
        EventKind::Lost => {
            warn!(
                job = job(),
                due, "lost: this node was silent for too long, its outcome does not count"
            );
        }
        EventKind::Reaped { node, is_failed: true } => {
            error!(job = job(), due, node, "its node is gone: it has failed");
        }
        EventKind::Reaped { node, is_failed: false } => {
            warn!(job = job(), due, node, "its node is gone: it is due again");
        }
        EventKind::Unreadable { error } => {
            error!(job = job(), error, "cannot be read from the store")
        }
        EventKind::StoreAway { error } => warn!(error, "the store is away; what runs goes on"),
        EventKind::StoreBack => info!("the store is back"),
        _ => {}
    }
}
