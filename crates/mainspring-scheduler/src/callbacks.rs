//! Calls back when runs of a job start and end, and when the job goes.
//!
//! # Ground rules
//! - A callback runs on the task of its run, outside every lock; a panic in it is told to the log and
//!   changes nothing.

use std::panic::{AssertUnwindSafe, catch_unwind};

use mainspring_job::{JobName, Run};

use crate::Context;

type OnStart = Box<dyn Fn(&Context) + Send + Sync>;
type OnEnd = Box<dyn Fn(&Context, &Run) + Send + Sync>;
type OnRemoval = Box<dyn Fn(&JobName) + Send + Sync>;

#[derive(Default)]
pub(crate) struct Callbacks {
    pub(crate) start: Option<OnStart>,
    pub(crate) success: Option<OnEnd>,
    pub(crate) failure: Option<OnEnd>,
    pub(crate) removal: Option<OnRemoval>,
}

impl Callbacks {
    pub(crate) fn started(&self, context: &Context) {
        if let Some(call) = &self.start {
            guarded(context.name(), || call(context));
        }
    }

    /// Success and failure; nobody is called for a run that was cancelled.
    pub(crate) fn ended(&self, context: &Context, run: &Run) {
        let call = match run.state() {
            mainspring_job::RunState::Succeeded => &self.success,
            mainspring_job::RunState::Cancelled => &None,
            _ => &self.failure,
        };
        if let Some(call) = call {
            guarded(context.name(), || call(context, run));
        }
    }

    pub(crate) fn removed(&self, name: &JobName) {
        if let Some(call) = &self.removal {
            guarded(name.as_str(), || call(name));
        }
    }
}

fn guarded(job: &str, call: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(call)).is_err() {
        tracing::error!(job, "a callback panicked");
    }
}
