//! Jobs are shown as they are, a page at a time, by whatever name.

use std::sync::Arc;

use jiff::Timestamp;
use mainspring_dashboard::Dashboard;
use mainspring_job::JobName;
use mainspring_job::store::{JobDraft, Store};
use mainspring_scheduler::{Context, Job};
use serde_json::{Value, json};

use crate::world::{
    HOUR, SECOND, at, clock, encoded, get, memory_store, node, of, post, scheduler, settle,
};

#[tokio::test]
async fn a_job_in_memory_is_shown_with_its_last_run() {
    let clock = clock();
    let scheduler = scheduler(&clock);
    let router = of(&scheduler);
    let turned = clock.clone();
    let job = Job::cron("*/10 * * * *").unwrap().named("report");
    let job = job.run(move |run: Context| {
        let clock = turned.clone();
        async move {
            clock.wait_until(mainspring_clock::Clock::now(&clock) + SECOND).await;
            if run.due() == at("2026-03-01T12:20:00Z") {
                Err("disk full")
            } else {
                Ok("12 rows".to_owned())
            }
        }
    });
    scheduler.add(job).unwrap();
    clock.run_for(25 * 60 * SECOND).await;
    settle().await;
    let page = get(&router, "/api/jobs").await.ok();
    assert_eq!(page["next"], Value::Null);
    let job = &page["jobs"][0];
    assert_eq!(job["name"], "report");
    assert_eq!(job["schedule"], "*/10 * * * *");
    assert_eq!(job["words"], "Every 10 minutes");
    assert_eq!(job["next"], "2026-03-01T12:30:00Z");
    assert_eq!((&job["state"], &job["running"]), (&json!("waiting"), &json!(0)));
    assert_eq!(
        job["last"],
        json!({
            "due": "2026-03-01T12:20:00Z", "started": "2026-03-01T12:20:00Z",
            "ended": "2026-03-01T12:20:01Z", "state": "failed", "error": "disk full",
            "took_ms": 1000.0,
        })
    );
    let recent = job["recent"].as_array().unwrap();
    let states: Vec<_> = recent.iter().map(|run| run["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["succeeded", "succeeded", "failed"]);
    assert_eq!(job["success_rate"].as_f64(), Some(2.0 / 3.0));
    let details = get(&router, "/api/job?name=report").await.ok();
    assert_eq!(details["upcoming"].as_array().unwrap().len(), 10);
    assert_eq!(details["upcoming"][1], "2026-03-01T12:40:00Z");
    assert_eq!(details["error"], Value::Null);
    assert_eq!(get(&router, "/api/jobs?state=failing").await.ok()["jobs"][0]["name"], "report");
    assert_eq!(get(&router, "/api/jobs?state=running").await.ok()["jobs"], json!([]));
}

#[tokio::test]
async fn a_stored_job_is_shown_the_same() {
    let clock = clock();
    let store = memory_store(&clock);
    let node = node(&store, &clock, "web-1");
    let router = Dashboard::builder(node.clone()).store_name("sqlite").build().router();
    node.register("mail", |run: Context, (): ()| async move {
        if run.due() == at("2026-03-01T14:00:00Z") {
            Err("no such host")
        } else {
            Ok("sent".to_owned())
        }
    })
    .unwrap();
    let schedule = "0 * * * *".parse().unwrap();
    node.upsert("letter").schedule(schedule).handler("mail").revision(3).await.unwrap();
    clock.run_for(2 * HOUR + SECOND).await;
    let page = get(&router, "/api/jobs").await.ok();
    let job = &page["jobs"][0];
    assert_eq!((&job["handler"], &job["revision"]), (&json!("mail"), &json!(3)));
    assert_eq!(job["next"], "2026-03-01T15:00:00Z");
    assert_eq!(job["last"]["error"], "no such host");
    assert_eq!(job["recent"].as_array().unwrap().len(), 3);
    let overview = get(&router, "/api/overview").await.ok();
    assert_eq!((&overview["store"], &overview["node"]), (&json!("sqlite"), &json!("web-1")));
    let this = json!({"name": "web-1", "running": 0, "lease_until": null, "is_this": true});
    assert_eq!(overview["nodes"], json!([this]));
    assert_eq!(overview["ticks"]["count"], 3);
    assert_eq!(get(&router, "/api/jobs?state=failing").await.ok()["jobs"][0]["name"], "letter");
}

#[tokio::test]
async fn ten_thousand_jobs_are_read_in_pages() {
    let clock = clock();
    let scheduler = scheduler(&clock);
    let store = memory_store(&clock);
    let mut drafts = Vec::new();
    for number in 0..10_000 {
        let name = format!("job {number:05}");
        scheduler.add(Job::every(HOUR).named(&name).run(|_| async {})).unwrap();
        drafts.push(JobDraft::new(JobName::new(&name).unwrap()));
    }
    store.upsert(&drafts).await.unwrap();
    for name in ["job 00007", "job 05000", "job 09999"] {
        scheduler.pause(scheduler.find(name).unwrap());
        store.pause(name).await.unwrap();
    }
    let stored: Arc<dyn Store> = store;
    for router in [of(&scheduler), Dashboard::builder(stored).build().router()] {
        let (mut read, mut path) = (Vec::new(), "/api/jobs?limit=500".to_owned());
        loop {
            let page = get(&router, &path).await.ok();
            let names = page["jobs"].as_array().unwrap().iter();
            read.extend(names.map(|job| job["name"].as_str().unwrap().to_owned()));
            let Some(next) = page["next"].as_str() else { break };
            path = format!("/api/jobs?limit=500&after={}", encoded(next));
        }
        assert_eq!(read.len(), 10_000);
        assert!(read.is_sorted());
        let found = get(&router, "/api/jobs?search=JOB%200999").await.ok();
        assert_eq!(found["jobs"].as_array().unwrap().len(), 10);
        let paused = get(&router, "/api/jobs?state=paused&limit=2").await.ok();
        assert_eq!(paused["jobs"][1]["name"], "job 05000");
        let next =
            format!("/api/jobs?state=paused&after={}", encoded(paused["next"].as_str().unwrap()));
        assert_eq!(get(&router, &next).await.ok()["jobs"][0]["name"], "job 09999");
        let overview = get(&router, "/api/overview").await.ok();
        assert_eq!(
            (&overview["jobs"]["total"], &overview["jobs"]["paused"]),
            (&json!(10_000), &json!(3))
        );
    }
}

#[tokio::test]
async fn names_are_text_whatever_they_hold() {
    let clock = clock();
    let scheduler = scheduler(&clock);
    let router = of(&scheduler);
    let long = "é".repeat(127) + "x";
    let names = [
        "<script>alert(1)</script>",
        "a/b/../c",
        "..",
        "100% & more = ?#",
        "\"quoted\" \\ back",
        "日本語 🕰\u{202e}right",
        "</title><img src=x>",
        &long,
    ];
    for name in names {
        scheduler.add(Job::every(HOUR).named(name).run(|_| async {})).unwrap();
    }
    assert_eq!(long.len(), 255);
    for name in names {
        let answer = get(&router, &format!("/api/job?name={}", encoded(name))).await;
        assert_eq!(answer.headers["content-type"], "application/json");
        assert_eq!(answer.ok()["name"], name);
        post(&router, "/api/jobs/pause", &json!({ "name": name })).await.ok();
        let found = get(&router, &format!("/api/jobs?search={}", encoded(name))).await.ok();
        assert_eq!(found["jobs"][0]["state"], "paused", "{name}");
    }
    let missing = get(&router, "/api/job?name=none").await.refused(404);
    assert_eq!(missing, "there is no job `none` (any more)");
}

#[tokio::test]
async fn the_timeline_looks_both_ways() {
    let clock = clock();
    let scheduler = scheduler(&clock);
    let store = memory_store(&clock);
    let node = node(&store, &clock, "n");
    node.register("often", |_, (): ()| async {}).unwrap();
    node.upsert("often").schedule("*/30 * * * *".parse().unwrap()).await.unwrap();
    node.upsert("daily").schedule("0 6 * * *".parse().unwrap()).handler("often").await.unwrap();
    scheduler.add(Job::cron("*/30 * * * *").unwrap().named("often").run(|_| async {})).unwrap();
    scheduler.add(Job::cron("0 6 * * *").unwrap().named("daily").run(|_| async {})).unwrap();
    let routers = [of(&scheduler), Dashboard::builder(node).build().router()];
    settle().await;
    clock.run_for(3 * HOUR + SECOND).await;
    settle().await;
    for router in routers {
        let timeline = get(&router, "/api/timeline?hours=24").await.ok();
        let past = timeline["past"].as_array().unwrap();
        assert_eq!(past.len(), 7, "from 12:00 to 15:00: {past:?}");
        assert_eq!(past[0]["due"], "2026-03-01T12:00:00Z");
        let coming = timeline["coming"].as_array().unwrap();
        assert_eq!(coming.len(), 48 + 1);
        let due: Vec<Timestamp> =
            coming.iter().map(|run| at(run["due"].as_str().unwrap())).collect();
        assert!(due.is_sorted());
        assert!(coming.iter().any(|run| run["name"] == "daily"));
        assert_eq!(timeline["coming_truncated"], false);
        let narrow = get(&router, "/api/timeline?hours=1").await.ok();
        assert_eq!(narrow["past"].as_array().unwrap().len(), 2, "{narrow}");
        assert_eq!(narrow["coming"].as_array().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn a_timeline_of_many_is_cut_and_says_so() {
    let clock = clock();
    let scheduler = scheduler(&clock);
    let router = of(&scheduler);
    for number in 0..3000 {
        let job = Job::every(60 * SECOND).named(format!("job {number}")).run(|_| async {});
        scheduler.add(job).unwrap();
    }
    let timeline = get(&router, "/api/timeline").await.ok();
    assert_eq!(timeline["coming"].as_array().unwrap().len(), 2000);
    assert_eq!(timeline["coming_truncated"], true);
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_and_says_what_could() {
    let clock = clock();
    let router = of(&scheduler(&clock));
    for (path, words) in [
        ("/api/jobs?limit=0", "allowed: 1 to 500"),
        ("/api/jobs?limit=501", "allowed: 1 to 500"),
        ("/api/jobs?limit=many", "invalid digit"),
        ("/api/jobs?state=asleep", "allowed: running, paused, failing"),
        ("/api/jobs?color=red", "unknown field `color`"),
        ("/api/job", "missing field `name`"),
        ("/api/runs?state=lost", "allowed: due, running"),
        ("/api/runs?after=x", "what `next` was"),
        ("/api/runs?ended=perhaps", "the query cannot be read"),
        ("/api/timeline?hours=0", "allowed: 1 to 744"),
        ("/api/timeline?hours=99999999999999", "the query cannot be read"),
    ] {
        let error = get(&router, path).await.refused(400);
        assert!(error.contains(words), "{path}: {error}");
    }
    let long = format!("/api/jobs?search={}", "x".repeat(300));
    assert!(get(&router, &long).await.refused(400).contains("too long"));
    assert!(get(&router, "/api/none").await.refused(404).contains("openapi.json"));
    get(&router, "/metrics").await.refused(404);
}
