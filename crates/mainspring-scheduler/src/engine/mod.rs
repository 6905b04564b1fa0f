//! Decides what a due instant, the end of a run and a command mean.
//!
//! # Ground rules
//! - Pure: the present is an argument; what is to be done comes back as [`Effects`].
//! - Lives behind the scheduler's lock; no user code runs in here. What may run user code when it is
//!   dropped is handed out.
//! - A job whose schedule has ended leaves when its last run has ended.

mod admit;
mod commands;
mod effects;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use mainspring_clock::Jump;
use mainspring_job::{JobId, JobName, Run, RunId, RunState};

pub(crate) use self::effects::{Effects, Start};
use crate::control::Control;
use crate::core::Core;
use crate::due::DueQueue;
use crate::entry::{Entry, Spares};
use crate::event::{Event, EventKind};
use crate::group::Groups;
use crate::jobs::{Jobs, Slot};
use crate::{JobInfo, Tally};

/// A wall clock set back by this much or more was wrong before: schedules start over.
pub(crate) const CORRECTION: SignedDuration = SignedDuration::from_hours(3);

pub(crate) struct Engine {
    jobs: Jobs,
    groups: Groups,
    queue: DueQueue,
    last_id: u64,
    is_holding: bool,
    due: Vec<Slot>,
    /// Empty between two jobs.
    runs: Vec<Timestamp>,
    spares: Spares,
    effects: Effects,
}

impl Engine {
    pub(crate) fn new() -> Self {
        Self {
            jobs: Jobs::default(),
            groups: Groups::default(),
            queue: DueQueue::new(),
            last_id: 0,
            is_holding: true,
            due: Vec::new(),
            runs: Vec::new(),
            spares: Spares::default(),
            effects: Effects::default(),
        }
    }

    /// Takes what is to be done; the runs to start stay unless `starts` says so.
    pub(crate) fn take_effects(&mut self, starts: bool) -> Effects {
        let mut effects = std::mem::take(&mut self.effects);
        self.effects.is_heard = effects.is_heard;
        if !starts {
            self.effects.starts = std::mem::take(&mut effects.starts);
        }
        effects
    }

    /// Whether there are runs to start.
    pub(crate) fn has_starts(&self) -> bool {
        !self.effects.starts.is_empty()
    }

    /// Says whether anybody listens to events.
    pub(crate) fn be_heard(&mut self, is_heard: bool) {
        self.effects.is_heard = is_heard;
    }

    /// While the engine holds, runs that are due or triggered wait, whatever their policy.
    pub(crate) fn hold(&mut self, hold: bool, now: Timestamp) {
        self.is_holding = hold;
        if !hold {
            for id in self.jobs.ids() {
                self.start_waiting(id);
                self.remove_if_over(id, now);
            }
        }
    }

    /// The next instant at which it is time to [`wake`](Self::wake).
    pub(crate) fn next_deadline(&mut self) -> Option<Timestamp> {
        self.queue.next_deadline()
    }

    /// Admits what is due at `now`, of at most `jobs_max` jobs. Says whether more is due.
    pub(crate) fn wake(&mut self, now: Timestamp, jobs_max: usize) -> bool {
        let mut due = std::mem::take(&mut self.due);
        self.queue.take_due(now, jobs_max, &mut due);
        let is_full = due.len() == jobs_max;
        self.fetch(&due);
        for slot in due.drain(..) {
            self.come_due(slot, now);
        }
        self.due = due;
        is_full
    }

    /// Adjusts to a wall clock that was set.
    ///
    /// Set forward, or after a sleep, what has passed is due and late, and the misfire policies
    /// decide. Set back, nothing that ran is due again, unless it was set back so far that it must
    /// have been wrong. A cycle whose origin was the moment it was added knows no wall clock: it is
    /// moved along.
    pub(crate) fn clock_jumped(&mut self, jump: Jump, now: Timestamp) {
        if self.effects.is_heard {
            let kind = EventKind::ClockJumped { jump };
            self.effects.events.push(Event { at: now, job: None, name: None, due: None, kind });
        }
        // The wheel has come to the old present; a new one starts from this one.
        self.queue.start_over();
        for id in self.jobs.ids() {
            let Some(entry) = self.jobs.get_mut(id) else {
                continue;
            };
            entry.forget_place();
            let Some(next) = entry.next() else {
                continue;
            };
            let next = match jump {
                _ if entry.is_monotonic() => entry.move_with_clock(jump),
                Jump::Back(by) if by >= CORRECTION.unsigned_abs() => entry.schedule.next_after(now),
                _ => Some(next),
            };
            entry.plan(&mut self.queue, next);
            self.remove_if_over(id, now);
        }
    }

    /// Keeps what came of a run, and starts what waited for it.
    pub(crate) fn ended(&mut self, core: &Core, run: Run, now: Timestamp) {
        let id = core.id();
        let group = core.policy().group_name();
        self.groups.ended(group);
        if let Some(entry) = self.jobs.at_mut(core.slot()).filter(|entry| entry.core.id() == id) {
            entry.ended(run, &mut self.spares);
            if entry.waiting_len() > 0 {
                self.start_waiting(id);
            } else if entry.is_over() {
                self.remove(id, now);
            }
        }
        self.start_waiting_of_group(group);
    }

    /// Remembers whether a first poll was slow.
    pub(crate) fn polled(&mut self, id: JobId, was_slow: bool) {
        if let Some(entry) = self.jobs.get_mut(id) {
            entry.slow_polls = if was_slow { entry.slow_polls.saturating_add(1) } else { 0 };
        }
    }

    pub(crate) fn infos(&self) -> Vec<JobInfo> {
        let mut infos: Vec<JobInfo> = self.jobs.iter().map(Entry::info).collect();
        infos.sort_unstable_by_key(|info| info.id);
        infos
    }

    pub(crate) fn info(&self, id: JobId) -> Option<JobInfo> {
        self.jobs.get(id).map(Entry::info)
    }

    pub(crate) fn history(&self, id: JobId) -> Vec<Run> {
        self.jobs.get(id).map(Entry::history).unwrap_or_default()
    }

    pub(crate) fn id_of(&self, name: &str) -> Option<JobId> {
        self.jobs.find(name)
    }

    pub(crate) fn len(&self) -> usize {
        self.jobs.len()
    }

    pub(crate) fn names(&self) -> Vec<(JobName, JobId)> {
        self.jobs.iter().map(|entry| (entry.core.name().clone(), entry.core.id())).collect()
    }

    pub(crate) fn tally(&self) -> Tally {
        let mut tally = Tally { jobs: self.jobs.len(), ..Tally::default() };
        for entry in self.jobs.iter() {
            tally.paused += usize::from(entry.is_paused);
            tally.running += entry.going_len();
            tally.waiting += entry.waiting_len();
        }
        tally
    }

    /// The runs that have not ended, by the instants they are due.
    pub(crate) fn live_runs(&self) -> Vec<(RunId, RunState)> {
        let mut runs: Vec<_> = self.jobs.iter().flat_map(Entry::live_runs).collect();
        runs.sort_unstable_by_key(|(run, _)| (run.due, run.job));
        runs
    }

    /// The runs in progress.
    pub(crate) fn going(&self) -> Vec<Arc<Control>> {
        self.jobs.iter().flat_map(Entry::going).collect()
    }

    /// The next `count` runs over all jobs, in order; ties by the jobs' numbers.
    pub(crate) fn next_runs(&self, count: usize) -> Vec<RunId> {
        let firsts = self.jobs.iter().filter_map(|entry| Some((entry.next()?, entry.core.id())));
        let mut heap: BinaryHeap<_> = firsts.map(Reverse).collect();
        let mut runs = Vec::new();
        while runs.len() < count {
            let Some(Reverse((due, job))) = heap.pop() else {
                break;
            };
            runs.push(RunId { job, due });
            if let Some(next) = self.jobs.get(job).and_then(|entry| entry.schedule.next_after(due))
            {
                heap.push(Reverse((next, job)));
            }
        }
        runs
    }
}

#[cfg(test)]
mod model;
