//! Answers with how much there is, and how well it goes.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use mainspring_clock::{Clock, SystemClock};
use mainspring_job::store::Tally;

use super::Shown;
use crate::answer::{At, JobCounts, Node, Overview, RunCounts};
use crate::dashboard::Shared;
use crate::refusal::Answer;

/// What was counted, and until when that will do.
#[derive(Debug)]
pub(crate) struct Counted {
    tally: Tally,
    good_until: Instant,
}

/// Counting may take such a part of a store's time.
const SHARE: u32 = 50;

/// Counts are never older than that, nor taken more often.
const FRESH: Duration = Duration::from_millis(500);

pub(super) async fn overview(State(shared): Shown) -> Answer<Response> {
    let tally = tally(&shared).await?;
    let source = &shared.source;
    let running = tally.running();
    let node = source.node();
    let overview = Overview {
        now: At(source.now()),
        title: &shared.title,
        version: env!("CARGO_PKG_VERSION"),
        node,
        can_change: shared.can_change,
        jobs: JobCounts { total: tally.jobs, paused: tally.paused, running },
        runs: RunCounts { waiting: tally.due, running },
        store: &shared.store_name,
        ticks: shared.hub.ticks(),
        nodes: nodes(&tally, node),
        queues: queues(&shared),
    };
    Ok(Json(overview).into_response())
}

/// Counts, unless somebody has lately: of a million jobs that takes a while.
async fn tally(shared: &Shared) -> Answer<Tally> {
    let kept = || shared.counted.lock().unwrap_or_else(PoisonError::into_inner);
    let began = SystemClock.now();
    if let Some(counted) = kept().as_ref().filter(|counted| counted.good_until > began) {
        return Ok(counted.tally.clone());
    }
    let tally = shared.source.tally().await?;
    let now = SystemClock.now();
    // What costs nothing is counted each time.
    let took = now.duration_since(began);
    if took > FRESH / SHARE {
        *kept() = Some(Counted { tally: tally.clone(), good_until: now + took * SHARE });
    }
    Ok(tally)
}

/// Those that hold runs, and this one.
fn nodes(tally: &Tally, this: Option<&str>) -> Vec<Node> {
    let of = |name: &str, running, lease_until| Node {
        name: name.to_owned(),
        running,
        lease_until,
        is_this: this == Some(name),
    };
    let Some(this) = this else {
        let named = tally.holders.iter().filter(|holder| !holder.node.is_empty());
        return named.map(|at| of(&at.node, at.running, at.lease_until.map(At))).collect();
    };
    let mut nodes: Vec<Node> =
        tally.holders.iter().map(|at| of(&at.node, at.running, at.lease_until.map(At))).collect();
    if !nodes.iter().any(|node| node.is_this) {
        nodes.push(of(this, 0, None));
    }
    nodes
}

#[cfg(feature = "executor")]
fn queues(shared: &Shared) -> Option<Vec<crate::answer::Queue>> {
    let stats = shared.queues.as_ref()?()?;
    let ms = |delay: Duration| delay.as_secs_f64() * 1e3;
    let queues = stats.queues.iter().map(|queue| crate::answer::Queue {
        name: queue.name.clone(),
        weight: queue.weight,
        share_asked: queue.share_asked,
        share_got: queue.share_got,
        tasks: queue.tasks,
        polls: queue.polls,
        delay_p50_ms: ms(queue.wake_to_run.quantile(0.5)),
        delay_p99_ms: ms(queue.wake_to_run.quantile(0.99)),
    });
    Some(queues.collect())
}

#[cfg(not(feature = "executor"))]
fn queues(_: &Shared) -> Option<Vec<crate::answer::Queue>> {
    None
}
