//! Records one execution of a job.

use jiff::Timestamp;

use crate::{RunId, RunState};

/// One execution of a job: which, in what state, when, and what came of it.
///
/// ```
/// use mainspring_job::{JobId, Run, RunId, RunState};
///
/// let due = "2026-03-01T12:00:00Z".parse()?;
/// let mut run = Run::new(RunId { job: JobId::from_u64(1), due });
/// assert!(run.start("2026-03-01T12:00:00.002Z".parse()?));
/// assert!(run.end(RunState::Failed, "2026-03-01T12:00:01Z".parse()?, Some("disk full".into())));
/// assert_eq!(run.error(), Some("disk full"));
/// assert!(!run.end(RunState::Succeeded, due, None), "what has ended stays as it ended");
/// # Ok::<(), jiff::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    id: RunId,
    state: RunState,
    attempt: u32,
    started: Option<Timestamp>,
    ended: Option<Timestamp>,
    error: Option<String>,
    output: Option<String>,
}

impl Run {
    /// A run that is due and has not started.
    pub fn new(id: RunId) -> Self {
        Self {
            id,
            state: RunState::Due,
            attempt: 0,
            started: None,
            ended: None,
            error: None,
            output: None,
        }
    }

    /// The job and the instant this run was due.
    pub fn id(&self) -> RunId {
        self.id
    }

    /// Where it stands.
    pub fn state(&self) -> RunState {
        self.state
    }

    /// How many times a handler was started for it.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// When the last attempt started.
    pub fn started(&self) -> Option<Timestamp> {
        self.started
    }

    /// When it ended for good.
    pub fn ended(&self) -> Option<Timestamp> {
        self.ended
    }

    /// What the handler reported, the panic's message, or what the last attempt failed with.
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// Begins an attempt; `false`, and nothing changes, where the state does not allow it.
    #[must_use]
    pub fn start(&mut self, now: Timestamp) -> bool {
        if !self.state.may_become(RunState::Running) {
            return false;
        }
        self.state = RunState::Running;
        self.attempt += 1;
        self.started = Some(now);
        true
    }

    /// What the handler returned, where it returned anything.
    pub fn output(&self) -> Option<&str> {
        self.output.as_deref()
    }

    /// Ends an attempt that is to be tried again; `false`, and nothing changes, where the state does
    /// not allow it.
    #[must_use]
    pub fn retry(&mut self, error: String) -> bool {
        if !self.state.may_become(RunState::Due) {
            return false;
        }
        self.state = RunState::Due;
        self.error = Some(error);
        true
    }

    /// Ends it well; `false`, and nothing changes, where the state does not allow it.
    #[must_use]
    pub fn succeed(&mut self, now: Timestamp, output: Option<String>) -> bool {
        let ended = self.end(RunState::Succeeded, now, None);
        if ended {
            self.output = output;
        }
        ended
    }

    /// Ends it for good in `state`; `false`, and nothing changes, where the state does not allow it
    /// or `state` is not final.
    #[must_use]
    pub fn end(&mut self, state: RunState, now: Timestamp, error: Option<String>) -> bool {
        if !state.is_final() || !self.state.may_become(state) {
            return false;
        }
        self.state = state;
        self.ended = Some(now);
        self.error = error;
        true
    }
}
