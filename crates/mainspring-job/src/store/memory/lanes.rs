//! Holds the runs that wait to be claimed, in the order in which they are.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::{JobName, RunId};

/// A lane is one queue's runs of one priority, those that can be claimed earlier first.
///
/// Runs that cannot be claimed yet stand at a lane's end, so that none of them is looked at.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    lanes: BTreeMap<(Reverse<i16>, JobName), Lane>,
}

type Lane = BTreeSet<(Timestamp, RunId)>;

impl Lanes {
    pub(super) fn insert(&mut self, queue: &JobName, priority: i16, at: Timestamp, run: RunId) {
        self.lanes.entry((Reverse(priority), queue.clone())).or_default().insert((at, run));
    }

    pub(super) fn remove(&mut self, queue: &JobName, priority: i16, at: Timestamp, run: RunId) {
        let lane = (Reverse(priority), queue.clone());
        if let Some(runs) = self.lanes.get_mut(&lane) {
            runs.remove(&(at, run));
            if runs.is_empty() {
                self.lanes.remove(&lane);
            }
        }
    }

    /// The first `limit` runs that can be claimed at `now`, in order, of those that `may_go`.
    pub(super) fn first(
        &self,
        queues: &[JobName],
        now: Timestamp,
        limit: usize,
        mut may_go: impl FnMut(&JobName, RunId) -> bool,
    ) -> Vec<RunId> {
        let mut found = Vec::new();
        for ((priority, queue), runs) in &self.lanes {
            if !queues.is_empty() && !queues.contains(queue) {
                continue;
            }
            let ready = runs.iter().take_while(|(at, _)| *at <= now);
            let ready = ready.filter(|(_, run)| may_go(queue, *run)).take(limit);
            found.extend(ready.map(|(at, run)| (*priority, *at, *run)));
        }
        found.sort_unstable();
        found.into_iter().map(|(_, _, run)| run).collect()
    }

    /// When the next run can be claimed that cannot be yet.
    pub(super) fn next_after(&self, now: Timestamp) -> Option<Timestamp> {
        let last = RunId { job: crate::JobId::from_u64(u64::MAX), due: Timestamp::MAX };
        let later = |runs: &Lane| runs.range((now, last)..).map(|(at, _)| *at).find(|at| *at > now);
        self.lanes.values().filter_map(later).min()
    }
}
