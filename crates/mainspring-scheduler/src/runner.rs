//! Executes one run, whatever its handler does, and records how it ended.
//!
//! # Ground rules
//! - A run is recorded exactly once: by its end, or by the drop of its [`Execution`].
//! - The handler's panic is caught at the poll that raised it; the future is dropped under the same
//!   guard, since a drop may panic too.
//! - Timeouts and pauses are measured on the monotonic clock: a wall clock that is set changes none.

use std::future::poll_fn;
use std::hash::{BuildHasher, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use jiff::Timestamp;
use mainspring_job::{JobName, Run, RunId, RunState};
use tokio_util::sync::CancellationToken;

use crate::Context;
use crate::control::Control;
use crate::core::Core;
use crate::engine::Start;
use crate::event::EventKind;
use crate::handler::{BoxError, Outcome, Work, panic_message};
use crate::shared::Shared;

/// From the cancellation of a run's token to its abortion.
pub(crate) const TIME_TO_WIND_UP: Duration = Duration::from_secs(1);

/// What a scheduler's [`run`](crate::Scheduler::run) ended with.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// Runs that the shutdown ended before they were through, in the order they were due.
    pub cut: Vec<Cut>,
}

/// A run that was dropped since it had not ended by itself within the grace.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cut {
    /// The job.
    pub name: JobName,
    /// Which of its runs.
    pub run: RunId,
}

/// How an attempt ended.
enum End {
    Returned(Outcome),
    TimedOut,
    Cancelled,
}

/// A run on its way through a handler.
pub(crate) struct Execution {
    shared: Arc<Shared>,
    core: Arc<Core>,
    control: Arc<Control>,
    /// Taken when it is recorded.
    run: Option<Run>,
    id: RunId,
}

impl Execution {
    pub(crate) fn new(shared: Arc<Shared>, start: Start) -> Self {
        let Start { core, run: id, control, slow_polls: _ } = start;
        Self { shared, core, control, run: Some(Run::new(id)), id }
    }

    pub(crate) async fn execute(mut self) {
        loop {
            let Some(context) = self.begin() else {
                return;
            };
            let attempt = context.attempt();
            let end = self.attempt(context).await;
            let (state, error) = match end {
                End::Returned(Ok(output)) => return self.succeed(attempt, output),
                End::Cancelled => return,
                End::TimedOut => (RunState::TimedOut, timed_out(&self.core)),
                End::Returned(Err(error)) => (RunState::Failed, error),
            };
            let wanted = self.core.retry_if().is_none_or(|retry_if| retry_if(&error));
            let random = RandomState::new().hash_one((self.id, attempt));
            let retry = self.core.policy().retry_policy();
            let pause = retry.pause_after(attempt, random).filter(|_| wanted);
            let error = with_causes(&*error);
            let Some(pause) = pause else {
                return self.fail(attempt, state, error);
            };
            if !self.run.as_mut().is_some_and(|run| run.retry(error.clone())) {
                return;
            }
            let job = self.core.name().as_str();
            tracing::warn!(job, error, ?pause, "the attempt failed; it is retried");
            self.shared.tell(&self.core, self.id, || EventKind::Retried { error, pause });
            if Box::pin(self.pause(pause)).await.is_none() {
                return;
            }
        }
    }

    /// Begins an attempt; `None` if the run has been cancelled.
    fn begin(&mut self) -> Option<Context> {
        if self.control.is_cancelled() {
            return None;
        }
        let now = self.shared.wall_now();
        let run = self.run.as_mut()?;
        if !run.start(now) {
            return None;
        }
        let attempt = run.attempt();
        let mut context = self.context(attempt);
        if self.core.policy().timeout_limit().is_some() {
            context.expiry = Some(self.control.cancel_token().child_token());
        }
        self.shared.tell(&self.core, self.id, || EventKind::Started { attempt });
        if let Some(callbacks) = self.core.callbacks() {
            callbacks.started(&context);
        }
        Some(context)
    }

    fn context(&self, attempt: u32) -> Context {
        let (core, control) = (self.core.clone(), self.control.clone());
        Context { run: self.id, core, attempt, control, expiry: None }
    }

    /// Runs the handler once: to its end, its timeout, or the end of the time that a cancelled run
    /// has to wind up.
    async fn attempt(&self, context: Context) -> End {
        let span = tracing::info_span!(
            "run",
            job = context.name(),
            due = %context.due(),
            attempt = context.attempt()
        );
        let expiry = context.expiry.clone();
        let mut work = Guarded::call(&self.shared, &self.core, context, span);
        // Most runs are through at once, and need neither tokens nor timers.
        let first = poll_fn(|cx| Poll::Ready(work.poll(cx))).await;
        if let Poll::Ready(outcome) = first {
            return End::Returned(outcome);
        }
        // In memory of its own: what most runs do not need is not moved along with them.
        Box::pin(self.wait_for(work, expiry)).await
    }

    async fn wait_for(&self, mut work: Guarded, expiry: Option<CancellationToken>) -> End {
        let timer = self.shared.timer();
        let timeout = async {
            match self.core.policy().timeout_limit() {
                Some(limit) => timer.sleep(limit).await,
                None => std::future::pending().await,
            }
        };
        let mut timeout = pin!(timeout);
        let end = tokio::select! {
            biased;
            outcome = poll_fn(|cx| work.poll(cx)) => return End::Returned(outcome),
            () = self.control.abort_token().cancelled() => return End::Cancelled,
            () = self.control.cancel_token().cancelled() => End::Cancelled,
            () = &mut timeout => End::TimedOut,
        };
        if let (End::TimedOut, Some(expiry)) = (&end, expiry) {
            // The attempt's alone: the run may be tried again.
            expiry.cancel();
        }
        tokio::select! {
            biased;
            outcome = poll_fn(|cx| work.poll(cx)) => match end {
                End::TimedOut => end,
                _ => End::Returned(outcome),
            },
            () = self.control.abort_token().cancelled() => End::Cancelled,
            () = timer.sleep(TIME_TO_WIND_UP) => end,
        }
    }

    /// `None` if the run was cancelled meanwhile.
    async fn pause(&self, pause: Duration) -> Option<()> {
        let timer = self.shared.timer();
        tokio::select! {
            biased;
            () = self.control.cancel_token().cancelled() => None,
            () = timer.sleep(pause) => Some(()),
        }
    }

    fn succeed(&mut self, attempt: u32, output: Option<String>) {
        let now = self.shared.wall_now();
        self.record(Some(attempt), now, EventKind::Succeeded, |run| run.succeed(now, output));
    }

    fn fail(&mut self, attempt: u32, state: RunState, error: String) {
        tracing::error!(job = self.core.name().as_str(), error, "the run failed");
        let now = self.shared.wall_now();
        let kind = match state {
            RunState::TimedOut => EventKind::TimedOut,
            _ => EventKind::Failed { error: error.clone() },
        };
        self.record(Some(attempt), now, kind, |run| run.end(state, now, Some(error)));
    }

    /// Ends the run; callbacks are called if an attempt of it came to its end.
    fn record(
        &mut self,
        attempt: Option<u32>,
        now: Timestamp,
        kind: EventKind,
        end: impl FnOnce(&mut Run) -> bool,
    ) {
        let Some(mut run) = self.run.take() else {
            return;
        };
        if !end(&mut run) {
            tracing::error!(run = %self.id, state = %run.state(), "a run cannot end twice");
        }
        if let (Some(attempt), Some(callbacks)) = (attempt, self.core.callbacks()) {
            callbacks.ended(&self.context(attempt), &run);
        }
        self.shared.tell(&self.core, self.id, || kind);
        self.shared.ended(&self.core, run, now);
    }
}

impl Drop for Execution {
    fn drop(&mut self) {
        if self.run.is_some() {
            let now = self.shared.wall_now();
            self.record(None, now, EventKind::Cancelled, |run| {
                run.end(RunState::Cancelled, now, None)
            });
        }
    }
}

/// A handler's future whose panics are errors.
struct Guarded {
    work: Option<Work>,
    panic: Option<BoxError>,
    span: tracing::Span,
}

impl Guarded {
    fn call(shared: &Shared, core: &Arc<Core>, context: Context, span: tracing::Span) -> Self {
        let called = catch_unwind(AssertUnwindSafe(|| {
            let _entered = span.enter();
            core.handler.call(context, shared.spawn_of(core))
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
        let work = self.work.take();
        if catch_unwind(AssertUnwindSafe(|| drop(work))).is_err() {
            tracing::error!("a handler panicked while it was dropped");
        }
    }
}

fn timed_out(core: &Core) -> BoxError {
    let limit = core.policy().timeout_limit().unwrap_or_default();
    format!("it took longer than {limit:?}").into()
}

/// An error in one line, with what caused it.
fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
