//! Carries out what users want of their jobs: adding, removing, pausing, triggering.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use mainspring_job::{JobId, JobName, RunId};
use mainspring_schedule::Schedule;

use super::{CORRECTION, Engine};
use crate::Job;
use crate::core::{Core, default_name};
use crate::entry::{Cancel, Entry, first_due};
use crate::error::{Error, Kind};
use crate::event::{EventKind, Skip};

impl Engine {
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
        self.effects.tally.added();
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
            Some(name) => Some(self.free_name(name)?),
            None => self.other_name(id)?,
        };
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
        // A clock that was set back comes to instants again that have had their run.
        let instant = SignedDuration::from_nanos(1);
        let done = entry.latest_due().filter(|due| due.duration_since(now) < CORRECTION);
        let from =
            done.and_then(|due| due.checked_add(instant).ok()).map_or(now, |next| next.max(now));
        let schedule = of_job(&entry.core, schedule, from);
        let grace = entry.core.policy().misfire_policy().grace_limit();
        let due = first_due(&schedule, from, grace)?;
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

    /// `false` if there is no such run that has not ended.
    pub(crate) fn cancel(&mut self, run: RunId, now: Timestamp) -> bool {
        let Some(entry) = self.jobs.get_mut(run.job) else {
            return false;
        };
        match entry.cancel(run.due) {
            Some(Cancel::Ask(control)) => self.effects.cancels.push(control),
            Some(Cancel::Done) => {
                self.effects.tell(now, &entry.core, Some(run.due), EventKind::Cancelled);
                self.remove_if_over(run.job, now);
            }
            None => return false,
        }
        true
    }

    /// Makes a group or gives it another limit.
    pub(crate) fn limit_group(&mut self, name: &str, limit: usize) {
        self.groups.limit(name, limit);
        self.start_waiting_of_group(Some(name));
    }

    fn free_name(&self, name: &str) -> Result<JobName, Error> {
        let name = JobName::new(name)?;
        match self.jobs.find(name.as_str()) {
            Some(_) => Err(Kind::Duplicate(name).into()),
            None => Ok(name),
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
