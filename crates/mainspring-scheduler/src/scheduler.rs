//! Adds, removes, triggers, runs and stops: the handle that users hold.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use mainspring_clock::ManualClock;
use mainspring_job::{JobId, JobName, Run, RunId, RunState};
use mainspring_schedule::Schedule;
use mainspring_timer::Driver;

use crate::driver;
use crate::error::{Error, Kind};
use crate::shared::Shared;
use crate::timer::Timer;
use crate::{Events, Job, JobHandle, Report, Spawn, TokioSpawn};

/// Runs jobs when their schedules say so.
///
/// A handle: clones share one scheduler. Nothing runs unless somebody awaits [`run`](Self::run).
///
/// ```
/// use std::time::Duration;
/// use mainspring_scheduler::{Job, Scheduler};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let scheduler = Scheduler::new();
/// let backup = scheduler.add(Job::cron("0 3 * * *")?.named("backup").run(|_| async {}))?;
///
/// scheduler.trigger(backup)?; // now, beside its schedule
/// scheduler.pause(backup);
/// assert_eq!(scheduler.find("backup"), Some(backup));
///
/// scheduler.shutdown(Duration::from_secs(10)); // elsewhere, and later
/// let report = scheduler.run().await?;
/// assert!(report.cut.is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Scheduler {
    pub(crate) shared: Arc<Shared>,
}

/// A job as the scheduler sees it at one moment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct JobInfo {
    /// The job's number.
    pub id: JobId,
    /// The job's name.
    pub name: JobName,
    /// When it is due, as a rule.
    pub schedule: Schedule,
    /// Whether it is paused: nothing of it is due until it is resumed.
    pub is_paused: bool,
    /// When it is due next; `None` if it is paused, or its schedule has ended while runs go on.
    pub next: Option<Timestamp>,
    /// How many of its runs are in progress.
    pub running: usize,
    /// How many of its runs wait for others to end.
    pub waiting: usize,
    /// How many runs ended well.
    pub succeeded: u64,
    /// How many runs failed, panicked or timed out.
    pub failed: u64,
    /// How many runs were stopped before they ended.
    pub cancelled: u64,
    /// How many runs its overlap policy decided against.
    pub skipped: u64,
    /// How many instants passed unseen, while the machine slept for example.
    pub missed: u64,
    /// The run that ended last.
    pub last: Option<Run>,
}

/// How many jobs and runs a scheduler has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tally {
    /// Jobs.
    pub jobs: usize,
    /// Jobs that are paused.
    pub paused: usize,
    /// Runs in progress.
    pub running: usize,
    /// Runs that wait for others to end.
    pub waiting: usize,
}

impl Scheduler {
    /// A scheduler on the machine's clocks, with the timers of the runtime that it runs on and tokio's
    /// tasks.
    ///
    /// In a runtime whose I/O driver is off it waits by tokio's clock, and without a runtime on a thread
    /// of its own; a wall clock that was set is noticed within 30 seconds then, otherwise at once where
    /// the kernel tells.
    pub fn new() -> Self {
        Self { shared: Arc::new(Shared::new(Timer::new(None), Box::new(TokioSpawn))) }
    }

    /// A scheduler on a clock that is turned by hand, for tests and simulations.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use mainspring_clock::ManualClock;
    /// use mainspring_scheduler::{Job, Scheduler};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
    /// let scheduler = Scheduler::manual(&clock);
    /// let job = scheduler.add(Job::cron("@hourly")?.run(|_| async {}))?;
    /// tokio::spawn({
    ///     let scheduler = scheduler.clone();
    ///     async move { scheduler.run().await }
    /// });
    /// clock.run_for(Duration::from_secs(7 * 86_400)).await; // a week, without sleeping
    /// assert_eq!(scheduler.job(job).map(|job| job.succeeded), Some(1 + 7 * 24));
    /// # Ok(())
    /// # }
    /// ```
    pub fn manual(clock: &ManualClock) -> Self {
        Self::with_driver(Driver::manual(clock))
    }

    /// A scheduler whose waits are those of `driver`: a thread's for a runtime that is too busy, for
    /// example.
    ///
    /// A wall clock that was set is noticed within 30 seconds, on a manual clock at once.
    pub fn with_driver(driver: Driver) -> Self {
        Self { shared: Arc::new(Shared::new(Timer::new(Some(driver)), Box::new(TokioSpawn))) }
    }

    /// Has runs executed elsewhere than in tokio's tasks; they are polled there alone, from their
    /// first poll on. A job may have [a place of its own](crate::JobBuilder::spawn_on).
    ///
    /// # Panics
    /// If the scheduler is shared already: this belongs before anything else.
    pub fn spawn_on(self, spawn: impl Spawn) -> Self {
        let Some(shared) = Arc::into_inner(self.shared) else {
            panic!("`spawn_on` must be called before the scheduler is cloned");
        };
        Self { shared: Arc::new(shared.spawn_on(Box::new(spawn))) }
    }

    /// Adds a job. Its first run is due at the next instant of its schedule, this one included.
    ///
    /// May be called before, while and after the scheduler runs, from any thread, and from a job.
    ///
    /// # Errors
    /// If its name is taken or not valid, its group is not known, its schedule is not valid, or the
    /// schedule has no instant left ([`Error::is_never_due`]).
    pub fn add(&self, job: Job) -> Result<JobId, Error> {
        self.shared.command(|engine, now| engine.add(job, now))
    }

    /// Takes a job out; `false` if it is not there (any more). Its runs in progress go on.
    ///
    /// O(1) in the number of jobs.
    pub fn remove(&self, id: JobId) -> bool {
        self.shared.command(|engine, now| engine.remove(id, now))
    }

    /// Has nothing of the job due until it is resumed; `false` if it is not there (any more).
    pub fn pause(&self, id: JobId) -> bool {
        self.shared.command(|engine, now| engine.pause(id, now))
    }

    /// Ends a pause; `false` if the job is not there (any more). What would have been due meanwhile
    /// is not made up for.
    pub fn resume(&self, id: JobId) -> bool {
        self.shared.command(|engine, now| engine.resume(id, now))
    }

    /// Has a run of the job due now, beside its schedule, and subject to its policies; it starts as
    /// soon as the scheduler runs. A paused job may be triggered.
    ///
    /// # Errors
    /// If the job is not there (any more).
    pub fn trigger(&self, id: JobId) -> Result<RunId, Error> {
        self.shared.command(|engine, now| engine.trigger(id, now, false)).ok_or_else(no_such_job)
    }

    /// Has a run of the job due now in place of its next instant, which is left out.
    ///
    /// # Errors
    /// If the job is not there (any more).
    pub fn trigger_instead(&self, id: JobId) -> Result<RunId, Error> {
        self.shared.command(|engine, now| engine.trigger(id, now, true)).ok_or_else(no_such_job)
    }

    /// Cancels a run: one that waits does not start; one in progress has its token cancelled, and is
    /// dropped one second later. `false` if there is no such run (any more).
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use mainspring_clock::ManualClock;
    /// use mainspring_scheduler::{Job, Scheduler};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
    /// let scheduler = Scheduler::manual(&clock);
    /// let job = scheduler.add(Job::cron("@yearly")?.run(|run| async move { run.cancelled().await }))?;
    /// tokio::spawn({
    ///     let scheduler = scheduler.clone();
    ///     async move { scheduler.run().await }
    /// });
    /// let run = scheduler.trigger(job)?;
    /// clock.run_for(Duration::from_secs(60)).await;
    /// assert!(scheduler.cancel(run));
    /// clock.run_for(Duration::from_secs(2)).await;
    /// assert!(!scheduler.cancel(run), "it is over");
    /// # Ok(())
    /// # }
    /// ```
    pub fn cancel(&self, run: RunId) -> bool {
        self.shared.command(|engine, now| engine.cancel(run, now))
    }

    /// Gives the job another schedule. Its runs in progress, counts and history stay.
    ///
    /// # Errors
    /// If the job is not there (any more), or the schedule has no instant left; then nothing has
    /// changed.
    pub fn update(&self, id: JobId, schedule: Schedule) -> Result<(), Error> {
        let updated = self.shared.command(|engine, now| engine.update(id, schedule, now))?;
        if updated { Ok(()) } else { Err(no_such_job()) }
    }

    /// Lets at most `runs` runs of the group's jobs go on at once; 0 counts as 1.
    ///
    /// A group is made by this before jobs are put into it, and may be given another limit at any
    /// time; runs that go on are left alone.
    pub fn limit_group(&self, name: &str, runs: usize) {
        self.shared.command(|engine, _| engine.limit_group(name, runs));
    }

    /// A handle on one job.
    pub fn handle(&self, id: JobId) -> JobHandle {
        JobHandle::new(self.clone(), id)
    }

    /// The job as it stands now; `None` if it is not there (any more).
    pub fn job(&self, id: JobId) -> Option<JobInfo> {
        self.shared.ask(|engine| engine.info(id))
    }

    /// The number of the job with that name.
    pub fn find(&self, name: &str) -> Option<JobId> {
        self.shared.ask(|engine| engine.id_of(name))
    }

    /// The name and the number of every job, in no order; cheaper than [`jobs`](Self::jobs).
    pub fn names(&self) -> Vec<(JobName, JobId)> {
        self.shared.ask(|engine| engine.names())
    }

    /// How many jobs and runs there are.
    pub fn tally(&self) -> Tally {
        self.shared.ask(|engine| engine.tally())
    }

    /// The runs that have not ended, those due first first: in progress, or waiting for others to end.
    pub fn live_runs(&self) -> Vec<(RunId, RunState)> {
        self.shared.ask(|engine| engine.live_runs())
    }

    /// All jobs, in the order they were added.
    ///
    /// A job whose schedule has ended is not among them once its last run has ended.
    pub fn jobs(&self) -> Vec<JobInfo> {
        self.shared.ask(|engine| engine.infos())
    }

    /// The runs of a job that ended last, the oldest first; how many are kept is the job's
    /// [`history`](crate::JobBuilder::history).
    pub fn history(&self, id: JobId) -> Vec<Run> {
        self.shared.ask(|engine| engine.history(id))
    }

    /// The next `count` runs over all jobs, in the order they are due.
    pub fn next_runs(&self, count: usize) -> Vec<RunId> {
        self.shared.ask(|engine| engine.next_runs(count))
    }

    /// The wall clock that decides what is due.
    pub fn now(&self) -> Timestamp {
        self.shared.wall_now()
    }

    /// What happens from now on, as a stream.
    pub fn events(&self) -> Events {
        self.shared.listen()
    }

    /// Runs until [`shutdown`](Self::shutdown), sleeping whenever nothing is due.
    ///
    /// It waits for further jobs when there are none. The report says which runs the shutdown cut.
    ///
    /// # Cancel safety
    /// Dropping the future aborts the runs in progress, which are recorded as cancelled. Jobs stay;
    /// the scheduler may be run again.
    ///
    /// # Errors
    /// If the scheduler is running already, or the system gives no timer.
    ///
    /// # Panics
    /// When a run starts outside a tokio runtime, unless [`spawn_on`](Self::spawn_on) puts runs elsewhere.
    pub async fn run(&self) -> Result<Report, Error> {
        driver::run(&self.shared).await
    }

    /// Stops the scheduler: first softly, then hard.
    ///
    /// From now on nothing starts. Runs in progress go on undisturbed for up to `grace`; then their
    /// tokens are cancelled, and what has not ended one second later is dropped. Returns at once;
    /// [`run`](Self::run) returns when all is over. A further call can shorten the grace, not
    /// lengthen it. If the scheduler does not run, its next `run` returns immediately.
    pub fn shutdown(&self, grace: Duration) {
        self.shared.stop_at(later(self.shared.timer().now(), grace));
    }
}

/// `Instant` has an end; what lies beyond it is as good as never.
fn later(now: Instant, by: Duration) -> Instant {
    const FAR_AWAY: Duration = Duration::from_secs(100 * 365 * 86_400);
    now.checked_add(by).unwrap_or(now + FAR_AWAY)
}

fn no_such_job() -> Error {
    Kind::NoSuchJob.into()
}

impl Default for Scheduler {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Scheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let jobs = self.shared.ask(|engine| engine.len());
        f.debug_struct("Scheduler").field("jobs", &jobs).finish_non_exhaustive()
    }
}
