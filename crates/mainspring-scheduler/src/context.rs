//! Tells a run what it is.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use mainspring_job::store::{ClaimedRun, Fence};
use mainspring_job::{JobId, RunId};
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

use crate::BoxError;
use crate::control::Control;
use crate::core::Core;

/// What a handler is given: whose run this is, for which instant, and whether it should stop.
///
/// ```
/// # use mainspring_scheduler::{Job, Scheduler};
/// # use std::time::Duration;
/// let job = Job::every(Duration::from_secs(3600)).named("export").run(|run| async move {
///     let hour = run.due(); // the hour to export, even if this run is late
///     tokio::select! {
///         () = run.cancelled() => Err("stopped before the export was written".to_string()),
///         () = async { /* export `hour` */ } => Ok(()),
///     }
/// });
/// # Scheduler::new().add(job).unwrap();
/// ```
#[derive(Clone)]
pub struct Context {
    pub(crate) run: RunId,
    pub(crate) source: Source,
    pub(crate) attempt: u32,
    pub(crate) control: Arc<Control>,
    /// Of an attempt whose time is limited: cancelled with the run, or alone when the time is up.
    pub(crate) expiry: Option<CancellationToken>,
}

/// Where a run comes from.
#[derive(Clone)]
pub(crate) enum Source {
    /// A job of a scheduler in memory.
    Job(Arc<Core>),
    /// A store.
    Claim(Arc<ClaimedRun>),
}

impl Context {
    /// Gives the attempt a token of its own, if its time is limited.
    pub(crate) fn limited(mut self, timeout: Option<Duration>) -> Self {
        self.expiry = timeout.map(|_| self.control.cancel_token().child_token());
        self
    }

    /// The job's number.
    pub fn id(&self) -> JobId {
        self.run.job
    }

    /// The job's name; the handler's, for work that was enqueued without a job.
    pub fn name(&self) -> &str {
        match &self.source {
            Source::Job(core) => core.name().as_str(),
            Source::Claim(claim) => claim.name.as_str(),
        }
    }

    /// The run's identity: job and due instant.
    pub fn run_id(&self) -> RunId {
        self.run
    }

    /// The instant at which this run was due: an instant of the schedule, not the time it started.
    pub fn due(&self) -> Timestamp {
        self.run.due
    }

    /// Which attempt this is, from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// The number of this claim of the run, where it comes from a store: a later claim has a larger one.
    ///
    /// What the handler changes can refuse a number below the largest it has seen; then a node that was
    /// thought dead and comes back does no harm. `None` for the jobs of a
    /// [`Scheduler`](crate::Scheduler), whose runs nobody else can have.
    pub fn fence(&self) -> Option<Fence> {
        match &self.source {
            Source::Job(_) => None,
            Source::Claim(claim) => Some(claim.fence),
        }
    }

    /// The data that was given to the job with [`data`](crate::JobBuilder::data), or to stored work as
    /// its payload.
    ///
    /// # Errors
    /// If none was given, or it is not a `T`; the error says what does not fit.
    ///
    /// ```
    /// # use mainspring_scheduler::{Job, Scheduler};
    /// # use std::time::Duration;
    /// let job = Job::every(Duration::from_secs(60)).data(&["a.org", "b.org"])?.run(|run| async move {
    ///     for host in run.data::<Vec<String>>()? {
    ///         println!("ping {host}");
    ///     }
    ///     Ok::<(), mainspring_scheduler::BoxError>(())
    /// });
    /// # Scheduler::new().add(job)?;
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, BoxError> {
        match &self.source {
            Source::Job(core) => {
                let data = core.data().ok_or("the job was given no data")?;
                T::deserialize(data)
                    .map_err(|error| format!("the job's data does not fit: {error}").into())
            }
            Source::Claim(claim) => {
                let payload = claim.payload.as_deref().unwrap_or("null");
                serde_json::from_str(payload).map_err(|error| {
                    format!("the payload does not fit the handler: {error}").into()
                })
            }
        }
    }

    /// Whether the run has been asked to stop.
    pub fn is_cancelled(&self) -> bool {
        self.expiry.as_ref().map_or_else(|| self.control.is_cancelled(), |it| it.is_cancelled())
    }

    /// Completes when the run is asked to stop; one second later it is dropped.
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing.
    pub async fn cancelled(&self) {
        self.token().cancelled().await;
    }

    /// The token behind [`cancelled`](Self::cancelled), for code that wants one.
    pub fn token(&self) -> &CancellationToken {
        self.expiry.as_ref().unwrap_or_else(|| self.control.cancel_token())
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("name", &self.name())
            .field("run", &self.run)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}
