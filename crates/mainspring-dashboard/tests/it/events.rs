//! Events reach whoever listens, and nobody waits for who does not.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, BodyDataStream};
use axum::http::{Method, StatusCode};
use futures_util::StreamExt;
use mainspring_dashboard::Dashboard;
use mainspring_job::JobName;
use mainspring_job::store::JobDraft;
use mainspring_scheduler::{Context, Job};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::world::{HOUR, SECOND, clock, get, memory_store, node, of, request, scheduler, settle};

/// A stream of events, read frame by frame.
struct Stream {
    body: BodyDataStream,
    read: String,
}

impl Stream {
    async fn open(router: &Router) -> Self {
        let request = request(Method::GET, "/api/events").body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut stream =
            Self { body: response.into_body().into_data_stream(), read: String::new() };
        assert_eq!(stream.next().await.unwrap().0, "hello");
        stream
    }

    /// The next event; `None` at the end.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((frame, rest)) = self.read.split_once("\n\n") {
                let mut lines = frame.lines();
                let name = lines.next().and_then(|line| line.strip_prefix("event: "));
                let data = lines.next().and_then(|line| line.strip_prefix("data: "));
                let found = name.zip(data).map(|(name, data)| {
                    (name.to_owned(), serde_json::from_str(data).expect("JSON"))
                });
                self.read = rest.to_owned();
                if let Some(found) = found {
                    return Some(found);
                }
                continue;
            }
            let next = tokio::time::timeout(Duration::from_secs(30), self.body.next()).await;
            let bytes = next.expect("an event comes")?.expect("a body does not fail");
            self.read.push_str(str::from_utf8(&bytes).unwrap());
        }
    }

    async fn next_kind(&mut self) -> String {
        let (event, data) = self.next().await.expect("an event");
        format!("{event} {}", data["kind"].as_str().unwrap_or_default())
    }
}

#[tokio::test]
async fn a_run_is_told_from_beginning_to_end() {
    let clock = clock();
    let scheduler = scheduler(&clock);
    let router = of(&scheduler);
    settle().await;
    let mut stream = Stream::open(&router).await;
    let name = "<b>\"é";
    let id = scheduler
        .add(Job::every(HOUR).named(name).run(|_| async { Err::<(), _>("no\nway") }))
        .unwrap();
    scheduler.pause(id);
    scheduler.resume(id);
    scheduler.trigger(id).unwrap();
    settle().await;
    for kind in ["job added", "job paused", "job resumed", "run due", "run started"] {
        assert_eq!(stream.next_kind().await, kind);
    }
    let (_, failed) = stream.next().await.unwrap();
    assert_eq!(
        failed,
        json!({
            "at": "2026-03-01T12:00:00Z", "name": name, "due": "2026-03-01T12:00:00Z",
            "kind": "failed", "attempt": null, "error": "no\nway",
        })
    );
    scheduler.remove(id);
    assert_eq!(stream.next_kind().await, "job removed");
}

#[tokio::test]
async fn more_events_than_a_page_can_use_are_counted() {
    let clock = clock();
    let scheduler = scheduler(&clock);
    let router = of(&scheduler);
    settle().await;
    let mut stream = Stream::open(&router).await;
    // Fewer than the scheduler holds for a listener, more than are passed on in a second.
    for _ in 0..1000 {
        scheduler.add(Job::every(HOUR).run(|_| async {})).unwrap();
    }
    let mut told = 0;
    let lost = loop {
        match stream.next().await.unwrap() {
            (event, _) if event == "job" => told += 1,
            (event, data) => {
                assert_eq!(event, "lagged");
                break data["lost"].as_u64().unwrap();
            }
        }
    };
    assert_eq!((told, told + lost), (200, 1000));
    // What the page then reads is all there.
    assert_eq!(get(&router, "/api/overview").await.ok()["jobs"]["total"], 1000);
}

#[tokio::test]
async fn who_does_not_read_loses_events_and_hears_of_it() {
    let clock = clock();
    let scheduler = scheduler(&clock);
    let router = of(&scheduler);
    settle().await;
    let mut stream = Stream::open(&router).await;
    // More than the scheduler holds for a listener.
    for _ in 0..10_000 {
        scheduler.add(Job::every(HOUR).run(|_| async {})).unwrap();
    }
    let (event, data) = stream.next().await.unwrap();
    assert_eq!((event.as_str(), data["lost"].as_u64()), ("lagged", Some(10_000 - 4096)));
}

#[tokio::test]
async fn other_nodes_are_heard_of_through_the_store() {
    let clock = clock();
    let store = memory_store(&clock);
    let job = JobName::new("job").unwrap();
    store.upsert(&[JobDraft::new(job)]).await.unwrap();
    let other = node(&store, &clock, "other");
    other.register("job", |_: Context, (): ()| async {}).unwrap();
    let router = Dashboard::builder(store.clone()).build().router();
    let mut stream = Stream::open(&router).await;
    // The first look only says where things stand.
    tokio::time::sleep(Duration::from_millis(50)).await;
    store.trigger("job", other.now()).await.unwrap();
    clock.run_for(6 * SECOND).await;
    let (event, data) = stream.next().await.unwrap();
    assert_eq!(
        (event.as_str(), &data["name"], &data["kind"]),
        ("run", &json!("job"), &json!("succeeded"))
    );
}

#[tokio::test]
async fn a_dashboard_that_closes_ends_its_streams() {
    let clock = clock();
    let dashboard = Dashboard::builder(scheduler(&clock)).build();
    let router = dashboard.router();
    let mut stream = Stream::open(&router).await;
    dashboard.close();
    assert_eq!(stream.next().await, None);
    get(&router, "/api/events").await.refused(503);
}

#[tokio::test]
async fn a_stream_too_many_is_refused_until_one_ends() {
    let clock = clock();
    let router = Dashboard::builder(scheduler(&clock)).streams_max(2).build().router();
    let first = Stream::open(&router).await;
    let _second = Stream::open(&router).await;
    assert!(get(&router, "/api/events").await.refused(503).contains("too many"));
    drop(first);
    let _third = Stream::open(&router).await;
}
