//! Puts the parts together: a source, who may ask, what else is shown.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::api::{self, Counted};
use crate::guard::{Guard, Hosts};
use crate::hub::Hub;
use crate::source::{Ask, Source};
use crate::{Token, pump};

/// A dashboard: its [`router`](Self::router) shows what its [`Source`] has.
///
/// A handle: clones are the same dashboard. Its tasks end when the last handle and the last router are
/// dropped.
///
/// ```
/// use axum::Router;
/// use mainspring_dashboard::Dashboard;
/// use mainspring_scheduler::{Job, Scheduler};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let scheduler = Scheduler::new();
/// scheduler.add(Job::cron("*/5 * * * *")?.named("sync").run(|_| async {}))?;
///
/// let dashboard = Dashboard::builder(scheduler.clone()).title("shop").build();
/// let app: Router = Router::new().nest_service("/ops", dashboard.router());
/// # let _ = app;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Dashboard {
    shared: Arc<Shared>,
}

/// What the handlers share.
pub(crate) struct Shared {
    pub(crate) source: Arc<dyn Ask>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) guard: Arc<Guard>,
    pub(crate) title: String,
    pub(crate) store_name: String,
    pub(crate) can_change: bool,
    #[cfg(feature = "executor")]
    pub(crate) queues: Option<Queues>,
    pub(crate) metrics: Option<Render>,
    pub(crate) patience: Duration,
    pub(crate) counted: Mutex<Option<Counted>>,
    /// Ends the event streams.
    pub(crate) closed: CancellationToken,
    /// So many requests are worked on at a time.
    pub(crate) turns: tokio::sync::Semaphore,
    _tasks: DropGuard,
}

#[cfg(feature = "executor")]
type Queues = Box<dyn Fn() -> Option<mainspring_executor::Stats> + Send + Sync>;

type Render = Box<dyn Fn() -> String + Send + Sync>;

/// Describes a [`Dashboard`] before it is made.
#[must_use = "a description does nothing: call `build`"]
pub struct DashboardBuilder {
    source: Source,
    title: String,
    store_name: String,
    token: Option<Token>,
    hosts: Hosts,
    can_change: bool,
    streams_max: usize,
    patience: Duration,
    #[cfg(feature = "executor")]
    queues: Option<Queues>,
    metrics: Option<Render>,
}

impl Dashboard {
    /// Describes a dashboard of a `Scheduler`, a `StoreScheduler`, or an `Arc<dyn Store>` that other
    /// processes run.
    pub fn builder(source: impl Into<Source>) -> DashboardBuilder {
        let source = source.into();
        DashboardBuilder {
            store_name: source.0.kind().to_owned(),
            source,
            title: "Mainspring".to_owned(),
            token: None,
            hosts: Hosts::Known(Vec::new()),
            can_change: true,
            streams_max: 1024,
            patience: Duration::from_secs(20),
            #[cfg(feature = "executor")]
            queues: None,
            metrics: None,
        }
    }

    /// The page, its API and its events, to be served as it is or nested under any path.
    ///
    /// Every answer has the headers of a strict content policy.
    pub fn router(&self) -> Router {
        api::router(self.shared.clone())
    }

    /// Ends the streams of events, so that a server that waits for its connections can stop. Those who ask
    /// for another are refused.
    pub fn close(&self) {
        self.shared.closed.cancel();
    }

    pub(crate) fn patience(&self) -> Duration {
        self.shared.patience
    }

    pub(crate) fn has_token(&self) -> bool {
        self.shared.guard.token.is_some()
    }
}

impl DashboardBuilder {
    /// What the page is headed with; `Mainspring` unless said otherwise.
    pub fn title(self, title: impl Into<String>) -> Self {
        Self { title: title.into(), ..self }
    }

    /// What the jobs are kept in, for people: `sqlite`, for example.
    pub fn store_name(self, name: impl Into<String>) -> Self {
        Self { store_name: name.into(), ..self }
    }

    /// Answers those alone who have the token: as `Authorization: Bearer TOKEN`, or by signing in on the
    /// page, which keeps a cookie.
    pub fn token(self, token: Token) -> Self {
        Self { token: Some(token), ..self }
    }

    /// Host names under which the dashboard may be asked, beside `localhost` and loopback addresses:
    /// those of a proxy before it. A dashboard with a token may be asked by any name; these are then the
    /// origins that a browser's changes may come from, beside the host itself.
    pub fn hosts<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.hosts = Hosts::Known(names.into_iter().map(str::to_owned).collect());
        self
    }

    /// Answers under any host name, without a token: for an application that lets nobody reach the
    /// router who may not see it. A browser whose name for the host is somebody else's would be answered
    /// as well.
    pub fn any_host(self) -> Self {
        Self { hosts: Hosts::Any, ..self }
    }

    /// Shows and changes nothing.
    pub fn read_only(self) -> Self {
        Self { can_change: false, ..self }
    }

    /// How many streams of events there may be at once; 1,024 unless said otherwise. One costs about
    /// 20 KB.
    pub fn streams_max(self, streams: usize) -> Self {
        Self { streams_max: streams, ..self }
    }

    /// How long a client may take to send a request, and may be kept waiting for the answer; 20 seconds
    /// unless said otherwise. A [`Server`](crate::Server) gives it as long between two requests, and to
    /// take more of an answer. Streams of events go on for as long as they are read.
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Shows the queues of an executor: `stats` is asked for each picture. An executor is its thread's; what
    /// it says crosses threads by a channel or a lock.
    #[cfg(feature = "executor")]
    pub fn queues(
        mut self,
        stats: impl Fn() -> Option<mainspring_executor::Stats> + Send + Sync + 'static,
    ) -> Self {
        self.queues = Some(Box::new(stats));
        self
    }

    /// Answers `/metrics` with what `render` writes, in Prometheus' text format.
    pub fn metrics(mut self, render: impl Fn() -> String + Send + Sync + 'static) -> Self {
        self.metrics = Some(Box::new(render));
        self
    }

    /// The dashboard.
    ///
    /// # Panics
    /// If called outside a tokio runtime: events are carried by tasks of it.
    pub fn build(self) -> Dashboard {
        /// Enough to keep a store busy, and few enough that their answers fit into memory.
        const REQUESTS_AT_ONCE: usize = 32;
        let hub = Arc::new(Hub::new(self.streams_max));
        let tasks = CancellationToken::new();
        let source = self.source.0;
        // What happens from now on is heard, even before the task has its first turn.
        if let Some(events) = source.events() {
            let carry = pump::carry(source.clone(), hub.clone(), events);
            tokio::spawn(tasks.clone().run_until_cancelled_owned(carry));
        }
        let follow = pump::follow(source.clone(), hub.clone());
        tokio::spawn(tasks.clone().run_until_cancelled_owned(follow));
        let shared = Shared {
            source,
            hub,
            guard: Arc::new(Guard { token: self.token, hosts: self.hosts }),
            title: self.title,
            store_name: self.store_name,
            can_change: self.can_change,
            #[cfg(feature = "executor")]
            queues: self.queues,
            metrics: self.metrics,
            patience: self.patience,
            counted: Mutex::default(),
            closed: CancellationToken::new(),
            turns: tokio::sync::Semaphore::new(REQUESTS_AT_ONCE),
            _tasks: tasks.drop_guard(),
        };
        Dashboard { shared: Arc::new(shared) }
    }
}

impl fmt::Debug for Dashboard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dashboard")
            .field("title", &self.shared.title)
            .field("store", &self.shared.store_name)
            .field("has_token", &self.has_token())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for DashboardBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DashboardBuilder")
            .field("source", &self.source)
            .field("title", &self.title)
            .finish_non_exhaustive()
    }
}
