//! Changes do what they say, in memory and in a store.

use axum::Router;
use mainspring_dashboard::Dashboard;
use mainspring_scheduler::{Context, Job};
use serde_json::{Value, json};

use crate::world::{HOUR, SECOND, clock, get, memory_store, node, of, post, scheduler, settle};

#[tokio::test]
async fn jobs_are_triggered_paused_resumed_and_runs_cancelled() {
    let clock = clock();
    let (scheduler, store) = (scheduler(&clock), memory_store(&clock));
    let node = node(&store, &clock, "n");
    node.register("slow", |run: Context, (): ()| async move { run.cancelled().await }).unwrap();
    node.upsert("slow").schedule("@yearly".parse().unwrap()).await.unwrap();
    let job = Job::cron("@yearly").unwrap().named("slow");
    scheduler.add(job.run(|run: Context| async move { run.cancelled().await })).unwrap();
    let routers = [
        of(&scheduler),
        Dashboard::builder(node).build().router(),
        Dashboard::builder(store).build().router(),
    ];
    for router in routers {
        change(&router, &clock).await;
    }
}

async fn change(router: &Router, clock: &mainspring_clock::ManualClock) {
    let name = json!({"name": "slow"});
    let state = async || get(router, "/api/job?name=slow").await.ok()["state"].clone();
    settle().await;
    assert_eq!(state().await, "waiting");
    post(router, "/api/jobs/pause", &name).await.ok();
    assert_eq!(state().await, "paused");
    let paused = get(router, "/api/job?name=slow").await.ok();
    assert_eq!((&paused["next"], &paused["upcoming"]), (&Value::Null, &json!([])));
    post(router, "/api/jobs/resume", &name).await.ok();
    assert_eq!(state().await, "waiting");
    let triggered = post(router, "/api/jobs/trigger", &name).await.ok();
    clock.run_for(6 * SECOND).await;
    settle().await;
    assert_eq!(state().await, "running");
    let live = get(router, "/api/runs?ended=false").await.ok();
    assert_eq!(live["runs"][0]["id"], triggered["run"]);
    let id = json!({"id": triggered["run"]});
    let cancelled = post(router, "/api/runs/cancel", &id).await.ok();
    assert_eq!(cancelled, json!({"ok": true, "over": false}), "it is asked to end");
    clock.run_for(HOUR / 60).await;
    settle().await;
    assert_eq!(state().await, "waiting");
    let ended = get(router, "/api/runs?job=slow").await.ok();
    assert_eq!(ended["runs"][0]["id"], triggered["run"], "{ended}");
    post(router, "/api/runs/cancel", &id).await.refused(404);
}

#[tokio::test]
async fn what_is_not_there_cannot_be_changed() {
    let clock = clock();
    let (scheduler, store) = (scheduler(&clock), memory_store(&clock));
    for router in [of(&scheduler), Dashboard::builder(store).build().router()] {
        for path in ["/api/jobs/trigger", "/api/jobs/pause", "/api/jobs/resume"] {
            post(&router, path, &json!({"name": "none"})).await.refused(404);
            post(&router, path, &json!({"name": ""})).await.refused(404);
        }
        for id in ["", "1", "1@", "@2026-03-01T12:00:00Z", "x@y", "-1@2026-03-01T12:00:00Z"] {
            post(&router, "/api/runs/cancel", &json!({ "id": id })).await.refused(404);
        }
        let huge = json!({"id": "18446744073709551615@2026-03-01T12:00:00Z"});
        post(&router, "/api/runs/cancel", &huge).await.refused(404);
        let gone = json!({"id": "9@2026-03-01T12:00:00Z"});
        post(&router, "/api/runs/cancel", &gone).await.refused(404);
    }
}

#[tokio::test]
async fn a_dashboard_that_only_shows_changes_nothing() {
    let clock = clock();
    let scheduler = scheduler(&clock);
    let id = scheduler.add(Job::every(HOUR).named("job").run(|_| async {})).unwrap();
    let router = Dashboard::builder(scheduler.clone()).read_only().build().router();
    let name = json!({"name": "job"});
    for path in ["/api/jobs/trigger", "/api/jobs/pause", "/api/jobs/resume"] {
        assert!(post(&router, path, &name).await.refused(403).contains("changes nothing"));
    }
    let run = json!({"id": "1@2026-03-01T12:00:00Z"});
    post(&router, "/api/runs/cancel", &run).await.refused(403);
    assert!(!scheduler.job(id).unwrap().is_paused);
    assert_eq!(get(&router, "/api/overview").await.ok()["can_change"], false);
}
