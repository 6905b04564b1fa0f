//! Holds what all handles, the driver and the runs share.
//!
//! # Ground rules
//! - One lock, around the engine. No user code runs under it: effects are carried out after it is
//!   released.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use jiff::Timestamp;
use mainspring_job::{Run, RunId, RunState};
use tokio::sync::Notify;

use crate::Spawn;
use crate::core::Core;
use crate::engine::{Effects, Engine};
use crate::event::{Bell, Event, EventKind, Events};
use crate::meters::Meters;
use crate::runner::Cut;
use crate::timer::Timer;

pub(crate) struct Shared {
    timer: Timer,
    spawn: Box<dyn Spawn>,
    /// Runs are to be polled there alone, from the first poll on.
    spawns_elsewhere: bool,
    bell: Bell,
    meters: Meters,
    /// Something happened that the driver must know: a job, a run to start, a shutdown, the last end.
    changed: Notify,
    state: Mutex<State>,
}

pub(crate) struct State {
    pub(crate) engine: Engine,
    pub(crate) is_running: bool,
    pub(crate) stop_at: Option<Instant>,
    /// Runs handed to the driver that have not ended.
    pub(crate) going: usize,
    /// Runs that ended as cancelled since the scheduler began to run.
    pub(crate) cut: Vec<Cut>,
}

impl Shared {
    pub(crate) fn new(timer: Timer, spawn: Box<dyn Spawn>) -> Self {
        let state = State {
            engine: Engine::new(),
            is_running: false,
            stop_at: None,
            going: 0,
            cut: Vec::new(),
        };
        Self {
            timer,
            spawn,
            spawns_elsewhere: false,
            bell: Bell::new(),
            meters: Meters::new(),
            changed: Notify::new(),
            state: Mutex::new(state),
        }
    }

    pub(crate) fn spawn_on(self, spawn: Box<dyn Spawn>) -> Self {
        Self { spawn, spawns_elsewhere: true, ..self }
    }

    pub(crate) fn timer(&self) -> &Timer {
        &self.timer
    }

    pub(crate) fn meters(&self) -> &Meters {
        &self.meters
    }

    /// The wall clock.
    pub(crate) fn wall_now(&self) -> Timestamp {
        self.timer.timestamp()
    }

    /// Where runs go.
    pub(crate) fn spawn(&self) -> &dyn Spawn {
        &*self.spawn
    }

    /// Where the job's runs go.
    pub(crate) fn spawn_of<'a>(&'a self, core: &'a Core) -> &'a dyn Spawn {
        core.spawn().unwrap_or(&*self.spawn)
    }

    /// Whether the job's runs may be polled by the scheduler itself.
    pub(crate) fn may_try(&self, core: &Core) -> bool {
        !self.spawns_elsewhere && core.spawn().is_none()
    }

    pub(crate) fn listen(&self) -> Events {
        self.bell.listen()
    }

    /// Completes when the driver should look again.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Reads.
    pub(crate) fn ask<T>(&self, question: impl FnOnce(&Engine) -> T) -> T {
        question(&self.lock().engine)
    }

    /// Changes, and carries out what follows.
    pub(crate) fn command<T>(&self, change: impl FnOnce(&mut Engine, Timestamp) -> T) -> T {
        let now = self.wall_now();
        let mut state = self.lock();
        let result = change(&mut state.engine, now);
        let effects = state.engine.take_effects(false);
        drop(state);
        self.carry_out(effects);
        self.changed.notify_one();
        result
    }

    /// Tells listeners about a run.
    pub(crate) fn tell(&self, core: &Core, run: RunId, kind: impl FnOnce() -> EventKind) {
        if self.bell.is_heard() {
            let (job, name) = (Some(core.id()), Some(core.name().clone()));
            let event = Event { at: self.wall_now(), job, name, due: Some(run.due), kind: kind() };
            self.bell.tell(event);
        }
    }

    /// Records the end of a run.
    pub(crate) fn ended(&self, core: &Core, run: Run, now: Timestamp) {
        self.meters.ended(run.state());
        let mut state = self.lock();
        state.going -= 1;
        if run.state() == RunState::Cancelled {
            state.cut.push(Cut { name: core.name().clone(), run: run.id() });
        }
        state.engine.ended(core, run, now);
        let is_news = state.engine.has_starts() || (state.going == 0 && state.stop_at.is_some());
        let effects = state.engine.take_effects(false);
        drop(state);
        self.carry_out(effects);
        if is_news {
            self.changed.notify_one();
        }
    }

    /// Brings the end forward to `deadline`.
    pub(crate) fn stop_at(&self, deadline: Instant) {
        let mut state = self.lock();
        state.stop_at = Some(state.stop_at.map_or(deadline, |earlier| earlier.min(deadline)));
        drop(state);
        self.changed.notify_one();
    }

    /// Cancels, tells, drops; runs to start are the driver's.
    pub(crate) fn carry_out(&self, effects: Effects) {
        self.meters.count(&effects.tally, effects.gone.len());
        for control in effects.cancels {
            control.cancel();
        }
        for event in effects.events {
            self.bell.tell(event);
        }
        for core in effects.gone {
            if let Some(callbacks) = core.callbacks() {
                callbacks.removed(core.name());
            }
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // No user code runs under the lock, so a poisoned state is a whole one.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.engine.be_heard(self.bell.is_heard());
        state
    }
}
