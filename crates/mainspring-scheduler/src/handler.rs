//! Holds a job's closure, whatever its future returns, behind one type.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;

use crate::{Context, Spawn};

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
pub(crate) trait Handle: Send + Sync {
    /// Begins a run; what blocks goes to `spawn`.
    fn call(&self, context: Context, spawn: &dyn Spawn) -> Work;

    /// Whether it may be through at its first poll, and does not block.
    fn may_be_quick(&self) -> bool;
}

/// A future, polled on the runtime.
pub(crate) struct Async<F>(pub(crate) F);

impl<F, Fut> Handle for Async<F>
where
    F: Fn(Context) -> Fut + Send + Sync,
    Fut: Future + Send + 'static,
    Fut::Output: IntoOutcome,
{
    fn call(&self, context: Context, _: &dyn Spawn) -> Work {
        let work = (self.0)(context);
        Box::pin(async move { work.await.into_outcome() })
    }

    fn may_be_quick(&self) -> bool {
        true
    }
}

/// A function that may block, called on a thread for such.
pub(crate) struct Blocking<F>(pub(crate) Arc<F>);

impl<F, T> Handle for Blocking<F>
where
    F: Fn(Context) -> T + Send + Sync + 'static,
    T: IntoOutcome,
{
    fn call(&self, context: Context, spawn: &dyn Spawn) -> Work {
        let handler = self.0.clone();
        on_thread(spawn, move || handler(context).into_outcome())
    }

    fn may_be_quick(&self) -> bool {
        false
    }
}

/// Calls `work` on a thread for what blocks. The thread cannot be taken away from it; only its run's token
/// can be cancelled.
pub(crate) fn on_thread(
    spawn: &dyn Spawn,
    work: impl FnOnce() -> Outcome + Send + 'static,
) -> Work {
    let (send, receive) = tokio::sync::oneshot::channel();
    spawn.spawn_blocking(Box::new(move || {
        let outcome = catch_unwind(AssertUnwindSafe(work))
            .unwrap_or_else(|panic| Err(panic_message(&*panic)));
        // Nobody waits for a run that was cancelled.
        let _ = send.send(outcome);
    }));
    Box::pin(async move {
        receive.await.unwrap_or_else(|_| Err("the thread for blocking work is gone".into()))
    })
}

/// What a handler that panicked has to say.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> BoxError {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a message");
    format!("the handler panicked: {text}").into()
}
