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

/// So many runs are worth a claim of their own, beside another.
const WORTH_A_CLAIM: usize = 100;

pub(crate) async fn claim(node: &Arc<Node>) {
    let mut watch = node.store.watch();
    let mut backoff = Backoff::default();
    let mut is_plenty = false;
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
        match claim_up_to(node, room, is_plenty).await {
            Ok(Claimed::Runs(runs)) => {
                backoff.went_well();
                is_plenty = runs == room;
            }
            Ok(Claimed::None { ready }) => {
                backoff.went_well();
                is_plenty = false;
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
    Runs(usize),
    /// The next one can be had after that time.
    None {
        ready: Option<Duration>,
    },
}

/// Where there is plenty, two claims at once: while the one is being written, the other is looked for.
async fn claim_up_to(
    node: &Arc<Node>,
    room: usize,
    is_plenty: bool,
) -> Result<Claimed, StoreError> {
    let runs = if is_plenty && room >= 2 * WORTH_A_CLAIM {
        match tokio::join!(claim_once(node, room / 2), claim_once(node, room - room / 2)) {
            (Ok(one), Ok(two)) => one + two,
            (Ok(runs), Err(_)) | (Err(_), Ok(runs)) if runs > 0 => runs,
            (Err(error), _) | (_, Err(error)) => return Err(error),
        }
    } else {
        claim_once(node, room).await?
    };
    if runs > 0 {
        return Ok(Claimed::Runs(runs));
    }
    let Some(at) = node.store.next_wake().await?.run_ready else {
        return Ok(Claimed::None { ready: None });
    };
    // The store's clock is what counts.
    let left = at.duration_since(node.store.now().await?);
    Ok(Claimed::None { ready: Some(left.try_into().unwrap_or(Duration::ZERO)) })
}

/// Claims, and starts what has a slot; says how many there were.
async fn claim_once(node: &Arc<Node>, room: usize) -> Result<usize, StoreError> {
    let claiming = Claiming::begin(node);
    let before = node.timer().now();
    let runs = node.store.claim(&node.settings.claim(room)).await?;
    node.store_answered();
    let count = runs.len();
    node.board().claimed(runs, before + node.settings.lease);
    node.leases.claimed(count);
    node.count_leases();
    drop(claiming);
    node.start_waiting();
    Ok(count)
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
        node.board().claims += 1;
        Self(node)
    }
}

impl Drop for Claiming<'_> {
    fn drop(&mut self) {
        let mut board = self.0.board();
        board.claims = board.claims.saturating_sub(1);
        drop(board);
        self.0.calls.driver.notify_one();
        self.0.calls.recorder.notify_one();
    }
}
