//! Makes executors.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use mainspring_clock::{Clock, SystemClock};

use crate::cell::SharedRef;
use crate::core::{Core, Plan};
use crate::engine::{Engine, Settings};
use crate::stall::{OnStall, OnStuck, Watchdog};
use crate::time::ns;
use crate::{
    BuildError, ClockReads, Eevdf, Executor, Host, PolicyBox, QueueError, SelfWake, StallReport,
    Statistics,
};

/// What identifies a queue: an enum, an integer, a `&'static str`.
///
/// For every `Copy + Eq + Hash + Debug` type.
pub trait Key: Copy + Eq + Hash + Debug + 'static {}

impl<K: Copy + Eq + Hash + Debug + 'static> Key for K {}

/// A queue in the making.
///
/// ```
/// use std::time::Duration;
/// use mainspring_executor::{Executor, Las, OnPanic, QueueSpec};
///
/// let spec = QueueSpec::new(8)
///     .name("requests")
///     .policy(Las::default())
///     .slice(Duration::from_micros(50))
///     .on_panic(OnPanic::Catch);
/// let executor = Executor::builder().queue_with(1, spec).build()?;
/// # let _ = executor;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "a queue is made by the builder or by `add_queue`"]
pub struct QueueSpec {
    weight: u32,
    slice: Duration,
    policy: PolicyBox,
    name: Option<Arc<str>>,
    on_panic: OnPanic,
}

/// What becomes of a panic of a task, besides its handle's being told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnPanic {
    /// It goes on through whoever runs the executor: first the handle is told the message, then the
    /// original payload is resumed. The executor stays whole and can be run again.
    #[default]
    Propagate,
    /// It ends with the handle, which gets the original payload. If nobody asks, nobody knows.
    Catch,
}

/// Makes an [`Executor`].
///
/// ```
/// use std::time::Duration;
/// use mainspring_executor::{Executor, Las, OnPanic, QueueSpec, RunnableFifo};
///
/// let executor = Executor::builder()
///     .queue("requests", 8, Las::default())
///     .queue_with("jobs", QueueSpec::new(1).on_panic(OnPanic::Catch))
///     .on_stall(Duration::from_millis(5), |stall| eprintln!("{stall:?}"))
///     .build()?;
/// assert!(executor.queue("letters").is_err(), "there is no such queue");
/// # let _ = RunnableFifo::default();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "an executor is made by `build`"]
pub struct Builder<K> {
    queues: Vec<(K, QueueSpec)>,
    clock: Box<dyn Clock>,
    host: Box<dyn Host>,
    host_interval: Duration,
    clock_reads: ClockReads,
    statistics: Statistics,
    on_stall: Option<(Duration, OnStall)>,
    watchdog: Option<(Duration, OnStuck)>,
    memory_kept: usize,
}

/// Short enough that one slice is not noticed, long enough that a change of queues costs nothing.
const SLICE: Duration = Duration::from_micros(100);

/// A hundredth of it is about what a turn of the host's costs.
const HOST_INTERVAL: Duration = Duration::from_micros(100);

/// A thousand and more tasks of the usual size.
const MEMORY_KEPT: usize = 256 << 10;

impl QueueSpec {
    /// A queue of this weight, with [`RunnableFifo`](crate::RunnableFifo) and a slice of 100 µs.
    pub fn new(weight: u32) -> Self {
        let policy = PolicyBox::default();
        Self { weight, slice: SLICE, policy, name: None, on_panic: OnPanic::default() }
    }

    /// How long the queue may go on once it has the thread, in real time; its share is not changed
    /// by that. The shorter, the sooner it gets its turn after it woke. At least a nanosecond.
    pub fn slice(self, slice: Duration) -> Self {
        Self { slice, ..self }
    }

    /// The order of its tasks.
    pub fn policy(self, policy: impl Into<PolicyBox>) -> Self {
        Self { policy: policy.into(), ..self }
    }

    /// What it is called in statistics and reports; its key, unless set.
    pub fn name(self, name: impl Into<Arc<str>>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// What becomes of a panic of one of its tasks.
    pub fn on_panic(self, on_panic: OnPanic) -> Self {
        Self { on_panic, ..self }
    }

    pub(crate) fn check<K: Key>(&self, key: K) -> Result<(), QueueError> {
        if self.weight == 0 {
            return Err(QueueError::ZeroWeight { queue: format!("{key:?}") });
        }
        Ok(())
    }

    pub(crate) fn plan<K: Key>(self, key: K) -> Plan {
        Plan {
            // A `&'static str` is its own name, without the quotes that its `Debug` brings.
            name: self.name.unwrap_or_else(|| format!("{key:?}").trim_matches('"').into()),
            weight: self.weight,
            slice_ns: ns(self.slice).max(1),
            policy: self.policy,
            catches: self.on_panic == OnPanic::Catch,
        }
    }
}

impl<K: Key> Builder<K> {
    pub(crate) fn new() -> Self {
        Self {
            queues: Vec::new(),
            clock: Box::new(SystemClock),
            host: Box::new(SelfWake),
            host_interval: HOST_INTERVAL,
            clock_reads: ClockReads::default(),
            statistics: Statistics::default(),
            on_stall: None,
            watchdog: None,
            memory_kept: MEMORY_KEPT,
        }
    }

    /// Adds a queue: of the time that is asked for, it gets `weight` parts.
    pub fn queue(self, key: K, weight: u32, policy: impl Into<PolicyBox>) -> Self {
        self.queue_with(key, QueueSpec::new(weight).policy(policy))
    }

    /// Adds a queue, in full.
    pub fn queue_with(mut self, key: K, spec: QueueSpec) -> Self {
        self.queues.push((key, spec));
        self
    }

    /// The clock by which time is shared; the system's unless set.
    pub fn clock(self, clock: impl Clock + 'static) -> Self {
        Self { clock: Box::new(clock), ..self }
    }

    /// Who runs the executor; [`SelfWake`] unless set.
    pub fn host(self, host: impl Host + 'static) -> Self {
        Self { host: Box::new(host), ..self }
    }

    /// After how long at work the host has a turn; 100 µs unless set.
    pub fn host_interval(self, host_interval: Duration) -> Self {
        Self { host_interval, ..self }
    }

    /// How often the clock is read.
    pub fn clock_reads(self, clock_reads: ClockReads) -> Self {
        Self { clock_reads, ..self }
    }

    /// What is measured.
    pub fn statistics(self, statistics: Statistics) -> Self {
        Self { statistics, ..self }
    }

    /// Calls `on_stall` after each poll that took `threshold` or longer. The clock is then read after
    /// every poll.
    pub fn on_stall(
        self,
        threshold: Duration,
        on_stall: impl FnMut(StallReport) + 'static,
    ) -> Self {
        Self { on_stall: Some((threshold, Box::new(on_stall))), ..self }
    }

    /// Starts a thread that calls `on_stuck` while a poll is stuck: after one to two times
    /// `threshold`, once per poll. It costs a lock at the beginning of every poll, and sleeps while
    /// nothing runs.
    pub fn watchdog(
        self,
        threshold: Duration,
        on_stuck: impl FnMut(StallReport) + Send + 'static,
    ) -> Self {
        Self { watchdog: Some((threshold, Box::new(on_stuck))), ..self }
    }

    /// How much memory of tasks that have ended is kept for those to come, in bytes; 256 KiB unless
    /// set. Zero gives every task's memory back to the allocator at once.
    pub fn memory_kept(self, memory_kept: usize) -> Self {
        Self { memory_kept, ..self }
    }

    /// The executor, which belongs to the calling thread.
    ///
    /// # Errors
    /// Without any queue, with a queue of weight zero, with two queues of the same key, or if the
    /// watchdog's thread cannot be started.
    pub fn build(self) -> Result<Executor<K>, BuildError> {
        if self.queues.is_empty() {
            return Err(BuildError::NoQueue);
        }
        let settings = Settings {
            host_interval_ns: ns(self.host_interval),
            reads_every_poll: self.clock_reads == ClockReads::EveryPoll,
            statistics: self.statistics,
        };
        let mut engine = Engine::new(self.host, settings);
        engine.on_stall = self.on_stall.map(|(threshold, on_stall)| (ns(threshold), on_stall));
        if let Some((threshold, on_stuck)) = self.watchdog {
            let watchdog = Watchdog::start(threshold, on_stuck);
            engine.watchdog =
                Some(watchdog.map_err(|error| BuildError::Watchdog { reason: error.to_string() })?);
        }
        let shared = SharedRef::new(Eevdf::default(), self.clock.now(), self.memory_kept);
        let core = Rc::new(Core::new(shared, self.clock, engine));
        let executor = Executor { core, keys: RefCell::new(HashMap::new()) };
        for (key, spec) in self.queues {
            executor.add_queue(key, spec)?;
        }
        Ok(executor)
    }
}

impl<K: Debug> Debug for Builder<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder").field("queues", &self.queues).finish_non_exhaustive()
    }
}
