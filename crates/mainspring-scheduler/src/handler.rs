//! Holds a job's closure, whatever its future returns, behind one type.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::Context;

/// Any error a handler may return.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What a handler may return: nothing, a text that is kept in the history, or a `Result` of either,
/// whose error says what failed.
///
/// Sealed: these are all there is.
pub trait IntoOutcome: sealed::Sealed {
    /// The result as the scheduler keeps it.
    fn into_outcome(self) -> Outcome;
}

/// A handler's result: perhaps a text to keep, or why it failed.
pub type Outcome = Result<Option<String>, BoxError>;

impl IntoOutcome for () {
    fn into_outcome(self) -> Outcome {
        Ok(None)
    }
}

impl IntoOutcome for String {
    fn into_outcome(self) -> Outcome {
        Ok(Some(self))
    }
}

impl<E: Into<BoxError>> IntoOutcome for Result<(), E> {
    fn into_outcome(self) -> Outcome {
        self.map(|()| None).map_err(Into::into)
    }
}

impl<E: Into<BoxError>> IntoOutcome for Result<String, E> {
    fn into_outcome(self) -> Outcome {
        self.map(Some).map_err(Into::into)
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for () {}
    impl Sealed for String {}
    impl<E: Into<super::BoxError>> Sealed for Result<(), E> {}
    impl<E: Into<super::BoxError>> Sealed for Result<String, E> {}
}

pub(crate) type Work = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// Decides by its error whether a failed run is tried again.
pub(crate) type RetryIf = Box<dyn Fn(&BoxError) -> bool + Send + Sync>;

/// What a job does.
pub(crate) enum Handler {
    /// A future, polled on the runtime.
    Async(Box<dyn Fn(Context) -> Work + Send + Sync>),
    /// A function that may block, called on a thread for such.
    Blocking(Arc<dyn Fn(Context) -> Outcome + Send + Sync>),
}

impl Handler {
    pub(crate) fn future<F, Fut>(handler: F) -> Self
    where
        F: Fn(Context) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: IntoOutcome,
    {
        Self::Async(Box::new(move |context| {
            let work = handler(context);
            Box::pin(async move { work.await.into_outcome() })
        }))
    }

    pub(crate) fn blocking<F, T>(handler: F) -> Self
    where
        F: Fn(Context) -> T + Send + Sync + 'static,
        T: IntoOutcome,
    {
        Self::Blocking(Arc::new(move |context| handler(context).into_outcome()))
    }
}
