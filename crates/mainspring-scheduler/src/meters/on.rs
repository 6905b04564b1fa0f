//! Offers what is counted to the recorder of metrics.
//!
//! # Ground rules
//! - A recorder is asked once for each metric, when its scheduler is made: what is counted later costs a
//!   few atomics, and no look into a table.
//! - Gauges are moved and not set: several schedulers of one process add up. What has gone takes its part
//!   along.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, MutexGuard};
use std::time::{Duration, Instant};

use ::metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use jiff::Timestamp;
use mainspring_clock::SystemClock;
use mainspring_job::RunState;
use mainspring_job::store::Store;
use mainspring_timer::Driver;

use crate::event::Skip;
use crate::metrics::{
    CLAIMED, JOBS, LEASES_HELD, LEASES_LOST, LEASES_REAPED, LEASES_RENEWED, MeteredStore, RETRIES,
    RUN_DURATION, RUN_LATENESS, RUNS, RUNS_IN_PROGRESS, RUNS_MISSED, RUNS_SKIPPED, describe,
};
use crate::stored::Board;
use crate::timer::Timer;

/// What any scheduler counts.
pub(crate) struct Meters {
    jobs: Share,
    in_progress: Gauge,
    duration: Histogram,
    lateness: Histogram,
    ended: [Counter; 4],
    skipped: [Counter; 4],
    missed: Counter,
    retried: Counter,
}

/// An attempt under way, measured until it is dropped.
pub(crate) struct Going<'a> {
    meters: &'a Meters,
    timer: &'a Timer,
    begun: Instant,
}

impl Meters {
    pub(crate) fn new() -> Self {
        describe();
        let outcomes = ["succeeded", "failed", "timed_out", "cancelled"];
        let reasons = ["overlap", "replaced", "queue_full", "removed"];
        Self {
            jobs: Share::new(gauge!(JOBS.name)),
            in_progress: gauge!(RUNS_IN_PROGRESS.name),
            duration: histogram!(RUN_DURATION.name),
            lateness: histogram!(RUN_LATENESS.name),
            ended: outcomes.map(|outcome| counter!(RUNS.name, "outcome" => outcome)),
            skipped: reasons.map(|reason| counter!(RUNS_SKIPPED.name, "reason" => reason)),
            missed: counter!(RUNS_MISSED.name),
            retried: counter!(RETRIES.name),
        }
    }

    /// An attempt at a run begins; `now` is asked if it is the first one.
    pub(crate) fn started(&self, attempt: u32, due: Timestamp, now: impl FnOnce() -> Timestamp) {
        if attempt == 1 {
            // Nothing begins early, but the clock may have been set back meanwhile.
            let late = Duration::try_from(now().duration_since(due)).unwrap_or_default();
            self.lateness.record(late);
        }
    }

    /// The handler is called.
    pub(crate) fn attempt<'a>(&'a self, timer: &'a Timer) -> Going<'a> {
        self.in_progress.increment(1.0);
        Going { meters: self, timer, begun: timer.now() }
    }

    /// A run has ended for good.
    pub(crate) fn ended(&self, state: RunState) {
        let outcome = match state {
            RunState::Succeeded => 0,
            RunState::Failed => 1,
            RunState::TimedOut => 2,
            _ => 3,
        };
        self.ended[outcome].increment(1);
    }

    pub(crate) fn retried(&self) {
        self.retried.increment(1);
    }

    pub(crate) fn skipped(&self, why: Skip) {
        self.skipped[reason(why)].increment(1);
    }

    pub(crate) fn missed(&self, count: u64) {
        self.missed.increment(count);
    }

    /// What one turn of the engine has decided, and how many jobs have gone.
    pub(crate) fn count(&self, tally: &Tally, gone: usize) {
        self.jobs.add(tally.added);
        self.jobs.remove(gone);
        for (skipped, count) in self.skipped.iter().zip(tally.skipped) {
            if count > 0 {
                skipped.increment(count);
            }
        }
        if tally.missed > 0 {
            self.missed.increment(tally.missed);
        }
    }
}

impl Drop for Going<'_> {
    fn drop(&mut self) {
        let took = self.timer.now().saturating_duration_since(self.begun);
        self.meters.duration.record(took);
        self.meters.in_progress.decrement(1.0);
    }
}

/// What one turn of the engine has decided. The engine is pure: it writes down what is to be counted.
#[derive(Default)]
pub(crate) struct Tally {
    added: usize,
    skipped: [u64; 4],
    missed: u64,
}

impl Tally {
    pub(crate) fn added(&mut self) {
        self.added += 1;
    }

    pub(crate) fn skipped(&mut self, why: Skip) {
        self.skipped[reason(why)] += 1;
    }

    pub(crate) fn missed(&mut self, count: u64) {
        self.missed += count;
    }
}

/// What a node has claimed.
pub(crate) struct LeaseMeters {
    held: Share,
    claimed: Histogram,
    renewed: Counter,
    lost: Counter,
    reaped: Counter,
}

impl LeaseMeters {
    pub(crate) fn new() -> Self {
        Self {
            held: Share::new(gauge!(LEASES_HELD.name)),
            claimed: histogram!(CLAIMED.name),
            renewed: counter!(LEASES_RENEWED.name),
            lost: counter!(LEASES_LOST.name),
            reaped: counter!(LEASES_REAPED.name),
        }
    }

    /// Looks how many the node holds; under the lock, so that who comes last has seen the latest.
    pub(crate) fn held<'a>(&self, board: impl FnOnce() -> MutexGuard<'a, Board>) {
        let board = board();
        self.held.set(board.held());
    }

    pub(crate) fn claimed(&self, runs: usize) {
        self.claimed.record(runs as f64);
    }

    pub(crate) fn renewed(&self, leases: usize) {
        self.renewed.increment(leases as u64);
    }

    pub(crate) fn lost(&self, leases: usize) {
        self.lost.increment(leases as u64);
    }

    pub(crate) fn reaped(&self, leases: usize) {
        self.reaped.increment(leases as u64);
    }
}

/// One scheduler's share of a gauge that all of a process move.
struct Share {
    gauge: Gauge,
    own: AtomicUsize,
}

impl Share {
    fn new(gauge: Gauge) -> Self {
        Self { gauge, own: AtomicUsize::new(0) }
    }

    fn add(&self, count: usize) {
        if count > 0 {
            self.own.fetch_add(count, Ordering::Relaxed);
            self.gauge.increment(count as f64);
        }
    }

    fn remove(&self, count: usize) {
        if count > 0 {
            self.own.fetch_sub(count, Ordering::Relaxed);
            self.gauge.decrement(count as f64);
        }
    }

    fn set(&self, count: usize) {
        let before = self.own.swap(count, Ordering::Relaxed);
        match count.checked_sub(before) {
            Some(0) => {}
            Some(more) => self.gauge.increment(more as f64),
            None => self.gauge.decrement((before - count) as f64),
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.set(0);
    }
}

fn reason(why: Skip) -> usize {
    match why {
        Skip::Overlap => 0,
        Skip::Replaced => 1,
        Skip::QueueFull => 2,
        Skip::Removed => 3,
    }
}

/// The store, with its calls timed by the clock that the scheduler waits on.
pub(crate) fn metered(store: Arc<dyn Store>, driver: Option<&Driver>) -> Arc<dyn Store> {
    match driver {
        Some(driver) => Arc::new(MeteredStore::new(store, driver.clone())),
        None => Arc::new(MeteredStore::new(store, SystemClock)),
    }
}
