//! Holds what all handles, the loops and the runs of one node share.
//!
//! # Ground rules
//! - One lock, around the board, for moments: none is held over an await, and no user code runs under it.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use mainspring_job::store::{Hold, Store, StoreError};
use mainspring_job::{JobId, JobName, Policy, PolicyError, RunId};
use tokio::sync::{Notify, watch};

use super::board::{Board, Named, Start};
use super::ending::{Stop, Word};
use super::registry::Registry;
use super::run::execute;
use super::settings::Settings;
use crate::attempt::with_causes;
use crate::event::{Bell, Event, EventKind, Events};
use crate::meters::{LeaseMeters, Meters, metered};
use crate::timer::Timer;
use crate::{Spawn, StoreSchedulerBuilder};

pub(crate) struct Node {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) settings: Settings,
    pub(crate) registry: Registry,
    pub(crate) calls: Calls,
    timer: Timer,
    spawn: Box<dyn Spawn>,
    bell: Bell,
    pub(crate) meters: Meters,
    pub(crate) leases: LeaseMeters,
    board: Mutex<Board>,
    /// When the grace is over, once the scheduler is to stop.
    stop: watch::Sender<Option<Instant>>,
    is_running: AtomicBool,
    is_away: AtomicBool,
    policy: Mutex<Option<(String, Policy)>>,
    random: RandomState,
    draws: AtomicU64,
}

/// Who is called when there is something to do.
#[derive(Default)]
pub(crate) struct Calls {
    pub(crate) planner: Notify,
    pub(crate) claimer: Notify,
    pub(crate) recorder: Notify,
    pub(crate) keeper: Notify,
    pub(crate) driver: Notify,
}

impl Node {
    pub(crate) fn new(mut builder: StoreSchedulerBuilder) -> Self {
        let store = metered(builder.store.clone(), builder.driver.as_ref());
        let timer = builder.timer();
        let StoreSchedulerBuilder { settings, spawn, .. } = builder;
        Self {
            store,
            registry: Registry::default(),
            calls: Calls::default(),
            timer,
            spawn,
            bell: Bell::new(),
            meters: Meters::new(),
            leases: LeaseMeters::new(),
            board: Mutex::new(Board::new(settings.slots)),
            settings,
            stop: watch::Sender::new(None),
            is_running: AtomicBool::new(false),
            is_away: AtomicBool::new(false),
            policy: Mutex::default(),
            random: RandomState::new(),
            draws: AtomicU64::new(0),
        }
    }

    pub(crate) fn timer(&self) -> &Timer {
        &self.timer
    }

    pub(crate) fn spawner(&self) -> &dyn Spawn {
        &*self.spawn
    }

    pub(crate) fn board(&self) -> MutexGuard<'_, Board> {
        // No user code runs under the lock, so a poisoned board is a whole one.
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The wall clock.
    pub(crate) fn wall_now(&self) -> Timestamp {
        self.timer.timestamp()
    }

    /// An even draw from all of `u64`.
    pub(crate) fn random(&self) -> u64 {
        self.random.hash_one(self.draws.fetch_add(1, Ordering::Relaxed))
    }

    /// Reads a policy; most are like the one before.
    pub(crate) fn policy(&self, text: &str) -> Result<Policy, PolicyError> {
        if text.is_empty() {
            return Ok(Policy::default());
        }
        let mut last = self.policy.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, policy)) = last.as_ref().filter(|(last, _)| last == text) {
            return Ok(policy.clone());
        }
        let policy: Policy = text.parse()?;
        *last = Some((text.to_owned(), policy.clone()));
        Ok(policy)
    }

    pub(crate) fn listen(&self) -> Events {
        self.bell.listen()
    }

    /// Tells listeners about a job or one of its runs.
    pub(crate) fn tell(&self, job: JobId, name: &JobName, due: Option<Timestamp>, kind: EventKind) {
        if self.bell.is_heard() {
            let (job, name) = (Some(job), Some(name.clone()));
            self.bell.tell(Event { at: self.wall_now(), job, name, due, kind });
        }
    }

    /// Tells listeners about the clock or the store.
    pub(crate) fn tell_all(&self, kind: EventKind) {
        let at = self.wall_now();
        self.bell.tell(Event { at, job: None, name: None, due: None, kind });
    }

    /// Tells that runs are not this node's any more.
    pub(crate) fn tell_lost(&self, runs: &[Named]) {
        self.leases.lost(runs.len());
        for Named { hold, name } in runs {
            tracing::warn!(job = name.as_str(), run = %hold.run, "the run's lease was lost");
            self.tell(hold.run.job, name, Some(hold.run.due), EventKind::Lost);
        }
    }

    /// Counts the runs that this node holds, after that may have changed.
    pub(crate) fn count_leases(&self) {
        self.leases.held(|| self.board());
    }

    /// Starts what waits for a slot that is free.
    pub(crate) fn start_waiting(self: &Arc<Self>) {
        let now = self.timer.now();
        let mut starts = Vec::new();
        let mut board = self.board();
        while let Some(start) = board.next_start(now) {
            starts.push(start);
        }
        let has_words = board.has_words();
        drop(board);
        starts.into_iter().for_each(|start| self.start(start));
        if has_words {
            self.calls.recorder.notify_one();
        }
    }

    /// Takes the end of a run, and starts what waited for its slot.
    pub(crate) fn ended(self: &Arc<Self>, hold: Hold, word: impl FnOnce(Option<Stop>) -> Word) {
        self.dropped(hold, word);
        let start = self.board().next_start(self.timer.now());
        if let Some(start) = start {
            self.start(start);
        }
    }

    /// Takes the end of a run whose task may be dropped by a runtime that ends: nothing is started.
    pub(crate) fn dropped(&self, hold: Hold, word: impl FnOnce(Option<Stop>) -> Word) {
        let next = self.board().ended(hold, word);
        if next.has_words {
            self.calls.recorder.notify_one();
        }
        if next.has_room {
            self.calls.claimer.notify_one();
        }
        if self.is_stopping() {
            self.calls.driver.notify_one();
        }
    }

    /// Asks a run to stop that somebody wants cancelled, if this node has it.
    pub(crate) fn cancel_here(&self, run: RunId) {
        let mut board = self.board();
        let controls = board.cancel_run(run);
        let has_words = board.has_words();
        drop(board);
        controls.iter().for_each(|control| control.cancel());
        if has_words {
            self.calls.recorder.notify_one();
        }
    }

    /// The store has answered.
    pub(crate) fn store_answered(&self) {
        if self.is_away.load(Ordering::Relaxed) && self.is_away.swap(false, Ordering::Relaxed) {
            tracing::info!("the store is back");
            self.tell_all(EventKind::StoreBack);
        }
    }

    /// The store has not answered, or with an error.
    pub(crate) fn store_failed(&self, error: &StoreError) {
        let error = with_causes(error);
        if !self.is_away.swap(true, Ordering::Relaxed) {
            tracing::error!(error, "the store fails; runs go on, and it is tried again");
            self.tell_all(EventKind::StoreAway { error });
        }
    }

    /// Brings the end forward to `deadline`.
    pub(crate) fn stop_at(&self, deadline: Instant) {
        self.stop.send_modify(|at| *at = Some(at.map_or(deadline, |at| at.min(deadline))));
        self.calls.driver.notify_one();
    }

    /// When the grace is over, if the scheduler is to stop.
    pub(crate) fn stops_at(&self) -> Option<Instant> {
        *self.stop.borrow()
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stops_at().is_some()
    }

    /// Completes when the scheduler is to stop.
    pub(crate) async fn stopping(&self) {
        // The sender lives as long as this.
        let _ = self.stop.subscribe().wait_for(Option::is_some).await;
    }

    /// Sleeps, unless the scheduler is to stop.
    pub(crate) async fn pause(&self, pause: Duration) {
        tokio::select! {
            () = self.timer.sleep(pause) => {}
            () = self.stopping() => {}
        }
    }

    /// `false` if it runs already.
    pub(crate) fn begin(&self) -> bool {
        !self.is_running.swap(true, Ordering::AcqRel)
    }

    pub(crate) fn is_running(&self) -> bool {
        self.is_running.load(Ordering::Acquire)
    }

    /// The scheduler has stopped, and may run again.
    pub(crate) fn end(&self) {
        let controls = {
            let mut board = self.board();
            let controls = board.stop_all();
            board.start_over();
            controls
        };
        self.count_leases();
        controls.iter().for_each(|control| control.abort());
        self.stop.send_replace(None);
        self.is_running.store(false, Ordering::Release);
    }

    fn start(self: &Arc<Self>, start: Start) {
        self.spawn.spawn(Box::pin(execute(self.clone(), start)));
    }
}
