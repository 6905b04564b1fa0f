//! Keeps what is due next, and forgets cheaply.
//!
//! # Ground rules
//! - Pure: `now` is an argument, the next deadline a result.
//! - A job has at most one live entry. Removing leaves the entry behind as a stale one; once stale
//!   entries outnumber live ones the heap is rebuilt, so that removing is O(1) amortised and memory
//!   follows the number of live jobs.
//! - Equal instants come in the order of the jobs' numbers.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use jiff::Timestamp;
use mainspring_job::JobId;

#[derive(Debug, Default)]
pub(crate) struct Plan {
    heap: BinaryHeap<Reverse<(Timestamp, JobId)>>,
    /// The truth; a heap entry that disagrees with it is stale.
    due: HashMap<JobId, Timestamp>,
}

impl Plan {
    /// Plans `job` for `due`, in place of what was planned for it.
    pub(crate) fn set(&mut self, job: JobId, due: Timestamp) {
        if self.due.insert(job, due) != Some(due) {
            self.heap.push(Reverse((due, job)));
            self.rebuild_if_stale();
        }
    }

    /// Takes `job` out.
    pub(crate) fn remove(&mut self, job: JobId) {
        self.due.remove(&job);
        self.rebuild_if_stale();
    }

    /// When `job` is due next.
    pub(crate) fn due_of(&self, job: JobId) -> Option<Timestamp> {
        self.due.get(&job).copied()
    }

    /// The next instant at which anything is due.
    pub(crate) fn next_deadline(&mut self) -> Option<Timestamp> {
        self.peek().map(|(due, _)| due)
    }

    /// Takes out the first job that is due at `now`.
    pub(crate) fn pop_due(&mut self, now: Timestamp) -> Option<(Timestamp, JobId)> {
        let (due, job) = self.peek().filter(|(due, _)| *due <= now)?;
        self.heap.pop();
        self.due.remove(&job);
        Some((due, job))
    }

    /// The first live entry; drops the stale ones before it.
    fn peek(&mut self) -> Option<(Timestamp, JobId)> {
        while let Some(&Reverse((due, job))) = self.heap.peek() {
            if self.due.get(&job) == Some(&due) {
                return Some((due, job));
            }
            self.heap.pop();
        }
        None
    }

    fn rebuild_if_stale(&mut self) {
        if self.heap.len() > 2 * self.due.len() + 64 {
            self.heap = self.due.iter().map(|(job, due)| Reverse((*due, *job))).collect();
            self.due.shrink_to(2 * self.due.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Plan;
    use jiff::Timestamp;
    use mainspring_job::JobId;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a small number")
    }

    fn id(number: u64) -> JobId {
        JobId::from_u64(number)
    }

    #[test]
    fn due_in_order_and_ties_by_number() {
        let mut plan = Plan::default();
        for (job, due) in [(3, 10), (1, 20), (2, 10), (4, 30)] {
            plan.set(id(job), at(due));
        }
        assert_eq!(plan.next_deadline(), Some(at(10)));
        assert_eq!(plan.pop_due(at(9)), None);
        assert_eq!(plan.pop_due(at(20)), Some((at(10), id(2))));
        assert_eq!(plan.pop_due(at(20)), Some((at(10), id(3))));
        assert_eq!(plan.pop_due(at(20)), Some((at(20), id(1))));
        assert_eq!(plan.pop_due(at(20)), None);
    }

    #[test]
    fn a_job_that_is_planned_anew_is_due_once() {
        let mut plan = Plan::default();
        plan.set(id(1), at(10));
        plan.set(id(1), at(5));
        plan.set(id(1), at(10));
        assert_eq!(plan.pop_due(at(100)), Some((at(10), id(1))));
        assert_eq!(plan.pop_due(at(100)), None);
    }

    #[test]
    fn memory_does_not_grow_with_removed_jobs() {
        let mut plan = Plan::default();
        for number in 0..100_000 {
            plan.set(id(number), at(1_000_000 + number as i64));
            plan.remove(id(number));
            assert!(plan.heap.len() <= 65, "{} entries for no job", plan.heap.len());
        }
        assert_eq!(plan.next_deadline(), None);
    }
}
