//! Describes a job before it is added.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use mainspring_schedule::Schedule;

use crate::handler::{self, Handler};
use crate::{Context, IntoOutcome};

/// Named work with a schedule, ready for [`Scheduler::add`](crate::Scheduler::add).
///
/// ```
/// use std::time::Duration;
/// use mainspring_scheduler::{Job, Scheduler};
///
/// let scheduler = Scheduler::new();
/// scheduler.add(Job::cron("0 3 * * *")?.named("backup").run(|_| async { /* … */ }))?;
/// scheduler.add(
///     Job::every(Duration::from_secs(90))
///         .starting_at("2030-01-01T00:00:00Z".parse()?)
///         .ending_at("2030-02-01T00:00:00Z".parse()?)
///         .run(|run| async move { Err::<(), _>(format!("nothing to do at {}", run.due())) }),
/// )?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Job {
    pub(crate) schedule: Result<Schedule, mainspring_schedule::Error>,
    pub(crate) name: Option<String>,
    pub(crate) handler: Handler,
}

impl Job {
    /// Work on `schedule`, for schedules that are at hand already.
    #[expect(clippy::new_ret_no_self, reason = "a job is not one before it has a handler")]
    pub fn new(schedule: Schedule) -> JobBuilder {
        JobBuilder { schedule: Ok(schedule), name: None }
    }

    /// Work at the times of a cron expression, in UTC unless [`in_zone`](JobBuilder::in_zone) says
    /// otherwise.
    ///
    /// # Errors
    /// If the expression cannot be read; the error names the column and what is allowed there.
    pub fn cron(expression: &str) -> Result<JobBuilder, mainspring_schedule::Error> {
        Ok(Self::new(Schedule::cron(expression)?))
    }

    /// Work at one instant.
    ///
    /// An instant that lies a few seconds back runs at once; adding an older one is an error.
    pub fn once(at: Timestamp) -> JobBuilder {
        Self::new(Schedule::once(at))
    }

    /// Work each `interval`: for the first time one interval after the job is added, or at
    /// [`starting_at`](JobBuilder::starting_at).
    ///
    /// An interval of zero is refused when the job is added.
    pub fn every(interval: Duration) -> JobBuilder {
        JobBuilder { schedule: Schedule::every(interval), name: None }
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("schedule", &self.schedule)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A job whose handler is not known yet; [`run`](Self::run) completes it.
#[derive(Clone, Debug)]
#[must_use = "a job without a handler does nothing: call `run`"]
pub struct JobBuilder {
    schedule: Result<Schedule, mainspring_schedule::Error>,
    name: Option<String>,
}

impl JobBuilder {
    /// Names the job; without, it is called `job-` and its number.
    ///
    /// The name decides about `H` in cron and about [`spread`](Self::spread). It is checked when the
    /// job is added: 1 to 255 bytes, no control characters, not in use.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Reads the schedule in an IANA zone, `Europe/Berlin` for example.
    ///
    /// # Errors
    /// If there is no such zone.
    pub fn in_zone(self, zone: &str) -> Result<Self, mainspring_schedule::Error> {
        let schedule = self.schedule?.in_zone(zone)?;
        Ok(Self { schedule: Ok(schedule), ..self })
    }

    /// Nothing is due before `start`; a cycle has its first beat there.
    pub fn starting_at(self, start: Timestamp) -> Self {
        self.with(|schedule| schedule.starting_at(start))
    }

    /// Nothing is due after `end`; `end` itself still counts.
    pub fn ending_at(self, end: Timestamp) -> Self {
        self.with(|schedule| schedule.ending_at(end))
    }

    /// At most `times` instants, counted from the start, or from when the job is added.
    pub fn limit(self, times: u32) -> Self {
        self.with(|schedule| schedule.limit(times))
    }

    /// Moves each instant later by an amount below `within`, always the same for a job's name, so
    /// that a thousand machines do not start at once.
    pub fn spread(self, within: Duration) -> Self {
        self.with(|schedule| schedule.spread(within))
    }

    /// Nothing is due on that day, in the schedule's zone.
    pub fn excluding(self, date: Date) -> Self {
        self.with(|schedule| schedule.excluding(date))
    }

    /// Completes the job with what it does.
    ///
    /// `handler` is called for each run, on the runtime's threads, several at once if one takes
    /// longer than the schedule's step. Its future is an own task: an error or a panic ends that
    /// run alone.
    pub fn run<F, Fut>(self, handler: F) -> Job
    where
        F: Fn(Context) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: IntoOutcome,
    {
        Job { schedule: self.schedule, name: self.name, handler: handler::boxed(handler) }
    }

    fn with(self, change: impl FnOnce(Schedule) -> Schedule) -> Self {
        Self { schedule: self.schedule.map(change), ..self }
    }
}
