//! Moves a job on: the deciding code's answer to a job that is due.

use jiff::Timestamp;

use super::StoredJob;
use crate::{JobId, RunState};

/// A change of one job, made only if nobody has changed the job since it was read.
///
/// This is how a due instant becomes one run, whatever races. The store hands out due jobs; whoever
/// read them computes the next instants, and the store takes the answer back by compare-and-set. So a
/// store needs to know nothing of schedules, zones and policies, and the answers of a whole batch are
/// one transaction.
///
/// ```
/// # use std::sync::Arc;
/// use jiff::Timestamp;
/// use mainspring_job::store::{Advance, StoreError, StoredJob};
///
/// fn step(job: &StoredJob, now: Timestamp) -> Advance {
///     let Ok(Some(schedule)) = job.schedule() else { return Advance::of(job).paused(true) };
///     let Ok(policy) = job.policy() else { return Advance::of(job).paused(true) };
///     let Some(due) = job.next_due else { return Advance::of(job) };
///     let mut runs = Vec::new();
///     let onward = policy.misfire_policy().judge(&schedule, due, now, |due| runs.push(due));
///     runs.into_iter().fold(Advance::of(job).to(onward.next), Advance::run)
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advance {
    /// Whose.
    pub job: JobId,
    /// The version that the job must still have.
    pub version: u64,
    /// The job's next due instant from now on.
    pub next: Option<Timestamp>,
    /// Whether the job is paused from now on; a paused job has no next instant.
    pub is_paused: bool,
    /// Its new runs.
    pub runs: Vec<Planned>,
}

/// One run that an [`Advance`] inserts, unless there is or was a run for that instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The instant.
    pub due: Timestamp,
    /// Whether it is to run ([`RunState::Due`]) or is only recorded as not run.
    pub state: RunState,
    /// Why it does not run.
    pub note: Option<String>,
}

impl Planned {
    /// For stores: whether a new run can be in that state.
    pub fn is_possible(&self) -> bool {
        self.state == RunState::Due
            || (RunState::Due.may_become(self.state)
                && matches!(self.state, RunState::Skipped | RunState::Missed))
    }
}

impl Advance {
    /// Leaves the job as it is.
    pub fn of(job: &StoredJob) -> Self {
        Self {
            job: job.id,
            version: job.version,
            next: job.next_due,
            is_paused: job.is_paused,
            runs: Vec::new(),
        }
    }

    /// Sets the next due instant; `None` says that the schedule has ended.
    pub fn to(self, next: Option<Timestamp>) -> Self {
        Self { next, ..self }
    }

    /// Pauses the job, which takes its next instant away, or ends the pause.
    pub fn paused(self, is_paused: bool) -> Self {
        Self { is_paused, ..self }
    }

    /// Inserts a run that is due at `due`.
    pub fn run(self, due: Timestamp) -> Self {
        self.plan(due, RunState::Due, None)
    }

    /// Records that the instant `due` was skipped by the job's overlap policy.
    pub fn skip(self, due: Timestamp, why: impl Into<String>) -> Self {
        self.plan(due, RunState::Skipped, Some(why.into()))
    }

    /// Records that the instant `due` was missed.
    pub fn miss(self, due: Timestamp, why: impl Into<String>) -> Self {
        self.plan(due, RunState::Missed, Some(why.into()))
    }

    fn plan(mut self, due: Timestamp, state: RunState, note: Option<String>) -> Self {
        self.runs.push(Planned { due, state, note });
        self
    }
}

/// What became of an [`Advance`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advanced {
    /// It was made, and inserted so many runs; those that there were already are not counted.
    Done {
        /// How many runs are new.
        runs: u32,
    },
    /// Somebody changed the job first, or it is gone; nothing was done.
    Conflict,
}

impl Advanced {
    /// Whether the change was made.
    pub fn is_done(self) -> bool {
        matches!(self, Self::Done { .. })
    }
}
