//! Decides what a due instant, the end of a run and a command mean.
//!
//! # Ground rules
//! - Pure: the present is an argument; what is to be done comes back as [`Effects`].
//! - Lives behind the scheduler's lock; no user code runs in here. What may run user code when it is
//!   dropped is handed out.
//! - A job whose schedule has ended leaves when its last run has ended.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use mainspring_clock::Jump;
use mainspring_job::{Admission, JobId, JobName, Onward, Overlap, Run, RunId};
use mainspring_schedule::Schedule;

use crate::control::Control;
use crate::due::DueQueue;
use crate::entry::{Core, Entry, first_due};
use crate::error::{Error, Kind};
use crate::event::{Event, EventKind, Skip};
use crate::group::Groups;
use crate::{Job, JobInfo};

/// A wall clock set back by this much or more was wrong before: schedules start over.
const CORRECTION: Duration = Duration::from_secs(3 * 3600);

pub(crate) struct Engine {
    jobs: HashMap<JobId, Entry, ByNumber>,
    names: HashMap<JobName, JobId>,
    groups: Groups,
    queue: DueQueue,
    last_id: u64,
    is_holding: bool,
    due: Vec<JobId>,
    effects: Effects,
}

/// Hashes a job's number: numbers are handed out here, one after another, so nobody can choose them
/// to collide, and multiplying by an odd constant spreads them.
#[derive(Clone, Copy, Default)]
struct ByNumber;

impl BuildHasher for ByNumber {
    type Hasher = NumberHasher;

    fn build_hasher(&self) -> NumberHasher {
        NumberHasher(0)
    }
}

struct NumberHasher(u64);

impl Hasher for NumberHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u64(&mut self, number: u64) {
        // The golden ratio's fraction of 2⁶⁴: Knuth's multiplicative hashing.
        self.0 = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32);
    }
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
}

/// A run to start.
pub(crate) struct Start {
    pub(crate) core: Arc<Core>,
    pub(crate) run: RunId,
    pub(crate) control: Arc<Control>,
}

impl Engine {
    pub(crate) fn new() -> Self {
        Self {
            jobs: HashMap::default(),
            names: HashMap::new(),
            groups: Groups::default(),
            queue: DueQueue::new(),
            last_id: 0,
            is_holding: true,
            due: Vec::new(),
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
            let mut ids: Vec<JobId> = self.jobs.keys().copied().collect();
            ids.sort_unstable();
            for id in ids {
                self.start_waiting(id);
                self.remove_if_over(id, now);
            }
        }
    }

    pub(crate) fn add(&mut self, job: Job, now: Timestamp) -> Result<JobId, Error> {
        let id = JobId::from_u64(self.last_id + 1);
        let name = match &job.name {
            Some(name) => JobName::new(name)?,
            None => self.free_name(id)?,
        };
        if self.names.contains_key(&name) {
            return Err(Kind::Duplicate(name).into());
        }
        if let Some(group) = job.policy.group_name()
            && !self.groups.contains(group)
        {
            return Err(Kind::UnknownGroup(group.to_owned()).into());
        }
        let schedule = job.schedule?.for_name(name.as_str()).anchored_at(now);
        let grace = job.policy.misfire_policy().grace_limit();
        let due = first_due(&schedule, now, grace)?;
        self.last_id += 1;
        self.names.insert(name.clone(), id);
        let core = Core {
            id,
            name,
            policy: job.policy,
            handler: job.handler,
            retry_if: job.retry_if,
            callbacks: job.callbacks,
            data: job.data,
            slow_polls: 0.into(),
        };
        let mut entry = Entry::new(core, schedule);
        entry.plan(&mut self.queue, Some(due));
        self.effects.tell(now, &entry.core, None, EventKind::Added);
        self.jobs.insert(id, entry);
        Ok(id)
    }

    /// `false` if there is no such job (any more). Runs in progress go on; those that wait do not
    /// start.
    pub(crate) fn remove(&mut self, id: JobId, now: Timestamp) -> bool {
        let Some(mut entry) = self.jobs.remove(&id) else {
            return false;
        };
        self.names.remove(&entry.core.name);
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
        let Some(entry) = self.jobs.get_mut(&id) else {
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
        let Some(entry) = self.jobs.get_mut(&id) else {
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
        let Some(entry) = self.jobs.get_mut(&id) else {
            return Ok(false);
        };
        let schedule = schedule.for_name(entry.core.name.as_str()).anchored_at(now);
        let grace = entry.core.policy.misfire_policy().grace_limit();
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
        let entry = self.jobs.get_mut(&id)?;
        let mut due = now;
        while entry.has_run(due) {
            due = due.checked_add(SignedDuration::from_nanos(1)).ok()?;
        }
        if instead && let Some(left_out) = entry.next() {
            let next = entry.schedule.next_after(left_out);
            entry.plan(&mut self.queue, next);
        }
        self.admit(id, due, now);
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
        for id in due.drain(..) {
            self.come_due(id, now);
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
        let mut ids: Vec<JobId> = self.jobs.keys().copied().collect();
        ids.sort_unstable();
        for id in ids {
            let Some(entry) = self.jobs.get_mut(&id) else {
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
    pub(crate) fn ended(&mut self, core: &Arc<Core>, run: Run, now: Timestamp) {
        let id = core.id;
        self.groups.ended(core.policy.group_name());
        if let Some(entry) = self.jobs.get_mut(&id) {
            entry.ended(run);
            if entry.waiting_len() > 0 {
                self.start_waiting(id);
            } else if entry.is_over() {
                self.remove(id, now);
            }
        }
        self.start_waiting_of_group(core.policy.group_name());
    }

    pub(crate) fn infos(&self) -> Vec<JobInfo> {
        let mut infos: Vec<JobInfo> = self.jobs.values().map(Entry::info).collect();
        infos.sort_unstable_by_key(|info| info.id);
        infos
    }

    pub(crate) fn info(&self, id: JobId) -> Option<JobInfo> {
        self.jobs.get(&id).map(Entry::info)
    }

    pub(crate) fn history(&self, id: JobId) -> Vec<Run> {
        self.jobs.get(&id).map(Entry::history).unwrap_or_default()
    }

    pub(crate) fn id_of(&self, name: &str) -> Option<JobId> {
        self.names.get(name).copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.jobs.len()
    }

    /// The runs in progress.
    pub(crate) fn going(&self) -> Vec<Arc<Control>> {
        self.jobs.values().flat_map(Entry::going).collect()
    }

    /// The next `count` runs over all jobs, in order; ties by the jobs' numbers.
    pub(crate) fn next_runs(&self, count: usize) -> Vec<RunId> {
        let firsts = self.jobs.values().filter_map(|entry| Some((entry.next()?, entry.core.id)));
        let mut heap: BinaryHeap<_> = firsts.map(Reverse).collect();
        let mut runs = Vec::new();
        while runs.len() < count {
            let Some(Reverse((due, job))) = heap.pop() else {
                break;
            };
            runs.push(RunId { job, due });
            if let Some(next) = self.jobs[&job].schedule.next_after(due) {
                heap.push(Reverse((next, job)));
            }
        }
        runs
    }

    fn come_due(&mut self, id: JobId, now: Timestamp) {
        let Some(entry) = self.jobs.get_mut(&id) else {
            return;
        };
        entry.forget_place();
        let Some(due) = entry.next() else {
            return;
        };
        let mut runs = Vec::new();
        let misfire = entry.core.policy.misfire_policy();
        let judged = misfire.judge(&entry.schedule, due, now, |due| runs.push(due));
        let Onward { next, missed, .. } = judged;
        entry.plan(&mut self.queue, next);
        if missed > 0 {
            entry.missed(missed);
            let kind = EventKind::Missed { count: missed };
            self.effects.tell(now, &entry.core, None, kind);
        }
        for due in runs {
            self.admit(id, due, now);
        }
        if next.is_none() {
            self.remove_if_over(id, now);
        }
    }

    /// Lets a run that is due start, wait or go, as its job's policy says.
    fn admit(&mut self, id: JobId, due: Timestamp, now: Timestamp) {
        let Some(entry) = self.jobs.get_mut(&id) else {
            return;
        };
        // A wall clock that was corrected comes to instants again. One instant is one run.
        if entry.has_run(due) {
            return;
        }
        let core = entry.core.clone();
        let group = core.policy.group_name();
        self.effects.tell(now, &core, Some(due), EventKind::Due);
        let waiting = entry.waiting_len();
        let admission = if self.is_holding {
            Admission::Wait
        } else {
            let may_go = core.policy.concurrency_limit() as usize;
            let room = self.groups.has_room(group);
            core.policy.overlap_policy().admit(entry.going_len(), waiting, may_go, room)
        };
        match admission {
            Admission::Start => {
                self.groups.started(group);
                self.effects.start(entry, due);
            }
            Admission::Wait => {
                self.groups.wait(group, id);
                entry.wait(due);
            }
            Admission::Replace => {
                for replaced in entry.drain_waiting() {
                    entry.skipped();
                    self.effects.skip(now, &core, replaced, Skip::Replaced);
                }
                self.effects.cancels.extend(entry.cancel_oldest());
                self.groups.wait(group, id);
                entry.wait(due);
            }
            _ => {
                let why = match core.policy.overlap_policy() {
                    Overlap::Skip => Skip::Overlap,
                    _ => Skip::QueueFull,
                };
                entry.skipped();
                self.effects.skip(now, &core, due, why);
            }
        }
    }

    /// Starts runs of the job that wait, as far as there is room.
    fn start_waiting(&mut self, id: JobId) {
        let Some(entry) = self.jobs.get_mut(&id).filter(|_| !self.is_holding) else {
            return;
        };
        let core = entry.core.clone();
        let group = core.policy.group_name();
        while entry.has_room() && self.groups.has_room(group) {
            let Some(due) = entry.next_waiting() else {
                return;
            };
            self.groups.started(group);
            self.effects.start(entry, due);
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
        if self.jobs.get(&id).is_some_and(Entry::is_over) {
            self.remove(id, now);
        }
    }

    /// `job-N`, unless a caller has given that name to another job.
    fn free_name(&self, id: JobId) -> Result<JobName, Error> {
        let mut name = JobName::new(&format!("job-{id}"))?;
        let mut suffix = 1;
        while self.names.contains_key(&name) {
            suffix += 1;
            name = JobName::new(&format!("job-{id}-{suffix}"))?;
        }
        Ok(name)
    }
}

impl Effects {
    fn start(&mut self, entry: &mut Entry, due: Timestamp) {
        let control = entry.start(due);
        let run = RunId { job: entry.core.id, due };
        self.starts.push(Start { core: entry.core.clone(), run, control });
    }

    fn skip(&mut self, now: Timestamp, core: &Core, due: Timestamp, why: Skip) {
        self.tell(now, core, Some(due), EventKind::Skipped { why });
    }

    fn tell(&mut self, at: Timestamp, core: &Core, due: Option<Timestamp>, kind: EventKind) {
        if self.is_heard {
            let (job, name) = (Some(core.id), Some(core.name.clone()));
            self.events.push(Event { at, job, name, due, kind });
        }
    }
}

#[cfg(test)]
mod model;
