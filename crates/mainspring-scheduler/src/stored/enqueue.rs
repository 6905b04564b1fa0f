//! Describes work for a handler, and enqueues it when it is awaited.

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use mainspring_job::store::{Enqueued, StoreError, StoreErrorKind, Work};
use mainspring_job::{JobName, Policy, Retry};
use serde::Serialize;

use super::node::Node;
use crate::error::{Error, Kind};

/// Work that is about to be enqueued; made by [`StoreScheduler::enqueue`](crate::StoreScheduler::enqueue).
///
/// Awaiting it enqueues it. [`work`](Self::work) makes the same for a transaction of your own.
///
/// ```
/// # use std::sync::Arc;
/// # use std::time::Duration;
/// # use mainspring_job::Retry;
/// # use mainspring_job::store::MemoryStore;
/// # use mainspring_scheduler::StoreScheduler;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scheduler = StoreScheduler::new(Arc::new(MemoryStore::new(|| jiff::Timestamp::UNIX_EPOCH)));
/// scheduler
///     .enqueue("remind", &("ada@example.org", "the meeting"))
///     .at("2030-03-01T08:45:00Z".parse()?)
///     .queue("mail")
///     .retry(Retry::exponential(Duration::from_secs(1), Duration::from_secs(60)).attempts(5))
///     .timeout(Duration::from_secs(30))
///     .await?;
/// # Ok(())
/// # }
/// ```
///
/// # Cancel safety
/// Dropping its future leaves it open whether the work was enqueued; with a [unique](Self::unique) key it
/// may be enqueued again without harm.
///
/// # Errors
/// If the input cannot be written as JSON, a name cannot be one, or the store fails.
#[must_use = "work is enqueued when it is awaited"]
pub struct Enqueue {
    node: Arc<Node>,
    work: Result<Work, Error>,
}

impl Enqueue {
    pub(crate) fn new<I: Serialize + ?Sized>(node: Arc<Node>, handler: &str, input: &I) -> Self {
        let work = JobName::new(handler).map_err(Error::from);
        let work = work.and_then(|handler| Ok(Work::new(handler).payload(payload(input)?)));
        Self { node, work }
    }

    /// Not before `at`, on the store's clock.
    pub fn at(self, at: Timestamp) -> Self {
        self.with(|work| work.at(at))
    }

    /// At once, which is what happens unless [`at`](Self::at) says otherwise.
    pub fn now(self) -> Self {
        self.with(|work| Work { at: None, ..work })
    }

    /// Not a second time while work with that key for the same handler waits or runs; afterwards the key
    /// is free again.
    pub fn unique(self, key: impl Into<String>) -> Self {
        let key = key.into();
        self.with(|work| work.unique(key))
    }

    /// A higher priority is claimed first; 0 unless said otherwise.
    pub fn priority(self, priority: i16) -> Self {
        self.with(|work| work.priority(priority))
    }

    /// Where it lines up; the queue `default` unless said otherwise.
    pub fn queue(self, queue: &str) -> Self {
        let Self { node, work } = self;
        let work = work.and_then(|work| Ok(work.queue(JobName::new(queue)?)));
        Self { node, work }
    }

    /// How often it is tried when it fails; once unless said otherwise.
    pub fn retry(self, retry: Retry) -> Self {
        self.with(|work| Work { policy: work.policy.clone().retry(retry), ..work })
    }

    /// How long one attempt may take.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.with(|work| Work { policy: work.policy.clone().timeout(timeout), ..work })
    }

    /// Timeout and retries at once; overlap and misfire mean nothing for it.
    pub fn policy(self, policy: Policy) -> Self {
        self.with(|work| work.policy(policy))
    }

    /// The work itself, to be enqueued with others, or in a transaction of your own.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use mainspring_job::store::MemoryStore;
    /// # use mainspring_scheduler::StoreScheduler;
    /// # let scheduler = StoreScheduler::new(Arc::new(MemoryStore::new(|| jiff::Timestamp::UNIX_EPOCH)));
    /// let work = scheduler.enqueue("confirm", &7).unique("order-7").work()?;
    /// assert_eq!(work.payload.as_deref(), Some("7"));
    /// // mainspring_sqlite::enqueue_in(&transaction, &[work], scheduler.now())?;
    /// // mainspring_postgres::PostgresStore::enqueue_in(&store, &transaction, &[work]).await?;
    /// # Ok::<(), mainspring_scheduler::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the input cannot be written as JSON, or a name cannot be one.
    pub fn work(self) -> Result<Work, Error> {
        self.work
    }

    fn with(self, change: impl FnOnce(Work) -> Work) -> Self {
        Self { work: self.work.map(change), ..self }
    }
}

impl IntoFuture for Enqueue {
    type Output = Result<Enqueued, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let enqueued = self.node.store.enqueue(&[self.work?]).await?;
            self.node.calls.claimer.notify_one();
            enqueued.first().copied().ok_or_else(no_answer)
        })
    }
}

impl fmt::Debug for Enqueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enqueue").field("work", &self.work).finish_non_exhaustive()
    }
}

/// What a handler is given, as stores keep it.
pub(crate) fn payload<I: Serialize + ?Sized>(input: &I) -> Result<String, Error> {
    serde_json::to_string(input).map_err(|error| Kind::Input(Arc::new(error)).into())
}

/// A store that answers a batch of one with nothing.
pub(crate) fn no_answer() -> Error {
    let text = "the store did not say what became of it";
    StoreError::new(StoreErrorKind::Other, text).into()
}
