//! What each case has at hand: an empty store, its clock, and short ways to ask.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use mainspring_clock::ManualClock;
use mainspring_job::store::{
    Advance, Claim, ClaimedRun, Enqueued, Finish, Hold, JobDraft, Outcome, RunQuery, Store,
    StoredJob, StoredRun, Upserted, Verdict, Work,
};
use mainspring_job::{JobName, RunId};

use crate::reading;

pub(crate) const LEASE: Duration = Duration::from_secs(30);

#[derive(Clone)]
pub(crate) struct World {
    stores: Vec<Arc<dyn Store>>,
    clock: ManualClock,
}

impl World {
    pub(crate) fn new(stores: Vec<Arc<dyn Store>>, clock: ManualClock) -> Self {
        Self { stores, clock }
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.stores[0]
    }

    /// One of the handles on the same data.
    pub(crate) fn handle(&self, number: usize) -> Arc<dyn Store> {
        self.stores[number % self.stores.len()].clone()
    }

    pub(crate) fn now(&self) -> Timestamp {
        reading(&self.clock)
    }

    pub(crate) fn clock(&self) -> &ManualClock {
        &self.clock
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub(crate) fn after(&self, seconds: i64) -> Timestamp {
        self.now() + SignedDuration::from_secs(seconds)
    }

    pub(crate) async fn add(&self, draft: JobDraft) -> StoredJob {
        let name = draft.name.as_str().to_owned();
        let upserted = self.store().upsert(&[draft]).await.expect("upsert");
        assert!(matches!(upserted[..], [Upserted::Added(_) | Upserted::Changed(_)]));
        self.job(&name).await
    }

    pub(crate) async fn job(&self, name: &str) -> StoredJob {
        self.store().job(name).await.expect("job").expect("the job is there")
    }

    /// A run of the job, due now, and nothing else changed.
    pub(crate) async fn trigger(&self, name: &str) -> RunId {
        self.store().trigger(name, self.now()).await.expect("trigger").expect("the job is there")
    }

    pub(crate) async fn advance(&self, step: Advance) -> bool {
        self.store().advance(&[step]).await.expect("advance")[0].is_done()
    }

    pub(crate) async fn enqueue(&self, work: Work) -> Enqueued {
        self.store().enqueue(&[work]).await.expect("enqueue")[0]
    }

    pub(crate) async fn claim(&self, limit: usize) -> Vec<ClaimedRun> {
        self.store().claim(&Claim::new("node", limit).lease(LEASE)).await.expect("claim")
    }

    /// The one run that can be claimed.
    pub(crate) async fn claim_one(&self) -> ClaimedRun {
        let mut claimed = self.claim(10).await;
        assert_eq!(claimed.len(), 1, "{claimed:?}");
        claimed.remove(0)
    }

    pub(crate) async fn finish(&self, hold: Hold, outcome: Outcome) -> Verdict {
        self.store().finish(&[Finish::new(hold, outcome)]).await.expect("finish")[0]
    }

    pub(crate) async fn live(&self) -> Vec<StoredRun> {
        self.store().runs(&RunQuery::live(1000)).await.expect("runs")
    }

    pub(crate) async fn history(&self) -> Vec<StoredRun> {
        self.store().runs(&RunQuery::history(1000)).await.expect("runs")
    }
}

pub(crate) fn name(text: &str) -> JobName {
    JobName::new(text).expect("a name")
}

/// A job without a schedule.
pub(crate) fn draft(text: &str) -> JobDraft {
    JobDraft::new(name(text))
}

pub(crate) fn work(handler: &str) -> Work {
    Work::new(name(handler))
}
