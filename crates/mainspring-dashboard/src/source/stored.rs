//! Asks a store.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::stream::{StreamExt, TryStreamExt, iter};
use jiff::Timestamp;
use mainspring_clock::{SystemClock, WallClock};
use mainspring_job::store::{
    Cancelled, JobQuery, RunQuery, Store, StoreError, StoredJob, StoredRun, Tally,
};
use mainspring_job::{RunId, RunState};
use mainspring_scheduler::{Event, Events, StoreScheduler};

use super::{Ask, Asked, Found, JobView, Only, Page, RECENT, SCAN_MAX, is_failure};
use crate::refusal::{Answer, Refusal};

/// So many jobs are read at a time where some are searched for.
const PAGE: usize = 1000;

/// So many runs say which jobs have runs, or fail.
const RUNS_MAX: usize = 2000;

/// So many questions are asked of the store at a time for one request.
const AT_ONCE: usize = 8;

pub(super) struct Stored {
    store: Arc<dyn Store>,
    scheduler: Option<StoreScheduler>,
}

impl Stored {
    pub(super) fn of_node(scheduler: StoreScheduler) -> Self {
        Self { store: scheduler.store().clone(), scheduler: Some(scheduler) }
    }

    pub(super) fn alone(store: Arc<dyn Store>) -> Self {
        Self { store, scheduler: None }
    }

    async fn page(&self, page: &Page) -> Answer<Found> {
        match page.only {
            Only::All | Only::Paused => self.scan(page).await,
            Only::Running => {
                let query = RunQuery::live(RUNS_MAX).in_state(RunState::Running).without_texts();
                let runs = self.store.runs(&query).await?;
                self.named(page, runs.into_iter().map(|run| run.name.as_str().to_owned())).await
            }
            Only::Failing => {
                let names = self.failing().await?;
                self.named(page, names).await
            }
        }
    }

    /// Reads on until there are enough, or too many were looked at.
    async fn scan(&self, page: &Page) -> Answer<Found> {
        let is_wanted = |job: &StoredJob| {
            page.has(job.name.as_str()) && (page.only == Only::All || job.is_paused)
        };
        let is_all = page.search.is_empty() && page.only == Only::All;
        // One more says whether there are more.
        let size = if is_all { page.limit + 1 } else { PAGE };
        let mut query = JobQuery::first(size);
        query.after.clone_from(&page.after);
        let (mut jobs, mut looked_at) = (Vec::new(), 0);
        loop {
            let read = self.store.jobs(&query).await?;
            let is_last = read.len() < size;
            for job in read {
                if jobs.len() == page.limit || looked_at == SCAN_MAX {
                    return Ok(Found { jobs, next: query.after });
                }
                looked_at += 1;
                query.after = Some(job.name.as_str().to_owned());
                if is_wanted(&job) {
                    jobs.push(view(job));
                }
            }
            if is_last {
                return Ok(Found { jobs, next: None });
            }
        }
    }

    /// The jobs among these names that the page is to show.
    async fn named(&self, page: &Page, names: impl IntoIterator<Item = String>) -> Answer<Found> {
        let wanted = |name: &String| page.has(name) && page.comes_after(name);
        let names: BTreeSet<String> = names.into_iter().filter(wanted).collect();
        let is_more = names.len() > page.limit;
        let names: Vec<String> = names.into_iter().take(page.limit).collect();
        let next = names.last().filter(|_| is_more).cloned();
        let read = iter(names).map(async |name| self.store.job(&name).await);
        let jobs: Vec<Option<StoredJob>> = read.buffered(AT_ONCE).try_collect().await?;
        Ok(Found { jobs: jobs.into_iter().flatten().map(view).collect(), next })
    }

    /// The names whose last run failed, of those that failed lately.
    async fn failing(&self) -> Answer<Vec<String>> {
        let mut names = BTreeSet::new();
        for state in [RunState::Failed, RunState::TimedOut] {
            let query = RunQuery::history(RUNS_MAX).in_state(state).without_texts();
            let runs = self.store.runs(&query).await?;
            names.extend(runs.into_iter().map(|run| run.name.as_str().to_owned()));
        }
        let asked = iter(names).map(async |name| {
            let last = RunQuery::history(1).named(&name).without_texts();
            let last = self.store.runs(&last).await?;
            let fails = last.first().is_some_and(|run| is_failure(run.state));
            Ok::<_, StoreError>(fails.then_some(name))
        });
        let failing: Vec<Option<String>> = asked.buffered(AT_ONCE).try_collect().await?;
        Ok(failing.into_iter().flatten().collect())
    }

    async fn recent_of(&self, name: &str) -> Result<Vec<StoredRun>, StoreError> {
        let query = RunQuery::history(RECENT).named(name).without_texts();
        let mut runs = self.store.runs(&query).await?;
        if let Some(last) = runs.first_mut().filter(|last| last.state != RunState::Succeeded) {
            let whole = RunQuery::history(1).named(name).run(last.id);
            last.error = self.store.runs(&whole).await?.pop().and_then(|run| run.error);
        }
        Ok(runs)
    }
}

impl Ask for Stored {
    fn kind(&self) -> &'static str {
        "store"
    }

    fn node(&self) -> Option<&str> {
        self.scheduler.as_ref().map(StoreScheduler::node)
    }

    fn now(&self) -> Timestamp {
        match &self.scheduler {
            Some(scheduler) => scheduler.now(),
            None => Timestamp::try_from(SystemClock.wall_now()).unwrap_or(Timestamp::MAX),
        }
    }

    fn tally(&self) -> Asked<'_, Tally> {
        Box::pin(async { Ok(self.store.tally().await?) })
    }

    fn jobs<'a>(&'a self, page: &'a Page) -> Asked<'a, Found> {
        Box::pin(self.page(page))
    }

    fn job<'a>(&'a self, name: &'a str) -> Asked<'a, Option<JobView>> {
        Box::pin(async { Ok(self.store.job(name).await?.map(view)) })
    }

    fn recent<'a>(&'a self, jobs: &'a [JobView]) -> Asked<'a, Vec<Vec<StoredRun>>> {
        let asked: Vec<_> = jobs.iter().map(|job| self.recent_of(job.name.as_str())).collect();
        Box::pin(async { Ok(iter(asked).buffered(AT_ONCE).try_collect().await?) })
    }

    fn runs<'a>(&'a self, query: &'a RunQuery) -> Asked<'a, Vec<StoredRun>> {
        Box::pin(async { Ok(self.store.runs(query).await?) })
    }

    fn due_by(&self, until: Timestamp, limit: usize) -> Asked<'_, Vec<JobView>> {
        Box::pin(async move {
            let jobs = self.store.due_jobs(until, limit).await?;
            Ok(jobs.into_iter().map(view).collect())
        })
    }

    fn trigger<'a>(&'a self, name: &'a str) -> Asked<'a, Option<RunId>> {
        Box::pin(async {
            match &self.scheduler {
                Some(scheduler) => scheduler.trigger(name).await.map_err(told),
                None => Ok(self.store.trigger(name, self.now()).await?),
            }
        })
    }

    fn pause<'a>(&'a self, name: &'a str) -> Asked<'a, bool> {
        Box::pin(async { Ok(self.store.pause(name).await?) })
    }

    fn resume<'a>(&'a self, name: &'a str) -> Asked<'a, bool> {
        Box::pin(async {
            match &self.scheduler {
                Some(scheduler) => scheduler.resume(name).await.map_err(told),
                None => Ok(self.store.resume(name, self.now()).await?),
            }
        })
    }

    fn cancel(&self, run: RunId) -> Asked<'_, Cancelled> {
        Box::pin(async move {
            match &self.scheduler {
                Some(scheduler) => scheduler.cancel(run).await.map_err(told),
                None => {
                    let cancelled = self.store.cancel(&[run]).await?;
                    Ok(cancelled.first().copied().unwrap_or(Cancelled::Gone))
                }
            }
        })
    }

    fn events(&self) -> Option<Events> {
        self.scheduler.as_ref().map(StoreScheduler::events)
    }

    fn heard(&self, _: &Event) {}

    fn catch_up(&self) {}

    fn store(&self) -> Option<&Arc<dyn Store>> {
        Some(&self.store)
    }
}

/// What the store said is told as what the store said.
fn told(error: mainspring_scheduler::Error) -> Refusal {
    match error.store_error() {
        Some(store) => Refusal::of_store(store),
        None => error.into(),
    }
}

fn view(job: StoredJob) -> JobView {
    JobView {
        schedule: job.schedule().map_err(|error| error.to_string()),
        name: job.name,
        handler: job.handler,
        text: job.schedule,
        is_paused: job.is_paused,
        next: job.next_due,
        running: u64::from(job.running),
        waiting: u64::from(job.waiting),
        queue: job.queue.as_str().to_owned(),
        revision: Some(job.revision),
    }
}
