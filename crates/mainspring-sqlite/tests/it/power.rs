//! What a power cut takes: the end of the log, as far as it had not reached the disk.

use std::path::Path;

use mainspring_job::store::{Claim, ClaimedRun, Finish, Outcome, Store, Verdict};
use mainspring_sqlite::SqliteStore;

use crate::disk::work;

async fn claim(store: &SqliteStore) -> ClaimedRun {
    let claimed = store.claim(&Claim::new("n", 1)).await.expect("claim");
    claimed.into_iter().next().expect("a run is due")
}

fn log_of(file: &Path) -> std::path::PathBuf {
    file.with_extension("db-wal")
}

#[tokio::test]
async fn a_claim_that_is_undone_leaves_its_number_used() {
    let folder = tempfile::tempdir().expect("a folder");
    let (before, after) = (folder.path().join("before.db"), folder.path().join("after.db"));
    let store = SqliteStore::open(&before).expect("it opens");
    store.enqueue(&[work("1"), work("2")]).await.expect("enqueue");
    // The first claim sets numbers aside, for which it waits for the disk.
    let kept = claim(&store).await;
    let end = Finish::new(kept.hold(), Outcome::Succeeded);
    assert_eq!(store.finish(&[end]).await.expect("finish"), [Verdict::Accepted]);
    let on_disk = std::fs::metadata(log_of(&before)).expect("the log").len();
    let lost = claim(&store).await;
    assert!(std::fs::metadata(log_of(&before)).expect("the log").len() > on_disk);

    let log = std::fs::read(log_of(&before)).expect("the log");
    std::fs::copy(&before, &after).expect("the file");
    std::fs::write(log_of(&after), &log[..on_disk as usize]).expect("what was on the disk");
    let store = SqliteStore::open(&after).expect("it opens");
    let again = claim(&store).await;
    assert_eq!((again.id, again.attempt), (lost.id, 1), "it is due as if never claimed");
    assert!(again.fence > lost.fence, "{} after {}", again.fence, lost.fence);
}
