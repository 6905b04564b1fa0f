//! Answers every line of the conformance data, which nine other implementations have answered.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use mainspring_schedule::Cron;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../testdata/conformance")
}

fn lines(file: &str) -> Vec<String> {
    let text = fs::read_to_string(folder().join(file)).unwrap();
    text.lines().skip(1).map(str::to_owned).collect()
}

/// A zone by the rules under which the answers were computed; some have changed since then.
fn zone(name: &str) -> TimeZone {
    let data = fs::read(folder().join("zoneinfo").join(name)).unwrap();
    TimeZone::tzif(name, &data).unwrap()
}

fn upcoming(cron: &Cron, zone: &TimeZone, start: i64, count: usize) -> String {
    let mut at = Timestamp::from_second(start).unwrap();
    let mut fires = Vec::new();
    for _ in 0..count {
        match cron.next_after(at, zone) {
            Some(next) => {
                fires.push(next.as_second().to_string());
                at = next;
            }
            None => {
                fires.push("-".to_owned());
                break;
            }
        }
    }
    fires.join(",")
}

#[test]
fn every_line_fires_as_agreed() {
    let mut wrong = Vec::new();
    let lines = lines("cron.tsv");
    assert!(lines.len() > 4000);
    let mut zones = HashMap::new();
    for line in &lines {
        let columns: Vec<&str> = line.split('\t').collect();
        let [id, class, text, zone_name, start, expected, ..] = columns[..] else {
            panic!("not a line of the data: {line}");
        };
        let zone = zones.entry(zone_name).or_insert_with(|| zone(zone_name));
        let answer = match Cron::parse(text) {
            Ok(cron) => upcoming(&cron, zone, start.parse().unwrap(), 5),
            Err(error) => error.to_string(),
        };
        if answer != expected {
            wrong.push(format!(
                "{id} {class} {text:?} {columns:?}\n  expected {expected}\n  answered {answer}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), lines.len(), wrong.join("\n"));
}

#[test]
fn every_malformed_line_is_rejected_at_a_column_with_what_is_allowed() {
    let mut wrong = Vec::new();
    let lines = lines("malformed.tsv");
    assert!(lines.len() > 300);
    for line in &lines {
        let (text, why) = line.split_once('\t').unwrap();
        match Cron::parse(text) {
            Ok(_) => wrong.push(format!("{text:?} is accepted, but: {why}")),
            Err(error) => {
                let columns = text.chars().count() + 1;
                if error.column() > columns || error.allowed().is_empty() {
                    wrong.push(format!("{text:?}: {error}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), lines.len(), wrong.join("\n"));
}
