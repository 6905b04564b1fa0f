//! Keeps jobs, moves them on, and adds work.

use jiff::Timestamp;

use super::state::{Job, Live, State};
use crate::store::{
    Advance, Advanced, Enqueued, JobDraft, JobQuery, Planned, StoreError, StoreErrorKind,
    StoredJob, StoredRun, Upserted, Work, whole_micros,
};
use crate::{JobId, RunId, RunState};

impl State {
    pub(super) fn upsert(&mut self, draft: &JobDraft) -> Upserted {
        let Some(id) = self.names.get(&draft.name).copied() else {
            self.last_job += 1;
            let id = JobId::from_u64(self.last_job);
            self.names.insert(draft.name.clone(), id);
            let job = stored(draft, id);
            self.due.extend(job.next_due.map(|due| (due, id)));
            self.jobs.insert(id, Job { job, runs_max: draft.runs_max() });
            return Upserted::Added(id);
        };
        let Some(Job { job: old, runs_max }) = self.jobs.get_mut(&id) else {
            return Upserted::Older(id);
        };
        if draft.revision < old.revision {
            return Upserted::Older(id);
        }
        let mut new = stored(draft, id);
        if new.schedule == old.schedule {
            (new.next_due, new.anchor) = (old.next_due, old.anchor);
        }
        (new.version, new.is_paused) = (old.version, old.is_paused);
        if new.is_paused {
            new.next_due = None;
        }
        if new == *old {
            return Upserted::Same(id);
        }
        new.version += 1;
        if let Some(due) = old.next_due {
            self.due.remove(&(due, id));
        }
        self.due.extend(new.next_due.map(|due| (due, id)));
        *runs_max = draft.runs_max();
        *old = new;
        Upserted::Changed(id)
    }

    pub(super) fn jobs(&self, query: &JobQuery) -> Vec<StoredJob> {
        let fits = |name: &str| {
            query.name.as_deref().is_none_or(|wanted| wanted == name)
                && query.after.as_deref().is_none_or(|after| name > after)
        };
        let ids = self.names.iter().filter(|(name, _)| fits(name.as_str()));
        ids.take(query.limit).filter_map(|(_, id)| self.counted(*id)).collect()
    }

    pub(super) fn due_jobs(&self, until: Timestamp, limit: usize) -> Vec<StoredJob> {
        let due = self.due.iter().take_while(|(due, _)| *due <= until).take(limit);
        due.filter_map(|(_, id)| self.counted(*id)).collect()
    }

    pub(super) fn remove(&mut self, name: &str, now: Timestamp) -> bool {
        let Some(id) = self.names.remove(name) else {
            return false;
        };
        if let Some(due) = self.jobs.remove(&id).and_then(|job| job.job.next_due) {
            self.due.remove(&(due, id));
        }
        let waiting = self.runs_of(id).filter(|live| live.run.state == RunState::Due);
        for run in waiting.map(|live| live.run.id).collect::<Vec<_>>() {
            self.end(run, RunState::Cancelled, now, |_| {});
        }
        // What goes on has no job any more whose limit it could count for.
        for live in self.runs_of_mut(id) {
            live.runs_max = None;
        }
        true
    }

    pub(super) fn advance(
        &mut self,
        steps: &[Advance],
        now: Timestamp,
    ) -> Result<Vec<Advanced>, StoreError> {
        let plans = steps.iter().flat_map(|step| &step.runs);
        if let Some(plan) = plans.clone().find(|plan| !plan.is_possible()) {
            let text = format!("a new run cannot be {}; allowed: due, skipped, missed", plan.state);
            return Err(StoreError::new(StoreErrorKind::Refused, text));
        }
        Ok(steps.iter().map(|step| self.step(step, now)).collect())
    }

    pub(super) fn enqueue(&mut self, work: &Work, now: Timestamp) -> Enqueued {
        let key = work.unique.clone().map(|key| (work.handler.clone(), key));
        if let Some(run) = key.as_ref().and_then(|key| self.unique.get(key)) {
            return Enqueued::Exists(*run);
        }
        self.last_job += 1;
        let at = work.at.map_or(now, whole_micros);
        let id = RunId { job: JobId::from_u64(self.last_job), due: at };
        self.insert(Live {
            run: StoredRun {
                name: work.handler.clone(),
                queue: work.queue.clone(),
                priority: work.priority,
                ..due_run(id, &work.handler)
            },
            handler: work.handler.clone(),
            payload: work.payload.clone(),
            policy: work.policy.to_string(),
            unique: work.unique.clone(),
            runs_max: None,
            is_cancel_wanted: false,
        });
        Enqueued::Added(id)
    }

    fn step(&mut self, step: &Advance, now: Timestamp) -> Advanced {
        let Some(Job { job, runs_max }) = self.jobs.get_mut(&step.job) else {
            return Advanced::Conflict;
        };
        if job.version != step.version {
            return Advanced::Conflict;
        }
        if let Some(due) = job.next_due {
            self.due.remove(&(due, job.id));
        }
        job.version += 1;
        job.is_paused = step.is_paused;
        job.next_due = step.next.map(whole_micros).filter(|_| !step.is_paused);
        self.due.extend(job.next_due.map(|due| (due, job.id)));
        let (job, runs_max) = (job.clone(), *runs_max);
        let mut runs = 0;
        for plan in &step.runs {
            let id = RunId { job: job.id, due: whole_micros(plan.due) };
            if self.knows(id) {
                continue;
            }
            runs += 1;
            self.plan(plan, &job, runs_max, id, now);
        }
        Advanced::Done { runs }
    }

    fn plan(
        &mut self,
        plan: &Planned,
        job: &StoredJob,
        runs_max: Option<u32>,
        id: RunId,
        now: Timestamp,
    ) {
        let run = StoredRun {
            queue: job.queue.clone(),
            priority: job.priority,
            at: id.due.min(now),
            ..due_run(id, &job.name)
        };
        if plan.state.is_final() {
            let error = plan.note.clone();
            return self.keep(StoredRun { state: plan.state, ended: Some(now), error, ..run });
        }
        self.insert(Live {
            run,
            handler: job.handler.clone(),
            payload: job.payload.clone(),
            policy: job.policy.clone(),
            unique: None,
            runs_max,
            is_cancel_wanted: false,
        });
    }

    fn counted(&self, id: JobId) -> Option<StoredJob> {
        let mut job = self.jobs.get(&id)?.job.clone();
        for live in self.runs_of(id) {
            match live.run.state {
                RunState::Running => job.running += 1,
                _ => job.waiting += 1,
            }
        }
        Some(job)
    }
}

fn stored(draft: &JobDraft, id: JobId) -> StoredJob {
    StoredJob {
        id,
        name: draft.name.clone(),
        handler: draft.handler.clone(),
        schedule: draft.schedule_text(),
        anchor: whole_micros(draft.anchor),
        payload: draft.payload.clone(),
        policy: draft.policy.to_string(),
        queue: draft.queue.clone(),
        priority: draft.priority,
        revision: draft.revision,
        version: 1,
        is_paused: false,
        next_due: draft.next_due.map(whole_micros),
        running: 0,
        waiting: 0,
    }
}

fn due_run(id: RunId, name: &crate::JobName) -> StoredRun {
    StoredRun {
        id,
        name: name.clone(),
        state: RunState::Due,
        attempt: 0,
        fence: None,
        node: None,
        queue: crate::JobName::default_queue(),
        priority: 0,
        at: id.due,
        started: None,
        lease_until: None,
        ended: None,
        error: None,
        output: None,
    }
}
