//! Executes one run, whatever its handler does, and records how it ended.
//!
//! # Ground rules
//! - A run is recorded exactly once: by its end, or by the drop of its [`Execution`] if the task was
//!   aborted.
//! - The handler's panic is caught at the poll that raised it; the future is dropped under the same
//!   guard, since a drop may panic too.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;

use jiff::Timestamp;
use mainspring_job::{JobName, Run, RunId, RunState};
use tokio_util::sync::CancellationToken;

use crate::Context;
use crate::handler::BoxError;
use crate::registry::Core;
use crate::scheduler::Shared;

/// What a scheduler's [`run`](crate::Scheduler::run) ended with.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// Runs that the shutdown ended before they were through, in the order they were due.
    pub cut: Vec<Cut>,
}

/// A run that was aborted since it had not ended by itself within the grace.
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
    token: CancellationToken,
    /// Taken when it is recorded.
    run: Option<Run>,
}

impl Execution {
    pub(crate) fn new(
        shared: Arc<Shared>,
        core: Arc<Core>,
        due: Timestamp,
        token: CancellationToken,
    ) -> Self {
        let run = Some(Run::new(RunId { job: core.id, due }));
        Self { shared, core, token, run }
    }

    pub(crate) async fn execute(mut self) {
        let now = self.shared.wall_now();
        let Some(run) = self.run.as_mut().filter(|run| !run.state().is_final()) else {
            return;
        };
        if !run.start(now) {
            return;
        }
        let context = Context {
            run: run.id(),
            name: self.core.name.clone(),
            attempt: run.attempt(),
            token: self.token.clone(),
        };
        let result = caught(&self.core, context).await;
        let now = self.shared.wall_now();
        match result {
            Ok(()) => self.record(RunState::Succeeded, now, None),
            Err(error) => {
                let error = with_causes(&*error);
                tracing::error!(job = self.core.name.as_str(), error, "the run failed");
                self.record(RunState::Failed, now, Some(error));
            }
        }
    }

    fn record(&mut self, state: RunState, now: Timestamp, error: Option<String>) {
        if let Some(mut run) = self.run.take() {
            if !run.end(state, now, error) {
                tracing::error!(run = %run.id(), from = %run.state(), to = %state, "refused");
            }
            self.shared.ended(&self.core, run);
        }
    }
}

impl Drop for Execution {
    fn drop(&mut self) {
        if self.run.is_some() {
            let now = self.shared.wall_now();
            self.record(RunState::Cancelled, now, None);
        }
    }
}

/// Runs the handler to its end; a panic becomes an error.
async fn caught(core: &Core, context: Context) -> Result<(), BoxError> {
    let mut work = match catch_unwind(AssertUnwindSafe(|| (core.handler)(context))) {
        Ok(work) => Some(work),
        Err(panic) => return Err(panic_message(&*panic)),
    };
    poll_fn(|cx| {
        let polled = catch_unwind(AssertUnwindSafe(|| {
            let polled = work.as_mut().map(|work| work.as_mut().poll(cx));
            if !matches!(polled, Some(Poll::Pending)) {
                work = None;
            }
            polled
        }));
        match polled {
            Ok(Some(polled)) => polled,
            Ok(None) => Poll::Ready(Ok(())),
            Err(panic) => Poll::Ready(Err(panic_message(&*panic))),
        }
    })
    .await
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> BoxError {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a message");
    format!("the handler panicked: {text}").into()
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
