//! Says why the scheduler refused.

use std::fmt;
use std::io;
use std::sync::Arc;

use mainspring_job::store::StoreError;
use mainspring_job::{JobName, NameError};

/// Why a job was not added, work not enqueued, or a scheduler not run.
///
/// Callers branch on the questions ([`is_duplicate`](Self::is_duplicate), …); the text may change.
///
/// ```
/// use mainspring_scheduler::{Job, Scheduler};
///
/// let scheduler = Scheduler::new();
/// let job = || Job::cron("@daily").map(|job| job.named("backup").run(|_| async {}));
/// scheduler.add(job()?)?;
/// let again = scheduler.add(job()?).unwrap_err();
/// assert!(again.is_duplicate());
///
/// let never = Job::cron("0 0 30 2 *")?.run(|_| async {});
/// assert!(scheduler.add(never).is_err_and(|error| error.is_never_due()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Error {
    kind: Kind,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Schedule(mainspring_schedule::Error),
    Name(NameError),
    Duplicate(JobName),
    DuplicateHandler(JobName),
    NeverDue(String),
    UnknownGroup(String),
    NoSuchJob,
    AlreadyRunning,
    NoTimer(Arc<io::Error>),
    Input(Arc<serde_json::Error>),
    Store(Arc<StoreError>),
}

impl Error {
    /// Whether a job, or a handler, of that name is there already.
    pub fn is_duplicate(&self) -> bool {
        matches!(self.kind, Kind::Duplicate(_) | Kind::DuplicateHandler(_))
    }

    /// Whether the schedule has no instant left: a one-shot in the past, 30 February.
    pub fn is_never_due(&self) -> bool {
        matches!(self.kind, Kind::NeverDue(_))
    }

    /// Whether the job is not there (any more).
    pub fn is_no_such_job(&self) -> bool {
        matches!(self.kind, Kind::NoSuchJob)
    }

    /// Whether the scheduler was running already.
    pub fn is_already_running(&self) -> bool {
        matches!(self.kind, Kind::AlreadyRunning)
    }

    /// What the store said, if it was the store that refused.
    pub fn store_error(&self) -> Option<&StoreError> {
        match &self.kind {
            Kind::Store(error) => Some(error),
            _ => None,
        }
    }
}

impl From<Kind> for Error {
    fn from(kind: Kind) -> Self {
        Self { kind }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Kind::NoTimer(Arc::new(error)).into()
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Kind::Store(Arc::new(error)).into()
    }
}

impl From<mainspring_schedule::Error> for Error {
    fn from(error: mainspring_schedule::Error) -> Self {
        Kind::Schedule(error).into()
    }
}

impl From<NameError> for Error {
    fn from(error: NameError) -> Self {
        Kind::Name(error).into()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Schedule(_) => f.write_str("the job's schedule is not valid"),
            Kind::Name(_) => f.write_str("the job's name is not valid"),
            Kind::Duplicate(name) => {
                write!(f, "a job named {name:?} exists already", name = name.as_str())
            }
            Kind::DuplicateHandler(name) => {
                write!(f, "a handler named {name:?} is registered already", name = name.as_str())
            }
            Kind::NeverDue(schedule) => {
                write!(f, "the schedule {schedule:?} has no instant left to run at")
            }
            Kind::UnknownGroup(name) => write!(
                f,
                "there is no group {name:?}; make it with `limit_group` before jobs are put into it"
            ),
            Kind::NoSuchJob => f.write_str("there is no such job (any more)"),
            Kind::AlreadyRunning => f.write_str("the scheduler is running already"),
            Kind::NoTimer(_) => f.write_str("the system gave no timer to wait with"),
            Kind::Input(_) => f.write_str("the input cannot be written as JSON"),
            Kind::Store(_) => f.write_str("the store refused"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            Kind::Schedule(error) => Some(error),
            Kind::Name(error) => Some(error),
            Kind::NoTimer(error) => Some(&**error),
            Kind::Input(error) => Some(&**error),
            Kind::Store(error) => Some(&**error),
            _ => None,
        }
    }
}
