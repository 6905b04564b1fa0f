//! Holds on to one job.

use mainspring_job::{JobId, Run, RunId};
use mainspring_schedule::Schedule;

use crate::{Error, JobInfo, Scheduler};

/// A handle on one job: [`Scheduler`]'s methods without the number.
///
/// ```
/// use std::time::Duration;
/// use mainspring_scheduler::{Job, Scheduler};
///
/// let scheduler = Scheduler::new();
/// let id = scheduler.add(Job::every(Duration::from_secs(60)).named("sync").run(|_| async {}))?;
/// let sync = scheduler.handle(id);
/// sync.pause();
/// assert!(sync.info().is_some_and(|job| job.is_paused));
/// # Ok::<(), mainspring_scheduler::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct JobHandle {
    scheduler: Scheduler,
    id: JobId,
}

impl JobHandle {
    pub(crate) fn new(scheduler: Scheduler, id: JobId) -> Self {
        Self { scheduler, id }
    }

    /// The job's number.
    pub fn id(&self) -> JobId {
        self.id
    }

    /// See [`Scheduler::job`].
    pub fn info(&self) -> Option<JobInfo> {
        self.scheduler.job(self.id)
    }

    /// See [`Scheduler::history`].
    pub fn history(&self) -> Vec<Run> {
        self.scheduler.history(self.id)
    }

    /// See [`Scheduler::pause`].
    pub fn pause(&self) -> bool {
        self.scheduler.pause(self.id)
    }

    /// See [`Scheduler::resume`].
    pub fn resume(&self) -> bool {
        self.scheduler.resume(self.id)
    }

    /// See [`Scheduler::trigger`].
    ///
    /// # Errors
    /// If the job is not there (any more).
    pub fn trigger(&self) -> Result<RunId, Error> {
        self.scheduler.trigger(self.id)
    }

    /// See [`Scheduler::trigger_instead`].
    ///
    /// # Errors
    /// If the job is not there (any more).
    pub fn trigger_instead(&self) -> Result<RunId, Error> {
        self.scheduler.trigger_instead(self.id)
    }

    /// See [`Scheduler::update`].
    ///
    /// # Errors
    /// If the job is not there (any more), or the schedule has no instant left.
    pub fn update(&self, schedule: Schedule) -> Result<(), Error> {
        self.scheduler.update(self.id, schedule)
    }

    /// See [`Scheduler::remove`].
    pub fn remove(&self) -> bool {
        self.scheduler.remove(self.id)
    }
}
