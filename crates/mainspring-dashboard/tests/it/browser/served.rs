//! Serves a dashboard of a node and its store, and can stop and start them as a machine's restart does.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use mainspring_clock::{SystemClock, WallClock};
use mainspring_dashboard::{Dashboard, Server, Token};
use mainspring_job::JobName;
use mainspring_job::store::{JobDraft, MemoryStore, Store};
use mainspring_scheduler::{Context, StoreScheduler};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A name that would be markup if anybody read it as such.
pub(super) const MARKUP: &str = "<script>alert(1)</script>";

/// A node with its dashboard, on an address of its own.
pub(super) struct Served {
    pub(super) node: StoreScheduler,
    pub(super) address: SocketAddr,
    stop: CancellationToken,
    tasks: [JoinHandle<()>; 2],
}

impl Served {
    pub(super) async fn start(store: Arc<dyn Store>) -> Self {
        Self::start_at(store, ([127, 0, 0, 1], 0).into(), None).await
    }

    /// At that address, and for those who have the token.
    pub(super) async fn start_at(
        store: Arc<dyn Store>,
        address: SocketAddr,
        token: Option<&str>,
    ) -> Self {
        // What the demonstration lived through stays.
        let builder = StoreScheduler::builder(store).node("shop-1:4711");
        let node = builder.keep_history(Duration::MAX, 1).build();
        for name in ["quick", "task"] {
            node.register(name, |_, ()| async {}).expect("a handler");
        }
        let broken = |_, ()| async { Err::<(), _>("no route to the warehouse") };
        node.register("failing", broken).expect("a handler");
        for name in ["slow", "long-task"] {
            let work = |run: Context, ()| async move {
                run.cancelled().await;
                Err::<(), _>("stopped half-way")
            };
            node.register(name, work).expect("a handler");
        }
        let mut dashboard = Dashboard::builder(node.clone()).store_name("memory");
        if let Some(token) = token {
            dashboard = dashboard.token(Token::new(token).expect("a token"));
        }
        let server = Server::bind(dashboard.build(), address).await.expect("an address");
        let address = server.address();
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        let running = node.clone();
        let tasks = [
            tokio::spawn(server.run(stopped)),
            tokio::spawn(async move { running.run().await.map(drop).expect("the node runs") }),
        ];
        Self { node, address, stop, tasks }
    }

    /// Ends the server and the node; the store stays.
    pub(super) async fn stop(self) {
        self.stop.cancel();
        self.node.shutdown(Duration::ZERO);
        for task in self.tasks {
            task.await.expect("it stops");
        }
    }

    pub(super) fn url(&self, place: &str) -> String {
        format!("http://{}/{place}", self.address)
    }
}

/// A store that lives by the machine's clock.
pub(super) fn store() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new(now))
}

pub(super) fn now() -> Timestamp {
    SystemClock.wall_now().try_into().expect("a time after 1970")
}

/// `jobs` of which none is due while anybody looks, and some to be triggered.
pub(super) async fn fill(store: &dyn Store, jobs: usize) {
    let name = |text: &str| JobName::new(text).expect("a name");
    let rare = "0 0 29 2 *".parse::<mainspring_schedule::Schedule>().expect("a schedule");
    let mut drafts: Vec<JobDraft> = (0..jobs)
        .map(|number| {
            JobDraft::new(name(&format!("tenant-{number:05}.sync")))
                .handler(name("quick"))
                .schedule(rare.clone(), now())
        })
        .collect();
    for (job, handler) in [
        (MARKUP, "quick"),
        ("orders.sync", "quick"),
        ("warehouse.ping", "failing"),
        ("video.encode", "slow"),
        (
            "a-name-that-is-as-long-as-somebody-might-make-it-without-a-single-place-to-break-the-line",
            "quick",
        ),
    ] {
        drafts.push(JobDraft::new(name(job)).handler(name(handler)).schedule(rare.clone(), now()));
    }
    for batch in drafts.chunks(1_000) {
        store.upsert(batch).await.expect("the jobs are kept");
    }
}
