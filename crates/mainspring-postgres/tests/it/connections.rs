//! Connecting: schemas, migrations, permissions, transactions of others, news.

use std::time::Duration;

use mainspring_job::store::{
    Advance, Advanced, Claim, Finish, JobDraft, Outcome, RunQuery, Store, StoreErrorKind, Verdict,
    Work,
};
use mainspring_job::{JobName, RunState};
use mainspring_postgres::{PostgresOptions, PostgresStore};
use tokio_postgres::NoTls;

use crate::server::Server;

fn work(handler: &str) -> Work {
    Work::new(JobName::new(handler).expect("a name"))
}

async fn client(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("it connects");
    tokio::spawn(connection);
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn one_server_in_many_ways() {
    let server = Server::start();
    let url = server.url();
    many_may_make_the_tables_at_once(&url).await;
    schemas_are_apart(&url).await;
    a_newer_schema_is_left_alone(&url).await;
    work_comes_with_the_transaction_that_makes_it_necessary(&url).await;
    news_reaches_other_nodes(&url).await;
    what_cannot_be_is_told(&url).await;
    a_second_outcome_of_one_instant_is_refused(&url).await;
    an_instant_whose_end_is_just_recorded_is_not_run_again(&url).await;
    a_plan_made_while_empty_does_not_last(&url).await;
    a_read_only_database_is_told(&url).await;
}

async fn many_may_make_the_tables_at_once(url: &str) {
    let openers: Vec<_> = (0..8)
        .map(|_| {
            let options = PostgresOptions::new(url).expect("an address").connections(1);
            tokio::spawn(options.schema("At_Once").expect("a schema").connect())
        })
        .collect();
    for opener in openers {
        opener.await.expect("no panic").expect("it connects");
    }
}

async fn schemas_are_apart(url: &str) {
    let open = |schema: &str| {
        PostgresOptions::new(url).expect("an address").schema(schema).expect("a schema").connect()
    };
    let (one, two) = (open("one").await.expect("one"), open("two").await.expect("two"));
    one.enqueue(&[work("a")]).await.expect("enqueue");
    assert_eq!(two.claim(&Claim::new("n", 9)).await.expect("claim").len(), 0);
    assert_eq!(one.claim(&Claim::new("n", 9)).await.expect("claim").len(), 1);
    for wrong in ["", "1st", "a b", "a\"; DROP", &"x".repeat(49)] {
        let options = PostgresOptions::new(url).expect("an address");
        let error = options.schema(wrong).expect_err("no schema");
        assert_eq!(error.kind(), StoreErrorKind::Refused);
        assert!(error.to_string().contains("letters"), "{error}");
    }
}

async fn a_newer_schema_is_left_alone(url: &str) {
    let open = || PostgresOptions::new(url).expect("an address").schema("newer").expect("a schema");
    open().connect().await.expect("it connects");
    let client = client(url).await;
    let sql = "UPDATE newer.meta SET value = 99 WHERE name = 'schema'";
    client.execute(sql, &[]).await.expect("update");
    let error = open().connect().await.expect_err("it is newer");
    assert_eq!(error.kind(), StoreErrorKind::NewerSchema);
    assert!(error.to_string().contains("version 99"), "{error}");
}

async fn work_comes_with_the_transaction_that_makes_it_necessary(url: &str) {
    let store = PostgresStore::connect(url).await.expect("it connects");
    let mut shop = client(url).await;
    shop.batch_execute("CREATE TABLE orders (what text)").await.expect("a table");
    let mut watch = store.watch();
    for is_kept in [false, true] {
        let order = shop.transaction().await.expect("a transaction");
        order.execute("INSERT INTO orders VALUES ('a clock')", &[]).await.expect("an order");
        let twice = [work("mail").unique("1"), work("mail").unique("1")];
        let added = store.enqueue_in(&order, &twice).await.expect("enqueue");
        assert_eq!(added[0].run(), added[1].run());
        watch.has_news();
        if is_kept {
            order.commit().await.expect("commit");
            let heard = tokio::time::timeout(Duration::from_secs(10), watch.changed()).await;
            heard.expect("the commit is news");
        } else {
            order.rollback().await.expect("rollback");
        }
        let orders = shop.query_one("SELECT count(*) FROM orders", &[]).await.expect("a count");
        let runs = store.claim(&Claim::new("n", 10)).await.expect("claim");
        assert_eq!((orders.get::<_, i64>(0), runs.len()), (is_kept.into(), is_kept.into()));
    }
}

async fn news_reaches_other_nodes(url: &str) {
    let here = PostgresStore::connect(url).await.expect("it connects");
    let there = PostgresStore::connect(url).await.expect("it connects");
    let mut watch = here.watch();
    // The listener's first word is that it listens.
    tokio::time::sleep(Duration::from_millis(200)).await;
    watch.has_news();
    there.enqueue(&[work("news")]).await.expect("enqueue");
    let heard = tokio::time::timeout(Duration::from_secs(10), watch.changed()).await;
    heard.expect("it is heard of");
}

async fn what_cannot_be_is_told(url: &str) {
    let store = PostgresStore::connect(url).await.expect("it connects");
    let error = store.enqueue(&[work("a").payload("nul \0")]).await.expect_err("no text has that");
    assert_eq!(error.kind(), StoreErrorKind::Refused, "{error}");
    assert!(error.to_string().contains("cannot keep"), "{error}");
    let nobody = url.replace("mainspring@", "nobody@");
    let error = PostgresStore::connect(&nobody).await.expect_err("there is no such user");
    assert!(error.to_string().contains("nobody"), "{error}");
    assert!(!error.is_retryable(), "waiting does not help: {error}");
    let error = PostgresOptions::new("http://example.org").expect_err("no database");
    assert!(error.to_string().contains("postgres://"), "{error}");
}

/// How it could come to that is not known; if it does, nobody is told that his word counts.
async fn a_second_outcome_of_one_instant_is_refused(url: &str) {
    let options = PostgresOptions::new(url).expect("an address").schema("twice");
    let store = options.expect("a schema").connect().await.expect("it connects");
    let client = client(url).await;
    store.enqueue(&[work("a"), work("b")]).await.expect("enqueue");
    let sql = "INSERT INTO twice.history (job, due, name, state, attempt, fence, queue, priority, at, \
               ended) SELECT job, due, name, 'failed', 1, 77, queue, priority, at, at \
               FROM twice.runs WHERE name = 'a'";
    assert_eq!(client.execute(sql, &[]).await.expect("insert"), 1);
    let mut runs = store.claim(&Claim::new("n", 10)).await.expect("claim");
    runs.sort_by(|a, b| a.name.cmp(&b.name));
    let ends: Vec<_> = runs.iter().map(|run| Finish::new(run.hold(), Outcome::Succeeded)).collect();
    let verdicts = store.finish(&ends).await.expect("finish");
    assert_eq!(verdicts, [Verdict::Stale, Verdict::Accepted]);
    let history = store.runs(&RunQuery::history(10)).await.expect("runs");
    let of =
        |name: &str| history.iter().find(|run| run.name.as_str() == name).expect("it is there");
    assert_eq!((of("a").state, of("b").state), (RunState::Failed, RunState::Succeeded));
    assert!(store.runs(&RunQuery::live(10)).await.expect("runs").is_empty());
}

/// Of two that change the same rows the second waits; what it had looked up before is stale then.
async fn an_instant_whose_end_is_just_recorded_is_not_run_again(url: &str) {
    let options = PostgresOptions::new(url).expect("an address").schema("again");
    let store = options.expect("a schema").connect().await.expect("it connects");
    let draft = JobDraft::new(JobName::new("job").expect("a name"));
    store.upsert(&[draft]).await.expect("upsert");
    let due = store.now().await.expect("now");
    let plan = async || {
        let job = store.job("job").await.expect("job").expect("it is there");
        store.advance(&[Advance::of(&job).run(due)]).await.expect("advance")
    };
    assert_eq!(plan().await, [Advanced::Done { runs: 1 }]);
    assert_eq!(store.claim(&Claim::new("n", 1)).await.expect("claim").len(), 1);

    let mut recorder = client(url).await;
    let end = recorder.transaction().await.expect("a transaction");
    let sql = "WITH gone AS (DELETE FROM again.runs RETURNING *) INSERT INTO again.history (job, due, \
               name, state, attempt, fence, queue, priority, at, ended) SELECT job, due, name, \
               'succeeded', attempt, fence, queue, priority, at, at FROM gone";
    assert_eq!(end.execute(sql, &[]).await.expect("it ends"), 1);
    let onlooker = client(url).await;
    let commit = async {
        let waits = "SELECT 1 FROM pg_locks WHERE NOT granted";
        while onlooker.query(waits, &[]).await.expect("locks").is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        end.commit().await.expect("commit");
    };
    let (planned, ()) = tokio::join!(plan(), commit);
    assert_eq!(planned, [Advanced::Done { runs: 0 }]);
    assert!(store.runs(&RunQuery::live(10)).await.expect("runs").is_empty());
}

/// A statement is planned when it is first used; the tables may grow a thousandfold after that.
async fn a_plan_made_while_empty_does_not_last(url: &str) {
    let options = PostgresOptions::new(url).expect("an address").connections(1);
    let store = options.schema("grows").expect("a schema").connect().await.expect("it connects");
    for _ in 0..10 {
        store.claim(&Claim::new("n", 1)).await.expect("claim");
        store.next_wake().await.expect("wake");
    }
    let batch: Vec<_> = (0..5000).map(|_| work("a")).collect();
    for _ in 0..8 {
        store.enqueue(&batch).await.expect("enqueue");
    }
    let claims = async {
        for _ in 0..200 {
            assert_eq!(store.claim(&Claim::new("n", 1)).await.expect("claim").len(), 1);
        }
    };
    // One claim takes a millisecond; one that reads all 40,000 runs takes a hundred.
    tokio::time::timeout(Duration::from_secs(10), claims).await.expect("claims read few rows");
}

async fn a_read_only_database_is_told(url: &str) {
    let client = client(url).await;
    let sql = "ALTER DATABASE postgres SET default_transaction_read_only = on";
    client.batch_execute(sql).await.expect("alter");
    let store = PostgresStore::connect(url).await.expect("the tables are there");
    let error = store.enqueue(&[work("a")]).await.expect_err("nothing may be written");
    assert_eq!(error.kind(), StoreErrorKind::ReadOnly, "{error}");
    assert!(error.to_string().contains("standby"), "{error}");
}
