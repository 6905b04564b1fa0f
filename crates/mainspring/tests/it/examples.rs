//! Runs each example as its header says, and reads what it prints.
//!
//! `cargo test` builds the examples of a package beside its tests; what their features leave out is left out
//! here too.

use std::path::PathBuf;
use std::process::Command;

/// An example's program.
fn program(name: &str) -> PathBuf {
    let tests = std::env::current_exe().expect("a path");
    let folder = tests.parent().and_then(|deps| deps.parent()).expect("target/…/deps");
    let program = folder.join("examples").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(program.is_file(), "{program:?} is not built: run `cargo test` without `--test`");
    program
}

/// What it prints, if it ends well.
#[track_caller]
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{told}", output.status);
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The number right before `words`.
#[track_caller]
fn number_before(text: &str, words: &str) -> u64 {
    let (before, _) = text.split_once(words).unwrap_or_else(|| panic!("no {words:?} in {text}"));
    let number = before.rsplit(|c: char| !c.is_ascii_digit()).find(|digits| !digits.is_empty());
    number.and_then(|digits| digits.parse().ok()).unwrap_or_else(|| panic!("{text}"))
}

#[cfg(feature = "timer")]
#[test]
fn heartbeat() {
    let told = run(Command::new(program("heartbeat")).args(["20", "10"]));
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(lines.len(), 10, "{told}");
    assert!(lines[0].starts_with("beat 1: due at 0ns, "), "{told}");
    let missed: u64 = lines.iter().map(|line| number_before(line, " missed")).sum();
    assert!(missed >= 1, "{told}");
    // Each beat that was not missed came, on the old beat.
    assert!(lines[9].contains(&format!("due at {}ms", 20 * (9 + missed))), "{told}");
}

#[cfg(feature = "timer")]
#[test]
fn midi_clock() {
    let told = run(Command::new(program("midi_clock")).arg("0.1"));
    assert!(told.starts_with("granted: "), "{told}");
    assert_eq!(number_before(&told, " ticks, "), 200);
}

#[cfg(feature = "timer")]
#[test]
fn connection_timeouts() {
    let told = run(&mut Command::new(program("connection_timeouts")));
    assert!(told.contains(" time-outs wait, 0 descriptors more\n"), "{told}");
    // Where the machine is so slow that answers come too late, more are gone.
    let gone = number_before(&told, " timed out");
    assert!(gone >= 100, "{told}");
    assert!(gone > 100 || told.starts_with("100000 time-outs wait"), "{told}");
    assert_eq!(number_before(&told, " answered") + gone, 100_000);
    assert!(told.ends_with("\n0 time-outs wait\n"), "{told}");
}

#[cfg(feature = "executor")]
#[test]
fn web_service() {
    let told = run(&mut Command::new(program("web_service")));
    assert!(told.starts_with("200 requests: "), "{told}");
    let (requests, index) = told.split_once("index: ").expect("both queues");
    let share = |text| number_before(text, " % of the thread");
    assert!((99..=101).contains(&(share(requests) + share(index))), "{told}");
    assert!(share(index) >= 2, "a ninth is its due, less what a busy machine took: {told}");
}

#[cfg(feature = "executor")]
#[test]
fn shared_thread() {
    let told = run(&mut Command::new(program("shared_thread")));
    let got = |line: &str| number_before(line.split_once("got ").expect("a share").1, ".");
    let shares: Vec<_> = told.lines().map(got).collect();
    let [foreground, background] = shares[..] else { panic!("{told}") };
    // Eight ninths and one. A busy machine's time slices are charged to whoever was running.
    assert!((75..=97).contains(&foreground) && (3..=25).contains(&background), "{told}");
}

#[cfg(feature = "sqlite")]
#[test]
fn email_queue() {
    let folder = tempfile::tempdir().expect("a folder");
    let example = || {
        let mut command = Command::new(program("email_queue"));
        command.env("TMPDIR", folder.path()).env("TMP", folder.path());
        command
    };
    let crashed = example().arg("crash").output().expect("it starts");
    assert!(!crashed.status.success(), "{crashed:?}");

    let told = run(&mut example());
    assert_eq!(told.matches("sent to ").count(), 3, "{told}");
    assert!(told.contains("sent to bob@example.org, attempt 2\n"), "{told}");
}

#[cfg(feature = "scheduler")]
#[test]
fn manual_clock() {
    let told = run(&mut Command::new(program("manual_clock")));
    assert!(told.starts_with("2026-03-16T08:00:00Z  report of 2026-03-16T08:00:00Z\n"), "{told}");
    // The clocks had changed, and nobody was there for two and a half days.
    assert!(told.contains("\n2026-04-01T12:00:00Z  report of 2026-04-01T07:00:00Z\n"), "{told}");
    assert!(told.ends_with("\n19 reports, 18 reminders\n"), "{told}");
}

#[cfg(feature = "postgres")]
#[test]
fn many_nodes() {
    let server = crate::server::Server::start();
    let told = run(Command::new(program("many_nodes")).arg(server.url()));
    assert!(told.starts_with("60 letters sent: "), "{told}");
    assert!(told.contains("\"north\": ") || told.contains("\"west\": "), "{told}");
    assert!(number_before(&told, " beats") >= 1, "{told}");
}
