//! First spawned, first served.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::{Policy, Why};
use crate::TaskRef;

/// First spawned, first served: of the ready tasks, the oldest goes next.
///
/// It brings old work to an end before it begins new work, so a task that never waits keeps all
/// younger ones from running.
#[derive(Debug, Default)]
pub struct ArrivalFifo {
    ready: BinaryHeap<Reverse<Ranked<u64>>>,
    /// Arrivals so far. A task's own number is kept in its word.
    arrivals: u64,
}

impl Policy for ArrivalFifo {
    fn push(&mut self, task: TaskRef, why: Why) {
        if why == Why::Spawned {
            self.arrivals += 1;
            task.meta().set_word(self.arrivals);
        }
        self.ready.push(Reverse(Ranked { rank: task.meta().word(), task }));
    }

    fn pop(&mut self) -> Option<TaskRef> {
        self.ready.pop().map(|Reverse(ranked)| ranked.task)
    }

    fn len(&self) -> usize {
        self.ready.len()
    }
}

/// A task that is compared by its rank alone.
#[derive(Debug)]
pub(super) struct Ranked<R> {
    pub(super) rank: R,
    pub(super) task: TaskRef,
}

impl<R: PartialEq> PartialEq for Ranked<R> {
    fn eq(&self, other: &Self) -> bool {
        self.rank == other.rank
    }
}

impl<R: Eq> Eq for Ranked<R> {}

impl<R: PartialOrd> PartialOrd for Ranked<R> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        self.rank.partial_cmp(&other.rank)
    }
}

impl<R: Ord> Ord for Ranked<R> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank.cmp(&other.rank)
    }
}
