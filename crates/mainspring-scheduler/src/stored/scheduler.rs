//! Registers, enqueues, triggers, runs and stops: the handle on a node of a store.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use mainspring_job::RunId;
use mainspring_job::store::{Cancelled, Enqueued, JobDraft, Store, Upserted, Work};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::driver;
use super::enqueue::Enqueue;
use super::node::Node;
use super::registry::{Async, Blocking};
use super::settings::StoreSchedulerBuilder;
use super::upsert::Upsert;
use crate::{Context, Error, Events, IntoOutcome, Report};

/// Runs what a [`Store`] keeps: jobs by their schedules and enqueued work, by handlers with names.
///
/// A handle: clones share one node. Any number of nodes, in one process or many, may share one store;
/// whatever races, each due instant is one run, each run is one node's at a time, and how it ended is
/// recorded once. What that means for a handler, which may see a run a second time when a node dies, is
/// said in plain words at [`mainspring_job::store`].
///
/// ```
/// use std::sync::Arc;
/// use mainspring_scheduler::StoreScheduler;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Email {
///     to: String,
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use mainspring_clock::{SystemClock, WallClock};
/// # let store = mainspring_job::store::MemoryStore::new(|| SystemClock.wall_now().try_into().unwrap());
/// // `store` is a `SqliteStore`, a `PostgresStore`, or a `MemoryStore`.
/// let scheduler = StoreScheduler::new(Arc::new(store));
/// # let stopper = scheduler.clone();
/// scheduler.register("email", move |run, email: Email| {
/// #   let stopper = stopper.clone();
///     async move {
///         println!("mail to {}, claim number {:?}", email.to, run.fence());
/// #       stopper.shutdown(std::time::Duration::from_secs(1));
///     }
/// })?;
///
/// // A background queue: once, as soon as a node has a slot.
/// scheduler.enqueue("email", &Email { to: "ada@example.org".into() }).unique("welcome-ada").await?;
/// // A stored job: what it is called identifies it over restarts.
/// scheduler
///     .upsert("newsletter")
///     .schedule("0 9 * * MON in Europe/Berlin".parse()?)
///     .handler("email")
///     .input(&Email { to: "everybody@example.org".into() })
///     .await?;
///
/// scheduler.run().await?; // until somebody calls `scheduler.shutdown(grace)`
/// # Ok(())
/// # }
/// ```
///
/// # What differs from [`Scheduler`](crate::Scheduler)
/// - A run is between two attempts nobody's: another node may make the next one, and a run in its pause
///   leaves room for others of its job.
/// - A job's limit and its overlap policy count over all nodes. So does a
///   [queue's limit](mainspring_job::store::Store::limit_queue), which takes the place of a group's.
/// - A job whose schedule has ended stays in the store, as does its history.
///
/// # When something breaks
/// While the store is away, runs go on; how they ended is kept and recorded when it is back. A node that
/// stalls for longer than its [lease](StoreSchedulerBuilder::lease) loses its runs: their tokens are
/// cancelled when it notices, and its late word is refused. Each is told as an [event](Self::events).
#[derive(Clone)]
pub struct StoreScheduler {
    node: Arc<Node>,
}

impl StoreScheduler {
    /// A node of `store`, with the settings that [`builder`](Self::builder) explains.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self::builder(store).build()
    }

    /// Describes a node of `store` before it is made.
    pub fn builder(store: Arc<dyn Store>) -> StoreSchedulerBuilder {
        StoreSchedulerBuilder::new(store)
    }

    pub(crate) fn new_with(builder: StoreSchedulerBuilder) -> Self {
        Self { node: Arc::new(Node::new(builder)) }
    }

    /// Has runs for the handler `name` done by `handler`, which is given each run's payload as an `I`.
    ///
    /// A run whose handler is not registered on the node that claims it, or whose payload is no `I`,
    /// fails with an error that says so, and is tried again if its policy says so. A run without a payload
    /// has that of `null`: `()` and `Option` read it. To have nodes with different handlers, give their
    /// work different [queues](StoreSchedulerBuilder::queues).
    ///
    /// May be called while the scheduler runs. Like the name of a job, a handler's outlives the program.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use mainspring_job::store::MemoryStore;
    /// # use mainspring_scheduler::StoreScheduler;
    /// # let scheduler = StoreScheduler::new(Arc::new(MemoryStore::new(|| jiff::Timestamp::UNIX_EPOCH)));
    /// scheduler.register("sum", |_, numbers: Vec<i64>| async move {
    ///     numbers.iter().sum::<i64>().to_string() // kept as the run's output
    /// })?;
    /// assert!(scheduler.register("sum", |_, (): ()| async {}).is_err_and(|error| error.is_duplicate()));
    /// # Ok::<(), mainspring_scheduler::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the name is taken, or cannot be one: 1 to 255 bytes, no control characters.
    pub fn register<I, F, Fut>(&self, name: &str, handler: F) -> Result<(), Error>
    where
        I: DeserializeOwned + 'static,
        F: Fn(Context, I) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: IntoOutcome,
    {
        self.node.registry.add(name, Arc::new(Async::new(handler)))
    }

    /// The same with a function that may block; each run is called on a thread for blocking work.
    ///
    /// It cannot be dropped half-way: after its token was cancelled and its second is over it is left
    /// alone, and its run is given back or recorded without it.
    ///
    /// # Errors
    /// As [`register`](Self::register).
    pub fn register_blocking<I, F, T>(&self, name: &str, handler: F) -> Result<(), Error>
    where
        I: DeserializeOwned + Send + 'static,
        F: Fn(Context, I) -> T + Send + Sync + 'static,
        T: IntoOutcome,
    {
        self.node.registry.add(name, Arc::new(Blocking::new(handler)))
    }

    /// Work for the handler `name`, once; awaiting it enqueues it.
    ///
    /// The handler need not be registered here: another node may have it.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use mainspring_job::store::{Enqueued, MemoryStore};
    /// # use mainspring_scheduler::StoreScheduler;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scheduler = StoreScheduler::new(Arc::new(MemoryStore::new(|| jiff::Timestamp::UNIX_EPOCH)));
    /// let first = scheduler.enqueue("resize", "cat.png").unique("cat").priority(5).now().await?;
    /// let again = scheduler.enqueue("resize", "cat.png").unique("cat").await?;
    /// assert_eq!(again, Enqueued::Exists(first.run()), "it waits already");
    /// # Ok(())
    /// # }
    /// ```
    pub fn enqueue<I: Serialize + ?Sized>(&self, handler: &str, input: &I) -> Enqueue {
        Enqueue::new(self.node.clone(), handler, input)
    }

    /// Enqueues much work at once, which costs a store hardly more than one piece of it;
    /// [`Enqueue::work`] makes it.
    ///
    /// # Cancel safety
    /// Dropping the future leaves it open whether the work was enqueued, as a whole.
    ///
    /// # Errors
    /// If the store fails; then none of it was enqueued, unless the connection broke.
    pub async fn enqueue_all(&self, work: &[Work]) -> Result<Vec<Enqueued>, Error> {
        let enqueued = self.node.store.enqueue(work).await?;
        self.node.calls.claimer.notify_one();
        Ok(enqueued)
    }

    /// A stored job of that name, new or changed; awaiting it stores it.
    pub fn upsert(&self, name: &str) -> Upsert {
        Upsert::new(self.node.clone(), name)
    }

    /// Stores many jobs at once; [`Upsert::draft`] makes their drafts.
    ///
    /// # Cancel safety
    /// Dropping the future leaves it open whether the jobs were stored, as a whole.
    ///
    /// # Errors
    /// If the store fails; then none of them was stored, unless the connection broke.
    pub async fn upsert_all(&self, drafts: &[JobDraft]) -> Result<Vec<Upserted>, Error> {
        let upserted = self.node.store.upsert(drafts).await?;
        self.node.calls.planner.notify_one();
        Ok(upserted)
    }

    /// Has a run of the stored job due now, beside its schedule; `None` if there is no such job.
    ///
    /// It lines up as others do: the job's limit counts, its overlap policy does not. A paused job may be
    /// triggered.
    ///
    /// # Cancel safety
    /// Dropping the future leaves it open whether there is a run.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn trigger(&self, name: &str) -> Result<Option<RunId>, Error> {
        let run = self.node.store.trigger(name, self.node.wall_now()).await?;
        self.node.calls.claimer.notify_one();
        Ok(run)
    }

    /// Has nothing of the stored job due until it is resumed, on all nodes; `false` if there is no such
    /// job.
    ///
    /// # Cancel safety
    /// Dropping the future leaves it open whether the job is paused.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn pause(&self, name: &str) -> Result<bool, Error> {
        Ok(self.node.store.pause(name).await?)
    }

    /// Ends a pause; what would have been due meanwhile is not made up for. `false` if there is no such
    /// job.
    ///
    /// # Cancel safety
    /// Dropping the future leaves it open whether the job is resumed.
    ///
    /// # Errors
    /// If the store fails, or the job's schedule cannot be read.
    pub async fn resume(&self, name: &str) -> Result<bool, Error> {
        let is_there = self.node.store.resume(name, self.node.wall_now()).await?;
        self.node.calls.planner.notify_one();
        Ok(is_there)
    }

    /// Forgets the stored job, its waiting runs ending as cancelled; runs in progress go on. `false` if
    /// there is none.
    ///
    /// # Cancel safety
    /// Dropping the future leaves it open whether the job is there.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn remove(&self, name: &str) -> Result<bool, Error> {
        Ok(self.node.store.remove(name).await?)
    }

    /// Cancels a run: at once if it has not started, else by a word to its node, where its token is
    /// cancelled and one second later it is dropped.
    ///
    /// # Cancel safety
    /// Dropping the future leaves it open whether the run is cancelled.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn cancel(&self, run: RunId) -> Result<Cancelled, Error> {
        let cancelled = self.node.store.cancel(&[run]).await?;
        let cancelled = cancelled.first().copied().unwrap_or(Cancelled::Gone);
        if cancelled == Cancelled::Asked {
            self.node.cancel_here(run);
        }
        Ok(cancelled)
    }

    /// The store, to be asked about jobs and runs.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.node.store
    }

    /// This node's name.
    pub fn node(&self) -> &str {
        &self.node.settings.node
    }

    /// The wall clock that decides what is due on this node.
    pub fn now(&self) -> Timestamp {
        self.node.wall_now()
    }

    /// What happens on this node from now on, as a stream. The end of a run is told once the store has
    /// recorded it.
    pub fn events(&self) -> Events {
        self.node.listen()
    }

    /// Runs until [`shutdown`](Self::shutdown), sleeping whenever nothing is to be done.
    ///
    /// The report says which runs the shutdown cut, and of which the store could not be told. A store that
    /// fails does not end it: it is tried again, with pauses of up to ten seconds.
    ///
    /// # Cancel safety
    /// Dropping the future aborts the runs in progress, and nothing is said of them: they are due again
    /// when their leases end. The scheduler may be run again.
    ///
    /// # Errors
    /// If the scheduler is running already, or the system gives no timer.
    ///
    /// # Panics
    /// When a run starts outside a tokio runtime, unless
    /// [`spawn_on`](StoreSchedulerBuilder::spawn_on) puts runs elsewhere.
    pub async fn run(&self) -> Result<Report, Error> {
        driver::run(&self.node).await
    }

    /// Stops the scheduler: first softly, then hard.
    ///
    /// From now on nothing is claimed, and what was claimed and has not started is given back. Runs in
    /// progress go on undisturbed for up to `grace`; then their tokens are cancelled, and what has not
    /// ended one second later is dropped. What did not end well by itself is given back, for another node,
    /// and not counted as an attempt. Returns at once; [`run`](Self::run) returns when all is over, and
    /// waits for a store that is away for five seconds more. A further call can shorten the grace, not
    /// lengthen it. If the scheduler does not run, its next `run` returns immediately.
    pub fn shutdown(&self, grace: Duration) {
        self.node.stop_at(later(self.node.timer().now(), grace));
    }
}

/// `Instant` has an end; what lies beyond it is as good as never.
fn later(now: Instant, by: Duration) -> Instant {
    const FAR_AWAY: Duration = Duration::from_secs(100 * 365 * 86_400);
    now.checked_add(by).unwrap_or(now + FAR_AWAY)
}

impl fmt::Debug for StoreScheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreScheduler")
            .field("node", &self.node())
            .field("is_running", &self.node.is_running())
            .finish_non_exhaustive()
    }
}
