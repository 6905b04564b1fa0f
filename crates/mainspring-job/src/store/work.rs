//! Describes work that is enqueued by itself, without a job.

use jiff::Timestamp;

use crate::{JobName, Policy, RunId};

/// Work for a handler, once: what makes a store a background queue as well.
///
/// It is a run like any other. As there is no job that it belongs to, it takes a job's number of its
/// own, so that its [`RunId`] is as unique as any.
///
/// ```
/// use mainspring_job::JobName;
/// use mainspring_job::store::Work;
///
/// let work = Work::new(JobName::new("email")?)
///     .payload(r#"{"to":"ada@example.org"}"#)
///     .unique("welcome-ada")
///     .priority(5);
/// assert_eq!(work.handler.as_str(), "email");
/// # Ok::<(), mainspring_job::NameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// The name of the handler that it is for.
    pub handler: JobName,
    /// What the handler is given: JSON, by convention.
    pub payload: Option<String>,
    /// Not before then; at once if `None`.
    pub at: Option<Timestamp>,
    /// While work with the same key for the same handler waits or runs, no second one is taken.
    pub unique: Option<String>,
    /// Where it lines up.
    pub queue: JobName,
    /// A higher priority is claimed first; 0 unless said otherwise.
    pub priority: i16,
    /// Timeout and retries; overlap and misfire mean nothing for it.
    pub policy: Policy,
}

impl Work {
    /// Work for `handler`, at once, on the queue `default`.
    pub fn new(handler: JobName) -> Self {
        Self {
            handler,
            payload: None,
            at: None,
            unique: None,
            queue: JobName::default_queue(),
            priority: 0,
            policy: Policy::default(),
        }
    }

    /// What the handler is given.
    pub fn payload(self, payload: impl Into<String>) -> Self {
        Self { payload: Some(payload.into()), ..self }
    }

    /// Not before `at`.
    pub fn at(self, at: Timestamp) -> Self {
        Self { at: Some(at), ..self }
    }

    /// Not a second time while work with that key waits or runs; afterwards the key is free again.
    pub fn unique(self, key: impl Into<String>) -> Self {
        Self { unique: Some(key.into()), ..self }
    }

    /// Where it lines up.
    pub fn queue(self, queue: JobName) -> Self {
        Self { queue, ..self }
    }

    /// Its priority.
    pub fn priority(self, priority: i16) -> Self {
        Self { priority, ..self }
    }

    /// Its timeout and retries.
    pub fn policy(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }
}

/// What became of enqueued work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enqueued {
    /// It was added.
    Added(RunId),
    /// Work with its key waits or runs already: this one.
    Exists(RunId),
}

impl Enqueued {
    /// The run that stands for the work.
    pub fn run(self) -> RunId {
        match self {
            Self::Added(run) | Self::Exists(run) => run,
        }
    }
}
