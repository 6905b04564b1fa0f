//! Takes runs away from nodes that fell silent, and forgets old history.

use std::time::{Duration, Instant};

use jiff::SignedDuration;
use mainspring_job::RunState;
use mainspring_job::store::{Prune, StoreError};

use super::node::Node;
use crate::event::EventKind;

/// So many runs are taken away, or forgotten, at once.
const BITE: usize = 1000;

/// From one pruning to the next.
const BETWEEN_PRUNINGS: Duration = Duration::from_secs(3600);

pub(crate) async fn tidy(node: &Node) {
    let period = node.settings.lease / 4;
    let mut pruned: Option<Instant> = None;
    while !node.is_stopping() {
        let now = node.timer().now();
        let mut pause = period;
        if !is_alive(node, now) {
            // Who was stalled itself renews its own leases first.
            node.calls.keeper.notify_one();
            pause = period / 10;
        } else if let Err(error) = reap(node).await {
            node.store_failed(&error);
        } else if pruned.is_none_or(|pruned| now - pruned >= BETWEEN_PRUNINGS) {
            pruned = Some(now);
            if let Err(error) = prune(node).await {
                node.store_failed(&error);
            }
        }
        node.pause(pause).await;
    }
}

/// Whether this node's own leases have been renewed lately.
fn is_alive(node: &Node, now: Instant) -> bool {
    let beaten = node.board().beaten;
    beaten.is_some_and(|beaten| now.saturating_duration_since(beaten) <= node.settings.lease / 2)
}

async fn reap(node: &Node) -> Result<(), StoreError> {
    loop {
        let reaped = node.store.reap(BITE, node.settings.claims_max).await?;
        node.store_answered();
        node.leases.reaped(reaped.len());
        for run in &reaped {
            let (name, owner) = (run.name.as_str(), &run.node);
            tracing::warn!(job = name, run = %run.id, node = owner, "a node fell silent");
            if run.is_failed {
                node.meters.ended(RunState::Failed);
            }
            let kind = EventKind::Reaped { node: run.node.clone(), is_failed: run.is_failed };
            node.tell(run.id.job, &run.name, Some(run.id.due), kind);
        }
        if reaped.len() < BITE {
            return Ok(());
        }
    }
}

async fn prune(node: &Node) -> Result<(), StoreError> {
    let Ok(age) = SignedDuration::try_from(node.settings.keep_for) else {
        return Ok(());
    };
    let Ok(ended_before) = node.store.now().await?.checked_sub(age) else {
        return Ok(());
    };
    let which = Prune { ended_before, keep: node.settings.keep_runs, limit: BITE };
    while !node.is_stopping() && node.store.prune(&which).await? == BITE as u64 {
        tokio::task::yield_now().await;
    }
    Ok(())
}
