//! `next`: times for people, for machines, and by the thousand.

use std::fmt::Write;
use std::fs;

use serde_json::{Value, json};

use crate::program::{Directory, output, output_of_input, repository, text};

#[track_caller]
fn shown(arguments: &[&str]) -> String {
    let output = output(arguments);
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    text(&output.stdout).to_owned()
}

#[track_caller]
fn objects(arguments: &[&str]) -> Vec<Value> {
    shown(arguments).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[track_caller]
fn refused(arguments: &[&str]) -> String {
    let output = output(arguments);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    text(&output.stderr).to_owned()
}

/// Answers to questions on standard input.
#[track_caller]
fn answers(arguments: &[&str], input: &[u8]) -> Vec<Value> {
    let mut all = vec!["next", "--stdin", "--json"];
    all.extend(arguments);
    let output = output_of_input(&all, input);
    assert!(output.status.success(), "{output:?}");
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn the_hour_that_is_missing() {
    let shown = shown(&[
        "next",
        "30 2 * * *",
        "--tz",
        "Europe/Berlin",
        "--from",
        "2026-03-27T12:00:00Z",
        "-n",
        "3",
    ]);
    let times: Vec<&str> = shown.lines().skip(1).collect();
    assert_eq!(
        times,
        [
            "  Sat 2026-03-28 02:30:00 +01:00  2026-03-28T01:30:00Z",
            "  Sun 2026-03-29 03:00:00 +02:00  2026-03-29T01:00:00Z  \
         moved: there is no 02:30, clocks go forward",
            "  Mon 2026-03-30 02:30:00 +02:00  2026-03-30T00:30:00Z",
        ]
    );
    assert!(shown.lines().next().expect("a description").contains("02:30"), "{shown}");
}

#[test]
fn the_hour_that_comes_twice() {
    let shown = shown(&[
        "next",
        "*/30 2 * * *",
        "--tz",
        "Europe/Berlin",
        "--from",
        "2026-10-24T23:00:00Z",
        "-n",
        "5",
    ]);
    let marks: Vec<&str> =
        shown.lines().skip(1).map(|l| l.split_once('Z').map_or("", |(_, mark)| mark)).collect();
    assert_eq!(
        marks,
        [
            "  first of two 02:00, clocks go back",
            "  first of two 02:30, clocks go back",
            "  second of two 02:00, clocks go back",
            "  second of two 02:30, clocks go back",
            "",
        ]
    );
}

#[test]
fn json_has_four_keys() {
    let from = ["--from", "2026-03-28T12:00:00Z", "--count", "2", "--json"];
    let line = |arguments: &[&str]| shown(&[arguments, &from].concat());
    let said = line(&["next", "30 2 * * *", "--tz", "Europe/Berlin"]);
    let object: Value = serde_json::from_str(&said).expect("JSON");
    let description = object["description"].as_str().expect("a text");
    assert_eq!(
        said,
        format!(
            "{{\"expression\":\"30 2 * * *\",\"description\":{},\"zone\":\"Europe/Berlin\",\
             \"next\":[\"2026-03-29T01:00:00Z\",\"2026-03-30T00:30:00Z\"]}}\n",
            json!(description)
        )
    );
    let never: Value = serde_json::from_str(&line(&["next", "0 0 30 2 *"])).expect("JSON");
    assert_eq!((&never["next"], &never["zone"]), (&json!([]), &json!("UTC")));
    let once: Value = serde_json::from_str(&line(&["next", "0 0 0 1 1 * 2030"])).expect("JSON");
    assert_eq!(once["next"], json!(["2030-01-01T00:00:00Z"]));
}

#[test]
fn english_and_its_zone() {
    let arguments = ["--from", "2026-01-02T12:00:00Z", "--tz", "Asia/Tokyo", "--json", "-n", "1"];
    let ask = |what: &[&str]| objects(&[&["next"], what, &arguments].concat()).remove(0);
    let own = ask(&["every weekday at 9:30 in Europe/Berlin"]);
    assert_eq!(own["zone"], "Europe/Berlin");
    assert_eq!(own["next"], json!(["2026-01-05T08:30:00Z"]));
    let words = ask(&["every", "weekday", "at", "9:30"]);
    assert_eq!(words["expression"], "every weekday at 9:30");
    assert_eq!(words["zone"], "Asia/Tokyo");
    assert_eq!(words["next"], json!(["2026-01-05T00:30:00Z"]));
    let utc = ask(&["every weekday at 9:30 in UTC"]);
    assert_eq!(utc["next"], json!(["2026-01-05T09:30:00Z"]));
}

#[test]
fn the_zone_of_the_system_is_the_default() {
    let mut command = crate::program::mainspring();
    command.env("TZ", "America/New_York").args(["next", "0 9 * * *", "--json", "-n", "1"]);
    command.args(["--from", "2026-01-01T00:00:00Z"]);
    let output = command.output().expect("output");
    let object: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(object["zone"], "America/New_York");
    assert_eq!(object["next"], json!(["2026-01-01T14:00:00Z"]));
}

#[test]
fn wrong_questions_get_one_error() {
    let errors = refused(&["next", "0 24 * * *", "--json"]);
    assert!(errors.starts_with("mainspring: "), "{errors}");
    assert!(errors.contains("column 3"), "{errors}");
    assert!(errors.ends_with("\n  0 24 * * *\n    ^^\n"), "{errors}");
    assert_eq!(errors.lines().count(), 3, "{errors}");

    let errors = refused(&["next", "0 9 * * *", "--tz", "Europe/Berln"]);
    assert!(errors.contains("unknown time zone `Europe/Berln`"), "{errors}");
    assert_eq!(errors.lines().count(), 1, "{errors}");

    let errors = refused(&["next", "0 9 * * *", "--from", "tomorrow"]);
    assert!(errors.contains("\"tomorrow\" is not an RFC 3339 instant"), "{errors}");
    refused(&["next", ""]);
    assert!(refused(&["next", "no-such-file"]).contains("nor is there a file of that name"));
    refused(&["next", "0 9 * * 1#2", "--dialect", "vixie"]);
}

#[test]
fn dialects() {
    let ask = |dialect: &str, what: &str| {
        let arguments = [
            "next",
            what,
            "--dialect",
            dialect,
            "--from",
            "2026-01-01T00:00:00Z",
            "--json",
            "-n",
            "1",
        ];
        objects(&arguments).remove(0)["next"][0].clone()
    };
    // Monday is 2 to Quartz; vixie wants both days where one begins with a star.
    assert_eq!(ask("quartz", "0 0 9 ? * 2"), "2026-01-05T09:00:00Z");
    assert_eq!(ask("vixie", "0 0 */2 * 1"), "2026-01-05T00:00:00Z");
    assert_eq!(ask("default", "0 0 */2 * 1"), "2026-01-03T00:00:00Z");
}

#[test]
fn each_line_of_a_crontab() {
    let directory = Directory::new("next-file");
    let crontab = "@reboot echo up\nCRON_TZ=Asia/Tokyo\n0 9 * * * backup --all\n0 0 30 2 * never\n";
    let file = directory.write("crontab", crontab);
    let file = file.to_str().expect("UTF-8");
    let arguments = ["next", file, "--from", "2026-01-01T00:00:00Z", "-n", "1"];
    let shown = shown(&arguments);
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines[0], format!("{file}:1: @reboot echo up"));
    assert_eq!(lines[2], format!("{file}:3: 0 9 * * * backup --all"));
    assert!(lines[3].ends_with("Asia/Tokyo"), "{shown}");
    assert_eq!(lines[4], "  Fri 2026-01-02 09:00:00 +09:00  2026-01-02T00:00:00Z");
    assert_eq!(lines[7], "  never");

    let objects = objects(&[&arguments[..], &["--json"]].concat());
    assert_eq!(objects[0]["next"], json!([]));
    assert_eq!(objects[1]["next"], json!(["2026-01-02T00:00:00Z"]));
    assert_eq!(objects[1]["command"], "backup --all");
    assert_eq!(objects[1]["line"], 3);

    let errors = refused(&["next", file, "--tz", "Europe/Berln"]);
    assert_eq!(errors.lines().count(), 1, "{errors}");
    let wrong = directory.write("wrong", "x\n");
    assert!(refused(&["next", wrong.to_str().expect("UTF-8")]).contains("wrong:1:"));
}

#[test]
fn questions_on_standard_input() {
    let from = "2026-03-28T12:00:00Z";
    let input = format!(
        "30 2 * * *\tEurope/Berlin\t{from}\n\
         0 24 * * *\tUTC\t{from}\r\n\
         0 9 * * *\tNowhere/Land\t{from}\n\
         0 9 * * *\tUTC\ttomorrow\n\
         0 9 * * *\n\
         \n\
         0\t9 * * *\tUTC\t{from}\n\
         0 0 30 2 *\tUTC\t{from}"
    );
    let answers = answers(&["--count", "1"], input.as_bytes());
    assert_eq!(answers.len(), 8, "{answers:#?}");
    assert_eq!(answers[0]["next"], json!(["2026-03-29T01:00:00Z"]));
    assert_eq!(answers[0]["zone"], "Europe/Berlin");
    for (index, word) in
        [(1, "column 3"), (2, "Nowhere/Land"), (3, "tomorrow"), (4, "columns"), (5, "columns")]
    {
        let answer = &answers[index];
        assert!(answer["error"].as_str().expect("an error").contains(word), "{answer}");
        assert!(answer.get("next").is_none(), "{answer}");
    }
    assert_eq!(answers[1]["expression"], "0 24 * * *");
    assert_eq!(answers[6]["next"], json!(["2026-03-29T09:00:00Z"]));
    assert_eq!(answers[7]["next"], json!([]));
}

#[test]
fn lines_that_are_no_questions() {
    let mut input = b"0 9 * * *\tUTC\t2026-01-01T00:00:00Z\n".to_vec();
    input.extend(std::iter::repeat_n(b'x', 1 << 20));
    input.extend(b"\n\xff\xfe\tUTC\t2026-01-01T00:00:00Z\n");
    input.extend(b"0 9 * * *\tUTC\t2026-01-01T00:00:00Z\n");
    let answers = answers(&["-n", "1"], &input);
    assert_eq!(answers.len(), 4, "{answers:#?}");
    assert!(answers[1]["error"].as_str().expect("an error").contains("longer than"));
    assert!(answers[2]["error"].is_string());
    assert_eq!(answers[3], answers[0]);
    assert!(output_of_input(&["next", "--stdin", "--json"], b"").stdout.is_empty());
}

/// The whole corpus through the program: what the library knows, the program must not lose.
#[test]
fn the_conformance_corpus() {
    let directory = repository().join("testdata/conformance");
    let corpus = fs::read_to_string(directory.join("cron.tsv")).expect("the corpus");
    let (mut input, mut expected) = (String::new(), Vec::new());
    let instant = |second: &str| {
        jiff::Timestamp::from_second(second.parse().expect("seconds")).expect("an instant")
    };
    for line in corpus.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [_, _, expression, zone, start, fires, ..] = columns[..] else { panic!("{line}") };
        writeln!(input, "{expression}\t{zone}\t{}", instant(start)).expect("a String");
        let fires: Vec<&str> = fires.split([' ', ',']).filter(|fire| !fire.is_empty()).collect();
        let times: Vec<_> =
            fires.iter().filter(|f| **f != "-").map(|f| instant(f).to_string()).collect();
        expected.push((expression.to_owned(), times));
    }
    let answers = answers(&["--count", "5"], input.as_bytes());
    assert_eq!(answers.len(), expected.len());
    assert!(answers.len() > 1000);
    for (answer, (expression, times)) in answers.iter().zip(&expected) {
        assert_eq!(answer["expression"], **expression);
        let next = answer["next"].as_array().unwrap_or_else(|| panic!("{answer}"));
        // The corpus may know fewer than five where the answers of its sources end.
        assert!(next.len() >= times.len(), "{answer}: {times:?}");
        assert!(next.iter().zip(times).all(|(a, b)| a == b), "{answer}: {times:?}");
    }

    let malformed = fs::read_to_string(directory.join("malformed.tsv")).expect("the corpus");
    let expressions: Vec<&str> =
        malformed.lines().skip(1).filter_map(|line| line.split('\t').next()).collect();
    let input: String =
        expressions.iter().map(|e| format!("{e}\tUTC\t2026-01-01T00:00:00Z\n")).collect();
    let refusals = self::answers(&[], input.as_bytes());
    assert_eq!(refusals.len(), expressions.len());
    for refusal in &refusals {
        assert!(refusal["error"].as_str().is_some_and(|e| e.contains("column")), "{refusal}");
    }
}
