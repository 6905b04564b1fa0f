//! Moves the store's jobs on when they are due, so that their runs can be claimed.
//!
//! # Ground rules
//! - Nothing of a job is kept from one turn to the next: however many the store has, this node knows a
//!   batch of those that are due, and when the next one is.
//! - A job that cannot be read is left alone and told once; the others do not wait for it.

use std::collections::HashMap;
use std::future::pending;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use mainspring_clock::{Jump, JumpDetector};
use mainspring_job::store::{
    Advance, Cancelled, JobQuery, RunQuery, StoreError, StoredJob, StoredRun, Watch,
};
use mainspring_job::{JobId, RunId, RunState};
use mainspring_timer::Alarm;

use super::backoff::Backoff;
use super::node::Node;
use super::step::{Replaces, Step, step};
use crate::engine::CORRECTION;
use crate::event::{EventKind, Skip};

/// So many jobs are moved on at once.
const JOBS_MAX: usize = 1000;

/// With so many runs a batch is full, however few its jobs.
const RUNS_MAX: usize = 5000;

/// So many jobs that cannot be read are passed over; those that are due after more wait for somebody to
/// mend them.
const UNREADABLE_MAX: usize = 10_000;

/// Any change of the store is news, most of it no news of jobs: it is not looked after more often.
const BETWEEN_NEWS: Duration = Duration::from_millis(20);

pub(crate) async fn plan(node: &Node) {
    let mut watch = node.store.watch();
    let timer = node.timer();
    let mut jumps = JumpDetector::new(timer.now_with_sleep(), timer.wall_now());
    let mut planner = Planner { node, unreadable: HashMap::new() };
    let mut backoff = Backoff::default();
    let mut start_over = false;
    let mut alarm = None;
    while !node.is_stopping() {
        let looked = timer.now();
        if let Some(jump) = jumps.observe(timer.now_with_sleep(), timer.wall_now()) {
            tracing::warn!(?jump, "the wall clock was set, or the machine slept");
            node.tell_all(EventKind::ClockJumped { jump });
            start_over |= matches!(jump, Jump::Back(by) if by >= CORRECTION.unsigned_abs());
        }
        let turn = async {
            if start_over {
                planner.start_over().await?;
                start_over = false;
            }
            planner.turn().await
        };
        match turn.await {
            Ok(turn) => {
                backoff.went_well();
                match turn {
                    Turn::More => tokio::task::yield_now().await,
                    Turn::Rivals => node.pause(apart(node.random())).await,
                    Turn::Until(next) => wait(node, next, looked, &mut watch, &mut alarm).await,
                }
            }
            Err(error) => {
                node.store_failed(&error);
                node.pause(backoff.failed(node.random())).await;
            }
        }
    }
}

/// Waits until a job is due, or somebody may have changed one.
async fn wait(
    node: &Node,
    next: Option<Timestamp>,
    looked: Instant,
    watch: &mut Watch,
    alarm: &mut Option<Alarm>,
) {
    let timer = node.timer();
    let due = async {
        match next {
            Some(at) => timer.wait_until(at, alarm).await,
            None => pending().await,
        }
    };
    let news = async {
        watch.changed().await;
        let since = timer.now().saturating_duration_since(looked);
        timer.sleep(BETWEEN_NEWS.saturating_sub(since)).await;
    };
    tokio::select! {
        () = due => {}
        () = news => {}
        () = node.calls.planner.notified() => {}
        () = timer.sleep(node.settings.look) => {}
        () = node.stopping() => {}
    }
}

/// A moment in which another node can get ahead with what both want to do.
fn apart(random: u64) -> Duration {
    Duration::from_millis(2 + random % 18)
}

enum Turn {
    /// There may be more that is due.
    More,
    /// Another node moves the same jobs on.
    Rivals,
    /// Nothing is due before then.
    Until(Option<Timestamp>),
}

struct Planner<'a> {
    node: &'a Node,
    /// Jobs that are due and cannot be read, in that version.
    unreadable: HashMap<JobId, u64>,
}

impl Planner<'_> {
    async fn turn(&mut self) -> Result<Turn, StoreError> {
        let node = self.node;
        let now = node.wall_now();
        let limit = JOBS_MAX + self.unreadable.len();
        let due = node.store.due_jobs(now, limit).await?;
        node.store_answered();
        let (steps, is_whole) = self.steps(&due, now);
        let is_all = is_whole && due.len() < limit;
        if is_all {
            // Those that were mended or removed meanwhile are forgotten.
            self.unreadable.retain(|id, _| due.iter().any(|job| job.id == *id));
        }
        if steps.is_empty() {
            return Ok(Turn::Until(self.next_due().await?));
        }
        let taken = self.advance(steps.iter().map(|(_, step)| step.advance.clone())).await?;
        let mut conflicts = 0;
        for ((job, step), is_taken) in steps.into_iter().zip(&taken) {
            if *is_taken {
                self.taken(job, step).await?;
            } else {
                conflicts += 1;
            }
        }
        if conflicts * 2 > taken.len() {
            return Ok(Turn::Rivals);
        }
        if is_all && conflicts == 0 {
            return Ok(Turn::Until(self.next_due().await?));
        }
        Ok(Turn::More)
    }

    /// The steps of those that can be read, and whether these are all.
    fn steps<'j>(
        &mut self,
        due: &'j [StoredJob],
        now: Timestamp,
    ) -> (Vec<(&'j StoredJob, Step)>, bool) {
        let mut steps = Vec::with_capacity(due.len());
        let mut runs = 0;
        for job in due {
            if self.unreadable.get(&job.id) == Some(&job.version) {
                continue;
            }
            match step(job, now) {
                Ok(step) => {
                    runs += step.advance.runs.len();
                    steps.push((job, step));
                }
                Err(error) => self.cannot_read(job, error),
            }
            if runs > RUNS_MAX {
                return (steps, false);
            }
        }
        (steps, true)
    }

    fn cannot_read(&mut self, job: &StoredJob, error: String) {
        tracing::error!(job = job.name.as_str(), error, "the job cannot be read");
        self.node.tell(job.id, &job.name, job.next_due, EventKind::Unreadable { error });
        if self.unreadable.len() < UNREADABLE_MAX {
            self.unreadable.insert(job.id, job.version);
        }
    }

    /// Offers steps; says which were taken.
    async fn advance(&self, steps: impl Iterator<Item = Advance>) -> Result<Vec<bool>, StoreError> {
        let steps: Vec<_> = steps.collect();
        let advanced = self.node.store.advance(&steps).await?;
        Ok(advanced.iter().map(|advanced| advanced.is_done()).collect())
    }

    async fn taken(&self, job: &StoredJob, step: Step) -> Result<(), StoreError> {
        for (due, kind) in step.news {
            match kind {
                EventKind::Skipped { why } => self.node.meters.skipped(why),
                EventKind::Missed { count } => self.node.meters.missed(count),
                _ => {}
            }
            self.node.tell(job.id, &job.name, due, kind);
        }
        match step.replaces {
            Some(replaces) => self.replace(job, replaces).await,
            None => Ok(()),
        }
    }

    /// Cancels the runs that a later one takes the place of.
    async fn replace(&self, job: &StoredJob, replaces: Replaces) -> Result<(), StoreError> {
        let node = self.node;
        let query = RunQuery::live(2 * mainspring_job::WAITING_MAX).named(job.name.as_str());
        let runs = node.store.runs(&query).await?;
        let of_job = |state| {
            let runs = runs.iter().filter(move |run| run.id.job == job.id && run.state == state);
            runs.collect::<Vec<&StoredRun>>()
        };
        let mut cancels: Vec<RunId> = of_job(RunState::Due)
            .iter()
            .map(|run| run.id)
            .filter(|id| id.due < replaces.before)
            .collect();
        let running = of_job(RunState::Running);
        let over = running.len().saturating_sub(replaces.may_run);
        cancels.extend(running.iter().take(over).map(|run| run.id));
        let cancelled = node.store.cancel(&cancels).await?;
        for (run, cancelled) in cancels.into_iter().zip(cancelled) {
            if cancelled == Cancelled::Done {
                node.meters.skipped(Skip::Replaced);
                let kind = EventKind::Skipped { why: Skip::Replaced };
                node.tell(run.job, &job.name, Some(run.due), kind);
            } else {
                node.cancel_here(run);
            }
        }
        Ok(())
    }

    /// When a job that can be read is due.
    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let store = &self.node.store;
        if self.unreadable.is_empty() {
            return Ok(store.next_wake().await?.job_due);
        }
        let first = store.due_jobs(Timestamp::MAX, self.unreadable.len() + 1).await?;
        let is_readable = |job: &&StoredJob| self.unreadable.get(&job.id) != Some(&job.version);
        let next = first.iter().find(is_readable).and_then(|job| job.next_due);
        // With too many that cannot be read, others may stand behind them: time enough at the next look.
        Ok(next
            .filter(|next| self.unreadable.len() < UNREADABLE_MAX || *next > self.node.wall_now()))
    }

    /// The clock was far ahead: jobs whose next instant it has put off come back to the present.
    async fn start_over(&self) -> Result<(), StoreError> {
        let now = self.node.wall_now();
        let mut query = JobQuery::first(JOBS_MAX);
        loop {
            let jobs = self.node.store.jobs(&query).await?;
            let steps = jobs.iter().filter_map(|job| back_to(job, now));
            self.advance(steps).await?;
            match jobs.last().filter(|_| jobs.len() == JOBS_MAX) {
                Some(last) => query = JobQuery::first(JOBS_MAX).after(last.name.as_str()),
                None => return Ok(()),
            }
        }
    }
}

/// Brings a job's next instant forward to the first one after `now`.
fn back_to(job: &StoredJob, now: Timestamp) -> Option<Advance> {
    let due = job.next_due?;
    let next = job.schedule().ok()??.next_after(now)?;
    (next < due).then(|| Advance::of(job).to(Some(next)))
}
