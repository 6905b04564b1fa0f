//! Renews the leases of what this node has, and hears what is to be cancelled and what was lost.

use std::sync::Arc;
use std::time::{Duration, Instant};

use mainspring_job::store::{Beat, StoreError, Watch};

use super::backoff::Backoff;
use super::node::Node;

/// So many leases are renewed at once.
const HOLDS_MAX: usize = 1000;

/// A cancellation is news like any other: it is not looked for more often than this.
const BETWEEN_NEWS: Duration = Duration::from_millis(100);

pub(crate) async fn keep(node: &Arc<Node>) {
    let timer = node.timer();
    let lease = node.settings.lease;
    let mut watch = node.store.watch();
    let mut backoff = Backoff::default();
    // At each period those that are not fresh; after news those that somebody may want cancelled.
    let mut ending_within = lease / 4 * 3;
    loop {
        let begun = timer.now();
        match beat(node, begun + ending_within).await {
            Ok(()) => backoff.went_well(),
            Err(error) => {
                node.store_failed(&error);
                timer.sleep(backoff.failed(node.random()).min(lease / 3)).await;
                continue;
            }
        }
        node.board().beaten = Some(begun);
        let took = timer.now().saturating_duration_since(begun);
        ending_within = tokio::select! {
            () = timer.sleep(lease / 3) => lease / 4 * 3,
            () = node.calls.keeper.notified() => lease / 4 * 3,
            () = news(node, &mut watch, took) => lease.saturating_sub(BETWEEN_NEWS),
        };
    }
}

/// Completes after news, but takes no more than a twentieth of the time for it.
async fn news(node: &Node, watch: &mut Watch, took: Duration) {
    watch.changed().await;
    node.timer().sleep(BETWEEN_NEWS.max(took * 20)).await;
}

async fn beat(node: &Arc<Node>, ending_before: Instant) -> Result<(), StoreError> {
    let holds = node.board().leases_ending(ending_before);
    for holds in holds.chunks(HOLDS_MAX) {
        let before = node.timer().now();
        let beats = node.store.heartbeat(holds, node.settings.lease).await?;
        node.store_answered();
        let told = node.board().beats(holds, &beats, before + node.settings.lease);
        let lost = beats.iter().filter(|beat| **beat == Beat::Lost).count();
        node.leases.renewed(beats.len() - lost);
        node.count_leases();
        told.cancels.iter().for_each(|control| control.cancel());
        node.tell_lost(&told.lost);
        if node.board().has_words() {
            node.calls.recorder.notify_one();
        }
    }
    Ok(())
}
