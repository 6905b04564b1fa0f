//! Signals that stop the program: softly first, then hard.

use nix::sys::signal::Signal::{self, SIGINT, SIGTERM};
use nix::sys::signal::kill;
use nix::unistd::Pid;

use crate::program::{Directory, Running};

fn start(name: &str, grace: &str, crontab: &str) -> (Directory, Running) {
    let directory = Directory::new(name);
    let file = directory.write("crontab", crontab);
    let running = Running::start(&["--grace", grace, file.to_str().expect("UTF-8")]);
    (directory, running)
}

fn is_alive(pid: i32) -> bool {
    kill(Pid::from_raw(pid), None::<Signal>).is_ok()
}

#[test]
fn what_runs_may_end_within_the_grace() {
    for signal in [SIGTERM, SIGINT] {
        let crontab = "@reboot echo begun; sleep 1.5; echo done\n@every 1s echo tick\n";
        let (_directory, mut running) = start(signal.as_str(), "60s", crontab);
        running.wait_for_line("begun");
        running.signal(signal);
        running.wait_for_message("stopping");
        let before = running.seen.len();
        assert_eq!(running.wait(), Some(0), "{:#?}", running.seen);
        assert!(running.lines().contains(&"done"));
        let after = &running.seen[before..];
        assert!(!after.iter().any(|event| event["message"] == "started"), "{after:#?}");
    }
}

#[test]
fn what_runs_on_is_asked_to_end_after_the_grace() {
    let crontab =
        "@reboot trap 'echo tidied; exit 0' TERM; echo begun; while :; do sleep 0.1; done\n";
    let (_directory, mut running) = start("asked", "300ms", crontab);
    running.wait_for_line("begun");
    assert_eq!(running.stop(), Some(3));
    assert!(running.lines().contains(&"tidied"), "{:#?}", running.seen);
}

#[test]
fn what_does_not_listen_is_killed_with_all_it_started() {
    let crontab = "@reboot trap '' TERM; sleep 61 & sleep 62 & echo $! $$; wait\n";
    let (_directory, mut running) = start("killed-group", "0s", crontab);
    let event = running.wait_for(|event| event["stream"] == "stdout");
    let pids: Vec<i32> = event["line"]
        .as_str()
        .expect("a line")
        .split(' ')
        .map(|pid| pid.parse().expect("a number"))
        .collect();
    assert!(pids.iter().all(|&pid| is_alive(pid)));
    assert_eq!(running.stop(), Some(3));
    let end = running.seen.iter().find(|event| event["message"] == "ended by a signal");
    assert_eq!(end.expect("an end")["signal"], "SIGKILL");
    // The grandchild is reaped by whoever inherits it, in its own time; it must not run any more.
    for pid in pids {
        assert!(!is_alive(pid) || is_zombie(pid), "{pid} is alive");
    }
}

/// Where there is no `/proc`, nobody is taken for one.
fn is_zombie(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.contains(") Z "))
}

#[test]
fn a_second_signal_ends_the_grace() {
    let (_directory, mut running) = start("twice", "10m", "@reboot echo begun; exec sleep 600\n");
    running.wait_for_line("begun");
    running.signal(SIGINT);
    running.wait_for_message("stopping");
    running.signal(SIGINT);
    running.wait_for_message("told twice: ending what still runs");
    assert_eq!(running.wait(), Some(3));
}

#[test]
fn an_idle_program_stops_at_once() {
    let (_directory, mut running) = start("idle", "10m", "0 0 1 1 * true\n");
    running.wait_for_message("due next");
    assert_eq!(running.stop(), Some(0));
}

#[test]
fn a_program_without_jobs_says_so_and_waits() {
    let (_directory, mut running) = start("empty", "10m", "# nothing\n");
    running.wait_for(|event| {
        event["message"].as_str().is_some_and(|text| text.starts_with("nothing will be due"))
    });
    assert_eq!(running.stop(), Some(0));
}
