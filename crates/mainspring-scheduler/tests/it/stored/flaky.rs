//! A node's view of a store that can go away, or hold what a newer program wrote.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use mainspring_job::RunId;
use mainspring_job::store::{
    Advance, Advanced, Answer, Beat, Cancelled, Claim, ClaimedRun, Enqueued, Finish, Hold,
    JobDraft, JobQuery, MemoryStore, NextWake, Prune, Reaped, RunQuery, Store, StoreError,
    StoreErrorKind, StoredJob, StoredRun, Upserted, Verdict, Watch, Work,
};

/// The jobs whose names begin so have schedules that nobody here can read.
pub(crate) const NEWER: &str = "newer";

#[derive(Clone, Debug)]
pub(crate) struct Flaky {
    store: MemoryStore,
    is_away: Arc<AtomicBool>,
    is_deaf: Arc<AtomicBool>,
}

impl Flaky {
    pub(crate) fn new(store: MemoryStore) -> Self {
        Self { store, is_away: Arc::default(), is_deaf: Arc::default() }
    }

    /// Has the answer to the next step be lost, so that it is offered again.
    pub(crate) fn lose_an_answer(&self) {
        self.is_deaf.store(true, Ordering::SeqCst);
    }

    /// Has every call fail, or none.
    pub(crate) fn set_away(&self, is_away: bool) {
        self.is_away.store(is_away, Ordering::SeqCst);
    }

    fn unless_away<'a, T: Send + 'a>(&self, call: impl FnOnce() -> Answer<'a, T>) -> Answer<'a, T> {
        if self.is_away.load(Ordering::SeqCst) {
            let error = StoreError::new(StoreErrorKind::Unavailable, "the store is away");
            return Box::pin(std::future::ready(Err(error)));
        }
        call()
    }
}

fn garbled(mut job: StoredJob) -> StoredJob {
    if job.name.as_str().starts_with(NEWER) {
        job.schedule = "at the third cock's crow".to_owned();
    }
    job
}

impl Store for Flaky {
    fn now(&self) -> Answer<'_, Timestamp> {
        self.unless_away(|| self.store.now())
    }

    fn upsert<'a>(&'a self, jobs: &'a [JobDraft]) -> Answer<'a, Vec<Upserted>> {
        self.unless_away(|| self.store.upsert(jobs))
    }

    fn jobs<'a>(&'a self, query: &'a JobQuery) -> Answer<'a, Vec<StoredJob>> {
        self.unless_away(|| self.store.jobs(query))
    }

    fn remove<'a>(&'a self, name: &'a str) -> Answer<'a, bool> {
        self.unless_away(|| self.store.remove(name))
    }

    fn due_jobs(&self, until: Timestamp, limit: usize) -> Answer<'_, Vec<StoredJob>> {
        self.unless_away(|| {
            Box::pin(async move {
                let jobs = self.store.due_jobs(until, limit).await?;
                Ok(jobs.into_iter().map(garbled).collect())
            })
        })
    }

    fn advance<'a>(&'a self, steps: &'a [Advance]) -> Answer<'a, Vec<Advanced>> {
        self.unless_away(|| {
            Box::pin(async move {
                if self.is_deaf.swap(false, Ordering::SeqCst) {
                    self.store.advance(steps).await?;
                }
                self.store.advance(steps).await
            })
        })
    }

    fn enqueue<'a>(&'a self, work: &'a [Work]) -> Answer<'a, Vec<Enqueued>> {
        self.unless_away(|| self.store.enqueue(work))
    }

    fn claim<'a>(&'a self, claim: &'a Claim) -> Answer<'a, Vec<ClaimedRun>> {
        self.unless_away(|| self.store.claim(claim))
    }

    fn heartbeat<'a>(&'a self, holds: &'a [Hold], lease: Duration) -> Answer<'a, Vec<Beat>> {
        self.unless_away(|| self.store.heartbeat(holds, lease))
    }

    fn finish<'a>(&'a self, ends: &'a [Finish]) -> Answer<'a, Vec<Verdict>> {
        self.unless_away(|| self.store.finish(ends))
    }

    fn release<'a>(&'a self, holds: &'a [Hold]) -> Answer<'a, Vec<Verdict>> {
        self.unless_away(|| self.store.release(holds))
    }

    fn cancel<'a>(&'a self, runs: &'a [RunId]) -> Answer<'a, Vec<Cancelled>> {
        self.unless_away(|| self.store.cancel(runs))
    }

    fn reap(&self, limit: usize, attempts_max: u32) -> Answer<'_, Vec<Reaped>> {
        self.unless_away(|| self.store.reap(limit, attempts_max))
    }

    fn limit_queue<'a>(&'a self, queue: &'a str, runs: Option<u32>) -> Answer<'a, ()> {
        self.unless_away(|| self.store.limit_queue(queue, runs))
    }

    fn runs<'a>(&'a self, query: &'a RunQuery) -> Answer<'a, Vec<StoredRun>> {
        self.unless_away(|| self.store.runs(query))
    }

    fn prune<'a>(&'a self, which: &'a Prune) -> Answer<'a, u64> {
        self.unless_away(|| self.store.prune(which))
    }

    fn next_wake(&self) -> Answer<'_, NextWake> {
        self.unless_away(|| self.store.next_wake())
    }

    fn watch(&self) -> Watch {
        self.store.watch()
    }
}
