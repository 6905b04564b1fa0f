//! Holds the tables of a store in memory, and their indexes.
//!
//! # Ground rules
//! - A live run is in `runs`, and in `lanes` while due or in `leases` while running. One that ended is in
//!   `history` alone.
//! - A change of a run's state asks `may_become`, here and nowhere else.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

use super::lanes::Lanes;
use crate::store::{
    Fence, NextWake, Prune, RunQuery, StoredJob, StoredRun, Tally, from_micros, to_micros,
};
use crate::{JobId, JobName, RunId, RunState};

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) jobs: HashMap<JobId, Job>,
    pub(super) names: BTreeMap<JobName, JobId>,
    /// The jobs that are due some time.
    pub(super) due: BTreeSet<(Timestamp, JobId)>,
    pub(super) last_job: u64,
    pub(super) last_fence: u64,
    pub(super) runs: BTreeMap<RunId, Live>,
    pub(super) lanes: Lanes,
    pub(super) leases: BTreeSet<(Timestamp, RunId)>,
    pub(super) unique: HashMap<(JobName, String), RunId>,
    pub(super) limits: HashMap<String, u32>,
    pub(super) running: HashMap<JobName, u32>,
    history: BTreeMap<RunId, StoredRun>,
    by_end: BTreeSet<(Timestamp, RunId)>,
}

#[derive(Debug)]
pub(super) struct Job {
    pub(super) job: StoredJob,
    pub(super) runs_max: Option<u32>,
}

/// A run that has not ended, with what a claim is given.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) run: StoredRun,
    pub(super) handler: JobName,
    pub(super) payload: Option<String>,
    pub(super) policy: String,
    pub(super) unique: Option<String>,
    pub(super) runs_max: Option<u32>,
    pub(super) is_cancel_wanted: bool,
}

impl State {
    /// Adds a run that is due.
    pub(super) fn insert(&mut self, live: Live) {
        let StoredRun { id, at, priority, ref queue, .. } = live.run;
        self.lanes.insert(queue, priority, at, id);
        if let Some(key) = &live.unique {
            self.unique.insert((live.handler.clone(), key.clone()), id);
        }
        self.runs.insert(id, live);
    }

    /// Whether there is or was a run for that instant.
    pub(super) fn knows(&self, run: RunId) -> bool {
        self.runs.contains_key(&run) || self.history.contains_key(&run)
    }

    /// A due run becomes the node's.
    pub(super) fn start(&mut self, id: RunId, node: &str, now: Timestamp, until: Timestamp) {
        let Some(live) = self.runs.get_mut(&id) else {
            return;
        };
        if !live.run.state.may_become(RunState::Running) {
            return;
        }
        let run = &mut live.run;
        self.lanes.remove(&run.queue, run.priority, run.at, id);
        self.leases.insert((until, id));
        *self.running.entry(run.queue.clone()).or_default() += 1;
        self.last_fence += 1;
        run.state = RunState::Running;
        run.fence = Some(Fence::from_u64(self.last_fence));
        run.node = Some(node.to_owned());
        run.attempt += 1;
        run.started = Some(now);
        run.lease_until = Some(until);
    }

    /// A running run is due again, at `at`.
    pub(super) fn back_to_due(&mut self, id: RunId, at: Timestamp) {
        let Some(live) = self.runs.get_mut(&id) else {
            return;
        };
        if !live.run.state.may_become(RunState::Due) {
            return;
        }
        let run = &mut live.run;
        if let Some(until) = run.lease_until.take() {
            self.leases.remove(&(until, id));
        }
        if let Some(running) = self.running.get_mut(&run.queue) {
            *running -= 1;
        }
        run.state = RunState::Due;
        run.at = at;
        self.lanes.insert(&run.queue, run.priority, at, id);
    }

    /// A live run ends for good.
    pub(super) fn end(
        &mut self,
        id: RunId,
        state: RunState,
        now: Timestamp,
        tell: impl FnOnce(&mut StoredRun),
    ) {
        if !self.runs.get(&id).is_some_and(|live| live.run.state.may_become(state)) {
            return;
        }
        let Some(Live { mut run, handler, unique, .. }) = self.runs.remove(&id) else {
            return;
        };
        match run.lease_until.take() {
            Some(until) => {
                self.leases.remove(&(until, id));
                if let Some(running) = self.running.get_mut(&run.queue) {
                    *running -= 1;
                }
            }
            None => self.lanes.remove(&run.queue, run.priority, run.at, id),
        }
        if let Some(key) = unique {
            self.unique.remove(&(handler, key));
        }
        run.state = state;
        run.ended = Some(now);
        tell(&mut run);
        self.keep(run);
    }

    /// Puts an ended run into the history.
    pub(super) fn keep(&mut self, run: StoredRun) {
        if let Some(ended) = run.ended {
            self.by_end.insert((ended, run.id));
            self.history.insert(run.id, run);
        }
    }

    pub(super) fn ended(&self, id: RunId) -> Option<&StoredRun> {
        self.history.get(&id)
    }

    /// The live runs of a job.
    pub(super) fn runs_of(&self, job: JobId) -> impl Iterator<Item = &Live> {
        let (first, last) = (Timestamp::MIN, Timestamp::MAX);
        self.runs.range(RunId { job, due: first }..=RunId { job, due: last }).map(|(_, live)| live)
    }

    pub(super) fn runs_of_mut(&mut self, job: JobId) -> impl Iterator<Item = &mut Live> {
        let (first, last) = (Timestamp::MIN, Timestamp::MAX);
        let range = RunId { job, due: first }..=RunId { job, due: last };
        self.runs.range_mut(range).map(|(_, live)| live)
    }

    pub(super) fn runs(&self, query: &RunQuery) -> Vec<StoredRun> {
        let fits = |run: &&StoredRun| {
            query.name.as_deref().is_none_or(|name| run.name.as_str() == name)
                && query.id.is_none_or(|id| run.id == id)
                && query.state.is_none_or(|state| run.state == state)
        };
        let read = |run: &StoredRun| {
            let (error, output) = if query.with_texts {
                (run.error.clone(), run.output.clone())
            } else {
                (None, None)
            };
            let (name, node, queue) = (run.name.clone(), run.node.clone(), run.queue.clone());
            StoredRun { name, node, queue, error, output, ..*run }
        };
        if !query.ended {
            let mut runs: Vec<_> = self.runs.values().map(|live| &live.run).filter(fits).collect();
            runs.sort_unstable_by_key(|run| (run.id.due, run.id.job));
            runs.truncate(query.limit);
            return runs.into_iter().map(read).collect();
        }
        let ended = self.by_end.iter().rev();
        ended
            .filter(|place| query.after.is_none_or(|after| **place < after))
            .filter_map(|(_, id)| self.history.get(id))
            .filter(fits)
            .take(query.limit)
            .map(read)
            .collect()
    }

    pub(super) fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        self.jobs.values().for_each(|job| tally.count_job(&job.job));
        self.runs.values().for_each(|live| tally.count_run(&live.run));
        tally
    }

    pub(super) fn prune(&mut self, which: &Prune) -> u64 {
        let mut later: HashMap<&JobName, u32> = HashMap::new();
        let mut forget = Vec::new();
        for (ended, id) in self.by_end.iter().rev() {
            let Some(run) = self.history.get(id) else {
                continue;
            };
            let later = later.entry(&run.name).or_default();
            if *later >= which.keep && *ended < which.ended_before {
                forget.push((*ended, *id));
            }
            *later = later.saturating_add(1);
        }
        let first = forget.into_iter().rev().take(which.limit);
        let mut count = 0;
        for (ended, id) in first.collect::<Vec<_>>() {
            self.by_end.remove(&(ended, id));
            self.history.remove(&id);
            count += 1;
        }
        count
    }

    pub(super) fn next_wake(&self, now: Timestamp) -> NextWake {
        NextWake {
            job_due: self.due.first().map(|(due, _)| *due),
            run_ready: self.lanes.next_after(now),
            lease_ends: self.leases.first().map(|(until, _)| *until),
        }
    }
}

/// `at` and so much later; beyond the calendar's end it is that.
pub(super) fn later(at: Timestamp, by: std::time::Duration) -> Timestamp {
    let micros = i64::try_from(by.as_nanos().div_ceil(1000)).unwrap_or(i64::MAX);
    from_micros(to_micros(at).saturating_add(micros))
}
