//! Jobs in TOML, driven from outside: what is wrong with them, when they run, and their policies at work.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::program::{Directory, Running, mainspring, output, repository, text};

#[track_caller]
fn check(file: &Path) -> (Option<i32>, String, String) {
    let output = output(&["check", file.to_str().expect("UTF-8")]);
    (output.status.code(), text(&output.stdout).to_owned(), text(&output.stderr).to_owned())
}

fn start(name: &str, jobs: &str) -> (Directory, Running) {
    let directory = Directory::new(name);
    let file = directory.write("jobs.toml", jobs);
    let running = Running::start(&[file.to_str().expect("UTF-8")]);
    (directory, running)
}

fn messages<'a>(running: &'a Running, wanted: &str) -> Vec<&'a Value> {
    running.seen.iter().filter(|event| event["message"] == wanted).collect()
}

#[test]
fn the_example_is_right() {
    let (code, out, err) = check(&repository().join("examples/jobs.toml"));
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.ends_with("jobs.toml: 8 jobs, no errors\n"), "{out}");
}

#[test]
fn the_schema_is_printed() {
    let output = output(&["schema"]);
    let schema: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert!(schema["$defs"]["job"]["properties"]["overlap"].is_object());
}

#[test]
fn errors_have_a_line_a_column_and_a_caret() {
    let directory = Directory::new("toml-carets");
    let jobs = "\
[jobs.backup]
schedule = \"every wekday at 9:30\"
command = \"backup\"
timeot = \"5m\"
";
    let file = directory.write("jobs.toml", jobs);
    let (code, out, err) = check(&file);
    let err = err.replace(&format!("{}/", directory.path().display()), "");
    let expected = "\
jobs.toml:2:19: error: unknown word `wekday`, perhaps `weekday`?
 2 | schedule = \"every wekday at 9:30\"
   |                   ^^^^^^
   = allowed: ";
    assert!(err.starts_with(expected), "{err}");
    let expected = "
jobs.toml:4:1: error: unknown field \"timeot\" of a job
 4 | timeot = \"5m\"
   | ^^^^^^
   = did you mean `timeout`?
2 errors in 1 file
";
    assert!(err.ends_with(expected), "{err}");
    assert_eq!((code, out.as_str()), (Some(1), ""));
}

#[test]
fn files_that_contradict_each_other_are_refused() {
    let directory = Directory::new("toml-conflicts");
    let one = "[groups]\ng = 1\n[jobs.j]\nschedule = '@daily'\ncommand = 'true'\n";
    let other = "[groups]\ng = 2\n[jobs.j]\nschedule = '@hourly'\ncommand = 'true'\n";
    let files = [directory.write("one.toml", one), directory.write("other.toml", other)];
    for command in ["check", "run"] {
        let output = mainspring().arg(command).args(&files).output().expect("output");
        assert_eq!(output.status.code(), Some(1));
        let errors = text(&output.stderr);
        assert!(errors.contains("other.toml:2:1: error: another limit"), "{errors}");
        assert!(errors.contains("a second job \"j\""), "{errors}");
        assert!(errors.contains("one.toml:3"), "{errors}");
    }
}

#[test]
fn next_shows_each_job() {
    let directory = Directory::new("toml-next");
    let jobs = "[jobs.b]\nschedule = 'every day at 9:00'\nzone = 'Europe/Berlin'\ncommand = 'one'\n\
                [jobs.a]\nschedule = '@reboot'\ncommand = 'two'\n";
    let file = directory.write("jobs.toml", jobs);
    let file = file.to_str().expect("UTF-8");
    let output = output(&["next", file, "--json", "-n", "1", "--from", "2026-01-01T00:00:00Z"]);
    let lines: Vec<Value> = text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!((&lines[0]["name"], &lines[0]["line"]), (&Value::from("b"), &Value::from(1)));
    assert_eq!(lines[0]["next"], Value::from(vec!["2026-01-01T08:00:00Z"]));
    assert_eq!(lines[1]["name"], "a");
}

#[test]
fn a_dry_run_shows_the_first_runs_and_starts_nothing() {
    let directory = Directory::new("toml-dry");
    let marker = directory.path().join("marker");
    let touch = format!("touch {}", marker.display());
    let jobs = format!(
        "zone = 'UTC'\n[jobs.late]\nschedule = '@at 2999-01-01T00:00:00Z'\ncommand = '{touch}'\n\
         [jobs.early]\nschedule = '@reboot'\ncommand = '{touch}'\n\
         [jobs.never]\nschedule = '0 0 30 2 *'\ncommand = '{touch}'\n"
    );
    let toml = directory.write("jobs.toml", jobs);
    let crontab = directory.write("crontab", format!("CRON_TZ=UTC\n* * * * * {touch}\n"));
    let files = [&toml, &crontab].map(|file| file.to_str().expect("UTF-8"));
    let text_output = output(&["run", "--dry-run", files[0], files[1]]);
    assert_eq!(text_output.status.code(), Some(0), "{text_output:?}");
    let starts: Vec<&str> = text(&text_output.stdout).lines().collect();
    assert_eq!(starts.len(), 4, "{starts:?}");
    assert!(starts[0].starts_with("at once") && starts[0].contains("early: touch"), "{starts:?}");
    assert!(starts[1].contains("crontab:2: touch"), "{starts:?}");
    assert!(starts[2].starts_with("Tue 2999-01-01 00:00:00 +00:00"), "{starts:?}");
    assert!(starts[3].starts_with("never"), "{starts:?}");
    let json = output(&["run", "--dry-run", "--log-format", "json", files[0]]);
    let first = text(&json.stdout).lines().next().expect("a line").to_owned();
    let first: Value = serde_json::from_str(&first).expect("JSON");
    assert_eq!((&first["job"], &first["schedule"]), (&"early".into(), &"@reboot".into()));
    assert!(!marker.exists());
}

#[cfg(unix)]
mod running {
    use super::*;

    #[test]
    fn files_of_both_kinds_run_together() {
        let directory = Directory::new("mixed");
        let crontab = directory.write("crontab", "@reboot echo from the crontab\n");
        let toml =
            directory.write("jobs.toml", "[jobs.j]\nschedule = '@reboot'\ncommand = 'cat; pwd'\ninput = 'from TOML\n'\ncwd = '/'\n".replace("'from TOML\n'", "\"from TOML\\n\""));
        let mut running = Running::start(&[&crontab, &toml].map(|f| f.to_str().expect("UTF-8")));
        running.wait_for_message("finished");
        running.wait_for_message("finished");
        assert_eq!(running.stop(), Some(0));
        let mut lines = running.lines();
        lines.sort_unstable();
        assert_eq!(lines, ["/", "from TOML", "from the crontab"]);
        let by_name = running.seen.iter().any(|e| e["message"] == "started" && e["job"] == "j");
        assert!(by_name, "{:#?}", running.seen);
    }

    #[test]
    fn a_command_that_fails_is_tried_again() {
        let directory = Directory::new("retried");
        let marker = directory.path().join("marker").display().to_string();
        let jobs = format!(
            "[jobs.third]\nschedule = '@reboot'\n\
             command = 'echo x >> {marker}; test $(wc -l < {marker}) -eq 3'\n\
             retry = {{ attempts = 5, pause = '10ms' }}\n"
        );
        let file = directory.write("jobs.toml", jobs);
        let mut running = Running::start(&[file.to_str().expect("UTF-8")]);
        running.wait_for_message("finished");
        assert_eq!(running.stop(), Some(0));
        let again = messages(&running, "it is tried again");
        assert_eq!(again.len(), 2, "{:#?}", running.seen);
        assert_eq!(
            (&again[0]["job"], &again[0]["error"]),
            (&"third".into(), &"exit code 1".into())
        );
        let attempts: Vec<_> =
            messages(&running, "started").iter().map(|event| event["attempt"].as_u64()).collect();
        assert_eq!(attempts, [None, Some(2), Some(3)]);
        // Said once, by us.
        assert!(!running.seen.iter().any(|e| e["message"] == "the run failed"));
    }

    #[test]
    fn a_run_that_takes_too_long_is_ended_with_all_it_started() {
        let jobs = "[jobs.slow]\nschedule = '@reboot'\ntimeout = '200ms'\n\
                    command = 'trap \"\" TERM; sleep 61 & echo $!; wait; sleep 62'\n";
        let (_directory, mut running) = start("timed-out", jobs);
        let event = running.wait_for(|event| event["stream"] == "stdout");
        let sleeper: i32 = event["line"].as_str().expect("a line").parse().expect("a number");
        let end = running.wait_for_message("ended by a signal");
        assert_eq!(end["signal"], "SIGKILL");
        let took = end["took_ms"].as_f64().expect("a number");
        assert!((1000.0..5000.0).contains(&took), "{took}");
        running.wait_for_message("took too long and was ended");
        let stat = fs::read_to_string(format!("/proc/{sleeper}/stat")).unwrap_or_default();
        assert!(stat.is_empty() || stat.contains(") Z "), "{stat}");
        assert_eq!(running.stop(), Some(0), "not killed by the stop");
    }

    #[test]
    fn a_polite_command_ends_at_its_timeout_by_itself() {
        let jobs = "[jobs.slow]\nschedule = '@reboot'\ntimeout = '100ms'\n\
                    command = 'trap \"echo tidied; exit 0\" TERM; while :; do sleep 0.05; done'\n";
        let (_directory, mut running) = start("tidied", jobs);
        running.wait_for_line("tidied");
        running.wait_for_message("took too long and was ended");
        assert_eq!(running.stop(), Some(0));
    }

    #[test]
    fn overlap_policies_at_work() {
        let jobs = |overlap: &str| {
            format!(
                "[jobs.j]\nschedule = '@every 1s'\noverlap = '{overlap}'\n\
                 command = 'echo begun; exec sleep 60'\n"
            )
        };
        let (_directory, mut running) = start("toml-skip", &jobs("skip"));
        running.wait_for_message("skipped: its last run goes on");
        assert_eq!((running.lines().len(), running.stop_now()), (1, Some(3)));
        let (_directory, mut running) = start("toml-cancel", &jobs("cancel-previous"));
        running.wait_for_line("begun");
        let end = running.wait_for_message("ended by a signal");
        assert_eq!(end["signal"], "SIGTERM");
        running.wait_for_line("begun");
        assert_eq!(running.stop_now(), Some(3));
    }

    #[test]
    fn a_group_shares_its_limit() {
        let job = |name: &str| {
            format!(
                "[jobs.{name}]\nschedule = '@reboot'\ngroup = 'one'\n\
                 command = 'echo begin; sleep 0.3; echo end'\n"
            )
        };
        let jobs = format!("[groups]\none = 1\n{}{}{}", job("a"), job("b"), job("c"));
        let (_directory, mut running) = start("group", &jobs);
        for _ in 0..3 {
            running.wait_for_message("finished");
        }
        assert_eq!(running.stop(), Some(0));
        assert_eq!(running.lines(), ["begin", "end", "begin", "end", "begin", "end"]);
    }

    #[test]
    fn unchanged_jobs_survive_a_reload_and_changed_ones_change() {
        let job = |name: &str, more: &str| {
            format!("[jobs.{name}]\nschedule = '@every 1h'\ncommand = 'true'\n{more}\n")
        };
        let directory = Directory::new("toml-reload");
        let before = format!("{}{}{}", job("a", ""), job("b", ""), job("c", ""));
        let file = directory.write("jobs.toml", before);
        let mut running = Running::start(&[file.to_str().expect("UTF-8")]);
        running.wait_for_message("due next");
        let after = format!("# moved\n{}{}", job("b", "overlap = 'skip'"), job("a", ""));
        fs::write(&file, after).expect("written");
        running.signal(nix::sys::signal::Signal::SIGHUP);
        let event = running.wait_for_message("reloaded");
        let change = ["added", "changed", "removed", "unchanged"];
        let change = change.map(|field| event[field].as_u64());
        assert_eq!(change, [Some(0), Some(1), Some(1), Some(1)]);
        assert_eq!(running.stop(), Some(0));
    }

    #[test]
    fn each_job_runs_once() {
        let directory = Directory::new("once");
        let jobs = "[groups]\ng = 1\n\
                    [jobs.never]\nschedule = '@at 2999-01-01T00:00:00Z'\ncommand = 'echo never'\n\
                    [jobs.start]\nschedule = '@reboot'\ncommand = 'echo start; sleep 0.2'\ngroup = 'g'\n\
                    [jobs.skips]\nschedule = '@hourly'\ncommand = 'echo skips'\ngroup = 'g'\noverlap = 'skip'\n";
        let toml = directory.write("jobs.toml", jobs);
        let crontab = directory.write("crontab", "* * * * * echo a minute\n");
        let files = [&toml, &crontab].map(|file| file.to_str().expect("UTF-8"));
        let mut running = Running::start(&["--once", files[0], files[1]]);
        assert_eq!(running.wait(), Some(0), "{:#?}", running.seen);
        let mut lines = running.lines();
        lines.sort_unstable();
        assert_eq!(lines, ["a minute", "never", "skips", "start"]);
    }

    #[test]
    fn once_says_whether_all_succeeded() {
        let directory = Directory::new("once-fails");
        let jobs = "[jobs.good]\nschedule = '@daily'\ncommand = 'true'\n\
                    [jobs.bad]\nschedule = '@daily'\ncommand = 'exit 7'\nretry = { attempts = 2, pause = '1ms' }\n";
        let file = directory.write("jobs.toml", jobs);
        let mut running = Running::start(&["--once", file.to_str().expect("UTF-8")]);
        assert_eq!(running.wait(), Some(4), "{:#?}", running.seen);
        assert_eq!(messages(&running, "failed").len(), 2);
        let empty = directory.write("empty.toml", "");
        let mut running = Running::start(&["--once", empty.to_str().expect("UTF-8")]);
        assert_eq!(running.wait(), Some(0));
    }
}
