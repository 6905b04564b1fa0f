//! Sets up a scheduler on a manual clock and a log of what ran.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use mainspring_clock::{Clock, ManualClock, WallClock};
use mainspring_scheduler::{Context, Error, EventKind, Events, Report, Scheduler};
use tokio::task::JoinHandle;

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);
pub(crate) const DAY: Duration = Duration::from_secs(86_400);

pub(crate) struct Bench {
    pub(crate) clock: ManualClock,
    pub(crate) scheduler: Scheduler,
    log: Arc<Mutex<Vec<(String, Timestamp)>>>,
}

impl Bench {
    /// A scheduler whose clock shows `start`.
    pub(crate) fn at(start: &str) -> Self {
        let clock = ManualClock::new(at(start).into());
        let scheduler = Scheduler::manual(&clock);
        Self { clock, scheduler, log: Arc::default() }
    }

    pub(crate) fn start(&self) -> JoinHandle<Result<Report, Error>> {
        let scheduler = self.scheduler.clone();
        tokio::spawn(async move { scheduler.run().await })
    }

    /// A handler that notes its name and due instant, and that it was not early.
    pub(crate) fn note(
        &self,
    ) -> impl Fn(Context) -> std::future::Ready<()> + Clone + Send + Sync + 'static {
        let (clock, log) = (self.clock.clone(), self.log.clone());
        move |run| {
            assert!(
                Timestamp::try_from(clock.wall_now()).is_ok_and(|now| now >= run.due()),
                "early"
            );
            log.lock().expect("no panic under the lock").push((run.name().to_owned(), run.due()));
            std::future::ready(())
        }
    }

    /// A handler that notes its start and then takes `length`, or until it is cancelled.
    pub(crate) fn taking(
        &self,
        length: Duration,
    ) -> impl Fn(Context) -> Pin<Box<dyn Future<Output = ()> + Send>> + Clone + Send + Sync + 'static
    {
        let (clock, note) = (self.clock.clone(), self.note());
        move |run| {
            let sleep = clock.wait_until(clock.now() + length);
            let noted = note(run.clone());
            Box::pin(async move {
                noted.await;
                tokio::select! {
                    _ = sleep => {}
                    () = run.cancelled() => {}
                }
            })
        }
    }

    /// Takes what ran since the last call.
    pub(crate) fn ran(&self) -> Vec<(String, Timestamp)> {
        std::mem::take(&mut self.log.lock().expect("no panic under the lock"))
    }

    /// Takes when things ran since the last call, as text.
    pub(crate) fn times(&self) -> Vec<String> {
        self.ran().into_iter().map(|(_, due)| due.to_string()).collect()
    }
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

/// The events that wait in a stream, as short lines: seconds since `from`, name, what.
pub(crate) fn told(events: &mut Events, from: Timestamp) -> Vec<String> {
    let mut lines = Vec::new();
    while let Some(Some(Ok(event))) = now_or_never(events.next()) {
        let after = event.at.duration_since(from).as_secs();
        let name = event.name.as_ref().map_or("-", |name| name.as_str());
        let what = match event.kind {
            EventKind::Started { attempt } => format!("started {attempt}"),
            EventKind::Failed { error } => format!("failed: {error}"),
            EventKind::Retried { error, pause } => format!("retried in {pause:?}: {error}"),
            EventKind::Skipped { why } => format!("skipped: {why:?}"),
            EventKind::Missed { count } => format!("missed {count}"),
            EventKind::ClockJumped { jump } => format!("clock {jump:?}"),
            kind => format!("{kind:?}").to_lowercase(),
        };
        lines.push(format!("{after} {name} {what}"));
    }
    lines
}

fn now_or_never<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = std::pin::pin!(future);
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut cx) {
        std::task::Poll::Ready(value) => Some(value),
        std::task::Poll::Pending => None,
    }
}

/// Runs a test's future on one thread.
pub(crate) fn block_on(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime")
        .block_on(test);
}
