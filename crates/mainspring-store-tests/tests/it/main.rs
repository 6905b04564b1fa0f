//! The store in memory passes the suite.

use std::sync::Arc;

use mainspring_job::store::{MemoryStore, Store};
use mainspring_store_tests::{exercise, reading};

#[tokio::test(flavor = "multi_thread")]
async fn memory() {
    exercise(|clock| async {
        let store = MemoryStore::new(move || reading(&clock));
        vec![Arc::new(store.clone()) as Arc<dyn Store>, Arc::new(store)]
    })
    .await;
}
