//! What disks do beside: fill up, refuse writes. On Linux, where a test may have a disk of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use mainspring_job::store::{Claim, Prune, RunQuery, Store, StoreErrorKind};
use mainspring_sqlite::SqliteStore;

use crate::disk::{refused, work};

/// Runs the test of that name again where it may mount file systems of its own.
fn in_own_mounts(test: &str, folder: &Path) {
    let is_root = Command::new("id").arg("-u").output().expect("id").stdout == b"0\n";
    let own = if is_root { "-m" } else { "-rm" };
    let binary = std::env::current_exe().expect("this program");
    let done = Command::new("unshare")
        .args([
            own,
            "sh",
            "-ec",
            "mount -t tmpfs -o size=1m none \"$1\"; exec \"$2\" --exact \"$3\"",
        ])
        .arg("sh")
        .arg(folder)
        .arg(binary)
        .arg(test)
        .env("MAINSPRING_SMALL_DISK", folder)
        .output()
        .expect("unshare runs: it is part of util-linux");
    let told = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{told}{}", String::from_utf8_lossy(&done.stderr));
    assert!(told.contains("1 passed"), "{told}");
}

/// The small disk, in the process that has one.
fn small_disk() -> Option<PathBuf> {
    std::env::var_os("MAINSPRING_SMALL_DISK").map(PathBuf::from)
}

#[test]
fn a_full_disk_loses_nothing() {
    let Some(disk) = small_disk() else {
        let folder = tempfile::tempdir().expect("a folder");
        return in_own_mounts("small_disk::a_full_disk_loses_nothing", folder.path());
    };
    let path = disk.join("jobs.db");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let store = SqliteStore::open(&path).expect("it opens");
        let payload = "x".repeat(5000);
        let mut kept = 0;
        let error = loop {
            match store.enqueue(&[work(&payload)]).await {
                Ok(_) => kept += 1,
                Err(error) => break error,
            }
            assert!(kept < 1000, "a megabyte has an end");
        };
        assert!(kept > 20, "only {kept}");
        assert_eq!(error.kind(), StoreErrorKind::Full, "{error}");
        assert!(error.is_retryable() && error.to_string().contains("full"), "{error}");
        let live = store.runs(&RunQuery::live(5000)).await.expect("reading needs no room");
        assert_eq!(live.len(), kept, "what was answered is there, and nothing else");
        drop(store);

        let file = rusqlite::Connection::open(&path).expect("it opens");
        let check: String =
            file.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("a check");
        assert_eq!(check, "ok");
        drop(file);

        let more = Command::new("mount").args(["-o", "remount,size=4m"]).arg(&disk).status();
        assert!(more.expect("mount runs").success());
        let store = SqliteStore::open(&path).expect("it opens");
        let claimed = store.claim(&Claim::new("n", 5000)).await.expect("with room it goes on");
        assert_eq!(claimed.len(), kept);
        let which = Prune { ended_before: claimed[0].started, keep: 0, limit: 10 };
        assert_eq!(store.prune(&which).await.expect("prune"), 0);
    });
}

#[test]
fn a_read_only_file_is_told_at_once() {
    let Some(disk) = small_disk() else {
        let folder = tempfile::tempdir().expect("a folder");
        return in_own_mounts("small_disk::a_read_only_file_is_told_at_once", folder.path());
    };
    let path = disk.join("jobs.db");
    drop(SqliteStore::open(&path).expect("it opens"));
    let remounted = Command::new("mount").args(["-o", "remount,ro"]).arg(&disk).status();
    assert!(remounted.expect("mount runs").success());
    refused(&path, StoreErrorKind::ReadOnly, "not written");
}
