//! Remembers the runs of a scheduler in memory that ended last, from its events.

use std::collections::{HashMap, HashSet, VecDeque};

use jiff::Timestamp;
use mainspring_job::store::{RunQuery, StoredRun};
use mainspring_job::{JobName, Run, RunId, RunState};
use mainspring_scheduler::{Event, EventKind};

use super::RECENT;

/// So many ended runs are kept, over all jobs.
const ENDED_MAX: usize = 10_000;

/// So many bytes are kept of an error.
const ERROR_BYTES_MAX: usize = 16 * 1024;

#[derive(Default)]
pub(super) struct Ring {
    /// The one that ended first first.
    ended: VecDeque<StoredRun>,
    known: HashSet<RunId>,
    going: HashMap<RunId, Attempt>,
}

/// When the last attempt of a run began, and which it is.
#[derive(Clone, Copy)]
pub(super) struct Attempt {
    pub(super) started: Timestamp,
    pub(super) number: u32,
}

impl Ring {
    pub(super) fn heard(&mut self, event: &Event) {
        let (Some(job), Some(name), Some(due)) = (event.job, &event.name, event.due) else {
            return;
        };
        let (id, error) = (RunId { job, due }, |error: &str| Some(head(error)));
        let (state, error) = match &event.kind {
            EventKind::Started { attempt } => {
                self.going.insert(id, Attempt { started: event.at, number: *attempt });
                return;
            }
            EventKind::Succeeded => (RunState::Succeeded, None),
            EventKind::Failed { error: text } => (RunState::Failed, error(text)),
            EventKind::TimedOut => (RunState::TimedOut, error("it took too long")),
            EventKind::Cancelled => (RunState::Cancelled, None),
            EventKind::Skipped { .. } => (RunState::Skipped, None),
            _ => return,
        };
        let attempt = self.going.remove(&id);
        let mut run = blank(id, name.clone(), state);
        run.attempt = attempt.map_or(0, |attempt| attempt.number);
        run.started = attempt.map(|attempt| attempt.started);
        run.ended = Some(event.at);
        run.error = error;
        self.push(run);
    }

    /// Adds what the scheduler remembers and this does not, and forgets attempts of runs that are over.
    pub(super) fn catch_up(&mut self, history: Vec<(JobName, Run)>, live: &HashSet<RunId>) {
        self.going.retain(|id, _| live.contains(id));
        for (name, run) in history {
            if self.known.contains(&run.id()) {
                continue;
            }
            let mut ended = blank(run.id(), name, run.state());
            ended.attempt = run.attempt();
            ended.started = run.started();
            ended.ended = run.ended();
            ended.error = run.error().map(head);
            self.push(ended);
        }
        self.ended.make_contiguous().sort_by_key(|run| (run.ended, run.id));
    }

    pub(super) fn attempt(&self, id: RunId) -> Option<Attempt> {
        self.going.get(&id).copied()
    }

    /// Ended runs, the last one first.
    pub(super) fn runs(&self, query: &RunQuery) -> Vec<StoredRun> {
        let fits = |run: &&StoredRun| {
            query.name.as_deref().is_none_or(|name| run.name.as_str() == name)
                && query.id.is_none_or(|id| run.id == id)
                && query.state.is_none_or(|state| run.state == state)
                && query.after.is_none_or(|after| place(run) < Some(after))
        };
        let mut found: Vec<&StoredRun> = self.ended.iter().filter(fits).collect();
        found.sort_by_key(|run| std::cmp::Reverse(place(run)));
        found.into_iter().take(query.limit).cloned().collect()
    }

    /// The last runs of each of these jobs, the last one first.
    pub(super) fn recent(&self, jobs: &[JobName]) -> Vec<Vec<StoredRun>> {
        let mut places: HashMap<&JobName, usize> = HashMap::new();
        for (place, name) in jobs.iter().enumerate() {
            places.insert(name, place);
        }
        let mut recent = vec![Vec::new(); jobs.len()];
        for run in self.ended.iter().rev() {
            if let Some(place) = places.get(&run.name)
                && recent[*place].len() < RECENT
            {
                recent[*place].push(run.clone());
            }
        }
        recent
    }

    fn push(&mut self, run: StoredRun) {
        if !self.known.insert(run.id) {
            return;
        }
        self.ended.push_back(run);
        if self.ended.len() > ENDED_MAX
            && let Some(first) = self.ended.pop_front()
        {
            self.known.remove(&first.id);
        }
    }
}

/// A run of which nothing else is known.
pub(super) fn blank(id: RunId, name: JobName, state: RunState) -> StoredRun {
    let queue = JobName::new("default").expect("a name");
    StoredRun {
        id,
        name,
        state,
        attempt: 0,
        fence: None,
        node: None,
        queue,
        priority: 0,
        at: id.due,
        started: None,
        lease_until: None,
        ended: None,
        error: None,
        output: None,
    }
}

fn place(run: &StoredRun) -> Option<(Timestamp, RunId)> {
    run.ended.map(|ended| (ended, run.id))
}

fn head(text: &str) -> String {
    text[..text.floor_char_boundary(ERROR_BYTES_MAX)].to_owned()
}
