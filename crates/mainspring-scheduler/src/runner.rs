//! Executes one run, whatever its handler does, and records how it ended.
//!
//! # Ground rules
//! - A run is recorded exactly once: by its end, or by the drop of its [`Execution`].
//! - Pauses are measured on the monotonic clock: a wall clock that is set changes none.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use mainspring_job::{JobName, Run, RunId, RunState};
use tracing::Span;

use crate::Context;
use crate::attempt::{End, attempt, timed_out, with_causes};
use crate::context::Source;
use crate::control::Control;
use crate::core::Core;
use crate::engine::Start;
use crate::event::EventKind;
use crate::shared::Shared;
use crate::span;

/// What a scheduler's [`run`](crate::Scheduler::run) ended with.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// Runs that the shutdown ended before they were through, in the order they were due. Those of a
    /// store were given back to it.
    pub cut: Vec<Cut>,
    /// Runs of a store that did not answer in time, so that it knows neither how they ended nor that
    /// they were given back: they are due again when their leases end.
    pub untold: Vec<Cut>,
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

/// A run on its way through a handler.
pub(crate) struct Execution {
    shared: Arc<Shared>,
    core: Arc<Core>,
    control: Arc<Control>,
    /// Taken when it is recorded.
    run: Option<Run>,
    id: RunId,
    span: Span,
}

impl Execution {
    pub(crate) fn new(shared: Arc<Shared>, start: Start) -> Self {
        let Start { core, run: id, control, slow_polls: _ } = start;
        Self { shared, core, control, run: Some(Run::new(id)), id, span: Span::none() }
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
                End::TimedOut => {
                    (RunState::TimedOut, timed_out(self.core.policy().timeout_limit()))
                }
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
            self.shared.meters().retried();
            let job = self.core.name().as_str();
            self.span.in_scope(|| {
                tracing::warn!(job, error, ?pause, "the attempt failed; it is retried");
            });
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
        self.shared.meters().started(attempt, self.id.due, || now);
        let context = self.context(attempt).limited(self.core.policy().timeout_limit());
        if attempt == 1 {
            self.span = span::run(&context, None);
        }
        self.shared.tell(&self.core, self.id, || EventKind::Started { attempt });
        if let Some(callbacks) = self.core.callbacks() {
            callbacks.started(&context);
        }
        Some(context)
    }

    fn context(&self, attempt: u32) -> Context {
        let (source, control) = (Source::Job(self.core.clone()), self.control.clone());
        Context { run: self.id, source, attempt, control, expiry: None }
    }

    async fn attempt(&self, context: Context) -> End {
        let (core, shared) = (&self.core, &self.shared);
        let timeout = core.policy().timeout_limit();
        let handler = |context| core.handler.call(context, shared.spawn_of(core));
        attempt(
            context,
            &self.span,
            shared.timer(),
            shared.meters(),
            &self.control,
            timeout,
            handler,
        )
        .await
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
        let job = self.core.name().as_str();
        self.span.in_scope(|| tracing::error!(job, error, "the run failed"));
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
        span::ended(&self.span, run.state());
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
