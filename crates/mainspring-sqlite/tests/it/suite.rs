//! The suite that every store must pass, over two connections to one file.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mainspring_job::store::Store;
use mainspring_sqlite::{Durability, SqliteOptions};
use mainspring_store_tests::{exercise, reading};

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_passes() {
    let folder = tempfile::tempdir().expect("a folder");
    let count = AtomicUsize::new(0);
    exercise(|clock| {
        let path = folder.path().join(format!("{}.db", count.fetch_add(1, Ordering::SeqCst)));
        async move {
            let open = || {
                let clock = clock.clone();
                let options = SqliteOptions::new(&path).durability(Durability::Normal);
                options.clock(move || reading(&clock)).open().expect("it opens")
            };
            vec![Arc::new(open()) as Arc<dyn Store>, Arc::new(open())]
        }
    })
    .await;
}
