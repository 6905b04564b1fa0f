//! What each test has: a store in memory, its clock, nodes, and a log of what ran.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use mainspring_clock::{Clock, ManualClock, WallClock};
use mainspring_job::store::{MemoryStore, RunQuery, Store, StoredRun};
use mainspring_scheduler::{Context, Error, Report, StoreScheduler, StoreSchedulerBuilder};
use tokio::task::JoinHandle;

use super::flaky::Flaky;
use crate::bench::at;

pub(crate) const LEASE: Duration = Duration::from_secs(30);

/// What ran: the node, the name, the due instant, the attempt, and when it began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) node: String,
    pub(crate) name: String,
    pub(crate) due: Timestamp,
    pub(crate) attempt: u32,
    pub(crate) at: Timestamp,
}

#[derive(Clone)]
pub(crate) struct World {
    pub(crate) clock: ManualClock,
    pub(crate) store: MemoryStore,
    log: Arc<Mutex<Vec<Ran>>>,
}

impl World {
    pub(crate) fn at(start: &str) -> Self {
        let clock = ManualClock::new(at(start).into());
        let of_store = clock.clone();
        let store = MemoryStore::new(move || of_store.wall_now().try_into().expect("a date"));
        Self { clock, store, log: Arc::default() }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.wall_now().try_into().expect("a date")
    }

    /// A node, not yet running, and its view of the store.
    pub(crate) fn node(&self, name: &str) -> (StoreScheduler, Flaky) {
        self.node_with(name, |builder| builder)
    }

    pub(crate) fn node_with(
        &self,
        name: &str,
        set: impl FnOnce(StoreSchedulerBuilder) -> StoreSchedulerBuilder,
    ) -> (StoreScheduler, Flaky) {
        let view = Flaky::new(self.store.clone());
        let builder = StoreScheduler::builder(Arc::new(view.clone()));
        let builder = builder.node(name).manual(&self.clock).lease(LEASE);
        (set(builder).build(), view)
    }

    /// Lets a handler note its runs on that node.
    pub(crate) fn note(&self, node: &StoreScheduler) -> impl Fn(&Context) + Clone + use<> {
        let (clock, log, node) = (self.clock.clone(), self.log.clone(), node.node().to_owned());
        move |run| {
            let at = Timestamp::try_from(clock.wall_now()).expect("a date");
            let (name, due, attempt) = (run.name().to_owned(), run.due(), run.attempt());
            let ran = Ran { node: node.clone(), name, due, attempt, at };
            log.lock().expect("no panic under the lock").push(ran);
        }
    }

    /// Registers a handler that notes its runs, and then takes `length` or until it is cancelled.
    pub(crate) fn handle(&self, node: &StoreScheduler, handler: &str, length: Duration) {
        let (clock, note) = (self.clock.clone(), self.note(node));
        let registered = node.register(handler, move |run: Context, (): ()| {
            note(&run);
            let slept = clock.wait_until(clock.now() + length);
            async move {
                tokio::select! {
                    _ = slept => Ok(()),
                    () = run.cancelled() => Err("it was stopped"),
                }
            }
        });
        registered.expect("the name is free");
    }

    /// Takes what ran since the last call.
    pub(crate) fn ran(&self) -> Vec<Ran> {
        std::mem::take(&mut self.log.lock().expect("no panic under the lock"))
    }

    /// Takes the nodes that ran something since the last call.
    pub(crate) fn ran_on(&self) -> Vec<String> {
        self.ran().into_iter().map(|ran| ran.node).collect()
    }

    pub(crate) async fn history(&self) -> Vec<StoredRun> {
        let mut runs = self.store.runs(&RunQuery::history(100_000)).await.expect("runs");
        runs.sort_by_key(|run| (run.id.due, run.id.job));
        runs
    }

    pub(crate) async fn live(&self) -> Vec<StoredRun> {
        self.store.runs(&RunQuery::live(100_000)).await.expect("runs")
    }

    /// The ended runs, as short lines: name, state, what went wrong.
    pub(crate) async fn outcomes(&self) -> Vec<String> {
        let line = |run: StoredRun| {
            let line = format!("{} {}", run.name, run.state);
            run.error.into_iter().fold(line, |line, error| format!("{line}: {error}"))
        };
        self.history().await.into_iter().map(line).collect()
    }
}

pub(crate) fn start(node: &StoreScheduler) -> JoinHandle<Result<Report, Error>> {
    let node = node.clone();
    tokio::spawn(async move { node.run().await })
}
