//! Describes a stored job, and stores it when it is awaited.

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;
use std::sync::Arc;

use mainspring_job::store::{JobDraft, Upserted};
use mainspring_job::{JobName, Policy};
use mainspring_schedule::Schedule;
use serde::Serialize;

use super::enqueue::{no_answer, payload};
use super::node::Node;
use crate::error::Error;

/// A stored job that is about to be added or changed; made by
/// [`StoreScheduler::upsert`](crate::StoreScheduler::upsert).
///
/// Awaiting it stores it. Its name identifies it over restarts: a program says at each start what its
/// jobs are, and a job that is there already, with the same schedule, goes on from where it was: what was due
/// while nothing ran is judged by its misfire policy.
///
/// ```
/// # use std::sync::Arc;
/// # use mainspring_job::store::MemoryStore;
/// # use mainspring_scheduler::StoreScheduler;
/// use mainspring_job::{Overlap, Policy};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scheduler = StoreScheduler::new(Arc::new(MemoryStore::new(|| jiff::Timestamp::UNIX_EPOCH)));
/// scheduler
///     .upsert("nightly export")
///     .schedule("30 2 * * * in Europe/Berlin".parse()?)
///     .handler("export")
///     .input(&["orders", "invoices"])
///     .policy(Policy::default().overlap(Overlap::Skip))
///     .await?;
/// let job = scheduler.store().job("nightly export").await?.expect("it is stored");
/// assert_eq!(job.payload.as_deref(), Some(r#"["orders","invoices"]"#));
/// # Ok(())
/// # }
/// ```
///
/// # Cancel safety
/// Dropping its future leaves it open whether the job was stored; storing it again does no harm.
///
/// # Errors
/// If the input cannot be written as JSON, a name cannot be one, or the store fails.
#[must_use = "a job is stored when it is awaited"]
pub struct Upsert {
    node: Arc<Node>,
    draft: Result<JobDraft, Error>,
    has_queue: bool,
}

impl Upsert {
    pub(crate) fn new(node: Arc<Node>, name: &str) -> Self {
        let draft = JobName::new(name).map(JobDraft::new).map_err(Error::from);
        Self { node, draft, has_queue: false }
    }

    /// Runs it by `schedule`, whose first instant may be now; without, it only runs when it is triggered.
    pub fn schedule(self, schedule: Schedule) -> Self {
        let now = self.node.wall_now();
        self.with(|draft| Ok(draft.schedule(schedule, now)))
    }

    /// The name of the handler that its runs are for; the job's own unless said otherwise.
    pub fn handler(self, name: &str) -> Self {
        self.with(|draft| Ok(draft.handler(JobName::new(name)?)))
    }

    /// What each run is given.
    pub fn input<I: Serialize + ?Sized>(self, input: &I) -> Self {
        self.with(|draft| Ok(draft.payload(payload(input)?)))
    }

    /// What happens when its runs overlap, come late, fail or take too long.
    ///
    /// The group that it names is the job's queue, unless [`queue`](Self::queue) says otherwise: jobs of one
    /// group share that queue's [limit](mainspring_job::store::Store::limit_queue).
    pub fn policy(self, policy: Policy) -> Self {
        self.with(|draft| Ok(draft.policy(policy)))
    }

    /// Where its runs line up; the queue `default` unless said otherwise.
    pub fn queue(self, queue: &str) -> Self {
        let with_queue = self.with(|draft| Ok(draft.queue(JobName::new(queue)?)));
        Self { has_queue: true, ..with_queue }
    }

    /// Runs of a higher priority are claimed first; 0 unless said otherwise.
    pub fn priority(self, priority: i16) -> Self {
        self.with(|draft| Ok(draft.priority(priority)))
    }

    /// Which edition of the job this is: an older one does not replace a newer one, so that during a
    /// deployment the old program does not undo what the new one stored. 0 unless said otherwise.
    pub fn revision(self, revision: u64) -> Self {
        self.with(|draft| Ok(draft.revision(revision)))
    }

    /// The draft itself, to be stored with others.
    ///
    /// # Errors
    /// If the input cannot be written as JSON, or a name cannot be one.
    pub fn draft(self) -> Result<JobDraft, Error> {
        let draft = self.draft?;
        match draft.policy.group_name() {
            Some(group) if !self.has_queue => {
                let queue = JobName::new(group)?;
                Ok(draft.queue(queue))
            }
            _ => Ok(draft),
        }
    }

    fn with(self, change: impl FnOnce(JobDraft) -> Result<JobDraft, Error>) -> Self {
        Self { draft: self.draft.and_then(change), ..self }
    }
}

impl IntoFuture for Upsert {
    type Output = Result<Upserted, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let node = self.node.clone();
            let upserted = node.store.upsert(&[self.draft()?]).await?;
            node.calls.planner.notify_one();
            upserted.first().copied().ok_or_else(no_answer)
        })
    }
}

impl fmt::Debug for Upsert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upsert").field("draft", &self.draft).finish_non_exhaustive()
    }
}
