//! Lets the real scheduler live through a span of time on a clock that is turned by hand.
//!
//! # Ground rules
//! - The clock moves only when nothing is left to do at its instant, so that the same files and the same
//!   span give the same events, however fast the machine is.
//! - The scheduler, its policies and its events are those of `run`. A command is a wait of its declared
//!   duration, which ends well, or at once where the run is cancelled.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_executor::{LocalPool, LocalSpawner};
use futures_util::task::{LocalFutureObj, LocalSpawn};
use jiff::Timestamp;
use mainspring_clock::{Clock, ManualClock};
use mainspring_job::{Policy, Retry};
use mainspring_schedule::Schedule;
use mainspring_scheduler::{Context, Job, Scheduler, Spawn, Task};

use super::tally::Tally;
use crate::jobs::{self, JobFile};

/// What a run that is cancelled says of its end.
pub(super) const ENDED: &str = "ended";

/// What is to be lived through.
#[derive(Clone, Debug)]
pub(super) struct Span {
    pub(super) from: Timestamp,
    /// Not part of it.
    pub(super) to: Timestamp,
    /// When the machine sleeps: from, until; in order, apart from each other, and within the span.
    pub(super) naps: Vec<(Timestamp, Timestamp)>,
}

/// A scheduler with its jobs, and everything that runs.
pub(super) struct World {
    clock: ManualClock,
    scheduler: Scheduler,
    pool: LocalPool,
    spawned: Spawned,
    /// For jobs that declare none.
    duration: Duration,
    tally: Rc<RefCell<Tally>>,
}

impl World {
    /// An empty world at the beginning of `span`.
    pub(super) fn new(span: &Span, duration: Duration) -> Self {
        let clock = ManualClock::new(span.from.into());
        let spawned = Spawned::default();
        let scheduler = Scheduler::manual(&clock).spawn_on(spawned.clone());
        let tally = Rc::new(RefCell::new(Tally::new(span.from, span.to)));
        Self { clock, scheduler, pool: LocalPool::new(), spawned, duration, tally }
    }

    /// Adds the jobs of a file; the error names one that cannot be.
    pub(super) fn add(&mut self, file: &JobFile, now: Timestamp) -> Result<(), String> {
        for group in &file.groups {
            self.scheduler.limit_group(&group.name, group.limit);
        }
        for job in &file.jobs {
            self.add_job(&file.file, job, now)?;
        }
        Ok(())
    }

    fn add_job(&mut self, file: &str, job: &jobs::Job, now: Timestamp) -> Result<(), String> {
        let label = job.label(file);
        let mut name = label.clone();
        let mut number = 1;
        while self.scheduler.find(&name).is_some() {
            number += 1;
            name = format!("{label}#{number}");
        }
        let schedule = job.schedule().cloned().unwrap_or_else(|| Schedule::once(now));
        let (clock, duration) = (self.clock.clone(), job.duration.unwrap_or(self.duration));
        let handler = move |context: Context| work(clock.clone(), context, duration);
        let policy = without_chance(&job.policy);
        let added = Job::new(schedule).named(&name).policy(policy).run(handler);
        match self.scheduler.add(added) {
            Ok(id) => self.tally.borrow_mut().know(Some(id), label),
            // Its time is over, which is no error of the file.
            Err(error) if error.is_never_due() => self.tally.borrow_mut().know(None, label),
            Err(error) => return Err(format!("{label}: {error}")),
        }
        Ok(())
    }

    /// Lives through the span. `passed` is told how far it has come, and of how many runs.
    pub(super) fn live(mut self, span: &Span, mut passed: impl FnMut(Timestamp, u64)) -> Tally {
        let mut events = self.scheduler.events();
        let tally = self.tally.clone();
        let spawner = self.pool.spawner();
        spawn(&spawner, async move {
            while let Some(event) = events.next().await {
                tally.borrow_mut().take(event);
            }
        });
        let scheduler = self.scheduler.clone();
        spawn(&spawner, async move {
            // Nobody else runs it, and it is never shut down.
            let _never = scheduler.run().await;
        });
        self.settle(&spawner);
        let mut slept = Duration::ZERO;
        let start = self.clock.now();
        let after = |at: Timestamp, slept| start + between(span.from, at) - slept;
        for (from, until) in &span.naps {
            self.live_until(after(*from, slept), true, &spawner, &mut passed);
            self.clock.jump_forward(between(*from, *until));
            slept += between(*from, *until);
            self.settle(&spawner);
        }
        self.live_until(after(span.to, slept), false, &spawner, &mut passed);
        let mut tally = self.tally.take();
        tally.end(span.to);
        tally
    }

    /// With `inclusive`, what is due at `end` itself belongs to it.
    fn live_until(
        &mut self,
        end: Instant,
        inclusive: bool,
        spawner: &LocalSpawner,
        passed: &mut impl FnMut(Timestamp, u64),
    ) {
        while let Some(next) = self.clock.next_deadline() {
            if next > end || (next == end && !inclusive) {
                break;
            }
            self.clock.advance_to(next);
            self.settle(spawner);
            let tally = self.tally.borrow();
            passed(tally.now(), tally.runs());
        }
        if inclusive {
            self.clock.advance_to(end);
            self.settle(spawner);
        }
    }

    /// Has everything run that can.
    fn settle(&mut self, spawner: &LocalSpawner) {
        loop {
            self.pool.run_until_stalled();
            let tasks = self.spawned.take();
            if tasks.is_empty() {
                return;
            }
            for task in tasks {
                spawn(spawner, task);
            }
        }
    }
}

/// The declared work of a run.
async fn work(
    clock: ManualClock,
    context: Context,
    duration: Duration,
) -> Result<(), &'static str> {
    if duration.is_zero() {
        return Ok(());
    }
    let deadline = clock.now() + duration;
    tokio::select! {
        biased;
        _ = clock.wait_until(deadline) => Ok(()),
        () = context.cancelled() => Err(ENDED),
    }
}

/// A simulation has no luck: what is drawn at random is taken at its mean.
fn without_chance(policy: &Policy) -> Policy {
    let retry = policy.retry_policy();
    let retries = retry.attempts_max().saturating_sub(1).min(32);
    let pauses = (1..=retries).filter_map(|attempt| retry.pause_after(attempt, u64::MAX / 2));
    let Some(mean) = pauses.sum::<Duration>().checked_div(retries) else {
        return policy.clone();
    };
    policy.clone().retry(Retry::fixed(mean).attempts(retry.attempts_max()))
}

fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

fn spawn(spawner: &LocalSpawner, task: impl Future<Output = ()> + 'static) {
    // The pool is there for as long as its world, so this cannot fail.
    let _alive = spawner.spawn_local_obj(LocalFutureObj::new(Box::pin(task)));
}

/// Runs that wait to be taken into the pool: the scheduler may hand them over from anywhere.
#[derive(Clone, Default)]
struct Spawned {
    tasks: Arc<Mutex<Vec<Task>>>,
}

impl Spawned {
    fn take(&self) -> Vec<Task> {
        std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Spawn for Spawned {
    fn spawn(&self, task: Task) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).push(task);
    }

    fn spawn_blocking(&self, work: Box<dyn FnOnce() + Send>) {
        // No job of ours blocks.
        work();
    }
}
