//! What a store holds at one moment, and what follows from it: who holds runs, how fast they end.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use mainspring_job::store::{JobQuery, RunQuery, Store, StoreError, StoredJob, StoredRun};
use mainspring_job::{JobName, RunState};

/// So many jobs are shown, the first ones by their names.
pub(super) const JOBS_MAX: usize = 2000;

/// So many live runs, and as many that have ended, are looked at.
pub(super) const RUNS_MAX: usize = 500;

/// What is called the last minute.
const MINUTE: SignedDuration = SignedDuration::from_secs(60);

#[derive(Clone, Debug)]
pub(super) struct Snapshot {
    /// The store's clock.
    pub(super) now: Timestamp,
    pub(super) jobs: Vec<StoredJob>,
    /// The runs that are due or go on, those due first first.
    pub(super) live: Vec<StoredRun>,
    /// The runs that have ended, the last one first.
    pub(super) history: Vec<StoredRun>,
}

impl Snapshot {
    /// Asks the store.
    pub(super) async fn read(store: &dyn Store) -> Result<Self, StoreError> {
        Ok(Self {
            now: store.now().await?,
            jobs: store.jobs(&JobQuery::first(JOBS_MAX)).await?,
            live: store.runs(&RunQuery::live(RUNS_MAX)).await?,
            history: store.runs(&RunQuery::history(RUNS_MAX)).await?,
        })
    }

    /// How the last runs of each name ended.
    pub(super) fn recent(&self) -> HashMap<&JobName, Recent> {
        let mut recent: HashMap<&JobName, Recent> = HashMap::new();
        for run in &self.history {
            recent.entry(&run.name).or_default().take(run);
        }
        recent
    }

    /// How much ended in the last minute.
    pub(super) fn rate(&self) -> Rate {
        let since = self.now.checked_sub(MINUTE).unwrap_or(Timestamp::MIN);
        let lately = self.history.iter().filter(|run| run.ended.is_some_and(|at| at > since));
        let mut rate = Rate::default();
        for run in lately {
            rate.ended += 1;
            rate.failed += usize::from(is_bad(run.state));
        }
        rate.is_more = rate.ended == RUNS_MAX;
        rate
    }

    /// The nodes that hold runs, and those whose runs ended lately, by their names.
    pub(super) fn nodes(&self) -> Vec<Node> {
        let mut nodes: BTreeMap<&str, Node> = BTreeMap::new();
        for run in self.live.iter().chain(&self.history) {
            let Some(name) = run.node.as_deref() else {
                continue;
            };
            let node = nodes.entry(name).or_insert_with(|| Node::new(name));
            match run.state {
                RunState::Running => {
                    node.holds += 1;
                    let leases = [node.lease_until, run.lease_until];
                    node.lease_until = leases.into_iter().flatten().min();
                }
                state if state.is_final() => {
                    node.ended += 1;
                    node.failed += usize::from(is_bad(state));
                    node.last = node.last.max(run.ended);
                }
                _ => {}
            }
        }
        nodes.into_values().collect()
    }
}

/// What became of a name's last runs.
#[derive(Clone, Debug, Default)]
pub(super) struct Recent {
    /// How long they took, the last one first.
    pub(super) took: Vec<Duration>,
    pub(super) last: Option<RunState>,
    succeeded: usize,
    failed: usize,
}

impl Recent {
    fn take(&mut self, run: &StoredRun) {
        self.last = self.last.or(Some(run.state));
        self.took.extend(took(run));
        match run.state {
            RunState::Succeeded => self.succeeded += 1,
            state if is_bad(state) => self.failed += 1,
            _ => {}
        }
    }

    /// In percent, rounded down: 100 is all of them.
    pub(super) fn success(&self) -> Option<usize> {
        (self.succeeded * 100).checked_div(self.succeeded + self.failed)
    }
}

/// How much ended in the last minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rate {
    pub(super) ended: usize,
    pub(super) failed: usize,
    /// Whether it was more than was looked at.
    pub(super) is_more: bool,
}

/// A node, as far as its runs tell.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) name: String,
    /// How many runs it holds.
    pub(super) holds: usize,
    /// When the first of their leases ends.
    pub(super) lease_until: Option<Timestamp>,
    /// Of the runs that were looked at.
    pub(super) ended: usize,
    pub(super) failed: usize,
    /// When the last of them ended.
    pub(super) last: Option<Timestamp>,
}

impl Node {
    fn new(name: &str) -> Self {
        let name = name.to_owned();
        Self { name, holds: 0, lease_until: None, ended: 0, failed: 0, last: None }
    }
}

/// How long the run's last attempt took.
pub(super) fn took(run: &StoredRun) -> Option<Duration> {
    run.ended?.duration_since(run.started?).try_into().ok()
}

pub(super) fn is_bad(state: RunState) -> bool {
    matches!(state, RunState::Failed | RunState::TimedOut)
}
