//! Describes a job before it is added.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use mainspring_job::{JobName, Misfire, Overlap, Policy, Retry, Run};
use mainspring_schedule::Schedule;
use serde::Serialize;

use crate::core::{Core, CoreOf, Traits};
use crate::handler::{Async, Blocking};
use crate::{BoxError, Context, IntoOutcome, Spawn};

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
    pub(crate) core: Arc<Core>,
}

impl Job {
    /// Work on `schedule`, for schedules that are at hand already.
    #[expect(clippy::new_ret_no_self, reason = "a job is not one before it has a handler")]
    pub fn new(schedule: Schedule) -> JobBuilder {
        JobBuilder::new(Ok(schedule))
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
        JobBuilder::new(Schedule::every(interval))
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

/// A job whose handler is not known yet; [`run`](Self::run) or [`run_blocking`](Self::run_blocking)
/// completes it.
///
/// ```
/// use std::time::Duration;
/// use mainspring_job::{Misfire, Overlap, Retry};
/// use mainspring_scheduler::{Job, Scheduler};
///
/// let job = Job::cron("*/10 * * * *")?
///     .named("sync")
///     .overlap(Overlap::Skip)
///     .misfire(Misfire::skip())
///     .timeout(Duration::from_secs(300))
///     .retry(Retry::exponential(Duration::from_secs(1), Duration::from_secs(30)))
///     .on_failure(|run, end| eprintln!("{} failed: {:?}", run.name(), end.error()))
///     .run(|_| async { Ok::<_, std::io::Error>(()) });
/// Scheduler::new().add(job)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a job without a handler does nothing: call `run`"]
pub struct JobBuilder {
    schedule: Result<Schedule, mainspring_schedule::Error>,
    name: Option<String>,
    traits: Traits,
}

impl JobBuilder {
    fn new(schedule: Result<Schedule, mainspring_schedule::Error>) -> Self {
        Self { schedule, name: None, traits: Traits::default() }
    }

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

    /// All policies at once, in place of those set before.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.traits.policy = policy;
        self
    }

    /// What becomes of a run that is due while others of the job go on; unless said otherwise, it
    /// starts beside them.
    pub fn overlap(self, overlap: Overlap) -> Self {
        self.with_policy(|policy| policy.overlap(overlap))
    }

    /// How many runs may go on at once before [`overlap`](Self::overlap) counts; one unless said
    /// otherwise.
    pub fn concurrency(self, runs: u32) -> Self {
        self.with_policy(|policy| policy.concurrency(runs))
    }

    /// Puts the job into a group whose limit is set by
    /// [`limit_group`](crate::Scheduler::limit_group).
    pub fn group(self, name: &str) -> Self {
        self.with_policy(|policy| policy.group(name))
    }

    /// What becomes of instants that passed unseen; unless said otherwise, one run stands for all.
    pub fn misfire(self, misfire: Misfire) -> Self {
        self.with_policy(|policy| policy.misfire(misfire))
    }

    /// How long one attempt may take. Then its token is cancelled, and one second later its future
    /// is dropped; either way the attempt has failed.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.with_policy(|policy| policy.timeout(timeout))
    }

    /// How often a run is tried when it fails; once unless said otherwise.
    pub fn retry(self, retry: Retry) -> Self {
        self.with_policy(|policy| policy.retry(retry))
    }

    /// Tries again only after errors that `decide` says yes to.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use mainspring_scheduler::{Job, Scheduler};
    /// # use mainspring_job::Retry;
    /// let job = Job::every(Duration::from_secs(60))
    ///     .retry(Retry::exponential(Duration::from_secs(1), Duration::from_secs(30)))
    ///     .retry_if(|error| error.downcast_ref::<std::io::Error>().is_some())
    ///     .run(|_| async { std::fs::read_to_string("/proc/loadavg") });
    /// # Scheduler::new().add(job).unwrap();
    /// ```
    pub fn retry_if(mut self, decide: impl Fn(&BoxError) -> bool + Send + Sync + 'static) -> Self {
        self.traits.retry_if = Some(Box::new(decide));
        self
    }

    /// How many ended runs are kept for [`history`](crate::Scheduler::history); one unless said
    /// otherwise.
    pub fn history(self, runs: u32) -> Self {
        self.with_policy(|policy| policy.history(runs))
    }

    /// Gives each run `data`, to be read with [`Context::data`].
    ///
    /// # Errors
    /// If `data` cannot be written as JSON, a map whose keys are not texts for example.
    pub fn data(mut self, data: &impl Serialize) -> Result<Self, BoxError> {
        self.traits.data = Some(serde_json::to_value(data)?);
        Ok(self)
    }

    /// Has this job's runs executed elsewhere than the scheduler's others: on a queue of an executor
    /// that gives it its share of a thread, for example.
    ///
    /// Such runs are polled there alone, from their first poll on.
    pub fn spawn_on(mut self, spawn: impl Spawn) -> Self {
        self.traits.spawn = Some(Arc::new(spawn));
        self
    }

    /// Calls back at the start of each attempt.
    pub fn on_start(mut self, call: impl Fn(&Context) + Send + Sync + 'static) -> Self {
        self.traits.callbacks.get_or_insert_default().start = Some(Box::new(call));
        self
    }

    /// Calls back when a run has ended well.
    pub fn on_success(mut self, call: impl Fn(&Context, &Run) + Send + Sync + 'static) -> Self {
        self.traits.callbacks.get_or_insert_default().success = Some(Box::new(call));
        self
    }

    /// Calls back when a run has failed or timed out for good.
    pub fn on_failure(mut self, call: impl Fn(&Context, &Run) + Send + Sync + 'static) -> Self {
        self.traits.callbacks.get_or_insert_default().failure = Some(Box::new(call));
        self
    }

    /// Calls back when the job is gone: removed, or its schedule has ended.
    pub fn on_removal(mut self, call: impl Fn(&JobName) + Send + Sync + 'static) -> Self {
        self.traits.callbacks.get_or_insert_default().removal = Some(Box::new(call));
        self
    }

    /// Completes the job with what it does.
    ///
    /// `handler` is called for each run, on the runtime's threads. An error or a panic ends that run
    /// alone. The future is first polled by the scheduler itself, which spares those that are ready at
    /// once a task of their own; a job whose first poll has taken long gets a task from then on, and
    /// one that is [spawned elsewhere](Self::spawn_on) always.
    pub fn run<F, Fut>(self, handler: F) -> Job
    where
        F: Fn(Context) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: IntoOutcome,
    {
        self.complete(|traits| Arc::new(CoreOf::new(traits, Async(handler))))
    }

    /// Completes the job with a function that may block.
    ///
    /// Each run is called on a thread for blocking work. It cannot be dropped half-way: after its
    /// token was cancelled and its second is over, it is recorded as cancelled and left alone.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use mainspring_scheduler::{Job, Scheduler};
    /// let job = Job::every(Duration::from_secs(60)).run_blocking(|_| {
    ///     std::fs::write("/tmp/heartbeat", "alive")
    /// });
    /// # Scheduler::new().add(job).unwrap();
    /// ```
    pub fn run_blocking<F, T>(self, handler: F) -> Job
    where
        F: Fn(Context) -> T + Send + Sync + 'static,
        T: IntoOutcome,
    {
        self.complete(|traits| Arc::new(CoreOf::new(traits, Blocking(Arc::new(handler)))))
    }

    fn complete(self, core: impl FnOnce(Arc<Traits>) -> Arc<Core>) -> Job {
        let Self { schedule, name, traits } = self;
        Job { schedule, name, core: core(traits.shared()) }
    }

    fn with(self, change: impl FnOnce(Schedule) -> Schedule) -> Self {
        Self { schedule: self.schedule.map(change), ..self }
    }

    fn with_policy(mut self, change: impl FnOnce(Policy) -> Policy) -> Self {
        self.traits.policy = change(self.traits.policy);
        self
    }
}

impl fmt::Debug for JobBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobBuilder")
            .field("schedule", &self.schedule)
            .field("name", &self.name)
            .field("policy", &self.traits.policy)
            .finish_non_exhaustive()
    }
}
