//! Tells jobs and runs apart.

use std::fmt;

use jiff::Timestamp;

/// A job's number within one scheduler; never used again after the job is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(u64);

impl JobId {
    /// For schedulers and stores, which hand out the numbers.
    pub fn from_u64(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub fn as_u64(self) -> u64 {
        self.0
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A run's identity: the job and the instant at which the run was due.
///
/// ```
/// use mainspring_job::{JobId, RunId};
///
/// let due = "2026-03-01T12:00:00Z".parse()?;
/// let run = RunId { job: JobId::from_u64(7), due };
/// assert_eq!(run.to_string(), "7@2026-03-01T12:00:00Z"); // a key to write a run's effects under
/// # Ok::<(), jiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId {
    /// Whose run it is.
    pub job: JobId,
    /// When it was due: an instant of the job's schedule, not the moment it started.
    pub due: Timestamp,
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.job, self.due)
    }
}
