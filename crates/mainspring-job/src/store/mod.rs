//! Keeps jobs and runs, for longer than a process lives and for more than one: [`Store`].
//!
//! # What a store promises
//! - **One due instant is one run.** A run is identified by its job and the instant at which it is due.
//!   Two nodes that find the same job due make one run of it: both read the job, both compute what
//!   follows, and [`advance`](Store::advance) takes the answer of the first alone.
//! - **One run is one node's at a time.** [`claim`](Store::claim) gives each run to one node for the
//!   time of a lease, which [`heartbeat`](Store::heartbeat) renews. When a lease has ended,
//!   [`reap`](Store::reap) makes the run due again.
//! - **One run has one recorded outcome.** [`finish`](Store::finish) takes the word of the last claim's
//!   holder alone, and once. History never changes; it is only pruned.
//! - **What was answered is kept**, as durably as the store says of itself. What was not answered may
//!   have happened or not.
//! - **Leases and readiness are judged by the store's clock**, since those of the nodes differ. What is
//!   due is the caller's judgement: schedules live on its wall clock.
//!
//! Every change of a run's state is compare-and-set along
//! [`RunState::may_become`](crate::RunState::may_become).
//!
//! # What that means for a handler
//! A handler runs **at least once** for each run, and its outcome is recorded **exactly once**. It runs
//! more than once when
//!
//! - it fails and its policy says to retry;
//! - its node dies, or is cut off from the store, after the handler began: the lease ends and another
//!   node runs it from the start;
//! - its node stalls for longer than the lease (a long pause, a laptop's lid, a stopped process) and
//!   then goes on: for a while *two* nodes run it. The late one's word is refused as
//!   [`Stale`](Verdict::Stale), but what it does to the world outside, nobody here can stop.
//!
//! For effects that must happen exactly once, a handler has two ways. It can make its effect repeatable:
//! write under the [`RunId`] as a key, so that the second time changes nothing. Or
//! it passes the claim's [`Fence`] to what it changes, and that refuses a number smaller than the
//! largest it has seen; then a node that was thought dead and comes back does no harm. A store that is
//! restored from a backup hands out numbers a second time.
//!
//! # When something breaks
//! | what | what follows |
//! |---|---|
//! | a node dies before it claimed | nothing; others claim |
//! | a node dies while it runs something | another runs it after the lease, its attempt one higher |
//! | a run kills each node that takes it | `reap` ends it as failed after so many attempts |
//! | the store is away for longer than a lease | runs go on; if nobody reaped first, their ends are taken |
//! | the answer to `claim` is lost | the runs wait until the lease ends |
//! | the answer to `finish` is lost | say it again: what was recorded is accepted again |
//! | the answer to `enqueue` is lost | say it again with the same unique key; without one it may be there twice |
//! | the answer to `advance` is lost | say it again: `Conflict`; read the job anew |
//! | the wall clock of a node is wrong | its jobs are due early or late, each instant still once |
//! | the store's clock is set forward | leases end early: runs are repeated, their late ends refused |
//! | the store's clock is set back | leases last longer: lost runs are found later |
//!
//! # Writing a store
//! A store needs no cron engine, no zones and no policies, only tables, and a clock. The crate
//! `mainspring-store-tests` holds the suite that every store must pass.

mod advance;
mod bell;
mod error;
mod finish;
mod instant;
mod job;
mod lease;
mod memory;
mod query;
mod work;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use jiff::Timestamp;

pub use advance::{Advance, Advanced, Planned};
pub use bell::{Bell, Watch};
pub use error::{StoreError, StoreErrorKind};
pub use finish::{Finish, Outcome, Verdict};
pub use instant::{from_micros, to_micros, whole_micros};
pub use job::{JobDraft, StoredJob, Upserted};
pub use lease::{Beat, Cancelled, Claim, ClaimedRun, Fence, Hold, Reaped};
pub use memory::MemoryStore;
pub use query::{Holder, JobQuery, NextWake, Prune, RunQuery, StoredRun, Tally};
pub use work::{Enqueued, Work};

use crate::{JobId, RunId};

/// A store's answer, to be awaited.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Keeps jobs and runs.
///
/// See the [module](self) for what it promises as a whole. All verbs take many things at once, because a
/// batch costs a store hardly more than one; each call is one transaction, and its answers are in the
/// order of what was asked. An empty batch is answered at once.
///
/// Instants are kept in whole microseconds, rounded up. The numbers of jobs, fences and versions are
/// below 2⁶³.
///
/// # Cancel safety
/// Dropping an answer before it is there leaves it open whether the call was carried out, as a whole.
///
/// # Errors
/// Every verb fails as [`StoreErrorKind`] says, and then has changed nothing, unless the connection
/// broke: then it has changed all or nothing.
pub trait Store: fmt::Debug + Send + Sync + 'static {
    /// The store's clock.
    fn now(&self) -> Answer<'_, Timestamp>;

    /// Adds jobs, or changes those of the same name.
    ///
    /// A draft of an older revision than the stored one changes nothing, so that during a deployment
    /// the old program does not undo what the new one wrote. Otherwise the job becomes as the draft says.
    /// Its next due instant and its anchor are kept if the schedule's text is the same, so that what
    /// was due while nothing ran is found late, and not forgotten; if the schedule differs they are the
    /// draft's. A pause stays. Runs that are due or running keep the definition they were made with.
    ///
    /// Of two drafts of one name in one batch the later one counts.
    fn upsert<'a>(&'a self, jobs: &'a [JobDraft]) -> Answer<'a, Vec<Upserted>>;

    /// Reads jobs.
    fn jobs<'a>(&'a self, query: &'a JobQuery) -> Answer<'a, Vec<StoredJob>>;

    /// Forgets the job of that name, its due runs ending as cancelled; runs in progress go on. `false`
    /// if there is none.
    fn remove<'a>(&'a self, name: &'a str) -> Answer<'a, bool>;

    /// The jobs whose next instant is at or before `until`, the earliest first, at most `limit`.
    ///
    /// Reads only as many as it gives, however many there are. It takes nothing: all nodes may read
    /// the same jobs.
    fn due_jobs(&self, until: Timestamp, limit: usize) -> Answer<'_, Vec<StoredJob>>;

    /// Moves jobs on and inserts their runs, each job if nobody has changed it first.
    ///
    /// A run for whose instant there is one already, live or in the history, is left out. What is
    /// planned as skipped or missed goes to the history at once; other states are refused. A run can
    /// be claimed at once, whatever the store's clock says: the caller has judged that it is due.
    fn advance<'a>(&'a self, steps: &'a [Advance]) -> Answer<'a, Vec<Advanced>>;

    /// Adds work that belongs to no job.
    ///
    /// Of two works of one batch with the same key for one handler the first is added.
    fn enqueue<'a>(&'a self, work: &'a [Work]) -> Answer<'a, Vec<Enqueued>>;

    /// Takes runs: the higher priority first, then the one that could be claimed earlier.
    ///
    /// Never more of a queue than [`limit_queue`](Self::limit_queue) allows, nor of a job than its
    /// policy does, over all nodes: runs that are claimed, ended leases included until they are reaped.
    /// Fewer than the limit does not mean that no more are left: some that were looked at may have been
    /// over a limit, or another node's claim under way. None means so, but for that claim.
    fn claim<'a>(&'a self, claim: &'a Claim) -> Answer<'a, Vec<ClaimedRun>>;

    /// Says that the node is alive and still has these runs; their leases last `lease` from now.
    ///
    /// A lease that has ended but was not reaped is renewed too.
    fn heartbeat<'a>(&'a self, holds: &'a [Hold], lease: Duration) -> Answer<'a, Vec<Beat>>;

    /// Records how runs ended, and moves those that ended for good to the history.
    ///
    /// Saying the same again is accepted again, until the run is claimed anew or pruned.
    fn finish<'a>(&'a self, ends: &'a [Finish]) -> Answer<'a, Vec<Verdict>>;

    /// Gives runs back as if they had not been claimed: due at once, the attempt not counted.
    ///
    /// For a node that shuts down. One that somebody wants cancelled ends as cancelled.
    fn release<'a>(&'a self, holds: &'a [Hold]) -> Answer<'a, Vec<Verdict>>;

    /// Cancels runs: at once those that have not started, by a word to their node those that have.
    fn cancel<'a>(&'a self, runs: &'a [RunId]) -> Answer<'a, Vec<Cancelled>>;

    /// Takes up to `limit` runs whose lease has ended away from their nodes, the longest ended first.
    ///
    /// They are due again at once. One that was claimed `attempts_max` times or more, or that somebody
    /// wants cancelled, is given to nobody any more: it ends as failed, or as cancelled.
    fn reap(&self, limit: usize, attempts_max: u32) -> Answer<'_, Vec<Reaped>>;

    /// Lets at most `runs` runs of a queue be claimed at once, over all nodes; `None` lets any number,
    /// and 0 stops the queue.
    fn limit_queue<'a>(&'a self, queue: &'a str, runs: Option<u32>) -> Answer<'a, ()>;

    /// Reads runs.
    fn runs<'a>(&'a self, query: &'a RunQuery) -> Answer<'a, Vec<StoredRun>>;

    /// Forgets ended runs, those that ended first first; says how many. Fewer than the limit means
    /// that there are no more.
    fn prune<'a>(&'a self, which: &'a Prune) -> Answer<'a, u64>;

    /// When to look again. Runs that could be claimed already do not count.
    fn next_wake(&self) -> Answer<'_, NextWake>;

    /// Hears of new and changed jobs, of runs that can be claimed and of cancellations.
    ///
    /// A hint alone; see [`Watch`].
    fn watch(&self) -> Watch;

    /// The job of that name.
    fn job<'a>(&'a self, name: &'a str) -> Answer<'a, Option<StoredJob>> {
        Box::pin(async move { Ok(self.jobs(&JobQuery::named(name)).await?.pop()) })
    }

    /// How much there is.
    ///
    /// For people who look: it may read all jobs and all live runs, and a store should answer it by
    /// counting. What changes meanwhile is counted or not.
    fn tally(&self) -> Answer<'_, Tally> {
        Box::pin(async move {
            let mut tally = Tally::default();
            let mut query = JobQuery::first(TALLY_PAGE);
            loop {
                let page = self.jobs(&query).await?;
                page.iter().for_each(|job| tally.count_job(job));
                match page.last().filter(|_| page.len() == TALLY_PAGE) {
                    Some(last) => query = query.after(last.name.as_str()),
                    None => break,
                }
            }
            let runs = self.runs(&RunQuery::live(usize::MAX).without_texts()).await?;
            runs.iter().for_each(|run| tally.count_run(run));
            Ok(tally)
        })
    }

    /// Nothing of the job is due until it is resumed; runs that are there go on. `false` if there is
    /// no such job.
    fn pause<'a>(&'a self, name: &'a str) -> Answer<'a, bool> {
        Box::pin(async move {
            let step = |job: &StoredJob| {
                Ok((!job.is_paused).then(|| Advance::of(job).to(None).paused(true)))
            };
            Ok(change(self, name, &step).await?.is_some())
        })
    }

    /// Ends a pause; what was due meanwhile is not made up for. `false` if there is no such job.
    ///
    /// # Errors
    /// If the job's schedule cannot be read.
    fn resume<'a>(&'a self, name: &'a str, now: Timestamp) -> Answer<'a, bool> {
        Box::pin(async move {
            let step = |job: &StoredJob| {
                if !job.is_paused {
                    return Ok(None);
                }
                let schedule = job.schedule().map_err(|error| unreadable(job, error))?;
                let next = schedule.and_then(|schedule| schedule.next_after(now));
                Ok(Some(Advance::of(job).paused(false).to(next)))
            };
            Ok(change(self, name, &step).await?.is_some())
        })
    }

    /// Has a run of the job start as if an instant of its schedule had come: `now`, or the first
    /// microsecond after it that is free. `None` if there is no such job.
    ///
    /// Two calls for the same microsecond that race may both get the same run.
    fn trigger<'a>(&'a self, name: &'a str, now: Timestamp) -> Answer<'a, Option<RunId>> {
        Box::pin(async move {
            let mut due = whole_micros(now);
            loop {
                let step = |job: &StoredJob| Ok(Some(Advance::of(job).run(due)));
                match change(self, name, &step).await? {
                    None => return Ok(None),
                    // After a conflict, the run that is there may be the one that this call has made: its
                    // answer was lost, and the store asked again.
                    Some(Changed { job, runs, is_first }) if runs == 1 || !is_first => {
                        return Ok(Some(RunId { job, due }));
                    }
                    Some(_) => due = from_micros(to_micros(due).saturating_add(1)),
                }
            }
        })
    }
}

/// So many jobs are read at a time to be counted.
const TALLY_PAGE: usize = 1000;

/// What [`change`] did.
struct Changed {
    job: JobId,
    /// How many runs are new.
    runs: u32,
    /// Whether it was taken when it was first offered.
    is_first: bool,
}

/// Changes a job, reading it anew for as long as others change it first.
async fn change<S: Store + ?Sized>(
    store: &S,
    name: &str,
    step: &(dyn Fn(&StoredJob) -> Result<Option<Advance>, StoreError> + Send + Sync),
) -> Result<Option<Changed>, StoreError> {
    let mut is_first = true;
    loop {
        let Some(job) = store.job(name).await? else {
            return Ok(None);
        };
        let Some(step) = step(&job)? else {
            return Ok(Some(Changed { job: job.id, runs: 0, is_first }));
        };
        if let Some(Advanced::Done { runs }) = store.advance(&[step]).await?.first() {
            return Ok(Some(Changed { job: job.id, runs: *runs, is_first }));
        }
        is_first = false;
    }
}

fn unreadable(job: &StoredJob, error: mainspring_schedule::Error) -> StoreError {
    let text = format!("the schedule `{}` of the {job} cannot be read", job.schedule);
    StoreError::new(StoreErrorKind::Refused, text).caused_by(error)
}
