//! Decides what a due instant, the end of a run and a command mean.
//!
//! # Ground rules
//! - Pure: the present is an argument; what is to be done comes back as [`Effects`].
//! - Lives behind the scheduler's lock; no user code runs in here. What may run user code when it is
//!   dropped is handed out.
//! - A job whose schedule has ended leaves when its last run has ended.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use mainspring_clock::Jump;
use mainspring_job::{Admission, JobId, JobName, Onward, Overlap, Run, RunId};
use mainspring_schedule::Schedule;

use crate::control::Control;
use crate::core::{Core, default_name};
use crate::due::DueQueue;
use crate::entry::{Entry, Spares, first_due};
use crate::error::{Error, Kind};
use crate::event::{Event, EventKind, Skip};
use crate::group::Groups;
use crate::jobs::{Jobs, Slot};
use crate::{Job, JobInfo};

/// A wall clock set back by this much or more was wrong before: schedules start over.
const CORRECTION: Duration = Duration::from_secs(3 * 3600);

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

/// What the engine wants done.
#[derive(Default)]
pub(crate) struct Effects {
    /// Whether anybody listens; if not, no events are made.
    pub(crate) is_heard: bool,
    /// Runs to start.
    pub(crate) starts: Vec<Start>,
    /// Runs to cancel.
    pub(crate) cancels: Vec<Arc<Control>>,
    /// What to tell listeners.
    pub(crate) events: Vec<Event>,
    /// Jobs that are gone.
    pub(crate) gone: Vec<Arc<Core>>,
    /// A job that was not added: dropping it may run user code.
    refused: Option<Arc<Core>>,
}

/// A run to start.
pub(crate) struct Start {
    pub(crate) core: Arc<Core>,
    pub(crate) run: RunId,
    pub(crate) control: Arc<Control>,
    /// How many of the job's last first polls were slow, one after another.
    pub(crate) slow_polls: u8,
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

    pub(crate) fn add(&mut self, job: Job, now: Timestamp) -> Result<JobId, Error> {
        let Job { schedule, name, mut core } = job;
        let (schedule, due) = match self.prepare(schedule, name.as_deref(), &mut core, now) {
            Ok(prepared) => prepared,
            Err(error) => {
                self.effects.refused = Some(core);
                return Err(error);
            }
        };
        let id = core.id();
        self.last_id = id.as_u64();
        let mut entry = Entry::new(core, schedule);
        entry.plan(&mut self.queue, Some(due));
        self.effects.tell(now, &entry.core, None, EventKind::Added);
        self.jobs.insert(entry);
        Ok(id)
    }

    /// Gives a job its number, its place and its name, if it may be added; says what it runs by, and when
    /// first.
    fn prepare(
        &self,
        schedule: Result<Schedule, mainspring_schedule::Error>,
        name: Option<&str>,
        core: &mut Arc<Core>,
        now: Timestamp,
    ) -> Result<(Schedule, Timestamp), Error> {
        let id = JobId::from_u64(self.last_id + 1);
        let name = match name {
            Some(name) => Some(JobName::new(name)?),
            None => self.other_name(id)?,
        };
        if let Some(name) = &name
            && self.jobs.find(name.as_str()).is_some()
        {
            return Err(Kind::Duplicate(name.clone()).into());
        }
        if let Some(group) = core.policy().group_name()
            && !self.groups.contains(group)
        {
            return Err(Kind::UnknownGroup(group.to_owned()).into());
        }
        let core = Arc::get_mut(core).expect("nobody else has it");
        core.be_added(id, self.jobs.next_slot(), name);
        let schedule = of_job(core, schedule?, now);
        let grace = core.policy().misfire_policy().grace_limit();
        let due = first_due(&schedule, now, grace)?;
        Ok((schedule, due))
    }

    /// `false` if there is no such job (any more). Runs in progress go on; those that wait do not
    /// start.
    pub(crate) fn remove(&mut self, id: JobId, now: Timestamp) -> bool {
        let Some(mut entry) = self.jobs.remove(id) else {
            return false;
        };
        entry.plan(&mut self.queue, None);
        for due in entry.drain_waiting() {
            self.effects.skip(now, &entry.core, due, Skip::Removed);
        }
        self.effects.tell(now, &entry.core, None, EventKind::Removed);
        self.effects.gone.push(entry.core);
        true
    }

    /// Nothing of the job is due until it is resumed. `false` if there is no such job.
    pub(crate) fn pause(&mut self, id: JobId, now: Timestamp) -> bool {
        let Some(entry) = self.jobs.get_mut(id) else {
            return false;
        };
        if !std::mem::replace(&mut entry.is_paused, true) {
            entry.plan(&mut self.queue, None);
            self.effects.tell(now, &entry.core, None, EventKind::Paused);
        }
        true
    }

    /// What was due meanwhile is not made up for. `false` if there is no such job.
    pub(crate) fn resume(&mut self, id: JobId, now: Timestamp) -> bool {
        let Some(entry) = self.jobs.get_mut(id) else {
            return false;
        };
        if std::mem::replace(&mut entry.is_paused, false) {
            let next = entry.schedule.next_after(now);
            entry.plan(&mut self.queue, next);
            self.effects.tell(now, &entry.core, None, EventKind::Resumed);
            self.remove_if_over(id, now);
        }
        true
    }

    /// Gives the job another schedule; its runs, counts and history stay.
    pub(crate) fn update(
        &mut self,
        id: JobId,
        schedule: Schedule,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let Some(entry) = self.jobs.get_mut(id) else {
            return Ok(false);
        };
        let schedule = of_job(&entry.core, schedule, now);
        let grace = entry.core.policy().misfire_policy().grace_limit();
        let due = first_due(&schedule, now, grace)?;
        entry.schedule = schedule;
        if !entry.is_paused {
            entry.plan(&mut self.queue, Some(due));
        }
        self.effects.tell(now, &entry.core, None, EventKind::Updated);
        Ok(true)
    }

    /// Has a run start now, as if an instant of the schedule had come; the run's instant is `now`.
    ///
    /// With `instead`, the job's next instant is left out. `None` if there is no such job.
    pub(crate) fn trigger(&mut self, id: JobId, now: Timestamp, instead: bool) -> Option<RunId> {
        let slot = self.jobs.slot_of(id)?;
        let entry = self.jobs.at_mut(slot)?;
        let mut due = now;
        while entry.has_run(due) {
            due = due.checked_add(SignedDuration::from_nanos(1)).ok()?;
        }
        if instead && let Some(left_out) = entry.next() {
            let next = entry.schedule.next_after(left_out);
            entry.plan(&mut self.queue, next);
        }
        self.admit(slot, due, now);
        self.remove_if_over(id, now);
        Some(RunId { job: id, due })
    }

    /// Makes a group or gives it another limit.
    pub(crate) fn limit_group(&mut self, name: &str, limit: usize) {
        self.groups.limit(name, limit);
        self.start_waiting_of_group(Some(name));
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
                Jump::Back(by) if by >= CORRECTION => entry.schedule.next_after(now),
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

    /// Has the processor fetch all these jobs from memory at once: they lie anywhere, and one after the
    /// other each would be waited for.
    fn fetch(&self, due: &[Slot]) {
        let entries = || due.iter().filter_map(|slot| self.jobs.at(*slot));
        black_box(entries().map(Entry::glance).fold(0, u8::wrapping_add));
        black_box(entries().map(|entry| entry.core.id().as_u64()).fold(0, u64::wrapping_add));
    }

    fn come_due(&mut self, slot: Slot, now: Timestamp) {
        let Some(entry) = self.jobs.at_mut(slot) else {
            return;
        };
        entry.forget_place();
        let Some(due) = entry.next() else {
            return;
        };
        let id = entry.core.id();
        let mut runs = std::mem::take(&mut self.runs);
        let misfire = entry.core.policy().misfire_policy();
        let judged = misfire.judge(&entry.schedule, due, now, |due| runs.push(due));
        let Onward { next, missed, .. } = judged;
        entry.plan(&mut self.queue, next);
        if missed > 0 {
            entry.missed(missed);
            let kind = EventKind::Missed { count: missed };
            self.effects.tell(now, &entry.core, None, kind);
        }
        for due in runs.drain(..) {
            self.admit(slot, due, now);
        }
        self.runs = runs;
        if next.is_none() {
            self.remove_if_over(id, now);
        }
    }

    /// Lets a run that is due start, wait or go, as its job's policy says.
    fn admit(&mut self, slot: Slot, due: Timestamp, now: Timestamp) {
        let Some(entry) = self.jobs.at_mut(slot) else {
            return;
        };
        // A wall clock that was corrected comes to instants again. One instant is one run.
        if entry.has_run(due) {
            return;
        }
        self.effects.tell(now, &entry.core, Some(due), EventKind::Due);
        let policy = entry.core.policy();
        let group = policy.group_name();
        let admission = if self.is_holding {
            Admission::Wait
        } else {
            let (going, waiting) = (entry.going_len(), entry.waiting_len());
            let may_go = policy.concurrency_limit() as usize;
            let room = self.groups.has_room(group);
            policy.overlap_policy().admit(going, waiting, may_go, room)
        };
        match admission {
            Admission::Start => {
                self.groups.started(group);
                self.effects.start(entry, due, &mut self.spares);
            }
            Admission::Wait => {
                self.groups.wait(group, entry.core.id());
                entry.wait(due);
            }
            Admission::Replace => {
                self.groups.wait(group, entry.core.id());
                for replaced in entry.drain_waiting() {
                    entry.skipped();
                    self.effects.skip(now, &entry.core, replaced, Skip::Replaced);
                }
                self.effects.cancels.extend(entry.cancel_oldest());
                entry.wait(due);
            }
            _ => {
                let why = match policy.overlap_policy() {
                    Overlap::Skip => Skip::Overlap,
                    _ => Skip::QueueFull,
                };
                entry.skipped();
                self.effects.skip(now, &entry.core, due, why);
            }
        }
    }

    /// Starts runs of the job that wait, as far as there is room.
    fn start_waiting(&mut self, id: JobId) {
        let Some(entry) = self.jobs.get_mut(id).filter(|_| !self.is_holding) else {
            return;
        };
        let core = entry.core.clone();
        let group = core.policy().group_name();
        while entry.has_room() && self.groups.has_room(group) {
            let Some(due) = entry.next_waiting() else {
                return;
            };
            self.groups.started(group);
            self.effects.start(entry, due, &mut self.spares);
        }
    }

    fn start_waiting_of_group(&mut self, group: Option<&str>) {
        if self.is_holding {
            return;
        }
        while let Some(id) = self.groups.next(group) {
            self.start_waiting(id);
        }
    }

    fn remove_if_over(&mut self, id: JobId, now: Timestamp) {
        if self.jobs.get(id).is_some_and(Entry::is_over) {
            self.remove(id, now);
        }
    }

    /// The name of a job that was given none: `None` is `job-N`, unless a caller has given that to
    /// another.
    fn other_name(&self, id: JobId) -> Result<Option<JobName>, Error> {
        if !self.jobs.has_names() {
            return Ok(None);
        }
        let first = default_name(id);
        let mut name = first.clone();
        let mut suffix = 1;
        while self.jobs.find(&name).is_some() {
            suffix += 1;
            name = format!("{first}-{suffix}");
        }
        Ok(if suffix == 1 { None } else { Some(JobName::new(&name)?) })
    }
}

/// The schedule as it is for this job from now on.
fn of_job(core: &Core, schedule: Schedule, now: Timestamp) -> Schedule {
    let named =
        if schedule.depends_on_name() { schedule.for_name(core.name().as_str()) } else { schedule };
    named.anchored_at(now)
}

impl Effects {
    fn start(&mut self, entry: &mut Entry, due: Timestamp, spares: &mut Spares) {
        let control = entry.start(due, spares);
        let run = RunId { job: entry.core.id(), due };
        let (core, slow_polls) = (entry.core.clone(), entry.slow_polls);
        self.starts.push(Start { core, run, control, slow_polls });
    }

    fn skip(&mut self, now: Timestamp, core: &Core, due: Timestamp, why: Skip) {
        self.tell(now, core, Some(due), EventKind::Skipped { why });
    }

    fn tell(&mut self, at: Timestamp, core: &Core, due: Option<Timestamp>, kind: EventKind) {
        if self.is_heard {
            let (job, name) = (Some(core.id()), Some(core.name().clone()));
            self.events.push(Event { at, job, name, due, kind });
        }
    }
}

#[cfg(test)]
mod model;
