//! Takes one attempt of a handler to its end, whatever the handler does.
//!
//! # Ground rules
//! - The handler's panic is caught at the poll that raised it; the future is dropped under the same
//!   guard, since a drop may panic too.
//! - Timeouts are measured on the monotonic clock: a wall clock that is set changes none.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use mainspring_job::RunState;
use tokio_util::sync::CancellationToken;
use tracing::Span;

use crate::Context;
use crate::control::Control;
use crate::handler::{BoxError, Outcome, Work, panic_message};
use crate::meters::Meters;
use crate::span;
use crate::timer::Timer;

/// From the cancellation of a run's token to its abortion.
pub(crate) const TIME_TO_WIND_UP: Duration = Duration::from_secs(1);

/// How an attempt ended.
pub(crate) enum End {
    Returned(Outcome),
    TimedOut,
    Cancelled,
}

impl End {
    /// What a run that ends with it has become.
    pub(crate) fn state(&self) -> RunState {
        match self {
            Self::Returned(Ok(_)) => RunState::Succeeded,
            Self::Returned(Err(_)) => RunState::Failed,
            Self::TimedOut => RunState::TimedOut,
            Self::Cancelled => RunState::Cancelled,
        }
    }
}

/// Runs the handler once: to its end, its timeout, or the end of the time that a cancelled run has to
/// wind up. At its timeout the context's token is cancelled, which is then the attempt's alone.
pub(crate) async fn attempt(
    context: Context,
    run: &Span,
    timer: &Timer,
    meters: &Meters,
    control: &Control,
    timeout: Option<Duration>,
    handler: impl FnOnce(Context) -> Work,
) -> End {
    let limit = timeout.zip(context.expiry.clone());
    let span = span::attempt(run, &context);
    let told = span.clone();
    let _going = meters.attempt(timer);
    let mut work = Guarded::call(span, || handler(context));
    // Most runs are through at once, and need neither tokens nor timers.
    let first = poll_fn(|cx| Poll::Ready(work.poll(cx))).await;
    let end = match first {
        Poll::Ready(outcome) => End::Returned(outcome),
        // In memory of its own: what most runs do not need is not moved along with them.
        Poll::Pending => Box::pin(wait_for(work, timer, control, limit)).await,
    };
    span::ended(&told, end.state());
    end
}

async fn wait_for(
    mut work: Guarded,
    timer: &Timer,
    control: &Control,
    limit: Option<(Duration, CancellationToken)>,
) -> End {
    let timeout = async {
        match &limit {
            Some((timeout, _)) => timer.sleep(*timeout).await,
            None => std::future::pending().await,
        }
    };
    let mut timeout = pin!(timeout);
    let end = tokio::select! {
        biased;
        outcome = poll_fn(|cx| work.poll(cx)) => return End::Returned(outcome),
        () = control.abort_token().cancelled() => return End::Cancelled,
        () = control.cancel_token().cancelled() => End::Cancelled,
        () = &mut timeout => End::TimedOut,
    };
    if let (End::TimedOut, Some((_, expiry))) = (&end, &limit) {
        // The attempt's alone: the run may be tried again.
        expiry.cancel();
    }
    tokio::select! {
        biased;
        outcome = poll_fn(|cx| work.poll(cx)) => match end {
            End::TimedOut => end,
            _ => End::Returned(outcome),
        },
        () = control.abort_token().cancelled() => End::Cancelled,
        () = timer.sleep(TIME_TO_WIND_UP) => end,
    }
}

/// A handler's future whose panics are errors.
struct Guarded {
    work: Option<Work>,
    panic: Option<BoxError>,
    span: Span,
}

impl Guarded {
    fn call(span: Span, handler: impl FnOnce() -> Work) -> Self {
        let called = catch_unwind(AssertUnwindSafe(|| {
            let _entered = span.enter();
            handler()
        }));
        match called {
            Ok(work) => Self { work: Some(work), panic: None, span },
            Err(panic) => Self { work: None, panic: Some(panic_message(&*panic)), span },
        }
    }

    fn poll(&mut self, cx: &mut std::task::Context<'_>) -> Poll<Outcome> {
        let _entered = self.span.enter();
        let work = &mut self.work;
        let polled = catch_unwind(AssertUnwindSafe(|| {
            let polled = work.as_mut().map(|work| work.as_mut().poll(cx));
            if !matches!(polled, Some(Poll::Pending)) {
                *work = None;
            }
            polled
        }));
        match polled {
            Ok(Some(polled)) => polled,
            Ok(None) => Poll::Ready(self.panic.take().map_or(Ok(None), Err)),
            Err(panic) => Poll::Ready(Err(panic_message(&*panic))),
        }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let _entered = self.span.enter();
        let work = self.work.take();
        if catch_unwind(AssertUnwindSafe(|| drop(work))).is_err() {
            tracing::error!("a handler panicked while it was dropped");
        }
    }
}

pub(crate) fn timed_out(limit: Option<Duration>) -> BoxError {
    format!("it took longer than {:?}", limit.unwrap_or_default()).into()
}

/// An error in one line, with what caused it.
pub(crate) fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
