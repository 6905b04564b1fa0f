//! Knows the jobs: who they are, when they are due, what came of their last run.
//!
//! # Ground rules
//! - Lives behind the scheduler's lock; no user code runs in here.
//! - A job whose schedule has ended leaves when its last run has ended.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use mainspring_job::{JobId, JobName, Misfire, Onward, Run, RunId, RunState};
use mainspring_schedule::Schedule;

use crate::error::{Error, Kind};
use crate::handler::Handler;
use crate::plan::Plan;
use crate::{Job, JobInfo};

#[derive(Default)]
pub(crate) struct Registry {
    jobs: BTreeMap<JobId, Entry>,
    names: HashMap<JobName, JobId>,
    plan: Plan,
    misfire: Misfire,
    last_id: u64,
}

/// What of a job never changes, shared with its runs.
pub(crate) struct Core {
    pub(crate) id: JobId,
    pub(crate) name: JobName,
    pub(crate) schedule: Schedule,
    pub(crate) handler: Handler,
}

struct Entry {
    core: Arc<Core>,
    running: u32,
    succeeded: u64,
    failed: u64,
    cancelled: u64,
    missed: u64,
    last: Option<Run>,
}

impl Registry {
    pub(crate) fn add(&mut self, job: Job, now: Timestamp) -> Result<JobId, Error> {
        let id = JobId::from_u64(self.last_id + 1);
        let name = match job.name {
            Some(name) => JobName::new(&name)?,
            None => self.free_name(id)?,
        };
        if self.names.contains_key(&name) {
            return Err(Kind::Duplicate(name).into());
        }
        let schedule = job.schedule?.for_name(name.as_str()).anchored_at(now);
        let Some(due) = first_due(&schedule, now, &self.misfire) else {
            return Err(Kind::NeverDue(schedule.to_string()).into());
        };
        self.last_id += 1;
        self.plan.set(id, due);
        self.names.insert(name.clone(), id);
        self.jobs.insert(id, Entry::new(Core { id, name, schedule, handler: job.handler }));
        Ok(id)
    }

    /// Gives back what the caller is to drop outside the lock: a handler's drop is user code.
    /// `None` if there is no such job (any more). Runs in progress go on.
    pub(crate) fn remove(&mut self, id: JobId) -> Option<Arc<Core>> {
        let entry = self.jobs.remove(&id)?;
        self.names.remove(&entry.core.name);
        self.plan.remove(id);
        Some(entry.core)
    }

    pub(crate) fn len(&self) -> usize {
        self.jobs.len()
    }

    /// The next instant at which anything is due.
    pub(crate) fn next_deadline(&mut self) -> Option<Timestamp> {
        self.plan.next_deadline()
    }

    /// Hands the runs that are due at `now` to `start`, for at most `jobs_max` jobs, and plans the
    /// next ones. Says whether more is due.
    pub(crate) fn take_due(
        &mut self,
        now: Timestamp,
        jobs_max: usize,
        mut start: impl FnMut(&Arc<Core>, Timestamp),
    ) -> bool {
        for _ in 0..jobs_max {
            let Some((due, id)) = self.plan.pop_due(now) else {
                return false;
            };
            let Some(entry) = self.jobs.get_mut(&id) else {
                continue;
            };
            let core = &entry.core;
            let running = &mut entry.running;
            let Onward { next, missed, .. } = self.misfire.judge(&core.schedule, due, now, |due| {
                *running += 1;
                start(core, due);
            });
            if missed > 0 {
                tracing::warn!(job = core.name.as_str(), missed, "instants passed unseen");
            }
            entry.missed += missed;
            if let Some(next) = next {
                self.plan.set(id, next);
            }
        }
        self.plan.next_deadline().is_some_and(|due| due <= now)
    }

    /// Keeps what came of a run; its job may be gone, or go with it (see [`remove`](Self::remove)).
    pub(crate) fn ended(&mut self, run: Run) -> Option<Arc<Core>> {
        let id = run.id().job;
        let entry = self.jobs.get_mut(&id)?;
        entry.running -= 1;
        match run.state() {
            RunState::Succeeded => entry.succeeded += 1,
            RunState::Failed => entry.failed += 1,
            _ => entry.cancelled += 1,
        }
        entry.last = Some(run);
        if entry.running > 0 || self.plan.due_of(id).is_some() {
            return None;
        }
        self.remove(id)
    }

    pub(crate) fn infos(&self) -> Vec<JobInfo> {
        self.jobs.values().map(|entry| entry.info(self.plan.due_of(entry.core.id))).collect()
    }

    pub(crate) fn info(&self, id: JobId) -> Option<JobInfo> {
        self.jobs.get(&id).map(|entry| entry.info(self.plan.due_of(id)))
    }

    pub(crate) fn id_of(&self, name: &str) -> Option<JobId> {
        self.names.get(name).copied()
    }

    /// The next `count` runs over all jobs, in order; ties by the jobs' numbers.
    pub(crate) fn next_runs(&self, count: usize) -> Vec<RunId> {
        let mut plan = Plan::default();
        for id in self.jobs.keys() {
            if let Some(due) = self.plan.due_of(*id) {
                plan.set(*id, due);
            }
        }
        let mut runs = Vec::new();
        while runs.len() < count {
            let Some((due, job)) = plan.pop_due(Timestamp::MAX) else {
                break;
            };
            runs.push(RunId { job, due });
            if let Some(next) = self.jobs[&job].core.schedule.next_after(due) {
                plan.set(job, next);
            }
        }
        runs
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

/// A one-shot that has just passed still runs; everything else starts with the next instant, `now`
/// included.
fn first_due(schedule: &Schedule, now: Timestamp, misfire: &Misfire) -> Option<Timestamp> {
    let nanosecond = std::time::Duration::from_nanos(1);
    let back = if schedule.is_once() { misfire.grace() + nanosecond } else { nanosecond };
    schedule.next_after(now.checked_sub(back).unwrap_or(Timestamp::MIN))
}

impl Entry {
    fn new(core: Core) -> Self {
        Self {
            core: Arc::new(core),
            running: 0,
            succeeded: 0,
            failed: 0,
            cancelled: 0,
            missed: 0,
            last: None,
        }
    }

    fn info(&self, next: Option<Timestamp>) -> JobInfo {
        JobInfo {
            id: self.core.id,
            name: self.core.name.clone(),
            schedule: self.core.schedule.clone(),
            next,
            running: self.running,
            succeeded: self.succeeded,
            failed: self.failed,
            cancelled: self.cancelled,
            missed: self.missed,
            last: self.last.clone(),
        }
    }
}
