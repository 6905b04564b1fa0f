//! Asks a store what it keeps.

use jiff::Timestamp;

use super::{Fence, StoredJob};
use crate::{JobName, RunId, RunState};

/// Which jobs to read: all, in the order of their names' bytes, a page at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobQuery {
    /// Only this one.
    pub name: Option<String>,
    /// Only those whose names come after this one.
    pub after: Option<String>,
    /// At most so many.
    pub limit: usize,
}

impl JobQuery {
    /// The first `limit` jobs.
    pub fn first(limit: usize) -> Self {
        Self { name: None, after: None, limit }
    }

    /// The job of that name.
    pub fn named(name: &str) -> Self {
        Self { name: Some(name.to_owned()), after: None, limit: 1 }
    }

    /// Those after `name`: the next page.
    pub fn after(self, name: &str) -> Self {
        Self { after: Some(name.to_owned()), ..self }
    }
}

/// Which runs to read: of the live ones (due or running) those due first, of the ended ones those
/// that ended last, the last one first.
///
/// ```
/// use mainspring_job::RunState;
/// use mainspring_job::store::RunQuery;
///
/// # async fn example(store: &dyn mainspring_job::store::Store) -> Result<(), Box<dyn std::error::Error>> {
/// let failed = RunQuery::history(50).named("email").in_state(RunState::Failed);
/// let mut page = store.runs(&failed).await?;
/// while let Some(last) = page.last() {
///     page = store.runs(&failed.clone().after(last)).await?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunQuery {
    /// Ended runs, or live ones.
    pub ended: bool,
    /// Only of the job, or of the work for the handler, of that name.
    pub name: Option<String>,
    /// Only this one.
    pub id: Option<RunId>,
    /// Only in this state.
    pub state: Option<RunState>,
    /// Only ended runs that come after this one, by its end and its identity: the next page.
    pub after: Option<(Timestamp, RunId)>,
    /// At most so many.
    pub limit: usize,
    /// Whether errors and outputs are read too, which may be long; without, they are `None`.
    pub with_texts: bool,
}

impl RunQuery {
    /// The `limit` live runs that are due first.
    pub fn live(limit: usize) -> Self {
        let (name, id, state, after) = (None, None, None, None);
        Self { ended: false, name, id, state, after, limit, with_texts: true }
    }

    /// The `limit` runs that ended last.
    pub fn history(limit: usize) -> Self {
        Self { ended: true, ..Self::live(limit) }
    }

    /// Of that name.
    pub fn named(self, name: &str) -> Self {
        Self { name: Some(name.to_owned()), ..self }
    }

    /// This one.
    pub fn run(self, id: RunId) -> Self {
        Self { id: Some(id), ..self }
    }

    /// In this state.
    pub fn in_state(self, state: RunState) -> Self {
        Self { state: Some(state), ..self }
    }

    /// Without errors and outputs: for who asks for many runs and shows when they were.
    pub fn without_texts(self) -> Self {
        Self { with_texts: false, ..self }
    }

    /// Those after `last`, the last ended run of the page before.
    pub fn after(self, last: &StoredRun) -> Self {
        Self { after: last.ended.map(|ended| (ended, last.id)), ..self }
    }
}

/// A run as a store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRun {
    /// Which run.
    pub id: RunId,
    /// The job's name, or the handler's where there is no job.
    pub name: JobName,
    /// Where it stands.
    pub state: RunState,
    /// How often it was claimed and not released.
    pub attempt: u32,
    /// The number of its last claim.
    pub fence: Option<Fence>,
    /// The node that has it, or had it last.
    pub node: Option<String>,
    /// Where it lines up, or did.
    pub queue: JobName,
    /// Its priority.
    pub priority: i16,
    /// Not to be claimed before; for one that was claimed, since when it could be.
    pub at: Timestamp,
    /// When it was last claimed.
    pub started: Option<Timestamp>,
    /// When its lease ends, while it runs.
    pub lease_until: Option<Timestamp>,
    /// When it ended for good.
    pub ended: Option<Timestamp>,
    /// What went wrong, the last time that anything did.
    pub error: Option<String>,
    /// What came out.
    pub output: Option<String>,
}

/// How much there is in a store, and who has what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many jobs.
    pub jobs: u64,
    /// How many of them are paused.
    pub paused: u64,
    /// How many runs are due and not claimed, those that may not be claimed yet included.
    pub due: u64,
    /// The nodes that hold runs, by their names' bytes.
    pub holders: Vec<Holder>,
}

/// A node that holds runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its name.
    pub node: String,
    /// How many runs.
    pub running: u64,
    /// When the first of their leases ends; in the past if the node has fallen silent.
    pub lease_until: Option<Timestamp>,
}

impl Tally {
    /// How many runs are claimed.
    pub fn running(&self) -> u64 {
        self.holders.iter().map(|holder| holder.running).sum()
    }

    /// Counts one more job.
    pub(crate) fn count_job(&mut self, job: &StoredJob) {
        self.jobs += 1;
        self.paused += u64::from(job.is_paused);
    }

    /// Counts one more live run.
    pub(crate) fn count_run(&mut self, run: &StoredRun) {
        if run.state == RunState::Due {
            self.due += 1;
            return;
        }
        let node = run.node.as_deref().unwrap_or_default();
        let found = self.holders.binary_search_by(|holder| holder.node.as_str().cmp(node));
        let place = found.unwrap_or_else(|place| {
            let holder = Holder { node: node.to_owned(), running: 0, lease_until: None };
            self.holders.insert(place, holder);
            place
        });
        let holder = &mut self.holders[place];
        holder.running += 1;
        holder.lease_until = [holder.lease_until, run.lease_until].into_iter().flatten().min();
    }
}

/// Which ended runs to forget.
///
/// ```
/// use mainspring_job::store::Prune;
///
/// # async fn example(store: &dyn mainspring_job::store::Store) -> Result<(), Box<dyn std::error::Error>> {
/// let which = Prune { ended_before: "2026-01-01T00:00:00Z".parse()?, keep: 10, limit: 1000 };
/// while store.prune(&which).await? == 1000 {}
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prune {
    /// Only those that ended before then.
    pub ended_before: Timestamp,
    /// The so many last ones of each name stay.
    pub keep: u32,
    /// At most so many at once, so that no lock is held for long.
    pub limit: usize,
}

/// When a scheduler that has nothing to do needs to look again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NextWake {
    /// When a job is next due, in the past if one is.
    pub job_due: Option<Timestamp>,
    /// When a run that cannot be claimed yet can be.
    pub run_ready: Option<Timestamp>,
    /// When the next lease ends, in the past if one has.
    pub lease_ends: Option<Timestamp>,
}

impl NextWake {
    /// The earliest of them.
    pub fn earliest(self) -> Option<Timestamp> {
        [self.job_due, self.run_ready, self.lease_ends].into_iter().flatten().min()
    }
}
