//! A simulation against what can be counted by hand, twice the same, and fast.

use std::fs;

use serde_json::Value;

use crate::program::{Directory, mainspring, output, text};

/// The JSON of a simulation of these jobs, in UTC.
#[track_caller]
fn simulate(name: &str, jobs: &str, arguments: &[&str]) -> Value {
    let directory = Directory::new(name);
    let file = directory.write("jobs.toml", jobs);
    let mut command = mainspring();
    command.args(["simulate", "--json", "--tz", "UTC"]).arg(&file).args(arguments);
    let output = command.output().expect("output");
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn counts(simulated: &Value, fields: &[&str]) -> Vec<u64> {
    let job = &simulated["jobs"][0];
    fields.iter().map(|field| job[field].as_u64().unwrap_or_else(|| panic!("{job}"))).collect()
}

const DAY: [&str; 4] = ["--from", "2026-03-01", "--to", "2026-03-02"];

#[test]
fn a_day_of_hours() {
    let jobs = "[jobs.j]\nschedule = '0 * * * *'\ncommand = 'x'\nduration = '90s'";
    let day = simulate("sim-day", jobs, &DAY);
    // The beginning belongs to the span, the end does not.
    assert_eq!(
        counts(&day, &["runs", "succeeded", "overlaps", "skipped", "missed"]),
        [24, 24, 0, 0, 0]
    );
    assert_eq!(
        (day["runs"].as_u64(), day["jobs"][0]["busy_s"].as_f64()),
        (Some(24), Some(24.0 * 90.0))
    );
    assert_eq!(day["busiest_minutes"][0]["minute"], "2026-03-01T00:00:00Z");
    assert_eq!(day["busiest_minutes"].as_array().map(Vec::len), Some(10));
}

#[test]
fn overlaps_by_policy() {
    let fields = ["runs", "succeeded", "overlaps", "skipped", "cancelled", "at_once"];
    let job = |more: &str| {
        format!("[jobs.j]\nschedule = '0 * * * *'\ncommand = 'x'\nduration = '90m'\n{more}")
    };
    let of = |name: &str, more: &str| counts(&simulate(name, &job(more), &DAY), &fields);
    // Each lasts into the next; what ends with the day or later has not ended.
    assert_eq!(of("sim-allow", ""), [24, 23, 23, 0, 0, 2]);
    assert_eq!(of("sim-skip", "overlap = 'skip'"), [12, 12, 0, 12, 0, 1]);
    assert_eq!(of("sim-queue", "overlap = 'queue'"), [16, 15, 0, 0, 0, 1]);
    assert_eq!(of("sim-cancel", "overlap = 'cancel-previous'"), [24, 0, 0, 0, 23, 1]);
    assert_eq!(of("sim-two", "overlap = 'queue'\nconcurrency = 2"), [24, 23, 23, 0, 0, 2]);
}

#[test]
fn what_takes_too_long_is_ended() {
    let jobs = "[jobs.j]\nschedule = '0 * * * *'\ncommand = 'x'\nduration = '1h'\ntimeout = '10m'";
    let day = simulate("sim-timeout", jobs, &DAY);
    assert_eq!(counts(&day, &["runs", "succeeded", "timed_out"]), [24, 0, 24]);
    assert_eq!(day["jobs"][0]["busy_s"].as_f64(), Some(24.0 * 600.0));
}

#[test]
fn a_sleep_of_the_machine() {
    let asleep = ["--asleep", "2026-03-01T02:30/2026-03-01T06:30"];
    let arguments = [&DAY[..], &asleep].concat();
    let job = |misfire: &str| {
        format!("[jobs.j]\nschedule = '0 * * * *'\ncommand = 'x'\nmisfire = {misfire}")
    };
    let of = |name: &str, misfire: &str| {
        counts(&simulate(name, &job(misfire), &arguments), &["runs", "missed"])
    };
    assert_eq!(of("sim-miss-skip", "'skip'"), [20, 4]);
    assert_eq!(of("sim-miss-once", "'once'"), [21, 3]);
    assert_eq!(of("sim-miss-all", "{ run = 'all', horizon = '2h' }"), [22, 2]);
}

#[test]
fn groups_and_both_kinds_of_files() {
    let directory = Directory::new("sim-both");
    let jobs = "[groups]\ng = 1\n\
                [jobs.a]\nschedule = '0 0 * * *'\ncommand = 'x'\ngroup = 'g'\nduration = '1h'\n\
                [jobs.b]\nschedule = '0 0 * * *'\ncommand = 'x'\ngroup = 'g'\nduration = '1h'\n";
    let toml = directory.write("jobs.toml", jobs);
    let crontab =
        directory.write("crontab", "CRON_TZ=UTC\n@reboot x\n*/5 * * * * y\n0 0 30 2 * z\n");
    let mut command = mainspring();
    command.args(["simulate", "--tz", "UTC", "--json", "--duration", "6m"]).args(DAY);
    let output = command.args([&toml, &crontab]).output().expect("output");
    let simulated: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let of = |job: usize, field: &str| simulated["jobs"][job][field].as_u64();
    assert_eq!((of(0, "runs"), of(1, "runs")), (Some(1), Some(1)));
    assert_eq!(simulated["jobs"][1]["latest_s"].as_f64(), Some(3600.0));
    assert_eq!((of(2, "runs"), of(3, "runs"), of(4, "runs")), (Some(1), Some(288), Some(0)));
    assert_eq!(of(3, "overlaps"), Some(287));
    assert_eq!(simulated["still_going"].as_u64(), Some(1));
}

#[test]
fn daylight_saving_is_lived_through() {
    let jobs = "zone = 'Europe/Berlin'\n[jobs.j]\nschedule = '30 2 * * *'\ncommand = 'x'\n\
                [jobs.k]\nschedule = '30 * * * *'\ncommand = 'x'";
    let days = ["--from", "2026-03-28T23:00Z", "--to", "2026-03-29T22:00Z"];
    let day = simulate("sim-dst", jobs, &days);
    assert_eq!(counts(&day, &["runs"]), [1]);
    assert_eq!(day["jobs"][1]["runs"].as_u64(), Some(23));
}

/// A hundred jobs of all kinds, for a month.
fn month() -> String {
    let overlaps = ["allow", "skip", "queue", "cancel-previous"];
    let job = |number: usize| {
        let (minute, hour) = (number * 7 % 60, number * 5 % 24);
        let schedule = match number % 3 {
            0 => format!("{minute} * * * *"),
            1 => format!("*/20 {hour} * * *"),
            _ => format!("{minute} {hour} * * MON-FRI"),
        };
        let (overlap, duration) = (overlaps[number % 4], number * 97 % 5000 + 1);
        let group = if number.is_multiple_of(5) { "group = 'g'\n" } else { "" };
        format!(
            "[jobs.j{number}]\nschedule = '{schedule}'\ncommand = 'x'\noverlap = '{overlap}'\n\
             duration = '{duration}s'\ntimeout = '1h'\nretry = {{ pause = '1m' }}\n{group}"
        )
    };
    let jobs: String = (0..100).map(job).collect();
    format!("[groups]\ng = 3\n{jobs}")
}

#[test]
fn the_same_again_is_the_same() {
    let arguments = ["--from", "2026-03-01", "--to", "2026-04-01"];
    let once = simulate("sim-once", &month(), &arguments);
    let again = simulate("sim-again", &month(), &arguments);
    assert_eq!(once, again);
    assert!(once["runs"].as_u64().expect("a number") > 20_000, "{}", once["runs"]);
}

#[test]
fn a_table_and_a_picture() {
    let directory = Directory::new("sim-picture");
    let file = directory.write("jobs.toml", month());
    let file = file.to_str().expect("UTF-8");
    let svg = directory.path().join("heat.svg");
    for (to, cells, words) in
        [("2026-03-03", 2 * 24 * 60, ":55"), ("2026-04-01", 31 * 24, "Mar 1 2026")]
    {
        let arguments =
            ["simulate", file, "--tz", "UTC", "--from", "2026-03-01", "--to", to, "--svg"];
        let mut command = mainspring();
        let output = command.args(arguments).arg(&svg).output().expect("output");
        let table = text(&output.stdout);
        assert!(table.contains("Sun 2026-03-01 00:00 to"), "{table}");
        assert!(table.contains("runs of 100 jobs"), "{table}");
        assert!(table.contains("busiest minutes"), "{table}");
        let picture = fs::read_to_string(&svg).expect("a picture");
        // Each cell, and the paper.
        assert!(picture.matches("<rect").count() > cells, "{to}");
        assert!(picture.contains(words), "{to}");
        assert!(picture.ends_with("</svg>\n"));
    }
}

#[test]
fn wrong_spans_are_refused() {
    let directory = Directory::new("sim-wrong");
    let file = directory.write("jobs.toml", "");
    let file = file.to_str().expect("UTF-8");
    for (arguments, wanted) in [
        (&["--from", "soon", "--to", "2026-03-01"][..], "\"soon\" is not an instant"),
        (&["--from", "2026-03-01", "--to", "2026-03-01"], "is not after the beginning"),
        (&["--from", "2000-01-01", "--to", "2026-03-01"], "more than ten years"),
        (&[&DAY[..], &["--asleep", "02:00"]].concat(), "is not FROM/UNTIL"),
        (&[&DAY[..], &["--asleep", "2026-03-01/2026-03-05"]].concat(), "not within the span"),
        (&[&DAY[..], &["--tz", "Europe/Berln"]].concat(), "unknown time zone"),
        (&[&DAY[..], &["--svg", "/does/not/exist/x.svg"]].concat(), "cannot write"),
    ] {
        let output = output(&[&["simulate", file][..], arguments].concat());
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(text(&output.stderr).contains(wanted), "{output:?}");
    }
}
