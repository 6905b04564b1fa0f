//! Keeps jobs and runs in memory: for tests, and for programs whose work may be forgotten.

mod claims;
mod jobs;
mod lanes;
mod state;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::{
    Advance, Advanced, Answer, Beat, Bell, Cancelled, Claim, ClaimedRun, Enqueued, Finish, Hold,
    JobDraft, JobQuery, NextWake, Prune, Reaped, RunQuery, Store, StoreError, StoredJob, StoredRun,
    Tally, Upserted, Verdict, Watch, Work, whole_micros,
};
use crate::RunId;
use state::State;

/// A [`Store`] that forgets everything with the process.
///
/// It behaves as the durable ones do, so that what is tested with it holds for them. Its clock is passed
/// in. Clones share one store. No answer ever waits.
///
/// ```
/// use mainspring_job::JobName;
/// use mainspring_job::store::{Claim, Finish, MemoryStore, Outcome, Store, Verdict, Work};
/// # fn now<T>(mut answer: mainspring_job::store::Answer<'_, T>) -> T {
/// #     let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
/// #     let std::task::Poll::Ready(ready) = answer.as_mut().poll(&mut cx) else { panic!("waits") };
/// #     ready.expect("memory does not fail")
/// # }
///
/// let store = MemoryStore::new(|| "2026-03-01T12:00:00Z".parse().unwrap());
/// // `now` stands for `.await?`.
/// now(store.enqueue(&[Work::new(JobName::new("email")?).payload("\"ada\"")]));
/// let claimed = now(store.claim(&Claim::new("node a", 10)));
/// assert_eq!(claimed[0].payload.as_deref(), Some("\"ada\""));
/// let end = Finish::new(claimed[0].hold(), Outcome::Succeeded);
/// assert_eq!(now(store.finish(&[end])), [Verdict::Accepted]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct MemoryStore {
    shared: Arc<Shared>,
}

struct Shared {
    clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    bell: Bell,
    state: Mutex<State>,
}

impl MemoryStore {
    /// An empty store whose clock is `clock`.
    pub fn new(clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        let (bell, state) = (Bell::default(), Mutex::default());
        Self { shared: Arc::new(Shared { clock: Box::new(clock), bell, state }) }
    }

    fn clock(&self) -> Timestamp {
        whole_micros((self.shared.clock)())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in a store's verbs panics half-way, so a poisoned state is a whole one.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state, and tells those who watch.
    fn write<T>(&self, change: impl FnOnce(&mut State) -> Result<T, StoreError>) -> Ready<T> {
        let done = change(&mut self.lock());
        self.shared.bell.ring();
        Ready(done)
    }

    fn quietly<T>(&self, change: impl FnOnce(&mut State) -> T) -> Ready<T> {
        Ready(Ok(change(&mut self.lock())))
    }
}

/// An answer that is there already.
struct Ready<T>(Result<T, StoreError>);

impl<T: Send + 'static> Ready<T> {
    fn answer<'a>(self) -> Answer<'a, T> {
        Box::pin(std::future::ready(self.0))
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lock().fmt(f)
    }
}

impl Store for MemoryStore {
    fn now(&self) -> Answer<'_, Timestamp> {
        Ready(Ok(self.clock())).answer()
    }

    fn upsert<'a>(&'a self, jobs: &'a [JobDraft]) -> Answer<'a, Vec<Upserted>> {
        self.write(|state| Ok(jobs.iter().map(|draft| state.upsert(draft)).collect())).answer()
    }

    fn jobs<'a>(&'a self, query: &'a JobQuery) -> Answer<'a, Vec<StoredJob>> {
        self.quietly(|state| state.jobs(query)).answer()
    }

    fn remove<'a>(&'a self, name: &'a str) -> Answer<'a, bool> {
        let now = self.clock();
        self.write(|state| Ok(state.remove(name, now))).answer()
    }

    fn due_jobs(&self, until: Timestamp, limit: usize) -> Answer<'_, Vec<StoredJob>> {
        self.quietly(|state| state.due_jobs(until, limit)).answer()
    }

    fn advance<'a>(&'a self, steps: &'a [Advance]) -> Answer<'a, Vec<Advanced>> {
        let now = self.clock();
        self.write(|state| state.advance(steps, now)).answer()
    }

    fn enqueue<'a>(&'a self, work: &'a [Work]) -> Answer<'a, Vec<Enqueued>> {
        let now = self.clock();
        self.write(|state| Ok(work.iter().map(|work| state.enqueue(work, now)).collect())).answer()
    }

    fn claim<'a>(&'a self, claim: &'a Claim) -> Answer<'a, Vec<ClaimedRun>> {
        let now = self.clock();
        self.quietly(|state| state.claim(claim, now)).answer()
    }

    fn heartbeat<'a>(&'a self, holds: &'a [Hold], lease: Duration) -> Answer<'a, Vec<Beat>> {
        let now = self.clock();
        self.quietly(|state| holds.iter().map(|hold| state.beat(*hold, now, lease)).collect())
            .answer()
    }

    fn finish<'a>(&'a self, ends: &'a [Finish]) -> Answer<'a, Vec<Verdict>> {
        let now = self.clock();
        self.write(|state| Ok(ends.iter().map(|end| state.finish(end, now)).collect())).answer()
    }

    fn release<'a>(&'a self, holds: &'a [Hold]) -> Answer<'a, Vec<Verdict>> {
        let now = self.clock();
        self.write(|state| Ok(holds.iter().map(|hold| state.release(*hold, now)).collect()))
            .answer()
    }

    fn cancel<'a>(&'a self, runs: &'a [RunId]) -> Answer<'a, Vec<Cancelled>> {
        let now = self.clock();
        self.write(|state| Ok(runs.iter().map(|run| state.cancel(*run, now)).collect())).answer()
    }

    fn reap(&self, limit: usize, attempts_max: u32) -> Answer<'_, Vec<Reaped>> {
        let now = self.clock();
        self.write(|state| Ok(state.reap(limit, attempts_max, now))).answer()
    }

    fn limit_queue<'a>(&'a self, queue: &'a str, runs: Option<u32>) -> Answer<'a, ()> {
        self.write(|state| {
            state.limit_queue(queue, runs);
            Ok(())
        })
        .answer()
    }

    fn runs<'a>(&'a self, query: &'a RunQuery) -> Answer<'a, Vec<StoredRun>> {
        self.quietly(|state| state.runs(query)).answer()
    }

    fn prune<'a>(&'a self, which: &'a Prune) -> Answer<'a, u64> {
        self.quietly(|state| state.prune(which)).answer()
    }

    fn next_wake(&self) -> Answer<'_, NextWake> {
        let now = self.clock();
        self.quietly(|state| state.next_wake(now)).answer()
    }

    fn watch(&self) -> Watch {
        self.shared.bell.watch()
    }

    fn tally(&self) -> Answer<'_, Tally> {
        self.quietly(|state| state.tally()).answer()
    }
}
