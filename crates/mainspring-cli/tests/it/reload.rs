//! SIGHUP: the files are read again, and what has not changed goes on undisturbed.

use std::fs;
use std::path::PathBuf;

use nix::sys::signal::Signal::SIGHUP;
use serde_json::Value;

use crate::program::{Directory, Running};

fn start(name: &str, crontab: &str) -> (Directory, PathBuf, Running) {
    let directory = Directory::new(name);
    let file = directory.write("crontab", crontab);
    let running = Running::start(&[file.to_str().expect("UTF-8")]);
    (directory, file, running)
}

#[track_caller]
fn reload(running: &mut Running) -> [u64; 3] {
    running.signal(SIGHUP);
    let event = running.wait_for_message("reloaded");
    ["added", "removed", "unchanged"].map(|field| event[field].as_u64().expect("a number"))
}

fn milliseconds(event: &Value) -> i128 {
    let due: jiff::Timestamp = event["due"].as_str().expect("a text").parse().expect("an instant");
    due.as_nanosecond() / 1_000_000
}

#[test]
fn unchanged_jobs_are_left_alone() {
    let (_directory, file, mut running) =
        start("unchanged", "@every 2s echo kept\n@every 1s echo old\n@reboot echo begun\n");
    let before = running.wait_for(|event| event["command"] == "echo kept");
    let new = "# moved down\n\n@every 2s echo kept\n@every 1s echo new\n@reboot echo begun\n";
    fs::write(&file, new).expect("written");
    assert_eq!(reload(&mut running), [1, 1, 2]);
    let reloaded = running.seen.len();
    let after = running.wait_for(|event| event["command"] == "echo kept");
    // The interval goes on from where it was, and the log knows the new place.
    assert_eq!((milliseconds(&after) - milliseconds(&before)) % 2000, 0);
    assert!(after["job"].as_str().expect("a job").ends_with(":3"), "{after}");
    running.wait_for_line("new");
    assert_eq!(running.stop(), Some(0));
    let after = &running.seen[reloaded..];
    assert!(!after.iter().any(|event| event["command"] == "echo old"), "{after:#?}");
    assert_eq!(running.lines().iter().filter(|line| **line == "begun").count(), 1);
}

#[test]
fn a_run_survives_the_reload_that_removes_its_line() {
    let (_directory, file, mut running) =
        start("survives", "@reboot echo begun; sleep 2; echo done\n");
    running.wait_for_line("begun");
    fs::write(&file, "").expect("written");
    assert_eq!(reload(&mut running), [0, 1, 0]);
    running.wait_for_line("done");
    assert_eq!(running.stop(), Some(0));
}

#[test]
fn a_broken_file_changes_nothing() {
    let (_directory, file, mut running) = start("broken", "@every 1s echo tick\n");
    running.wait_for_line("tick");
    for broken in ["@every 1s echo tock\n61 * * * * echo never\n", "CRON_TZ=Nowhere/Land\n"] {
        fs::write(&file, broken).expect("written");
        running.signal(SIGHUP);
        let event = running.wait_for(|event| event["level"] == "ERROR");
        assert!(event["message"].as_str().expect("a text").contains("crontab:"), "{event}");
        running.wait_for_message("not reloaded: the old jobs go on");
        running.wait_for_line("tick");
    }
    fs::remove_file(&file).expect("removed");
    running.signal(SIGHUP);
    running.wait_for_message("not reloaded: the old jobs go on");
    running.wait_for_line("tick");
    assert_eq!(running.stop(), Some(0));
    assert!(!running.lines().contains(&"tock"));
}

#[test]
fn equal_lines_are_counted() {
    let (_directory, file, mut running) = start("equal", "0 0 1 1 * a\n0 0 1 1 * a\n");
    running.wait_for_message("due next");
    fs::write(&file, "0 0 1 1 * a\n0 0 1 1 * a\n0 0 1 1 * a\n").expect("written");
    assert_eq!(reload(&mut running), [1, 0, 2]);
    fs::write(&file, "0 0 1 1 * a\n").expect("written");
    assert_eq!(reload(&mut running), [0, 2, 1]);
    assert_eq!(running.stop(), Some(0));
}
