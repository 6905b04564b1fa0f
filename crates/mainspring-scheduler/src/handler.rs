//! Holds a job's closure, whatever its future returns, behind one type.

use std::future::Future;
use std::pin::Pin;

use crate::Context;

/// Any error a handler may return.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What a handler's future may return: `()`, or a `Result<(), E>` whose error says what failed.
///
/// Sealed: these two are all there is.
pub trait IntoOutcome: sealed::Sealed {
    /// The result as the scheduler keeps it.
    fn into_outcome(self) -> Result<(), BoxError>;
}

impl IntoOutcome for () {
    fn into_outcome(self) -> Result<(), BoxError> {
        Ok(())
    }
}

impl<E: Into<BoxError>> IntoOutcome for Result<(), E> {
    fn into_outcome(self) -> Result<(), BoxError> {
        self.map_err(Into::into)
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for () {}
    impl<E: Into<super::BoxError>> Sealed for Result<(), E> {}
}

pub(crate) type Work = Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send>>;

pub(crate) type Handler = Box<dyn Fn(Context) -> Work + Send + Sync>;

pub(crate) fn boxed<F, Fut>(handler: F) -> Handler
where
    F: Fn(Context) -> Fut + Send + Sync + 'static,
    Fut: Future + Send + 'static,
    Fut::Output: IntoOutcome,
{
    Box::new(move |context| {
        let work = handler(context);
        Box::pin(async move { work.await.into_outcome() })
    })
}
