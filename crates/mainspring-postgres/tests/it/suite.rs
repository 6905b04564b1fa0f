//! The suite that every store must pass, over two pools on one schema.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mainspring_job::store::Store;
use mainspring_postgres::PostgresOptions;
use mainspring_store_tests::{exercise, reading};

use crate::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn postgres_passes() {
    let server = Server::start();
    let count = AtomicUsize::new(0);
    exercise(|clock| {
        let schema = format!("Case_{}", count.fetch_add(1, Ordering::SeqCst));
        let url = server.url();
        async move {
            let mut stores: Vec<Arc<dyn Store>> = Vec::new();
            for _ in 0..2 {
                let clock = clock.clone();
                let options = PostgresOptions::new(&url).expect("an address");
                let options = options.schema(&schema).expect("a schema").connections(4);
                let store = options.clock(move || reading(&clock)).connect().await;
                stores.push(Arc::new(store.expect("it connects")));
            }
            stores
        }
    })
    .await;
}
