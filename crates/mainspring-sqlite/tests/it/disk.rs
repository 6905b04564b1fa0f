//! What disks do: lose bytes; and files of other programs.

use std::path::Path;

use mainspring_job::JobName;
use mainspring_job::store::{RunQuery, Store, StoreError, StoreErrorKind, Work};
use mainspring_sqlite::SqliteStore;

pub(crate) fn work(payload: &str) -> Work {
    Work::new(JobName::new("a").expect("a name")).payload(payload)
}

#[track_caller]
pub(crate) fn refused(path: &Path, kind: StoreErrorKind, says: &str) -> StoreError {
    let error = SqliteStore::open(path).expect_err("it cannot be opened");
    assert_eq!(error.kind(), kind, "{error}");
    let text = error.to_string();
    assert!(text.contains(says) && text.contains(&path.display().to_string()), "{text}");
    error
}

#[test]
fn files_of_others_are_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("letter.txt");
    let letter = "Dear Ada, ".repeat(1000);
    std::fs::write(&path, &letter).expect("a letter");
    refused(&path, StoreErrorKind::Corrupt, "not an SQLite database");
    assert_eq!(std::fs::read_to_string(&path).expect("the letter"), letter);
    refused(&folder.path().join("no/jobs.db"), StoreErrorKind::Other, "is the folder there");
    refused(folder.path(), StoreErrorKind::Other, "cannot be opened");
}

#[test]
fn a_newer_schema_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("jobs.db");
    drop(SqliteStore::open(&path).expect("it opens"));
    let file = rusqlite::Connection::open(&path).expect("it opens");
    file.execute("UPDATE mainspring_meta SET value = 99 WHERE name = 'schema'", [])
        .expect("update");
    drop(file);
    refused(&path, StoreErrorKind::NewerSchema, "version 99");
    let file = rusqlite::Connection::open(&path).expect("it opens");
    let sql = "SELECT value FROM mainspring_meta WHERE name = 'schema'";
    assert_eq!(file.query_row(sql, [], |row| row.get::<_, i64>(0)), Ok(99));
}

#[tokio::test]
async fn lost_bytes_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("jobs.db");
    let store = SqliteStore::open(&path).expect("it opens");
    let batch: Vec<_> = (0..2000).map(|number| work(&number.to_string())).collect();
    store.enqueue(&batch).await.expect("enqueue");
    drop(store);
    let mut bytes = std::fs::read(&path).expect("the file");
    // All but the first pages, which hold the schema.
    bytes[16 * 4096..].fill(0xa5);
    std::fs::write(&path, bytes).expect("the damage");
    let store = SqliteStore::open(&path).expect("the beginning is whole");
    let error = store.runs(&RunQuery::live(5000)).await.expect_err("it is damaged");
    assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{error}");
    assert!(error.to_string().contains("backup"), "{error}");
}
