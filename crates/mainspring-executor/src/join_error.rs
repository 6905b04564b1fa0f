//! Why a task has no output.

use std::any::Any;
use std::error::Error;
use std::fmt;

/// Why a task has no output.
#[derive(Debug)]
#[non_exhaustive]
pub enum JoinError {
    /// The task was aborted, or its queue removed. Its future has been dropped.
    Cancelled,
    /// The future panicked, when polled or when dropped.
    Panic(Panic),
    /// The executor is gone, and has dropped the future.
    ExecutorDropped,
}

/// What a task panicked with.
pub struct Panic {
    // In a box: results that are all right should not be made larger by those that are not.
    inner: Box<Inner>,
}

struct Inner {
    message: Option<String>,
    /// Absent where the panic itself went on through the executor.
    payload: Option<Box<dyn Any + Send>>,
}

impl JoinError {
    /// Whether the task was aborted.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled)
    }

    /// Whether the future panicked.
    pub fn is_panic(&self) -> bool {
        matches!(self, Self::Panic(_))
    }

    pub(crate) fn panic(payload: Box<dyn Any + Send>) -> Self {
        let message = message(&*payload);
        Self::Panic(Panic { inner: Box::new(Inner { message, payload: Some(payload) }) })
    }

    /// For a panic that goes on: the handle is told the message.
    pub(crate) fn panic_of(payload: &(dyn Any + Send)) -> Self {
        let message = message(payload);
        Self::Panic(Panic { inner: Box::new(Inner { message, payload: None }) })
    }
}

impl Panic {
    /// The message, where the panic had one.
    pub fn message(&self) -> Option<&str> {
        self.inner.message.as_deref()
    }

    /// What `resume_unwind` takes: the original payload, or the message where the payload went on
    /// through the executor.
    pub fn into_payload(self) -> Box<dyn Any + Send> {
        let Inner { message, payload } = *self.inner;
        payload.unwrap_or_else(|| Box::new(message.unwrap_or_default()))
    }
}

fn message(payload: &(dyn Any + Send)) -> Option<String> {
    let text = payload.downcast_ref::<&'static str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cancelled => f.write_str("the task was aborted"),
            Self::Panic(panic) => panic.fmt(f),
            Self::ExecutorDropped => f.write_str("the executor was dropped before the task ended"),
        }
    }
}

impl Error for JoinError {}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message() {
            Some(message) => write!(f, "the task panicked: {message}"),
            None => f.write_str("the task panicked"),
        }
    }
}

impl fmt::Debug for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Panic").field("message", &self.message()).finish_non_exhaustive()
    }
}
