//! What can be wrong with a request to the executor itself.

use std::error::Error;
use std::fmt;

/// Why an executor cannot be made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildError {
    /// There is no queue: tasks would have nowhere to go.
    NoQueue,
    /// Something is wrong with one of the queues.
    Queue(QueueError),
    /// The watchdog's thread could not be started.
    Watchdog {
        /// What the system said.
        reason: String,
    },
}

/// What is wrong with a queue, or with its key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum QueueError {
    /// There is no queue of that key.
    Unknown {
        /// The key, as `Debug` shows it.
        queue: String,
    },
    /// There is a queue of that key already.
    DuplicateKey {
        /// The key, as `Debug` shows it.
        queue: String,
    },
    /// A queue of weight zero would never run.
    ZeroWeight {
        /// The queue's key, as `Debug` shows it.
        queue: String,
    },
    /// There are 65,535 queues already.
    TooMany {
        /// The queue's key, as `Debug` shows it.
        queue: String,
    },
}

/// Why the executor does not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RunError {
    /// It runs already: a task, or the future given to `run_until`, has tried to run the executor
    /// that runs it.
    Reentered,
}

impl From<QueueError> for BuildError {
    fn from(error: QueueError) -> Self {
        Self::Queue(error)
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoQueue => f.write_str("the executor has no queue; add one with `queue`"),
            Self::Queue(error) => error.fmt(f),
            Self::Watchdog { reason } => write!(f, "the watchdog's thread did not start: {reason}"),
        }
    }
}

impl fmt::Display for QueueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { queue } => write!(f, "there is no queue with the key {queue}"),
            Self::DuplicateKey { queue } => write!(f, "there are two queues with the key {queue}"),
            Self::TooMany { queue } => {
                write!(f, "there is no room for queue {queue}: 65,535 queues is the most")
            }
            Self::ZeroWeight { queue } => {
                write!(f, "queue {queue} has weight 0 and would never run; the least is 1")
            }
        }
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reentered => f.write_str("the executor is already running further up this stack"),
        }
    }
}

impl Error for BuildError {}
impl Error for QueueError {}
impl Error for RunError {}
