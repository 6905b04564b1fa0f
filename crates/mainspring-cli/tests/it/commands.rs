//! What commands find, what of their words arrives in the log, and how their ends are told.
#![cfg(unix)]

use serde_json::Value;

use crate::program::{Directory, Running, mainspring};

/// Runs a crontab until `ends` commands have ended, and stops.
#[track_caller]
fn run(name: &str, crontab: &str, ends: usize) -> Running {
    let directory = Directory::new(name);
    let file = directory.write("crontab", crontab);
    let mut command = mainspring();
    command.args(["run", "--log-format", "json"]).arg(&file);
    command.env("INHERITED", "yes").env("HOME", directory.path());
    let mut running = Running::spawn(command);
    for _ in 0..ends {
        running.wait_for(is_end);
    }
    assert_eq!(running.stop(), Some(0), "{:#?}", running.seen);
    running
}

fn is_end(event: &Value) -> bool {
    ["finished", "failed", "ended by a signal", "cannot start"]
        .iter()
        .any(|message| event["message"] == *message)
}

fn lines_of<'a>(running: &'a Running, stream: &str) -> Vec<&'a str> {
    let of_stream = |event: &&Value| event["stream"] == stream;
    running.seen.iter().filter(of_stream).filter_map(|event| event["line"].as_str()).collect()
}

#[test]
fn a_run_is_told_from_start_to_end() {
    let running = run("told", "# one\n@reboot echo  hello\n", 1);
    let event = |message: &str| {
        running.seen.iter().find(|event| event["message"] == message).expect(message)
    };
    let started = event("started");
    let job = started["job"].as_str().expect("a job");
    assert!(job.ends_with("/crontab:2"), "{job}");
    assert_eq!(started["command"], "echo hello");
    assert!(started["late_ms"].as_f64().expect("a number") >= 0.0);
    assert!(started["due"].as_str().expect("an instant").ends_with('Z'));
    assert!(started["pid"].as_u64().expect("a number") > 1);
    assert_eq!(event("output")["line"], "hello");
    assert_eq!(event("output")["job"], job);
    let finished = event("finished");
    assert_eq!((&finished["job"], &finished["exit"]), (&started["job"], &Value::from(0)));
    assert_eq!(finished["pid"], started["pid"]);
    assert!(finished["took_ms"].as_f64().expect("a number") > 0.0);
}

#[test]
fn a_command_finds_its_environment() {
    let crontab = "A=one\nA=two words\nPATH=/usr/bin:/bin:/extra\nMAILTO=nobody\nLOGNAME=x\n\
                   @reboot echo \"$A|$PATH|$SHELL|$INHERITED|$MAINSPRING_INIT_CHILD|$CRON_TZ|\"\n\
                   @reboot test \"$PWD\" = \"$HOME\" && test \"$LOGNAME\" = \"$(id -un)\" && test \"$USER\" = \"$LOGNAME\" && echo at home\n\
                   @reboot readlink /dev/stdin || true\n";
    let running = run("environment", crontab, 3);
    let lines = running.lines();
    assert!(lines.contains(&"two words|/usr/bin:/bin:/extra|/bin/sh|yes|||"), "{lines:?}");
    assert!(lines.contains(&"at home"), "{lines:?}");
    let notes = running.seen.iter().filter(|event| event["level"] == "WARN").count();
    assert_eq!(notes, 3, "MAILTO, LOGNAME, and that nothing is due: {:#?}", running.seen);
}

#[test]
fn the_shell_and_the_home_are_the_crontabs() {
    let directory = Directory::new("shell-home");
    let home = directory.path().display();
    let crontab = format!(
        "SHELL={home}/shell\nHOME={home}\n@reboot pwd\nHOME=/does/not/exist\n@reboot pwd\n\
         SHELL=/does/not/exist\n@reboot pwd\n"
    );
    let shell =
        directory.write("shell", "#!/bin/sh\necho \"my shell: $1 $2\"\nexec /bin/sh \"$@\"\n");
    let mut permissions = std::fs::metadata(&shell).expect("a file").permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
    std::fs::set_permissions(&shell, permissions).expect("permissions");
    let running = run("shell-home-run", &crontab, 3);
    let mut lines = running.lines();
    lines.sort_unstable();
    assert_eq!(lines, ["/", &home.to_string(), "my shell: -c pwd", "my shell: -c pwd"]);
    assert!(running.seen.iter().any(|event| event["message"] == "cannot start"));
}

#[test]
fn the_input_follows_the_first_percent_sign() {
    let crontab = "@reboot tr a-z A-Z%one%two \\% three\n@reboot echo 100\\%\n@reboot head -c 1%much%that%nobody%reads\n";
    let running = run("percent", crontab, 3);
    let mut lines = running.lines();
    lines.sort_unstable();
    assert_eq!(lines, ["100%", "ONE", "TWO % THREE", "m"]);
}

#[test]
fn output_is_cut_into_lines() {
    let crontab = "@reboot printf 'a\\n\\nb'; printf 'c\\n' >&2\n\
                   @reboot printf '\\377\\033[31m\\n' >&2\n\
                   @reboot head -c 20000 /dev/zero | tr '\\0' x\n";
    let running = run("output", crontab, 3);
    let out = lines_of(&running, "stdout");
    assert!(out.windows(3).any(|lines| lines == ["a", "", "b"]) || out.contains(&"b"), "{out:?}");
    let lengths: Vec<_> = out.iter().filter(|l| l.starts_with('x')).map(|l| l.len()).collect();
    assert_eq!(lengths, [8192, 8192, 20000 - 2 * 8192]);
    let mut err = lines_of(&running, "stderr");
    err.sort_unstable();
    assert_eq!(err, ["c", "\u{fffd}\u{1b}[31m"]);
}

#[test]
fn ends_are_told() {
    let crontab = "@reboot exit 3\n@reboot kill -KILL $$\n@reboot true\n";
    let running = run("ends", crontab, 3);
    let end = |number: usize| {
        let of_line = |event: &&Value| {
            is_end(event)
                && event["job"].as_str().is_some_and(|job| job.ends_with(&format!(":{number}")))
        };
        running.seen.iter().find(of_line).expect("an end").clone()
    };
    assert_eq!((end(1)["exit"].as_i64(), end(1)["level"].as_str()), (Some(3), Some("WARN")));
    assert_eq!(end(2)["signal"], "SIGKILL");
    assert_eq!(end(3)["exit"], 0);
}

#[test]
fn a_daemon_that_keeps_the_pipe_does_not_hold_the_run() {
    let directory = Directory::new("daemon");
    let file =
        directory.write("crontab", "@reboot (sleep 1; echo late; sleep 60) & echo early $!\n");
    let mut running = Running::start(&[file.to_str().expect("UTF-8")]);
    running.wait_for_message("finished");
    assert_eq!(running.lines().len(), 1, "{:#?}", running.seen);
    running.wait_for_message("a process that it left behind keeps its output open");
    running.wait_for_line("late");
    assert_eq!(running.stop(), Some(0));
    let daemon = running.lines()[0].strip_prefix("early ").expect("a number").to_owned();
    // The daemon was not ours to end, but it is the test's.
    let daemon = nix::unistd::Pid::from_raw(daemon.parse().expect("a number"));
    nix::sys::signal::kill(daemon, nix::sys::signal::Signal::SIGKILL).expect("it is alive");
}

#[test]
fn a_killed_command_leaves_the_others_alone() {
    let directory = Directory::new("killed");
    let file = directory.write("crontab", "@reboot exec sleep 60\n@every 1s echo tick\n");
    let mut running = Running::start(&[file.to_str().expect("UTF-8")]);
    let started = running.wait_for(|event| event["command"] == "exec sleep 60");
    let pid = i32::try_from(started["pid"].as_i64().expect("a number")).expect("a number");
    let killed = nix::sys::signal::Signal::SIGKILL;
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), killed).expect("a signal");
    assert_eq!(running.wait_for_message("ended by a signal")["signal"], "SIGKILL");
    running.wait_for_line("tick");
    running.wait_for_line("tick");
    assert_eq!(running.stop(), Some(0));
}

#[test]
fn overlapping_runs_are_allowed_or_skipped() {
    for (policy, skips) in [("allow", false), ("skip", true)] {
        let directory = Directory::new(policy);
        let file = directory.write("crontab", "@every 1s echo begun; exec sleep 60\n");
        let file = file.to_str().expect("UTF-8");
        let mut running = Running::start(&["--overlap", policy, "--grace", "0s", file]);
        running.wait_for_line("begun");
        if skips {
            running.wait_for_message("skipped: its last run goes on");
            running.wait_for_message("skipped: its last run goes on");
        } else {
            running.wait_for_line("begun");
        }
        assert_eq!(running.stop(), Some(3), "{:#?}", running.seen);
        assert_eq!(running.lines().len() == 1, skips);
    }
}
