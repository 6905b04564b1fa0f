//! The server restarts, crashes, is away; connections are cut.

use std::time::Duration;

use mainspring_job::JobName;
use mainspring_job::store::{Claim, JobQuery, Store, StoreErrorKind, Work};
use mainspring_postgres::{PostgresOptions, PostgresStore};
use mainspring_store_tests::Random;

use crate::proxy::Proxy;
use crate::server::Server;
use crate::workers::{add_runs, work_off};

fn work(handler: &str) -> Work {
    Work::new(JobName::new(handler).expect("a name"))
}

async fn stores(url: &str, count: usize) -> Vec<PostgresStore> {
    let mut stores = Vec::new();
    for _ in 0..count {
        stores.push(PostgresStore::connect(url).await.expect("it connects"));
    }
    stores
}

/// How long the server is away: a moment, or as long as the environment says.
pub(crate) fn outage() -> Duration {
    let seconds = std::env::var("MAINSPRING_OUTAGE_SECONDS");
    Duration::from_secs(seconds.map_or(1, |seconds| seconds.parse().expect("a number")))
}

#[tokio::test(flavor = "multi_thread")]
async fn restarts_and_crashes_lose_nothing_and_double_nothing() {
    const RUNS: usize = 400;
    let mut server = Server::start();
    let stores = stores(&server.url(), 3).await;
    add_runs(&stores[0], RUNS).await;
    let mut watch = stores[1].watch();
    work_off(stores.clone(), RUNS, async {
        for is_crash in [false, true] {
            tokio::time::sleep(Duration::from_millis(300)).await;
            if is_crash {
                server.crash()
            } else {
                server.stop()
            }
            tokio::time::sleep(outage()).await;
            server.resume(&[]);
        }
    })
    .await;

    // The listener has come back as well.
    watch.has_news();
    let heard = async {
        loop {
            stores[0].enqueue(&[work("news")]).await.expect("enqueue");
            let brief = Duration::from_millis(200);
            if tokio::time::timeout(brief, watch.changed()).await.is_ok() {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), heard).await.expect("news is heard again");
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_connections_lose_nothing_and_double_nothing() {
    const RUNS: usize = 300;
    let server = Server::start();
    let proxy = Proxy::to(server.port()).await;
    let stores = stores(&proxy.url(), 3).await;
    add_runs(&stores[0], RUNS).await;
    work_off(stores, RUNS, async {
        let mut random = Random::new(3);
        let mut cut = 0;
        for _ in 0..25 {
            tokio::time::sleep(Duration::from_millis(20 + random.below(60))).await;
            cut += proxy.cut();
        }
        assert!(cut > 25, "only {cut} connections were there to be cut");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_too_long_is_told_why() {
    let mut server = Server::start();
    let options = || PostgresOptions::new(&server.url()).expect("an address");
    let store = options().patience(Duration::from_secs(5)).connect().await;
    let store = store.expect("it connects");
    let patient = options().connect().await.expect("it connects");
    server.stop();
    let error = store.jobs(&JobQuery::first(1)).await.expect_err("nobody is there");
    assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
    assert!(error.is_retryable() && error.to_string().contains("5s"), "{error}");
    assert!(std::error::Error::source(&error).is_some(), "it says what was tried");
    let waiting = tokio::spawn(async move { patient.enqueue(&[work("a").unique("1")]).await });
    server.resume(&[]);
    waiting.await.expect("no panic").expect("what is keyed is said again until it is heard");
    let claimed = store.claim(&Claim::new("n", 10)).await.expect("the same store works again");
    assert_eq!(claimed.len(), 1);
}
