//! Tells a run what it is.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
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
    pub(crate) core: Arc<Core>,
    pub(crate) attempt: u32,
    pub(crate) control: Arc<Control>,
    /// Of an attempt whose time is limited: cancelled with the run, or alone when the time is up.
    pub(crate) expiry: Option<CancellationToken>,
}

impl Context {
    /// The job's number.
    pub fn id(&self) -> JobId {
        self.run.job
    }

    /// The job's name.
    pub fn name(&self) -> &str {
        self.core.name().as_str()
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

    /// The data that was given to the job with [`data`](crate::JobBuilder::data).
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
        let data = self.core.data().ok_or("the job was given no data")?;
        T::deserialize(data).map_err(|error| format!("the job's data does not fit: {error}").into())
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
