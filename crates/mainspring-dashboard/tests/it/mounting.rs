//! The router works wherever it is mounted.

use axum::Router;
use axum::http::StatusCode;
use mainspring_dashboard::Dashboard;

use crate::world::{clock, get, of, scheduler};

#[tokio::test]
async fn the_page_and_its_parts_are_found_under_any_path() {
    let clock = clock();
    let scheduler = scheduler(&clock);
    let with_slash = get(&Router::new().nest_service("/ops", of(&scheduler)), "/ops/").await;
    assert_eq!(with_slash.status, StatusCode::OK);
    let nested = Router::new().nest("/ops/jobs", of(&scheduler));
    let service = Router::new().nest_service("/ops/jobs", of(&scheduler));
    for router in [nested, service] {
        let page = get(&router, "/ops/jobs/index.html").await;
        assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
        assert_eq!(page.status, StatusCode::OK);
        for part in ["app.js", "app.css", "icon.svg", "api/overview", "healthz"] {
            let answer = get(&router, &format!("/ops/jobs/{part}")).await;
            assert_eq!(answer.status, StatusCode::OK, "{part}");
        }
        // Beside the path without the slash the parts would be looked for elsewhere.
        let without = get(&router, "/ops/jobs").await;
        assert_eq!(without.status, StatusCode::TEMPORARY_REDIRECT);
        assert_eq!(without.headers["location"], "jobs/index.html");
        get(&router, "/ops/jobs/none").await.refused(404);
        assert_eq!(get(&router, "/other").await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(get(&of(&scheduler), "/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn metrics_are_what_the_application_writes() {
    let clock = clock();
    let dashboard =
        Dashboard::builder(scheduler(&clock)).metrics(|| "ticks_total 7\n".to_owned()).build();
    let answer = get(&dashboard.router(), "/metrics").await;
    assert_eq!(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    assert_eq!(answer.text, "ticks_total 7\n");
}

#[cfg(feature = "executor")]
#[tokio::test]
async fn the_queues_of_an_executor_are_shown() {
    use mainspring_executor::{QueueStats, Stats};
    let clock = clock();
    let queue = || {
        let mut queue = QueueStats::default();
        queue.name = "foreground".to_owned();
        (queue.weight, queue.share_asked, queue.share_got) = (8, 8.0 / 9.0, 0.5);
        (queue.tasks, queue.polls) = (3, 1000);
        queue
    };
    let stats = move || {
        let mut stats = Stats::default();
        stats.queues.push(queue());
        Some(stats)
    };
    let dashboard = Dashboard::builder(scheduler(&clock)).queues(stats).build();
    let overview = get(&dashboard.router(), "/api/overview").await.ok();
    let shown = &overview["queues"][0];
    assert_eq!((shown["name"].as_str(), shown["weight"].as_u64()), (Some("foreground"), Some(8)));
    assert_eq!((shown["share_got"].as_f64(), shown["tasks"].as_u64()), (Some(0.5), Some(3)));
}
