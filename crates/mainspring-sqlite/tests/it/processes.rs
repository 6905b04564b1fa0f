//! Several openers of one file.

use std::sync::{Arc, Barrier};
use std::time::Duration;

use mainspring_job::JobName;
use mainspring_job::store::{Claim, JobDraft, Store, Work};
use mainspring_sqlite::{SqliteOptions, SqliteStore, enqueue_in};

fn work(handler: &str) -> Work {
    Work::new(JobName::new(handler).expect("a name"))
}

#[test]
fn many_may_make_the_file_at_once() {
    const OPENERS: usize = 8;
    for _ in 0..10 {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("jobs.db");
        let start = Arc::new(Barrier::new(OPENERS));
        let openers: Vec<_> = (0..OPENERS)
            .map(|_| {
                let (path, start) = (path.clone(), start.clone());
                std::thread::spawn(move || {
                    start.wait();
                    SqliteStore::open(path).map(drop)
                })
            })
            .collect();
        for opener in openers {
            opener.join().expect("no panic").expect("it opens");
        }
    }
}

#[tokio::test]
async fn what_was_answered_is_there_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("jobs.db");
    let name = JobName::new("a").expect("a name");
    let mut last = 0;
    for life in 1..4_u64 {
        let store = SqliteStore::open(&path).expect("it opens");
        store.upsert(&[JobDraft::new(name.clone()).revision(life)]).await.expect("upsert");
        store.enqueue(&[work("b")]).await.expect("enqueue");
        drop(store);
        let store = SqliteStore::open(&path).expect("it opens");
        assert_eq!(store.job("a").await.expect("job").expect("it is there").revision, life);
        let runs = store.claim(&Claim::new("n", 100)).await.expect("claim");
        assert_eq!(runs.len(), 1);
        assert!(runs[0].fence.as_u64() > last, "fences go on");
        last = runs[0].fence.as_u64();
    }
}

#[tokio::test]
async fn what_another_process_wrote_is_heard_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("jobs.db");
    let (here, there) = (SqliteStore::open(&path), SqliteStore::open(&path));
    let (here, there) = (here.expect("it opens"), there.expect("it opens"));
    let mut watch = here.watch();
    there.enqueue(&[work("a")]).await.expect("enqueue");
    let heard = tokio::time::timeout(Duration::from_secs(10), watch.changed()).await;
    heard.expect("it is heard of");
}

#[tokio::test]
async fn work_comes_with_the_transaction_that_makes_it_necessary() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("shop.db");
    let store = SqliteStore::open(&path).expect("it opens");
    let mut shop = rusqlite::Connection::open(&path).expect("it opens");
    shop.execute_batch("CREATE TABLE orders (what TEXT)").expect("a table");
    let now = store.now().await.expect("now");
    for is_kept in [false, true] {
        let order = shop.transaction().expect("a transaction");
        order.execute("INSERT INTO orders VALUES ('a clock')", []).expect("an order");
        let twice = [work("mail").unique("1"), work("mail").unique("1")];
        let added = enqueue_in(&order, &twice, now).expect("enqueue");
        assert_eq!(added[0].run(), added[1].run());
        if is_kept {
            order.commit().expect("commit");
        } else {
            order.rollback().expect("rollback");
        }
        let orders: i64 =
            shop.query_row("SELECT count(*) FROM orders", [], |row| row.get(0)).expect("a count");
        let runs = store.claim(&Claim::new("n", 10)).await.expect("claim");
        assert_eq!((orders, runs.len()), (i64::from(is_kept), usize::from(is_kept)));
    }
}

#[tokio::test]
async fn another_s_long_transaction_is_waited_for_and_then_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("jobs.db");
    let store = SqliteOptions::new(&path).patience(Duration::from_millis(50)).open();
    let store = store.expect("it opens");
    let other = rusqlite::Connection::open(&path).expect("it opens");
    other.execute_batch("BEGIN IMMEDIATE").expect("the other writes");
    let error = store.enqueue(&[work("a")]).await.expect_err("the other still writes");
    assert!(error.is_retryable(), "{error}");
    assert!(error.to_string().contains("another process"), "{error}");
    other.execute_batch("COMMIT").expect("the other is done");
    store.enqueue(&[work("a")]).await.expect("the same call works again");
    assert_eq!(store.claim(&Claim::new("n", 10)).await.expect("claim").len(), 1);
}
