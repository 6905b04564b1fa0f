//! Describes jobs as stores keep them.

use std::fmt;

use jiff::Timestamp;
use mainspring_schedule::Schedule;

use crate::{JobId, JobName, Overlap, Policy, PolicyError};

/// A job as its owner wants it, for [`Store::upsert`](super::Store::upsert).
///
/// ```
/// use mainspring_job::JobName;
/// use mainspring_job::store::JobDraft;
///
/// let now = "2026-03-01T12:00:00Z".parse()?;
/// let draft = JobDraft::new(JobName::new("report")?)
///     .schedule("0 9 * * MON-FRI".parse()?, now)
///     .payload(r#"{"to":"everybody"}"#)
///     .revision(7);
/// assert_eq!(draft.next_due, Some("2026-03-02T09:00:00Z".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobDraft {
    /// Its name: what identifies it over restarts.
    pub name: JobName,
    /// The name of the handler that its runs are for; the job's own unless said otherwise.
    pub handler: JobName,
    /// Its rule; without, it only runs when it is triggered.
    pub schedule: Option<Schedule>,
    /// Where a schedule without a start of its own begins to count.
    pub anchor: Timestamp,
    /// What each run is given: JSON, by convention.
    pub payload: Option<String>,
    /// What happens when its runs overlap, come late, fail or take too long.
    pub policy: Policy,
    /// Where its runs line up.
    pub queue: JobName,
    /// Runs of a higher priority are claimed first; 0 unless said otherwise.
    pub priority: i16,
    /// Which edition of the job this is; an older one does not replace a newer one.
    pub revision: u64,
    /// Its first due instant, used where the job is new or its schedule has changed.
    pub next_due: Option<Timestamp>,
}

impl JobDraft {
    /// A job without a schedule, on the queue `default`.
    pub fn new(name: JobName) -> Self {
        Self {
            handler: name.clone(),
            name,
            schedule: None,
            anchor: Timestamp::UNIX_EPOCH,
            payload: None,
            policy: Policy::default(),
            queue: JobName::default_queue(),
            priority: 0,
            revision: 0,
            next_due: None,
        }
    }

    /// Runs it by `schedule`, which begins to count at `now`; its first instant may be `now`.
    pub fn schedule(mut self, schedule: Schedule, now: Timestamp) -> Self {
        let before = now.checked_sub(jiff::SignedDuration::from_nanos(1)).unwrap_or(now);
        self.next_due =
            schedule.clone().for_name(self.name.as_str()).anchored_at(now).next_after(before);
        Self { schedule: Some(schedule), anchor: now, ..self }
    }

    /// Binds it to a handler whose name is not the job's.
    pub fn handler(self, handler: JobName) -> Self {
        Self { handler, ..self }
    }

    /// Gives each run `payload`.
    pub fn payload(self, payload: impl Into<String>) -> Self {
        Self { payload: Some(payload.into()), ..self }
    }

    /// All policies at once.
    pub fn policy(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }

    /// Where its runs line up.
    pub fn queue(self, queue: JobName) -> Self {
        Self { queue, ..self }
    }

    /// Its runs' priority.
    pub fn priority(self, priority: i16) -> Self {
        Self { priority, ..self }
    }

    /// Which edition of the job this is.
    pub fn revision(self, revision: u64) -> Self {
        Self { revision, ..self }
    }

    /// For stores: how many of its runs may be claimed at once, over all nodes; `None` is any number.
    pub fn runs_max(&self) -> Option<u32> {
        let policy = &self.policy;
        (policy.overlap_policy() != Overlap::Allow).then(|| policy.concurrency_limit())
    }

    /// For stores: the schedule's text; empty for none.
    pub fn schedule_text(&self) -> String {
        self.schedule.as_ref().map(Schedule::to_string).unwrap_or_default()
    }
}

/// What [`Store::upsert`](super::Store::upsert) did with a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upserted {
    /// There was no job of that name.
    Added(JobId),
    /// The job was there, and is now as the draft says.
    Changed(JobId),
    /// The job was there, and as the draft says.
    Same(JobId),
    /// The job was there in a later revision, which stays.
    Older(JobId),
}

impl Upserted {
    /// The job's number.
    pub fn job(self) -> JobId {
        match self {
            Self::Added(job) | Self::Changed(job) | Self::Same(job) | Self::Older(job) => job,
        }
    }
}

/// A job as a store keeps it.
///
/// Schedule and policy are texts here, since a job that a newer program wrote may hold what this
/// one cannot read: such a job fails alone, and not the whole batch that it was read with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredJob {
    /// Its number in this store.
    pub id: JobId,
    /// Its name.
    pub name: JobName,
    /// The name of its handler.
    pub handler: JobName,
    /// Its schedule's text, empty for none; [`schedule`](Self::schedule) reads it.
    pub schedule: String,
    /// Where a schedule without a start of its own begins to count.
    pub anchor: Timestamp,
    /// What each run is given.
    pub payload: Option<String>,
    /// Its policy's text; [`policy`](Self::policy) reads it.
    pub policy: String,
    /// Where its runs line up.
    pub queue: JobName,
    /// Its runs' priority.
    pub priority: i16,
    /// The owner's edition.
    pub revision: u64,
    /// Grows with each change of the job; what [`Advance`](super::Advance) compares.
    pub version: u64,
    /// Whether nothing of it is due until it is resumed.
    pub is_paused: bool,
    /// Its next due instant.
    pub next_due: Option<Timestamp>,
    /// How many of its runs are claimed.
    pub running: u32,
    /// How many of its runs wait to be claimed, or for another attempt.
    pub waiting: u32,
}

impl StoredJob {
    /// Reads the schedule, made ready to be asked: its spread and origin are the job's.
    ///
    /// # Errors
    /// If the text is no schedule, since a newer program wrote it, for example.
    pub fn schedule(&self) -> Result<Option<Schedule>, mainspring_schedule::Error> {
        if self.schedule.is_empty() {
            return Ok(None);
        }
        let schedule: Schedule = self.schedule.parse()?;
        Ok(Some(schedule.for_name(self.name.as_str()).anchored_at(self.anchor)))
    }

    /// Reads the policy.
    ///
    /// # Errors
    /// If the text is no policy, since a newer program wrote it, for example.
    pub fn policy(&self) -> Result<Policy, PolicyError> {
        self.policy.parse()
    }
}

impl fmt::Display for StoredJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "job `{}`", self.name)
    }
}
