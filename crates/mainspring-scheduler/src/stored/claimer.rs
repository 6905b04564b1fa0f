//! Claims runs, as many as this node can take, and starts them.
//!
//! # Ground rules
//! - Claims go on until one comes back empty; then it waits for news, for the next run to be ready, and
//!   in any case no longer than until the next look.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use mainspring_job::store::{StoreError, Watch};

use super::backoff::Backoff;
use super::node::Node;

pub(crate) async fn claim(node: &Arc<Node>) {
    let mut watch = node.store.watch();
    let mut backoff = Backoff::default();
    while !node.is_stopping() {
        node.start_waiting();
        let room = node.board().room();
        if room == 0 {
            tokio::select! {
                () = node.calls.claimer.notified() => {}
                () = node.stopping() => {}
            }
            continue;
        }
        match claim_once(node, room).await {
            Ok(Claimed::Some) => backoff.went_well(),
            Ok(Claimed::None { ready }) => {
                backoff.went_well();
                wait(node, ready, &mut watch).await;
            }
            Err(error) => {
                node.store_failed(&error);
                node.pause(backoff.failed(node.random())).await;
            }
        }
    }
}

enum Claimed {
    Some,
    /// The next one can be had after that time.
    None {
        ready: Option<Duration>,
    },
}

async fn claim_once(node: &Arc<Node>, room: usize) -> Result<Claimed, StoreError> {
    let claiming = Claiming::begin(node);
    let before = node.timer().now();
    let runs = node.store.claim(&node.settings.claim(room)).await?;
    node.store_answered();
    let is_none = runs.is_empty();
    node.board().claimed(runs, before + node.settings.lease);
    drop(claiming);
    if !is_none {
        node.start_waiting();
        return Ok(Claimed::Some);
    }
    let Some(at) = node.store.next_wake().await?.run_ready else {
        return Ok(Claimed::None { ready: None });
    };
    // The store's clock is what counts.
    let left = at.duration_since(node.store.now().await?);
    Ok(Claimed::None { ready: Some(left.try_into().unwrap_or(Duration::ZERO)) })
}

async fn wait(node: &Node, ready: Option<Duration>, watch: &mut Watch) {
    let timer = node.timer();
    let ready = async {
        match ready {
            Some(left) => timer.sleep(left).await,
            None => pending().await,
        }
    };
    tokio::select! {
        () = ready => {}
        () = watch.changed() => {}
        () = node.calls.claimer.notified() => {}
        () = timer.sleep(node.settings.look) => {}
        () = node.stopping() => {}
    }
}

/// While this lives, runs may be on their way here.
struct Claiming<'a>(&'a Node);

impl<'a> Claiming<'a> {
    fn begin(node: &'a Node) -> Self {
        node.board().is_claiming = true;
        Self(node)
    }
}

impl Drop for Claiming<'_> {
    fn drop(&mut self) {
        self.0.board().is_claiming = false;
        self.0.calls.driver.notify_one();
        self.0.calls.recorder.notify_one();
    }
}
