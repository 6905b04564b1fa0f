//! Asks whatever holds the jobs: a scheduler in memory, or a store.
//!
//! # Ground rules
//! - No question's cost grows with the number of jobs without a bound; who asks for more gets a cursor.
//! - Nothing here is kept that the scheduler or the store keeps, but for ended runs of a scheduler in memory,
//!   which keeps few.

mod memory;
mod ring;
mod stored;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use jiff::Timestamp;
use mainspring_job::store::{Cancelled, RunQuery, Store, StoredRun, Tally};
use mainspring_job::{JobName, RunId, RunState};
use mainspring_schedule::Schedule;
use mainspring_scheduler::{Event, Events, Scheduler, StoreScheduler};

use crate::refusal::Answer;
use memory::Memory;
use stored::Stored;

/// So many of a job's last runs are shown.
pub(crate) const RECENT: usize = 20;

/// So many jobs are looked at, at most, for one page of those that somebody searches for.
pub(crate) const SCAN_MAX: usize = 20_000;

/// What a dashboard shows: a scheduler in memory, a node of a store, or a store alone.
///
/// ```
/// use mainspring_dashboard::Source;
/// use mainspring_scheduler::Scheduler;
///
/// let scheduler = Scheduler::new();
/// let source = Source::from(scheduler);
/// # let _ = source;
/// ```
#[derive(Clone)]
pub struct Source(pub(crate) Arc<dyn Ask>);

impl From<Scheduler> for Source {
    fn from(scheduler: Scheduler) -> Self {
        Self(Arc::new(Memory::new(scheduler)))
    }
}

impl From<StoreScheduler> for Source {
    /// The store's jobs and runs, of all nodes; ticks are this node's.
    fn from(scheduler: StoreScheduler) -> Self {
        Self(Arc::new(Stored::of_node(scheduler)))
    }
}

impl From<Arc<dyn Store>> for Source {
    /// A store that other processes run.
    fn from(store: Arc<dyn Store>) -> Self {
        Self(Arc::new(Stored::alone(store)))
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("kind", &self.0.kind()).finish_non_exhaustive()
    }
}

/// An answer to be awaited.
pub(crate) type Asked<'a, T> = Pin<Box<dyn Future<Output = Answer<T>> + Send + 'a>>;

/// The questions that a dashboard has.
pub(crate) trait Ask: Send + Sync + 'static {
    /// What keeps the jobs, unless the builder says it better.
    fn kind(&self) -> &'static str;

    /// The name of the node in this process.
    fn node(&self) -> Option<&str>;

    /// The wall clock by which jobs are due.
    fn now(&self) -> Timestamp;

    fn tally(&self) -> Asked<'_, Tally>;

    fn jobs<'a>(&'a self, page: &'a Page) -> Asked<'a, Found>;

    fn job<'a>(&'a self, name: &'a str) -> Asked<'a, Option<JobView>>;

    /// The last [`RECENT`] ended runs of each job, the last one first; of those, the first has its error.
    fn recent<'a>(&'a self, jobs: &'a [JobView]) -> Asked<'a, Vec<Vec<StoredRun>>>;

    fn runs<'a>(&'a self, query: &'a RunQuery) -> Asked<'a, Vec<StoredRun>>;

    /// The jobs that are due by `until`, the earliest first.
    fn due_by(&self, until: Timestamp, limit: usize) -> Asked<'_, Vec<JobView>>;

    /// `None` if there is no such job.
    fn trigger<'a>(&'a self, name: &'a str) -> Asked<'a, Option<RunId>>;

    /// `false` if there is no such job.
    fn pause<'a>(&'a self, name: &'a str) -> Asked<'a, bool>;

    /// `false` if there is no such job.
    fn resume<'a>(&'a self, name: &'a str) -> Asked<'a, bool>;

    fn cancel(&self, run: RunId) -> Asked<'_, Cancelled>;

    /// What happens in this process.
    fn events(&self) -> Option<Events>;

    /// Hears each of its events.
    fn heard(&self, event: &Event);

    /// Some events were lost, or are yet to be caught up with.
    fn catch_up(&self);

    /// The store, whose other nodes tell no events here.
    fn store(&self) -> Option<&Arc<dyn Store>>;
}

/// Which jobs somebody wants to see, by their names.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    /// In lower case; empty for all.
    pub(crate) search: String,
    pub(crate) only: Only,
    pub(crate) after: Option<String>,
    pub(crate) limit: usize,
}

impl Page {
    fn has(&self, name: &str) -> bool {
        self.search.is_empty() || name.to_lowercase().contains(&self.search)
    }

    fn comes_after(&self, name: &str) -> bool {
        self.after.as_deref().is_none_or(|after| name > after)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Only {
    All,
    Running,
    Paused,
    /// Whose last run failed or took too long.
    Failing,
}

/// A page of jobs.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) jobs: Vec<JobView>,
    /// Where the next page begins, if there may be one.
    pub(crate) next: Option<String>,
}

/// A job as it stands.
#[derive(Clone, Debug)]
pub(crate) struct JobView {
    pub(crate) name: JobName,
    pub(crate) handler: JobName,
    /// The schedule's text; empty for none.
    pub(crate) text: String,
    /// The schedule, or why it cannot be read.
    pub(crate) schedule: Result<Option<Schedule>, String>,
    pub(crate) is_paused: bool,
    pub(crate) next: Option<Timestamp>,
    pub(crate) running: u64,
    pub(crate) waiting: u64,
    pub(crate) queue: String,
    pub(crate) revision: Option<u64>,
}

fn is_failure(state: RunState) -> bool {
    matches!(state, RunState::Failed | RunState::TimedOut)
}
