//! Earliest deadline first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::arrival_fifo::Ranked;
use super::{Policy, Why};
use crate::TaskRef;

/// Earliest deadline first. Tasks without a deadline go last; equals go in the order in which they
/// became ready.
///
/// C. L. Liu and J. W. Layland, "Scheduling Algorithms for Multiprogramming in a Hard-Real-Time
/// Environment", 1973. As nothing preempts a poll, one that is longer than the slack of others makes
/// them late.
///
/// ```
/// use std::time::Duration;
/// use mainspring_clock::{Clock, SystemClock};
/// use mainspring_executor::{Edf, Executor};
///
/// let executor = Executor::builder().queue("frames", 1, Edf::default()).build()?;
/// let (frames, now) = (executor.queue("frames")?, SystemClock.now());
/// frames.task().deadline(now + Duration::from_secs(9)).spawn(async { print!("later ") }).detach();
/// let urgent = frames.task().deadline(now + Duration::from_secs(1)).spawn(async { print!("first ") });
/// executor.block_on(urgent)??;
/// assert_eq!(executor.task_count(), 1, "the other one still waits for its turn");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct Edf {
    ready: BinaryHeap<Reverse<Ranked<(u64, u64)>>>,
    pushes: u64,
}

impl Policy for Edf {
    fn push(&mut self, task: TaskRef, _: Why) {
        self.pushes += 1;
        let rank = (task.meta().deadline().unwrap_or(u64::MAX), self.pushes);
        self.ready.push(Reverse(Ranked { rank, task }));
    }

    fn pop(&mut self) -> Option<TaskRef> {
        self.ready.pop().map(|Reverse(ranked)| ranked.task)
    }

    fn len(&self) -> usize {
        self.ready.len()
    }
}
