//! What the executor has measured.

use std::cell::Cell;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use crate::TaskId;
use crate::histogram::{Histogram, Recorder};

/// Whether the loop keeps statistics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Statistics {
    /// All of them; the default.
    #[default]
    Full,
    /// Only what fairness needs: the queues' runtime, share and lag. The rest stays zero.
    Runtime,
}

/// A picture of the executor at one moment; all counts are since it was built.
///
/// Time is busy, host's or idle; what passes before the first and after the last run is none.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Stats {
    /// Time spent in tasks, in the driving future, and in the executor itself.
    pub busy: Duration,
    /// Time spent waiting with nothing to do.
    pub idle: Duration,
    /// Time that the host had while there was work to do.
    pub host: Duration,
    /// How many times the host had the thread while there was work to do.
    pub host_turns: u64,
    /// How many times the executor fell asleep.
    pub parks: u64,
    /// Tasks alive.
    pub tasks: usize,
    /// One entry per queue, in the order of their creation.
    pub queues: Vec<QueueStats>,
}

/// One queue's part of [`Stats`].
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct QueueStats {
    /// The queue's name.
    pub name: String,
    /// Its weight now.
    pub weight: u32,
    /// The weight's part of all queues' weights, 0 to 1.
    pub share_asked: f64,
    /// The runtime's part of all queues' runtimes, 0 to 1. Less than asked for where the queue had
    /// less to do.
    pub share_got: f64,
    /// Time spent in its tasks.
    pub runtime: Duration,
    /// Nanoseconds that it is owed; it owes them where negative.
    pub lag_ns: i64,
    /// Tasks alive.
    pub tasks: usize,
    /// Groups alive.
    pub groups: usize,
    /// Tasks spawned.
    pub spawned: u64,
    /// Tasks ended.
    pub finished: u64,
    /// Polls of its tasks.
    pub polls: u64,
    /// Turns at the thread: how many times it was picked.
    pub turns: u64,
    /// How long polls took. Where the clock is not read after every poll, several count with their
    /// mean.
    pub poll_time: Histogram,
    /// How long ready tasks waited to be polled. Where the clock is not read after every poll, one
    /// stands for all since the last reading.
    pub wake_to_run: Histogram,
    /// The longest such wait.
    pub longest_wait: Duration,
    /// Polls that took longer than the queue's slice.
    pub overruns: u64,
    /// Turns that ended early because a more urgent queue woke.
    pub preemptions: u64,
}

/// One living task, as [`Executor::tasks`](crate::Executor::tasks) shows it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TaskInfo {
    /// Its number.
    pub id: TaskId,
    /// Its name, if it was given one.
    pub name: Option<Arc<str>>,
    /// Its queue's name.
    pub queue: Arc<str>,
    /// Its group, if it is in one.
    pub group: Option<u64>,
    /// How long ago it was spawned.
    pub age: Duration,
    /// Where it was spawned.
    pub location: &'static Location<'static>,
}

/// The executor's own counters.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    pub(crate) busy_ns: Cell<u64>,
    pub(crate) idle_ns: Cell<u64>,
    pub(crate) host_ns: Cell<u64>,
    pub(crate) host_turns: Cell<u64>,
    pub(crate) parks: Cell<u64>,
}

/// A queue's counters.
#[derive(Debug)]
pub(crate) struct Counters {
    pub(crate) runtime_ns: Cell<u64>,
    pub(crate) spawned: Cell<u64>,
    pub(crate) finished: Cell<u64>,
    pub(crate) turns: Cell<u64>,
    pub(crate) overruns: Cell<u64>,
    pub(crate) preemptions: Cell<u64>,
    pub(crate) longest_wait_ns: Cell<u64>,
    pub(crate) poll_time: Recorder,
    pub(crate) wake_to_run: Recorder,
}

impl Counters {
    pub(crate) fn new() -> Self {
        Self {
            runtime_ns: Cell::new(0),
            spawned: Cell::new(0),
            finished: Cell::new(0),
            turns: Cell::new(0),
            overruns: Cell::new(0),
            preemptions: Cell::new(0),
            longest_wait_ns: Cell::new(0),
            poll_time: Recorder::new(),
            wake_to_run: Recorder::new(),
        }
    }
}

/// Adds to a counter.
#[inline]
pub(crate) fn add(counter: &Cell<u64>, by: u64) {
    counter.set(counter.get().wrapping_add(by));
}
