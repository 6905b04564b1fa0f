//! Tells the store how runs ended, many at once.
//!
//! # Ground rules
//! - What has ended while one batch is on its way is the next batch.
//! - An end is said until the store has taken or refused it, however long the store is away.

use std::sync::Arc;

use mainspring_job::store::{Finish, Hold, Outcome, StoreErrorKind, Verdict};

use super::backoff::Backoff;
use super::board::{Ending, Named};
use super::node::Node;
use crate::attempt::with_causes;
use crate::event::EventKind;

/// So many ends are said at once.
const ENDS_MAX: usize = 1000;

pub(crate) async fn record(node: &Arc<Node>) {
    loop {
        let (ends, back) = {
            let mut board = node.board();
            (board.take_ends(ENDS_MAX), board.take_back())
        };
        if ends.is_empty() && back.is_empty() {
            node.calls.recorder.notified().await;
            continue;
        }
        tokio::join!(record_ends(node, ends), give_back(node, back));
        if node.board().has_wanted_room() {
            node.calls.claimer.notify_one();
        }
        if node.is_stopping() {
            node.calls.driver.notify_one();
        }
    }
}

async fn record_ends(node: &Arc<Node>, ends: Vec<Ending>) {
    if ends.is_empty() {
        return;
    }
    let (finishes, told): (Vec<_>, Vec<_>) =
        ends.into_iter().map(|end| (end.finish, (end.name, end.kind))).unzip();
    let verdicts = match finish(node, &finishes).await {
        Some(verdicts) => verdicts,
        // Something among them is refused: each for itself, then.
        None => {
            let mut verdicts = Vec::with_capacity(finishes.len());
            for end in &finishes {
                let verdict = finish(node, std::slice::from_ref(end)).await;
                verdicts.push(verdict.and_then(|verdict| verdict.first().copied()));
            }
            verdicts.into_iter().map(|verdict| verdict.unwrap_or(Verdict::Stale)).collect()
        }
    };
    let mut board = node.board();
    finishes.iter().for_each(|end| board.recorded(end.hold()));
    drop(board);
    node.count_leases();
    let mut lost = Vec::new();
    for ((finish, verdict), (name, kind)) in finishes.iter().zip(verdicts).zip(told) {
        let hold = finish.hold();
        match verdict {
            Verdict::Accepted => {
                match finish.outcome() {
                    Outcome::Retry { .. } => node.meters.retried(),
                    outcome => node.meters.ended(outcome.state()),
                }
                node.tell(hold.run.job, &name, Some(hold.run.due), kind);
            }
            Verdict::Stale => lost.push(Named { hold, name }),
        }
    }
    node.tell_lost(&lost);
}

/// `None` if the store refuses the batch as it is.
async fn finish(node: &Node, ends: &[Finish]) -> Option<Vec<Verdict>> {
    let mut backoff = Backoff::default();
    loop {
        match node.store.finish(ends).await {
            Ok(verdicts) => {
                node.store_answered();
                return Some(verdicts);
            }
            Err(error) if error.kind() == StoreErrorKind::Refused => {
                tracing::error!(error = with_causes(&error), "the store refuses how a run ended");
                return None;
            }
            Err(error) => {
                node.store_failed(&error);
                node.timer().sleep(backoff.failed(node.random())).await;
            }
        }
    }
}

async fn give_back(node: &Arc<Node>, holds: Vec<Hold>) {
    if holds.is_empty() {
        return;
    }
    let mut backoff = Backoff::default();
    let verdicts = loop {
        match node.store.release(&holds).await {
            Ok(verdicts) => break verdicts,
            Err(error) => {
                node.store_failed(&error);
                node.timer().sleep(backoff.failed(node.random())).await;
            }
        }
    };
    node.store_answered();
    let given = node.board().given_back(&holds, &verdicts);
    node.count_leases();
    for Named { hold, name } in &given.taken {
        node.tell(hold.run.job, name, Some(hold.run.due), EventKind::GivenBack);
    }
    node.tell_lost(&given.lost);
}
