//! Runs are shown as they are, whether they ended or go on.

use mainspring_dashboard::Dashboard;
use mainspring_job::store::{JobDraft, RunQuery};
use mainspring_job::{JobName, Overlap};
use mainspring_scheduler::{Context, Job};
use serde_json::{Value, json};

use crate::world::{HOUR, SECOND, clock, encoded, get, memory_store, node, of, scheduler, settle};

#[tokio::test]
async fn ended_runs_are_paged_the_last_first() {
    let clock = clock();
    let (scheduler, store) = (scheduler(&clock), memory_store(&clock));
    let node = node(&store, &clock, "n");
    node.register("tick", |_, (): ()| async { "printed".to_owned() }).unwrap();
    node.upsert("tick").schedule("* * * * *".parse().unwrap()).await.unwrap();
    let job = Job::cron("* * * * *")
        .unwrap()
        .named("tick")
        .history(100)
        .run(|_| async { "printed".to_owned() });
    scheduler.add(job).unwrap();
    let routers = [of(&scheduler), Dashboard::builder(node.clone()).build().router()];
    settle().await;
    clock.run_for(59 * 60 * SECOND).await;
    settle().await;
    for router in routers {
        let (mut due, mut path) = (Vec::new(), "/api/runs?job=tick&limit=25".to_owned());
        loop {
            let page = get(&router, &path).await.ok();
            for run in page["runs"].as_array().unwrap() {
                due.push(run["due"].as_str().unwrap().to_owned());
                assert_eq!(
                    (&run["state"], &run["output"]),
                    (&json!("succeeded"), &json!("printed"))
                );
                assert_eq!((&run["attempt"], &run["took_ms"]), (&json!(1), &json!(0.0)));
            }
            let Some(next) = page["next"].as_str() else { break };
            path = format!("/api/runs?job=tick&limit=25&after={}", encoded(next));
        }
        assert_eq!(due.len(), 60);
        assert!(due.is_sorted_by(|a, b| a > b));
        assert_eq!(get(&router, "/api/runs?state=failed").await.ok()["runs"], json!([]));
        assert_eq!(get(&router, "/api/runs?job=other").await.ok()["runs"], json!([]));
    }
    let read = node.store().runs(&RunQuery::history(100)).await.unwrap();
    assert_eq!(read.len(), 60);
}

#[tokio::test]
async fn live_runs_are_shown_the_first_due_first() {
    let clock = clock();
    let scheduler = scheduler(&clock);
    let router = of(&scheduler);
    let job = Job::cron("*/5 * * * *").unwrap().named("slow").overlap(Overlap::Queue);
    scheduler.add(job.run(|run: Context| async move { run.cancelled().await })).unwrap();
    settle().await;
    clock.run_for(11 * 60 * SECOND).await;
    settle().await;
    let runs = get(&router, "/api/runs?ended=false").await.ok();
    let states: Vec<_> = runs["runs"].as_array().unwrap().iter().map(|run| &run["state"]).collect();
    assert_eq!(states, ["running", "due", "due"]);
    assert_eq!(runs["runs"][0]["started"], "2026-03-01T12:00:00Z");
    assert_eq!((&runs["runs"][1]["started"], &runs["next"]), (&Value::Null, &Value::Null));
    let waiting = get(&router, "/api/runs?state=due&limit=1").await.ok();
    assert_eq!(waiting["runs"][0]["due"], "2026-03-01T12:05:00Z");
    let overview = get(&router, "/api/overview").await.ok();
    assert_eq!(overview["runs"], json!({"waiting": 2, "running": 1}));
    assert_eq!(get(&router, "/api/jobs?state=running").await.ok()["jobs"][0]["name"], "slow");
}

#[tokio::test]
async fn other_nodes_are_shown_with_their_leases() {
    let clock = clock();
    let store = memory_store(&clock);
    let slow = JobName::new("slow").unwrap();
    store.upsert(&[JobDraft::new(slow)]).await.unwrap();
    let (one, two) = (node(&store, &clock, "one"), node(&store, &clock, "two"));
    for node in [&one, &two] {
        node.register("slow", |run: Context, (): ()| async move { run.cancelled().await }).unwrap();
    }
    // A store alone, as a page of its own would have it.
    let router = Dashboard::builder(store.clone()).build().router();
    store.trigger("slow", one.now()).await.unwrap();
    clock.run_for(6 * SECOND).await;
    let overview = get(&router, "/api/overview").await.ok();
    let holder = &overview["nodes"][0];
    assert!(["one", "two"].contains(&holder["name"].as_str().unwrap()));
    assert_eq!((&holder["running"], &holder["is_this"]), (&json!(1), &json!(false)));
    assert!(holder["lease_until"].is_string());
    assert_eq!(overview["node"], Value::Null);
    let runs = get(&router, "/api/runs?ended=false").await.ok();
    assert_eq!(runs["runs"][0]["node"], holder["name"]);
    clock.run_for(HOUR).await;
    assert_eq!(get(&router, "/api/overview").await.ok()["runs"]["running"], 1, "its lease is kept");
}
