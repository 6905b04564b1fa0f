//! Times each verb of a store, and counts those that failed.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ::metrics::{Histogram, counter, histogram};
use jiff::Timestamp;
use mainspring_clock::Clock;
use mainspring_job::RunId;
use mainspring_job::store::{
    Advance, Advanced, Answer, Beat, Cancelled, Claim, ClaimedRun, Enqueued, Finish, Hold,
    JobDraft, JobQuery, NextWake, Prune, Reaped, RunQuery, Store, StoreErrorKind, StoredJob,
    StoredRun, Tally, Upserted, Verdict, Watch, Work,
};

use super::{STORE_CALL_DURATION, STORE_ERRORS};

/// A store whose calls are timed, and otherwise the store that it was made from.
///
/// A [`StoreScheduler`](crate::StoreScheduler) puts one around its own store; this is for those who ask a
/// store beside it.
///
/// ```
/// use std::sync::Arc;
/// use mainspring_clock::SystemClock;
/// use mainspring_job::store::{MemoryStore, Store};
/// use mainspring_scheduler::metrics::MeteredStore;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = Arc::new(MemoryStore::new(|| jiff::Timestamp::UNIX_EPOCH));
/// let store = MeteredStore::new(store, SystemClock);
/// assert_eq!(store.job("backup").await?, None); // timed as `job`
/// # Ok(())
/// # }
/// ```
pub struct MeteredStore {
    store: Arc<dyn Store>,
    clock: Box<dyn Clock + Send + Sync>,
    durations: [Histogram; Verb::ALL.len()],
}

/// The store's verbs, as their names.
#[derive(Clone, Copy, Debug)]
enum Verb {
    Now,
    Upsert,
    Jobs,
    Remove,
    DueJobs,
    Advance,
    Enqueue,
    Claim,
    Heartbeat,
    Finish,
    Release,
    Cancel,
    Reap,
    LimitQueue,
    Runs,
    Prune,
    NextWake,
    Job,
    Pause,
    Resume,
    Trigger,
    Tally,
}

impl Verb {
    const ALL: [Self; 22] = [
        Self::Now,
        Self::Upsert,
        Self::Jobs,
        Self::Remove,
        Self::DueJobs,
        Self::Advance,
        Self::Enqueue,
        Self::Claim,
        Self::Heartbeat,
        Self::Finish,
        Self::Release,
        Self::Cancel,
        Self::Reap,
        Self::LimitQueue,
        Self::Runs,
        Self::Prune,
        Self::NextWake,
        Self::Job,
        Self::Pause,
        Self::Resume,
        Self::Trigger,
        Self::Tally,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Upsert => "upsert",
            Self::Jobs => "jobs",
            Self::Remove => "remove",
            Self::DueJobs => "due_jobs",
            Self::Advance => "advance",
            Self::Enqueue => "enqueue",
            Self::Claim => "claim",
            Self::Heartbeat => "heartbeat",
            Self::Finish => "finish",
            Self::Release => "release",
            Self::Cancel => "cancel",
            Self::Reap => "reap",
            Self::LimitQueue => "limit_queue",
            Self::Runs => "runs",
            Self::Prune => "prune",
            Self::NextWake => "next_wake",
            Self::Job => "job",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Trigger => "trigger",
            Self::Tally => "tally",
        }
    }
}

impl MeteredStore {
    /// Times the calls of `store` by `clock`.
    pub fn new(store: Arc<dyn Store>, clock: impl Clock + Send + Sync + 'static) -> Self {
        let name = STORE_CALL_DURATION.name;
        let durations = Verb::ALL.map(|verb| histogram!(name, "verb" => verb.as_str()));
        Self { store, clock: Box::new(clock), durations }
    }

    fn timed<'a, T: Send + 'a>(&'a self, verb: Verb, answer: Answer<'a, T>) -> Answer<'a, T> {
        Box::pin(async move {
            let begun = self.clock.now();
            let answer = answer.await;
            let took = self.clock.now().saturating_duration_since(begun);
            self.durations[verb as usize].record(took);
            if let Err(error) = &answer {
                let kind = kind(error.kind());
                counter!(STORE_ERRORS.name, "verb" => verb.as_str(), "kind" => kind).increment(1);
            }
            answer
        })
    }
}

fn kind(kind: StoreErrorKind) -> &'static str {
    match kind {
        StoreErrorKind::Unavailable => "unavailable",
        StoreErrorKind::Full => "full",
        StoreErrorKind::ReadOnly => "read_only",
        StoreErrorKind::Corrupt => "corrupt",
        StoreErrorKind::NewerSchema => "newer_schema",
        StoreErrorKind::Refused => "refused",
        _ => "other",
    }
}

impl Store for MeteredStore {
    fn now(&self) -> Answer<'_, Timestamp> {
        self.timed(Verb::Now, self.store.now())
    }

    fn upsert<'a>(&'a self, jobs: &'a [JobDraft]) -> Answer<'a, Vec<Upserted>> {
        self.timed(Verb::Upsert, self.store.upsert(jobs))
    }

    fn jobs<'a>(&'a self, query: &'a JobQuery) -> Answer<'a, Vec<StoredJob>> {
        self.timed(Verb::Jobs, self.store.jobs(query))
    }

    fn remove<'a>(&'a self, name: &'a str) -> Answer<'a, bool> {
        self.timed(Verb::Remove, self.store.remove(name))
    }

    fn due_jobs(&self, until: Timestamp, limit: usize) -> Answer<'_, Vec<StoredJob>> {
        self.timed(Verb::DueJobs, self.store.due_jobs(until, limit))
    }

    fn advance<'a>(&'a self, steps: &'a [Advance]) -> Answer<'a, Vec<Advanced>> {
        self.timed(Verb::Advance, self.store.advance(steps))
    }

    fn enqueue<'a>(&'a self, work: &'a [Work]) -> Answer<'a, Vec<Enqueued>> {
        self.timed(Verb::Enqueue, self.store.enqueue(work))
    }

    fn claim<'a>(&'a self, claim: &'a Claim) -> Answer<'a, Vec<ClaimedRun>> {
        self.timed(Verb::Claim, self.store.claim(claim))
    }

    fn heartbeat<'a>(&'a self, holds: &'a [Hold], lease: Duration) -> Answer<'a, Vec<Beat>> {
        self.timed(Verb::Heartbeat, self.store.heartbeat(holds, lease))
    }

    fn finish<'a>(&'a self, ends: &'a [Finish]) -> Answer<'a, Vec<Verdict>> {
        self.timed(Verb::Finish, self.store.finish(ends))
    }

    fn release<'a>(&'a self, holds: &'a [Hold]) -> Answer<'a, Vec<Verdict>> {
        self.timed(Verb::Release, self.store.release(holds))
    }

    fn cancel<'a>(&'a self, runs: &'a [RunId]) -> Answer<'a, Vec<Cancelled>> {
        self.timed(Verb::Cancel, self.store.cancel(runs))
    }

    fn reap(&self, limit: usize, attempts_max: u32) -> Answer<'_, Vec<Reaped>> {
        self.timed(Verb::Reap, self.store.reap(limit, attempts_max))
    }

    fn limit_queue<'a>(&'a self, queue: &'a str, runs: Option<u32>) -> Answer<'a, ()> {
        self.timed(Verb::LimitQueue, self.store.limit_queue(queue, runs))
    }

    fn runs<'a>(&'a self, query: &'a RunQuery) -> Answer<'a, Vec<StoredRun>> {
        self.timed(Verb::Runs, self.store.runs(query))
    }

    fn prune<'a>(&'a self, which: &'a Prune) -> Answer<'a, u64> {
        self.timed(Verb::Prune, self.store.prune(which))
    }

    fn next_wake(&self) -> Answer<'_, NextWake> {
        self.timed(Verb::NextWake, self.store.next_wake())
    }

    fn watch(&self) -> Watch {
        self.store.watch()
    }

    fn job<'a>(&'a self, name: &'a str) -> Answer<'a, Option<StoredJob>> {
        self.timed(Verb::Job, self.store.job(name))
    }

    fn pause<'a>(&'a self, name: &'a str) -> Answer<'a, bool> {
        self.timed(Verb::Pause, self.store.pause(name))
    }

    fn resume<'a>(&'a self, name: &'a str, now: Timestamp) -> Answer<'a, bool> {
        self.timed(Verb::Resume, self.store.resume(name, now))
    }

    fn trigger<'a>(&'a self, name: &'a str, now: Timestamp) -> Answer<'a, Option<RunId>> {
        self.timed(Verb::Trigger, self.store.trigger(name, now))
    }

    fn tally(&self) -> Answer<'_, Tally> {
        self.timed(Verb::Tally, self.store.tally())
    }
}

impl fmt::Debug for MeteredStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MeteredStore").field(&self.store).finish()
    }
}
