//! Encrypted connections: who is trusted, and who is not.

use mainspring_job::store::Store;
use mainspring_postgres::PostgresOptions;
use tokio_postgres::NoTls;

use crate::server::Server;

/// How many encrypted connections the stores have.
async fn encrypted(server: &Server) -> i64 {
    let (client, connection) =
        tokio_postgres::connect(&server.url(), NoTls).await.expect("it connects");
    tokio::spawn(connection);
    let sql = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
               WHERE ssl AND application_name = 'mainspring'";
    client.query_one(sql, &[]).await.expect("a count").get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mode_is_kept_to() {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    let mut server = Server::start();
    server.give("server.crt", &made.cert.pem());
    server.give("server.key", &made.signing_key.serialize_pem());
    let folder = tempfile::tempdir().expect("a folder");
    let roots = folder.path().join("roots.pem");
    std::fs::write(&roots, made.cert.pem()).expect("a file");
    let with = |mode: &str| {
        PostgresOptions::new(&format!("{}?sslmode={mode}", server.url())).expect("an address")
    };

    let error = with("require").connect().await.expect_err("the server has no TLS");
    assert!(!error.is_retryable(), "{error}");
    with("prefer").connect().await.expect("it goes without");

    server.stop();
    server.resume(&["ssl=on"]);
    let with = |mode: &str| {
        PostgresOptions::new(&format!("{}?sslmode={mode}", server.url())).expect("an address")
    };
    with("disable").connect().await.expect("it goes without").now().await.expect("now");
    assert_eq!(encrypted(&server).await, 0);
    let store = with("prefer").connect().await.expect("it trusts whoever answers");
    store.now().await.expect("now");
    assert!(encrypted(&server).await > 0);
    drop(store);

    let error = with("require").connect().await.expect_err("nobody trusts that certificate");
    assert!(!error.is_retryable(), "{error}");
    let store = with("require").root_certificates(&roots).connect().await;
    let store = store.expect("it is the one that is trusted");
    store.now().await.expect("now");
    assert!(encrypted(&server).await > 0);
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "").expect("a file");
    let error = with("require").root_certificates(&empty).connect().await.expect_err("no roots");
    assert!(error.to_string().contains("empty.pem"), "{error}");
}
