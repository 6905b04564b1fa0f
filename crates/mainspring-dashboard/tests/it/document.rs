//! The API's description says what the API does: every answer is held against it.

use std::collections::BTreeSet;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use mainspring_dashboard::{Dashboard, Token};
use mainspring_scheduler::{Context, Job};
use serde_json::{Value, json};

use crate::world::{
    Answer, HOUR, SECOND, ask, clock, memory_store, node, request, scheduler, settle,
};

/// The description, and which of its answers were seen.
struct Document {
    document: Value,
    seen: BTreeSet<String>,
}

impl Document {
    async fn read(router: &Router) -> Self {
        let document = crate::world::get(router, "/api/openapi.json").await.ok();
        Self { document, seen: BTreeSet::new() }
    }

    /// Asks, and fails unless the answer is as described.
    async fn check(
        &mut self,
        router: &Router,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        let mut request = request(method.clone(), path);
        if body.is_some() {
            request =
                request.header("content-type", "application/json").header("x-mainspring", "1");
        }
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        self.check_request(router, request.body(Body::from(body)).unwrap()).await
    }

    async fn check_request(&mut self, router: &Router, request: Request<Body>) -> Answer {
        let method = request.method().as_str().to_lowercase();
        let path = request.uri().path().to_owned();
        let answer = ask(router, request).await;
        let status = answer.status.as_u16().to_string();
        let seen = format!("{method} {path} {status}");
        let operation = &self.document["paths"][&path][&method];
        assert!(operation.is_object(), "{seen} is not described");
        let mut response = &operation["responses"][&status];
        if let Some(place) = response["$ref"].as_str() {
            response = self.document.pointer(place.trim_start_matches('#')).expect("a response");
        }
        let content = answer.headers["content-type"].to_str().unwrap();
        let kind = content.split(';').next().unwrap();
        let schema = &response["content"][kind]["schema"];
        assert!(schema.is_object(), "{seen} as {kind} is not described: {}", answer.text);
        if kind == "application/json" {
            let mut schema = schema.clone();
            schema["components"] = self.document["components"].clone();
            let validator = jsonschema::validator_for(&schema).expect("a schema");
            let errors: Vec<_> = validator
                .iter_errors(&answer.json())
                .map(|error| format!("{} at {}", error, error.instance_path()))
                .collect();
            assert!(errors.is_empty(), "{seen}: {errors:?}\n{}", answer.text);
        }
        self.seen.insert(seen);
        answer
    }

    async fn look_everywhere(&mut self, router: &Router, run: &str) {
        let get = Method::GET;
        for path in [
            "/healthz",
            "/api/overview",
            "/api/jobs",
            "/api/jobs?limit=1",
            "/api/jobs?state=paused",
            "/api/jobs?state=failing",
            "/api/jobs?limit=0",
            "/api/job?name=slow",
            "/api/job?name=failing",
            "/api/job?name=none",
            "/api/job",
            "/api/runs",
            "/api/runs?limit=1",
            "/api/runs?ended=false",
            "/api/runs?state=wrong",
            "/api/timeline",
            "/api/timeline?hours=0",
            "/api/openapi.json",
            "/metrics",
        ] {
            self.check(router, get.clone(), path, None).await;
        }
        let (slow, none) = (json!({"name": "slow"}), json!({"name": "none"}));
        for path in ["/api/jobs/pause", "/api/jobs/resume", "/api/jobs/trigger"] {
            for body in [&slow, &none, &json!({})] {
                self.check(router, Method::POST, path, Some(body.clone())).await;
            }
        }
        for id in [run, "1@2020-01-01T00:00:00Z", "x"] {
            let body = json!({ "id": id });
            self.check(router, Method::POST, "/api/runs/cancel", Some(body)).await;
        }
        self.check(router, Method::POST, "/api/login", Some(json!({"token": "x"}))).await;
        let large = json!({"name": "x".repeat(70_000)});
        self.check(router, Method::POST, "/api/jobs/pause", Some(large)).await;
        let plain = request(Method::POST, "/api/jobs/pause")
            .header("x-mainspring", "1")
            .body(Body::from("{}"))
            .unwrap();
        self.check_request(router, plain).await;
        let other = Request::builder().uri("/api/jobs").header("host", "rebound.example");
        self.check_request(router, other.body(Body::empty()).unwrap()).await;
    }
}

#[tokio::test]
async fn every_answer_is_as_the_document_says() {
    let clock = clock();
    let (scheduler, store) = (scheduler(&clock), memory_store(&clock));
    let node = node(&store, &clock, "n");
    let in_memory = Dashboard::builder(scheduler.clone()).metrics(String::new).build().router();
    let stored = Dashboard::builder(node.clone()).build().router();
    settle().await;
    node.register("slow", |run: Context, (): ()| async move { run.cancelled().await }).unwrap();
    node.register("failing", |_, (): ()| async { Err::<(), _>("why") }).unwrap();
    for name in ["slow", "failing"] {
        node.upsert(name).schedule("0 * * * *".parse().unwrap()).await.unwrap();
    }
    node.upsert("without a schedule").handler("failing").await.unwrap();
    let hourly = |name: &str| Job::cron("0 * * * *").unwrap().named(name);
    scheduler.add(hourly("slow").run(|run: Context| async move { run.cancelled().await })).unwrap();
    scheduler.add(hourly("failing").run(|_| async { Err::<(), _>("why") })).unwrap();
    scheduler.add(hourly("quick").run(|_| async { "printed".to_owned() })).unwrap();
    clock.run_for(3 * HOUR + SECOND).await;
    settle().await;
    let mut document = Document::read(&in_memory).await;
    for router in [&in_memory, &stored] {
        let live = crate::world::get(router, "/api/runs?state=running&limit=1").await.ok();
        let run = live["runs"][0]["id"].as_str().expect("a run goes on").to_owned();
        document.look_everywhere(router, &run).await;
    }
    let token = Token::new("a-token-for-the-tests").unwrap();
    let guarded = Dashboard::builder(scheduler).token(token).read_only().build().router();
    for path in ["/api/jobs", "/api/events"] {
        assert_eq!(document.check(&guarded, Method::GET, path, None).await.status, 401);
    }
    let wrong = json!({"token": "not-the-token"});
    document.check(&guarded, Method::POST, "/api/login", Some(wrong)).await;
    // Nothing is described that is not there.
    let mut described = BTreeSet::new();
    for (path, operations) in document.document["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            described.insert(format!("{method} {path} "));
        }
    }
    let is_seen =
        |start: &String| document.seen.iter().any(|seen| seen.starts_with(start.as_str()));
    let unseen: Vec<_> = described.iter().filter(|start| !is_seen(start)).collect();
    assert!(unseen.is_empty(), "{unseen:?}");
    for status in ["200", "400", "401", "404", "413", "415", "421"] {
        assert!(document.seen.iter().any(|seen| seen.ends_with(status)), "{status} was not seen");
    }
}
