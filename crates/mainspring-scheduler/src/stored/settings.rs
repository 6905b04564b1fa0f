//! Says how a node of a store works: its name, its slots, its leases, what it forgets.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use mainspring_clock::ManualClock;
use mainspring_job::JobName;
use mainspring_job::store::{Claim, Store};
use mainspring_timer::Driver;

use super::StoreScheduler;
use crate::error::Error;
use crate::timer::Timer;
use crate::{Spawn, TokioSpawn};

/// Describes a [`StoreScheduler`] before it is made; made by [`StoreScheduler::builder`].
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use mainspring_job::store::MemoryStore;
/// use mainspring_scheduler::StoreScheduler;
///
/// # let clock = mainspring_clock::ManualClock::new(std::time::SystemTime::UNIX_EPOCH);
/// # use mainspring_clock::WallClock;
/// # let store = MemoryStore::new(move || clock.wall_now().try_into().unwrap());
/// let scheduler = StoreScheduler::builder(Arc::new(store))
///     .node("web-3")
///     .concurrency(20)
///     .queues(["mail", "default"])?
///     .lease(Duration::from_secs(60))
///     .keep_history(Duration::from_secs(30 * 86_400), 10)
///     .build();
/// assert_eq!(scheduler.node(), "web-3");
/// # Ok::<(), mainspring_scheduler::Error>(())
/// ```
#[must_use = "a description does nothing: call `build`"]
pub struct StoreSchedulerBuilder {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) settings: Settings,
    pub(crate) driver: Option<Driver>,
    pub(crate) spawn: Box<dyn Spawn>,
}

/// How a node works.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) node: String,
    pub(crate) queues: Vec<JobName>,
    pub(crate) slots: usize,
    pub(crate) lease: Duration,
    /// The longest between two looks at the store, where no news came.
    pub(crate) look: Duration,
    pub(crate) claims_max: u32,
    pub(crate) keep_for: Duration,
    pub(crate) keep_runs: u32,
}

impl Settings {
    pub(crate) fn claim(&self, limit: usize) -> Claim {
        Claim::new(&self.node, limit).queues(self.queues.iter().cloned()).lease(self.lease)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            node: default_node(),
            queues: Vec::new(),
            slots: 100,
            lease: Duration::from_secs(30),
            look: Duration::from_secs(5),
            claims_max: 20,
            keep_for: Duration::from_secs(7 * 86_400),
            keep_runs: 1,
        }
    }
}

impl StoreSchedulerBuilder {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        let (settings, spawn) = (Settings::default(), Box::new(TokioSpawn));
        Self { store, settings, driver: None, spawn }
    }

    /// Names this node, for people: it stands beside each run that the node takes. The machine's name,
    /// where the environment tells it, and the number of the process, unless said otherwise.
    ///
    /// Two nodes of one name do no harm, but nobody can tell them apart.
    pub fn node(mut self, name: impl Into<String>) -> Self {
        self.settings.node = name.into();
        self
    }

    /// How many runs may go on at once on this node; 100 unless said otherwise, and at least one.
    ///
    /// A node whose runs are short claims up to 900 more ahead, as many as will find a slot by the time
    /// they are there.
    pub fn concurrency(mut self, runs: usize) -> Self {
        self.settings.slots = runs.max(1);
        self
    }

    /// Takes runs of these queues alone; of all unless said otherwise.
    ///
    /// # Errors
    /// If one of them cannot be a queue's name: 1 to 255 bytes, no control characters.
    pub fn queues<'a>(mut self, queues: impl IntoIterator<Item = &'a str>) -> Result<Self, Error> {
        let queues: Result<_, _> = queues.into_iter().map(JobName::new).collect();
        self.settings.queues = queues?;
        Ok(self)
    }

    /// How long runs are this node's without a sign of life from it; 30 seconds unless said otherwise, at
    /// least 10 ms and at most a year.
    ///
    /// It renews its leases each third of that. So long are runs of a node that died left alone, and so
    /// long may a node stall without losing what it runs.
    pub fn lease(mut self, lease: Duration) -> Self {
        const YEAR: Duration = Duration::from_secs(365 * 86_400);
        self.settings.lease = lease.clamp(Duration::from_millis(10), YEAR);
        self
    }

    /// The longest between two looks at the store when no news comes of itself; five seconds unless said
    /// otherwise, and at least 1 ms. News that is lost is as late as this at most.
    pub fn look_every(mut self, interval: Duration) -> Self {
        self.settings.look = interval.max(Duration::from_millis(1));
        self
    }

    /// A run that was claimed so many times, and whose node then vanished once more, ends as failed: it
    /// may be what kills them. 20 unless said otherwise; attempts that ended in a failure count as well.
    pub fn claims_max(mut self, claims: u32) -> Self {
        self.settings.claims_max = claims.max(1);
        self
    }

    /// Forgets runs that ended longer ago than `age`, but for the last `runs` of each name; a week and
    /// one unless said otherwise. With [`Duration::MAX`] nothing is forgotten.
    ///
    /// An instant that was forgotten could run again if the clock were set back so far.
    pub fn keep_history(mut self, age: Duration, runs: u32) -> Self {
        self.settings.keep_for = age;
        self.settings.keep_runs = runs;
        self
    }

    /// Has runs executed elsewhere than in tokio's tasks.
    pub fn spawn_on(self, spawn: impl Spawn) -> Self {
        Self { spawn: Box::new(spawn), ..self }
    }

    /// Waits as `driver` does: a thread of its own for a runtime that is too busy, for example.
    pub fn driver(self, driver: Driver) -> Self {
        Self { driver: Some(driver), ..self }
    }

    /// Waits on a clock that is turned by hand, for tests and simulations. The store's clock is the
    /// store's affair: give both the same.
    pub fn manual(self, clock: &ManualClock) -> Self {
        self.driver(Driver::manual(clock))
    }

    /// The scheduler; nothing is asked of the store yet.
    pub fn build(self) -> StoreScheduler {
        StoreScheduler::new_with(self)
    }

    pub(crate) fn timer(&mut self) -> Timer {
        Timer::new(self.driver.take())
    }
}

impl fmt::Debug for StoreSchedulerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreSchedulerBuilder")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

fn default_node() -> String {
    let host = ["HOSTNAME", "COMPUTERNAME"].iter().find_map(|name| std::env::var(name).ok());
    format!("{}/{}", host.as_deref().unwrap_or("node"), std::process::id())
}
