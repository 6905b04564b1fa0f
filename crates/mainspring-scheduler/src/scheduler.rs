//! Adds, removes, runs and stops: the handle that users hold.

use std::fmt;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;
use mainspring_job::{JobId, JobName, Run, RunId, RunState};
use mainspring_schedule::Schedule;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::error::{Error, Kind};
use crate::registry::{Core, Registry};
use crate::runner::{Cut, Execution, Report};
use crate::{Job, Sleep, Timer, TokioTimer};

/// So many jobs are started before other tasks of the thread get a turn.
const JOBS_PER_TURN: usize = 64;
/// From the cancellation of a run's token to its abortion.
const TIME_TO_WIND_UP: Duration = Duration::from_secs(1);

/// Runs jobs when their schedules say so.
///
/// A handle: clones share one scheduler. Nothing runs unless somebody awaits [`run`](Self::run).
#[derive(Clone)]
pub struct Scheduler {
    shared: Arc<Shared>,
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
    /// When it is due next; `None` while the last run of a schedule that has ended goes on.
    pub next: Option<Timestamp>,
    /// How many of its runs are in progress.
    pub running: u32,
    /// How many runs ended well.
    pub succeeded: u64,
    /// How many runs failed or panicked.
    pub failed: u64,
    /// How many runs were stopped before they ended.
    pub cancelled: u64,
    /// How many instants passed unseen, while the machine slept for example.
    pub missed: u64,
    /// The run that ended last.
    pub last: Option<Run>,
}

impl Scheduler {
    /// A scheduler on the machine's clocks and tokio's timers.
    pub fn new() -> Self {
        Self::with_timer(TokioTimer)
    }

    /// A scheduler on clocks of the caller's choice.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use mainspring_clock::ManualClock;
    /// use mainspring_scheduler::{Job, Scheduler};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
    /// let scheduler = Scheduler::with_timer(clock.clone());
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
    pub fn with_timer(timer: impl Timer) -> Self {
        let shared = Shared {
            timer: Box::new(timer),
            changed: Notify::new(),
            state: Mutex::new(State::default()),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Adds a job. Its first run is due at the next instant of its schedule, this one included.
    ///
    /// May be called before, while and after the scheduler runs, from any thread, and from a job.
    ///
    /// # Errors
    /// If its name is taken or not valid, its schedule is not valid, or the schedule has no instant
    /// left ([`Error::is_never_due`]).
    pub fn add(&self, job: Job) -> Result<JobId, Error> {
        let now = self.shared.wall_now();
        let id = self.shared.lock().registry.add(job, now)?;
        self.shared.changed.notify_one();
        Ok(id)
    }

    /// Takes a job out; `false` if it is not there (any more). Its runs in progress go on.
    ///
    /// O(log n) in the number of jobs; what it leaves behind in the queue is cleared away in passing.
    pub fn remove(&self, id: JobId) -> bool {
        // Not the lock's business: dropping the handler may run user code.
        let removed = self.shared.lock().registry.remove(id);
        removed.is_some()
    }

    /// The job as it stands now; `None` if it is not there (any more).
    pub fn job(&self, id: JobId) -> Option<JobInfo> {
        self.shared.lock().registry.info(id)
    }

    /// The number of the job with that name.
    pub fn find(&self, name: &str) -> Option<JobId> {
        self.shared.lock().registry.id_of(name)
    }

    /// All jobs, in the order they were added.
    ///
    /// A job whose schedule has ended is not among them once its last run has ended.
    pub fn jobs(&self) -> Vec<JobInfo> {
        self.shared.lock().registry.infos()
    }

    /// The next `count` runs over all jobs, in the order they are due.
    pub fn next_runs(&self, count: usize) -> Vec<RunId> {
        self.shared.lock().registry.next_runs(count)
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
    /// If the scheduler is running already.
    ///
    /// # Panics
    /// Outside a tokio runtime; with [`TokioTimer`], in one without its timer.
    pub async fn run(&self) -> Result<Report, Error> {
        let _running = Running::begin(&self.shared)?;
        let cancel = CancellationToken::new();
        let mut runs = JoinSet::new();
        self.start_what_is_due(&cancel, &mut runs).await;
        Ok(self.stop(&cancel, &mut runs).await)
    }

    /// Stops the scheduler: first softly, then hard.
    ///
    /// From now on nothing starts. Runs in progress go on undisturbed for up to `grace`; then their
    /// tokens are cancelled, and what has not ended one second later is aborted. Returns at once;
    /// [`run`](Self::run) returns when all is over. A further call can shorten the grace, not
    /// lengthen it. If the scheduler does not run, its next `run` returns immediately.
    pub fn shutdown(&self, grace: Duration) {
        let now = self.shared.timer.now();
        let deadline = now.checked_add(grace).unwrap_or(now + FAR_AWAY);
        let mut state = self.shared.lock();
        state.stop_at = Some(state.stop_at.map_or(deadline, |earlier| earlier.min(deadline)));
        drop(state);
        self.shared.changed.notify_one();
    }

    async fn start_what_is_due(&self, cancel: &CancellationToken, runs: &mut JoinSet<()>) {
        let mut alarm: Option<(Timestamp, Sleep)> = None;
        loop {
            while runs.try_join_next().is_some() {}
            let turn = self.shared.take_due(JOBS_PER_TURN);
            for (core, due) in turn.due {
                let token = cancel.child_token();
                let execution = Execution::new(self.shared.clone(), core, due, token);
                runs.spawn(execution.execute());
            }
            if turn.stopping {
                return;
            }
            if turn.more {
                tokio::task::yield_now().await;
                continue;
            }
            if alarm.as_ref().map(|(at, _)| *at) != turn.next {
                alarm = turn.next.map(|at| (at, self.shared.timer.alarm(at.into())));
            }
            let due = async {
                match &mut alarm {
                    Some((_, sleep)) => sleep.await,
                    None => pending().await,
                }
            };
            tokio::select! {
                () = due => alarm = None,
                () = self.shared.changed.notified() => {}
            }
        }
    }

    async fn stop(&self, cancel: &CancellationToken, runs: &mut JoinSet<()>) -> Report {
        let shared = &self.shared;
        loop {
            let soft_until = shared.lock().stop_at.unwrap_or_else(|| shared.timer.now());
            tokio::select! {
                () = all_ended(runs) => return shared.report(),
                () = shared.timer.sleep_until(soft_until) => break,
                () = shared.changed.notified() => {}
            }
        }
        cancel.cancel();
        let hard = shared.timer.now() + TIME_TO_WIND_UP;
        tokio::select! {
            () = all_ended(runs) => return shared.report(),
            () = shared.timer.sleep_until(hard) => {}
        }
        runs.shutdown().await;
        shared.report()
    }
}

/// `Instant` has an end; a grace beyond it is as good as for ever.
const FAR_AWAY: Duration = Duration::from_secs(100 * 365 * 86_400);

async fn all_ended(runs: &mut JoinSet<()>) {
    while runs.join_next().await.is_some() {}
}

impl Default for Scheduler {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Scheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let jobs = self.shared.lock().registry.len();
        f.debug_struct("Scheduler").field("jobs", &jobs).finish_non_exhaustive()
    }
}

pub(crate) struct Shared {
    timer: Box<dyn Timer>,
    /// Something happened that the waiting `run` must know: a job, a shutdown.
    changed: Notify,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    registry: Registry,
    is_running: bool,
    stop_at: Option<Instant>,
    /// Runs that ended as cancelled since the scheduler began to run.
    cut: Vec<Cut>,
}

struct Turn {
    due: Vec<(Arc<Core>, Timestamp)>,
    more: bool,
    next: Option<Timestamp>,
    stopping: bool,
}

impl Shared {
    /// The wall clock; a time that no calendar has is its end.
    pub(crate) fn wall_now(&self) -> Timestamp {
        let now = self.timer.wall_now();
        Timestamp::try_from(now).unwrap_or(if now < SystemTime::UNIX_EPOCH {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        })
    }

    pub(crate) fn ended(&self, core: &Core, run: Run) {
        let mut state = self.lock();
        if run.state() == RunState::Cancelled {
            state.cut.push(Cut { name: core.name.clone(), run: run.id() });
        }
        let gone = state.registry.ended(run);
        drop(state);
        // Dropping a job's handler is user code: not under the lock.
        drop(gone);
    }

    fn take_due(&self, jobs_max: usize) -> Turn {
        let now = self.wall_now();
        let mut state = self.lock();
        let State { registry, stop_at, .. } = &mut *state;
        let mut turn =
            Turn { due: Vec::new(), more: false, next: None, stopping: stop_at.is_some() };
        if turn.stopping {
            return turn;
        }
        turn.more = registry.take_due(now, jobs_max, |core, due| {
            turn.due.push((core.clone(), due));
        });
        turn.next = registry.next_deadline();
        turn
    }

    fn report(&self) -> Report {
        let mut cut = std::mem::take(&mut self.lock().cut);
        cut.sort_by_key(|cut| (cut.run.due, cut.run.job));
        Report { cut }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No user code runs under the lock, so a poisoned state is a whole one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Marks the scheduler as running for as long as it lives.
struct Running<'a>(&'a Shared);

impl<'a> Running<'a> {
    fn begin(shared: &'a Shared) -> Result<Self, Error> {
        let mut state = shared.lock();
        if std::mem::replace(&mut state.is_running, true) {
            return Err(Kind::AlreadyRunning.into());
        }
        state.cut.clear();
        drop(state);
        Ok(Self(shared))
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.is_running = false;
        state.stop_at = None;
    }
}
