//! What a store keeps: over restarts and kills, seen and changed from the command line.

use std::process::Output;

use serde_json::Value;

use crate::program::{Directory, Running, mainspring, text};

/// The program on the store of this directory.
fn ask(directory: &Directory, arguments: &[&str]) -> Output {
    let store = format!("sqlite:{}", directory.path().join("jobs.db").display());
    mainspring().args(arguments).args(["--store", &store]).output().expect("the program starts")
}

/// What it prints with `--json`, line by line.
#[track_caller]
fn ask_json(directory: &Directory, arguments: &[&str]) -> Vec<Value> {
    let output = ask(directory, &[arguments, &["--json"]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let lines = text(&output.stdout).lines();
    lines.map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn run(directory: &Directory, file: &str) -> Running {
    run_with(directory, &[file])
}

fn run_with(directory: &Directory, arguments: &[&str]) -> Running {
    let store = format!("sqlite:{}", directory.path().join("jobs.db").display());
    Running::start(&[&["--store", &store], arguments].concat())
}

#[test]
fn jobs_go_on_where_a_killed_program_left_them() {
    let directory = Directory::new("stored-killed");
    let jobs = "[jobs.hourly]\nschedule = '@every 1h'\ncommand = 'true'\n\
                [jobs.slow]\nschedule = '@reboot'\ncommand = 'echo begun; sleep 60'\n";
    let file = directory.write("jobs.toml", jobs);
    let file = file.to_str().expect("UTF-8");
    let run = |file: &str| run_with(&directory, &["--lease", "2s", file]);
    let mut running = run(file);
    running.wait_for_line("begun");
    let before = ask_json(&directory, &["jobs", "hourly"]);
    let live = ask_json(&directory, &["runs"]);
    assert_eq!(
        (live.len(), &live[0]["name"], &live[0]["state"]),
        (1, &"slow".into(), &"running".into())
    );
    running.signal(nix::sys::signal::Signal::SIGKILL);
    running.wait();

    let mut running = run(file);
    let event = running.wait_for_message("running");
    assert_eq!((&event["jobs"], &event["known"]), (&2.into(), &2.into()), "{event}");
    // The interval goes on from where it was.
    assert_eq!(ask_json(&directory, &["jobs", "hourly"])[0]["next_due"], before[0]["next_due"]);
    // What the killed program had begun is nobody's once its lease has ended, and has failed then.
    running.wait_for(|event| {
        event["job"] == "slow" && event["message"] == "its node is gone: it has failed"
    });
    let failed = ask_json(&directory, &["history", "slow", "--state", "failed"]);
    assert_eq!(failed[0]["due"], live[0]["due"]);
    assert_eq!(running.stop_now(), Some(3));
}

#[test]
fn triggered_paused_resumed_and_forgotten() {
    let directory = Directory::new("stored-commands");
    let jobs = "[jobs.good]\nschedule = '0 0 1 1 *'\ncommand = 'echo well'\n\
                [jobs.bad]\nschedule = '0 0 1 1 *'\ncommand = 'echo oops >&2; exit 7'\n";
    let file = directory.write("jobs.toml", jobs);
    let mut running = run(&directory, file.to_str().expect("UTF-8"));
    running.wait_for_message("due next");

    let done = ask_json(&directory, &["trigger", "good", "bad"]);
    assert_eq!(done.iter().map(|line| &line["done"]).collect::<Vec<_>>(), ["triggered"; 2]);
    // They end in any order.
    for _ in &done {
        running.wait_for(|event| event["message"] == "finished" || event["message"] == "failed");
    }
    assert_eq!(running.stop(), Some(0));

    let failed = ask_json(&directory, &["history", "--state", "failed"]);
    assert_eq!(
        (&failed[0]["name"], &failed[0]["error"]),
        (&"bad".into(), &"exit code 7: oops".into())
    );
    assert_eq!(failed[0]["due"], done[1]["due"]);
    assert_eq!(ask_json(&directory, &["history"]).len(), 2);
    assert_eq!(ask_json(&directory, &["history", "good"])[0]["output"], "well\n");
    let table = ask(&directory, &["history", "bad"]);
    assert!(text(&table.stdout).contains("failed") && text(&table.stdout).contains("exit code 7"));

    ask_json(&directory, &["pause", "good"]);
    let job = &ask_json(&directory, &["jobs", "good"])[0];
    assert_eq!((&job["paused"], &job["next_due"]), (&true.into(), &Value::Null));
    assert!(text(&ask(&directory, &["jobs"]).stdout).contains("paused"));
    ask_json(&directory, &["resume", "good"]);
    let job = &ask_json(&directory, &["jobs", "good"])[0];
    assert!(job["next_due"].as_str().expect("an instant").ends_with("-01-01T00:00:00Z"), "{job}");

    // Nobody runs it: it waits, and can be cancelled.
    let due = ask_json(&directory, &["trigger", "good"])[0]["due"].clone();
    let cancelled =
        ask_json(&directory, &["cancel", "good", "--due", due.as_str().expect("a text")]);
    assert_eq!(cancelled[0]["done"], "cancelled");
    assert_eq!(ask_json(&directory, &["history", "--state", "cancelled"])[0]["due"], due);

    let pruned = ask_json(&directory, &["prune", "--older-than", "0s", "--keep", "0"]);
    assert_eq!(pruned[0]["forgotten"], 3);
    assert_eq!(ask_json(&directory, &["history"]), [] as [Value; 0]);
    ask_json(&directory, &["remove", "bad"]);
    assert_eq!(ask_json(&directory, &["jobs"]).len(), 1);
}

#[test]
fn jobs_that_no_file_names_any_more_are_removed() {
    let directory = Directory::new("stored-removed");
    let file = directory.write("crontab", "@hourly true\n@daily true\n@daily false\n");
    let file = file.to_str().expect("UTF-8").to_owned();
    let mut running = run(&directory, &file);
    running.wait_for_message("due next");
    assert_eq!(running.stop(), Some(0));
    directory.write("crontab", "# one line less, and one below\n\n@daily false\n@hourly true\n");
    let mut running = run(&directory, &file);
    let event = running.wait_for_message("running");
    assert_eq!((&event["known"], &event["removed"]), (&2.into(), &1.into()), "{event}");
    assert_eq!(running.stop(), Some(0));
    let names = ask_json(&directory, &["jobs"]);
    let names: Vec<_> = names.iter().filter_map(|job| job["name"].as_str()).collect();
    assert_eq!(names, ["false", "true"]);
}

#[test]
fn a_preview_says_when_a_job_runs() {
    let directory = Directory::new("stored-preview");
    let file = directory.write("crontab", "H H * * * echo spread\n");
    let file = file.to_str().expect("UTF-8");
    let mut running = run(&directory, file);
    running.wait_for_message("due next");
    let next = mainspring().args(["next", file, "-n", "1", "--json"]).output().expect("it starts");
    let next: Value = serde_json::from_slice(&next.stdout).expect("JSON");
    assert_eq!(ask_json(&directory, &["jobs"])[0]["next_due"], next["next"][0], "{next}");
    assert_eq!(running.stop(), Some(0));
}

#[test]
fn what_is_wrong_is_said() {
    let directory = Directory::new("stored-wrong");
    let refused = |arguments: &[&str]| {
        let output = ask(&directory, arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        text(&output.stderr).to_owned()
    };
    assert!(refused(&["jobs"]).contains("there is no store `"));
    assert!(!directory.path().join("jobs.db").exists(), "asking makes no file");
    let output = ask(&directory, &["migrate"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(refused(&["trigger", "backup"]).contains("no job \"backup\"; the store has no jobs"));
    assert!(refused(&["cancel", "backup"]).contains("no run of \"backup\" is live"));

    let output = mainspring().args(["jobs", "--store", "jobs.db"]).output().expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("sqlite:PATH"));
    let output =
        mainspring().args(["run", "--lease", "5ms", "crontab"]).output().expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("1s to 24h"));
    let output = mainspring().arg("jobs").output().expect("it starts");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("there is no store in `"));

    directory.write("jobs.db", "this is no database, but long enough to look at".repeat(99));
    assert!(refused(&["jobs"]).contains("cannot open the store"));
}

#[test]
fn a_store_that_cannot_be_had_stops_no_crontab() {
    let directory = Directory::new("stored-none");
    let file = directory.write("crontab", "@reboot echo on\n");
    let mut command = mainspring();
    command.args(["run", "--log-format", "json"]).arg(&file).env("STATE_DIRECTORY", &file);
    let mut running = Running::spawn(command);
    running.wait_for(|event| {
        event["message"].as_str().is_some_and(|it| it.contains("no state is kept"))
    });
    running.wait_for_line("on");
    assert_eq!(running.stop(), Some(0));
    // One that was asked for is another matter.
    let store = format!("sqlite:{}/jobs.db", file.display());
    let output =
        mainspring().args(["run", "--store", &store]).arg(&file).output().expect("it starts");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("cannot make the folder"), "{}", text(&output.stderr));
}
