//! Asks a scheduler in memory.

use std::collections::{BinaryHeap, HashMap, HashSet};
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use jiff::Timestamp;
use mainspring_job::store::{Cancelled, Holder, RunQuery, Store, StoredRun, Tally};
use mainspring_job::{JobId, JobName, RunId};
use mainspring_scheduler::{Event, EventKind, Events, JobInfo, Scheduler};

use super::ring::{Ring, blank};
use super::{Ask, Asked, Found, JobView, Only, Page, SCAN_MAX, is_failure};
use crate::refusal::{Answer, Refusal};

pub(super) struct Memory {
    scheduler: Scheduler,
    names: Mutex<Names>,
    ring: Mutex<Ring>,
}

/// The jobs by their names, which the scheduler does not keep in order.
struct Names {
    /// Says whether the names are still these.
    events: Events,
    is_old: bool,
    sorted: Arc<[(JobName, JobId)]>,
}

impl Memory {
    pub(super) fn new(scheduler: Scheduler) -> Self {
        let names = Names { events: scheduler.events(), is_old: true, sorted: Arc::default() };
        Self { scheduler, names: Mutex::new(names), ring: Mutex::default() }
    }

    /// All names in order; sorted anew only when jobs have come or gone.
    fn names(&self) -> Arc<[(JobName, JobId)]> {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(Some(event)) = names.events.next().now_or_never() {
            let is_other =
                |event: Event| matches!(event.kind, EventKind::Added | EventKind::Removed);
            names.is_old |= event.map_or(true, is_other);
        }
        if std::mem::take(&mut names.is_old) {
            let mut sorted = self.scheduler.names();
            sorted.sort_unstable();
            names.sorted = sorted.into();
        }
        names.sorted.clone()
    }

    fn live(&self, query: &RunQuery) -> Vec<StoredRun> {
        let only = query.name.as_deref().map(|name| self.scheduler.find(name));
        let mut names: HashMap<JobId, Option<JobName>> = HashMap::new();
        let runs = self.scheduler.live_runs().into_iter().filter(|(run, state)| {
            only.is_none_or(|only| only == Some(run.job))
                && query.id.is_none_or(|id| id == *run)
                && query.state.is_none_or(|wanted| wanted == *state)
        });
        let mut found = Vec::new();
        for (id, state) in runs.take(query.limit) {
            let name = names.entry(id.job);
            let name = name.or_insert_with(|| self.scheduler.job(id.job).map(|job| job.name));
            let Some(name) = name.clone() else { continue };
            let mut run = blank(id, name, state);
            if let Some(attempt) = self.ring().attempt(id) {
                (run.started, run.attempt) = (Some(attempt.started), attempt.number);
            }
            found.push(run);
        }
        found
    }

    fn ended(&self, query: &RunQuery) -> Vec<StoredRun> {
        let mut runs = self.ring().runs(query);
        if query.with_texts {
            for run in &mut runs {
                let history = self.scheduler.history(run.id.job);
                let kept = history.iter().find(|kept| kept.id() == run.id);
                run.output = kept.and_then(|kept| kept.output()).map(str::to_owned);
            }
        }
        runs
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        // Nothing under the lock can fail half-way.
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ask for Memory {
    fn kind(&self) -> &'static str {
        "memory"
    }

    fn node(&self) -> Option<&str> {
        None
    }

    fn now(&self) -> Timestamp {
        self.scheduler.now()
    }

    fn tally(&self) -> Asked<'_, Tally> {
        let tally = self.scheduler.tally();
        let running = tally.running as u64;
        let holder = Holder { node: String::new(), running, lease_until: None };
        at_once(Ok(Tally {
            jobs: tally.jobs as u64,
            paused: tally.paused as u64,
            due: tally.waiting as u64,
            holders: if running > 0 { vec![holder] } else { Vec::new() },
        }))
    }

    fn jobs<'a>(&'a self, page: &'a Page) -> Asked<'a, Found> {
        let (scheduler, names, page) = (self.scheduler.clone(), self.names(), page.clone());
        elsewhere(move || found(&scheduler, &names, &page))
    }

    fn job<'a>(&'a self, name: &'a str) -> Asked<'a, Option<JobView>> {
        let id = self.scheduler.find(name);
        at_once(Ok(id.and_then(|id| self.scheduler.job(id)).map(view)))
    }

    fn recent<'a>(&'a self, jobs: &'a [JobView]) -> Asked<'a, Vec<Vec<StoredRun>>> {
        let names: Vec<_> = jobs.iter().map(|job| job.name.clone()).collect();
        at_once(Ok(self.ring().recent(&names)))
    }

    fn runs<'a>(&'a self, query: &'a RunQuery) -> Asked<'a, Vec<StoredRun>> {
        at_once(Ok(if query.ended { self.ended(query) } else { self.live(query) }))
    }

    fn due_by(&self, until: Timestamp, limit: usize) -> Asked<'_, Vec<JobView>> {
        let (scheduler, names) = (self.scheduler.clone(), self.names());
        elsewhere(move || earliest(&scheduler, &names, until, limit))
    }

    fn trigger<'a>(&'a self, name: &'a str) -> Asked<'a, Option<RunId>> {
        let run = self.scheduler.find(name).map(|id| self.scheduler.trigger(id));
        at_once(run.transpose().map_err(Refusal::from))
    }

    fn pause<'a>(&'a self, name: &'a str) -> Asked<'a, bool> {
        at_once(Ok(self.scheduler.find(name).is_some_and(|id| self.scheduler.pause(id))))
    }

    fn resume<'a>(&'a self, name: &'a str) -> Asked<'a, bool> {
        at_once(Ok(self.scheduler.find(name).is_some_and(|id| self.scheduler.resume(id))))
    }

    fn cancel(&self, run: RunId) -> Asked<'_, Cancelled> {
        let is_live = self.scheduler.cancel(run);
        at_once(Ok(if is_live { Cancelled::Asked } else { Cancelled::Gone }))
    }

    fn events(&self) -> Option<Events> {
        Some(self.scheduler.events())
    }

    fn heard(&self, event: &Event) {
        self.ring().heard(event);
    }

    fn catch_up(&self) {
        let mut history = Vec::new();
        for (name, id) in self.names().iter() {
            let runs = self.scheduler.history(*id);
            history.extend(runs.into_iter().map(|run| (name.clone(), run)));
        }
        let live = self.scheduler.live_runs().into_iter().map(|(run, _)| run).collect();
        self.ring().catch_up(history, &live);
    }

    fn store(&self) -> Option<&Arc<dyn Store>> {
        None
    }
}

fn at_once<'a, T: Send + 'a>(answer: Answer<T>) -> Asked<'a, T> {
    Box::pin(ready(answer))
}

/// On a thread for blocking work: who looks at thousands of jobs holds nobody's timers up.
fn elsewhere<'a, T: Send + 'static>(look: impl FnOnce() -> T + Send + 'static) -> Asked<'a, T> {
    Box::pin(async {
        tokio::task::spawn_blocking(look)
            .await
            .map_err(|_| Refusal::unavailable("the program ends"))
    })
}

fn found(scheduler: &Scheduler, names: &[(JobName, JobId)], page: &Page) -> Found {
    let running: HashSet<JobId> = match page.only {
        Only::Running => scheduler.live_runs().into_iter().map(|(run, _)| run.job).collect(),
        _ => HashSet::new(),
    };
    let start = names.partition_point(|(name, _)| !page.comes_after(name.as_str()));
    let (mut jobs, mut last) = (Vec::new(), None);
    for (looked_at, (name, id)) in names[start..].iter().enumerate() {
        if looked_at == SCAN_MAX || jobs.len() == page.limit {
            return Found { jobs, next: last };
        }
        last = Some(name.as_str().to_owned());
        let is_possible = page.only != Only::Running || running.contains(id);
        if is_possible && page.has(name.as_str()) {
            jobs.extend(scheduler.job(*id).filter(|job| is_wanted(job, page.only)).map(view));
        }
    }
    Found { jobs, next: None }
}

fn earliest(
    scheduler: &Scheduler,
    names: &[(JobName, JobId)],
    until: Timestamp,
    limit: usize,
) -> Vec<JobView> {
    // The latest on top, to make room for an earlier one.
    let mut earliest = BinaryHeap::new();
    for (_, id) in names {
        let next = scheduler.job(*id).and_then(|job| job.next).filter(|next| *next <= until);
        earliest.extend(next.map(|next| (next, *id)));
        if earliest.len() > limit {
            earliest.pop();
        }
    }
    let sorted = earliest.into_sorted_vec();
    sorted.into_iter().filter_map(|(_, id)| scheduler.job(id)).map(view).collect()
}

fn is_wanted(job: &JobInfo, only: Only) -> bool {
    match only {
        Only::All | Only::Running => true,
        Only::Paused => job.is_paused,
        Only::Failing => job.last.as_ref().is_some_and(|last| is_failure(last.state())),
    }
}

fn view(job: JobInfo) -> JobView {
    JobView {
        handler: job.name.clone(),
        name: job.name,
        text: job.schedule.to_string(),
        schedule: Ok(Some(job.schedule)),
        is_paused: job.is_paused,
        next: job.next,
        running: job.running as u64,
        waiting: job.waiting as u64,
        queue: "default".to_owned(),
        revision: None,
    }
}
