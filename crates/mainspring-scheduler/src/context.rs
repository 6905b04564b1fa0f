//! Tells a run what it is.

use jiff::Timestamp;
use mainspring_job::{JobId, JobName, RunId};
use tokio_util::sync::CancellationToken;

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
#[derive(Clone, Debug)]
pub struct Context {
    pub(crate) run: RunId,
    pub(crate) name: JobName,
    pub(crate) attempt: u32,
    pub(crate) token: CancellationToken,
}

impl Context {
    /// The job's number.
    pub fn id(&self) -> JobId {
        self.run.job
    }

    /// The job's name.
    pub fn name(&self) -> &str {
        self.name.as_str()
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

    /// Whether the run has been asked to stop.
    pub fn is_cancelled(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Completes when the run is asked to stop; a short time later it is aborted.
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing.
    pub async fn cancelled(&self) {
        self.token.cancelled().await;
    }

    /// The token behind [`cancelled`](Self::cancelled), for code that wants one.
    pub fn token(&self) -> &CancellationToken {
        &self.token
    }
}
