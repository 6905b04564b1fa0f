//! Carries a scheduler's events to those who listen, and keeps up with a store's other nodes.
//!
//! # Ground rules
//! - A store is looked at only while somebody listens, when it says that there is news or a while has passed,
//!   and never twice within [`REST`].

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use mainspring_clock::{Clock, SystemClock};
use mainspring_job::store::{Fence, RunQuery, Store, StoreError, StoredRun};
use mainspring_job::{RunId, RunState};
use mainspring_scheduler::{EventKind, Events};
use tokio::time::sleep;

use crate::answer::At;
use crate::hub::{self, Budget, Hub, RunNews};
use crate::source::Ask;

/// Between two looks at a store.
const REST: Duration = Duration::from_millis(500);

/// The longest without a look.
const LOOK: Duration = Duration::from_secs(2);

/// So many runs that ended are told of one look; of more than that, that there were some.
const ENDS_MAX: usize = 200;

/// So many runs in progress are compared.
const GOING_MAX: usize = 1000;

/// Carries the events of this process until the scheduler is gone.
pub(crate) async fn carry(source: Arc<dyn Ask>, hub: Arc<Hub>, mut events: Events) {
    source.catch_up();
    let mut budget = Budget::new(SystemClock.now());
    loop {
        let pause = budget.pause(SystemClock.now());
        let event = tokio::select! {
            event = events.next() => event,
            () = sleep(pause.unwrap_or_default()), if pause.is_some() => {
                hub.tell(hub::lagged(budget.settle(SystemClock.now())));
                continue;
            }
        };
        match event {
            None => return,
            Some(Err(lost)) => {
                source.catch_up();
                hub.tell(hub::lagged(lost.0));
            }
            Some(Ok(event)) => {
                hub.measure(&event);
                source.heard(&event);
                if hub.is_heard()
                    && let Some(frame) = hub::told(&event)
                    && (is_rare(&event.kind) || budget.take(SystemClock.now()))
                {
                    hub.tell(frame);
                }
            }
        }
    }
}

/// What must not be left out, and cannot be many.
fn is_rare(kind: &EventKind) -> bool {
    matches!(kind, EventKind::StoreAway { .. } | EventKind::StoreBack)
}

/// Tells what the other nodes of a store do, for as long as anybody listens. Never ends.
pub(crate) async fn follow(source: Arc<dyn Ask>, hub: Arc<Hub>) {
    let Some(store) = source.store() else { return };
    loop {
        hub.heard().await;
        let mut seen = Seen::default();
        let mut watch = store.watch();
        while hub.is_heard() {
            match seen.look(&**store).await {
                Ok(news) => {
                    if std::mem::take(&mut seen.is_away) {
                        hub.tell(hub::store(false));
                        hub.tell(hub::lagged(0));
                    }
                    news.tell(&*source, &hub);
                }
                // The scheduler here says so itself.
                Err(_) if source.node().is_some() => {}
                Err(_) => {
                    if !std::mem::replace(&mut seen.is_away, true) {
                        hub.tell(hub::store(true));
                    }
                }
            }
            sleep(REST).await;
            tokio::select! {
                () = watch.changed() => {}
                () = sleep(LOOK) => {}
            }
        }
    }
}

/// What was there at the last look.
#[derive(Default)]
struct Seen {
    is_away: bool,
    /// The run that ended last; `None` before the first look.
    ended: Option<Option<(Timestamp, RunId)>>,
    going: HashMap<RunId, Option<Fence>>,
}

/// What is new since then.
#[derive(Default)]
struct News {
    started: Vec<StoredRun>,
    /// The one that ended first first.
    ended: Vec<StoredRun>,
    /// There is more than is listed.
    is_more: bool,
}

impl Seen {
    async fn look(&mut self, store: &dyn Store) -> Result<News, StoreError> {
        let ended = store.runs(&RunQuery::history(ENDS_MAX).without_texts()).await?;
        let query = RunQuery::live(GOING_MAX).in_state(RunState::Running).without_texts();
        let going = store.runs(&query).await?;
        let place = |run: &StoredRun| run.ended.map(|ended| (ended, run.id));
        let last = ended.first().and_then(place);
        let mut news = News::default();
        if let Some(before) = self.ended.replace(last) {
            news.ended = ended.into_iter().take_while(|run| place(run) > before).collect();
            news.ended.reverse();
            news.is_more = news.ended.len() == ENDS_MAX;
            let is_new = |run: &&StoredRun| self.going.get(&run.id) != Some(&run.fence);
            news.started = going.iter().filter(is_new).cloned().collect();
        }
        self.going = going.into_iter().map(|run| (run.id, run.fence)).collect();
        Ok(news)
    }
}

impl News {
    /// What happened on this node was told by its own events.
    fn tell(self, source: &dyn Ask, hub: &Hub) {
        let this = source.node();
        let is_other = |run: &&StoredRun| match (&run.node, this) {
            (_, None) => true,
            (Some(node), Some(this)) => node != this,
            // Skipped or missed, by whichever node.
            (None, Some(_)) => false,
        };
        let news = |run: &StoredRun, at, kind: &str, attempt| {
            RunNews {
                at: At(at),
                name: run.name.as_str(),
                due: Some(At(run.id.due)),
                kind,
                attempt,
                error: None,
            }
            .frame()
        };
        let ended: HashSet<RunId> = self.ended.iter().map(|run| run.id).collect();
        let going = self.started.iter().filter(|run| !ended.contains(&run.id));
        for run in going.filter(is_other) {
            let at = run.started.unwrap_or(run.at);
            hub.tell(news(run, at, "started", Some(run.attempt)));
        }
        for run in self.ended.iter().filter(is_other) {
            let at = run.ended.unwrap_or(run.at);
            hub.tell(news(run, at, kind_of(run.state), None));
        }
        if self.is_more {
            hub.tell(hub::lagged(0));
        }
    }
}

fn kind_of(state: RunState) -> &'static str {
    match state {
        RunState::TimedOut => "timed_out",
        state => state.as_str(),
    }
}
