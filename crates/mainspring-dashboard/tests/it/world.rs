//! What each test has at hand: schedulers on a clock that it turns, and short ways to ask a router.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use jiff::Timestamp;
use mainspring_clock::{ManualClock, WallClock};
use mainspring_dashboard::Dashboard;
use mainspring_job::store::{MemoryStore, Store};
use mainspring_scheduler::{Scheduler, StoreScheduler};
use serde_json::Value;
use tower::ServiceExt;

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// A Sunday, at noon.
pub(crate) const START: &str = "2026-03-01T12:00:00Z";

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

pub(crate) fn clock() -> ManualClock {
    ManualClock::new(SystemTime::from(at(START)))
}

/// A scheduler in memory that runs.
pub(crate) fn scheduler(clock: &ManualClock) -> Scheduler {
    let scheduler = Scheduler::manual(clock);
    let running = scheduler.clone();
    tokio::spawn(async move { running.run().await });
    scheduler
}

pub(crate) fn memory_store(clock: &ManualClock) -> Arc<dyn Store> {
    let clock = clock.clone();
    Arc::new(MemoryStore::new(move || Timestamp::try_from(clock.wall_now()).expect("an instant")))
}

/// A node of a store, which runs.
pub(crate) fn node(store: &Arc<dyn Store>, clock: &ManualClock, name: &str) -> StoreScheduler {
    let node = StoreScheduler::builder(store.clone()).node(name).manual(clock).build();
    let running = node.clone();
    tokio::spawn(async move { running.run().await });
    node
}

/// Lets the tasks of the test's runtime do what they have to.
pub(crate) async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text);
        self.json()
    }

    #[track_caller]
    pub(crate) fn refused(self, status: u16) -> String {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self.json()["error"].as_str().expect("an error's text").to_owned()
    }
}

pub(crate) async fn ask(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.expect("a router always answers");
    let (head, body) = response.into_parts();
    let bytes = body.collect().await.expect("a body").to_bytes();
    let text = String::from_utf8(bytes.to_vec()).expect("text");
    Answer { status: head.status, headers: head.headers, text }
}

pub(crate) fn request(method: Method, path: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path).header("host", "localhost:8080")
}

pub(crate) async fn get(router: &Router, path: &str) -> Answer {
    ask(router, request(Method::GET, path).body(Body::empty()).expect("a request")).await
}

/// A change, as the page asks for one.
pub(crate) async fn post(router: &Router, path: &str, body: &Value) -> Answer {
    let request = request(Method::POST, path)
        .header("content-type", "application/json")
        .header("x-mainspring", "1")
        .header("origin", "http://localhost:8080")
        .header("sec-fetch-site", "same-origin");
    ask(router, request.body(Body::from(body.to_string())).expect("a request")).await
}

/// As a query has it.
pub(crate) fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

pub(crate) fn of(scheduler: &Scheduler) -> Router {
    Dashboard::builder(scheduler.clone()).build().router()
}
