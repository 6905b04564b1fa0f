//! Fields one by one: what is read, what is wrong and where, and that the schema says the same.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use mainspring_job::{Misfire, Overlap, Policy, Retry};
use proptest::prelude::*;
use serde_json::Value;

use super::{FILE, JOB, MISFIRE, RETRY, SCHEMA, parse};
use crate::jobs::{Form, Job, JobFile, Reading, UserProblem, When};
use crate::problem::Problem;

fn judge_user(name: &str) -> Result<(), UserProblem> {
    match name {
        "root" | "www-data" => Ok(()),
        _ => Err(UserProblem { text: format!("unknown user {name:?}"), help: String::new() }),
    }
}

fn read(text: &str) -> Result<JobFile, Vec<Problem>> {
    let (form, overlap) = (Form::Auto, Overlap::Allow);
    let reading = Reading { form, dialect: None, zone: Some("UTC"), overlap, judge_user };
    parse("jobs.toml", text.as_bytes(), reading)
}

#[track_caller]
fn file(text: &str) -> JobFile {
    read(text).unwrap_or_else(|problems| {
        let all: Vec<_> = problems.iter().map(Problem::to_string).collect();
        panic!("{}", all.join("\n"))
    })
}

/// A job with these fields beside the two that every job has.
#[track_caller]
fn job(fields: &str) -> Job {
    file(&format!("[groups]\ng = 2\n[jobs.j]\nschedule = '@daily'\ncommand = 'c'\n{fields}"))
        .jobs
        .remove(0)
}

#[track_caller]
fn policy(fields: &str) -> Policy {
    job(fields).policy
}

/// Each problem as `line:column+width text; help`.
#[track_caller]
fn problems(text: &str) -> Vec<String> {
    let problems = read(text).expect_err("problems");
    let show = |problem: &Problem| {
        let place = problem.place.as_ref().expect("a place");
        let Problem { text, help, .. } = problem;
        format!("{}:{}+{} {text}; {help}", place.line, place.column, place.width)
    };
    problems.iter().map(show).collect()
}

/// The one problem of a job with these fields, without its help; the fields begin in line 3.
#[track_caller]
fn problem(fields: &str) -> String {
    let text = format!("[jobs.j]\ncommand = 'c'\n{fields}");
    let text =
        if fields.contains("schedule") { text } else { format!("{text}\nschedule = '@daily'") };
    let mut problems = problems(&text);
    assert_eq!(problems.len(), 1, "{problems:#?}");
    let whole = problems.remove(0);
    whole.split_once("; ").expect("a help").0.to_owned()
}

fn next(job: &Job, from: &str) -> String {
    let from: Timestamp = from.parse().expect("an instant");
    job.schedule()
        .and_then(|schedule| schedule.next_after(from))
        .map_or("never".into(), |next| next.to_string())
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn the_least_job() {
    let job = job("");
    assert_eq!((job.name.as_deref(), job.number), (Some("j"), 3));
    assert_eq!((job.command.text.as_str(), job.command.stdin.as_deref()), ("c", None));
    assert_eq!((&job.user, &job.directory, job.duration), (&None, &None, None));
    assert_eq!(job.policy, Policy::default());
    assert_eq!(next(&job, "2026-01-01T12:00:00Z"), "2026-01-02T00:00:00Z");
}

#[test]
fn jobs_stand_in_the_order_of_the_file() {
    let text =
        "[jobs.z]\nschedule='@daily'\ncommand='1'\n[jobs.\"a b\"]\nschedule='@reboot'\ncommand='2'";
    let names: Vec<_> = file(text).jobs.into_iter().filter_map(|job| job.name).collect();
    assert_eq!(names, ["z", "a b"]);
    assert!(matches!(file(text).jobs[1].when, When::Start));
    assert!(file("").jobs.is_empty());
}

#[test]
fn schedules_and_their_bounds() {
    let of = |fields: &str| {
        file(&format!("zone = 'Asia/Tokyo'\n[jobs.j]\ncommand = 'c'\n{fields}")).jobs.remove(0)
    };
    let from = "2026-01-01T00:00:00Z";
    assert_eq!(next(&of("schedule = '0 9 * * *'"), from), "2026-01-02T00:00:00Z");
    assert_eq!(next(&of("schedule = 'every day at 9:00 in UTC'"), from), "2026-01-01T09:00:00Z");
    let berlin = "schedule = '0 9 * * *'\nzone = 'Europe/Berlin'";
    assert_eq!(next(&of(berlin), from), "2026-01-01T08:00:00Z");
    let starting = format!("{berlin}\nstarting = 2026-03-01");
    assert_eq!(next(&of(&starting), from), "2026-03-01T08:00:00Z");
    let local = format!("{berlin}\nstarting = 2026-03-01T09:00:01");
    assert_eq!(next(&of(&local), from), "2026-03-02T08:00:00Z");
    let quoted = format!("{berlin}\nstarting = '2026-03-01T08:00:00Z'");
    assert_eq!(next(&of(&quoted), from), "2026-03-01T08:00:00Z");
    let ending = format!("{berlin}\nending = 2026-01-01");
    assert_eq!(next(&of(&ending), from), "2026-01-01T08:00:00Z");
    assert_eq!(next(&of(&ending), "2026-01-01T08:00:00Z"), "never");
    let excluding = format!("{berlin}\nexcluding = [2026-01-01, '2026-01-02']");
    assert_eq!(next(&of(&excluding), from), "2026-01-03T08:00:00Z");
    let limit = format!("{starting}\nlimit = 2");
    assert_eq!(next(&of(&limit), "2026-03-02T08:00:00Z"), "never");
    let spread = of(&format!("{berlin}\nspread = '10m'"));
    let offset = spread.schedule().expect("a schedule").offset();
    assert!(!offset.is_zero() && offset < 600 * SECOND, "{offset:?}");
    assert_eq!(next(&of("schedule = 'quartz: 0 0 9 ? * 2'"), from), "2026-01-05T00:00:00Z");
}

#[test]
fn every_policy() {
    let default = Policy::default;
    for (word, overlap) in [
        ("allow", Overlap::Allow),
        ("skip", Overlap::Skip),
        ("queue", Overlap::Queue),
        ("cancel-previous", Overlap::CancelPrevious),
    ] {
        assert_eq!(policy(&format!("overlap = '{word}'")), default().overlap(overlap));
    }
    let queue = default().overlap(Overlap::Queue).concurrency(3);
    assert_eq!(policy("overlap = 'queue'\nconcurrency = 3"), queue);
    assert_eq!(policy("group = 'g'"), default().group("g"));
    assert_eq!(policy("timeout = '1m30s'"), default().timeout(90 * SECOND));
    assert_eq!(policy("history = 0"), default().history(0));
    let (skip, once) = (Misfire::skip(), Misfire::run_once());
    assert_eq!(policy("misfire = 'skip'"), default().misfire(skip));
    assert_eq!(policy("misfire = 'once'"), default().misfire(once));
    let graceful = skip.grace(30 * SECOND);
    assert_eq!(policy("misfire = { run = 'skip', grace = '30s' }"), default().misfire(graceful));
    assert_eq!(policy("misfire = { grace = '0s' }"), default().misfire(once.grace(Duration::ZERO)));
    let all = Misfire::run_all(7200 * SECOND);
    assert_eq!(policy("misfire = { run = 'all', horizon = '2h' }"), default().misfire(all));
    let fixed = Retry::fixed(10 * SECOND);
    assert_eq!(policy("retry = { pause = '10s' }"), default().retry(fixed));
    let exponential =
        "retry = { attempts = 5, backoff = 'exponential', pause = '1s', max-pause = '1m' }";
    let expected = Retry::exponential(SECOND, 60 * SECOND).attempts(5);
    assert_eq!(policy(exponential), default().retry(expected));
}

#[test]
fn what_the_command_finds() {
    let text = "[env]\nA = '1'\nB = '2'\n[jobs.j]\nschedule = '@daily'\ncommand = 'c'\ninput = \"x\\ny\"\nuser = 'www-data'\ncwd = '/srv'\nduration = '5m'\nenv = { B = '3', USER = 'x' }";
    let mut file = file(text);
    let job = file.jobs.remove(0);
    let variables: Vec<_> = job.variables.iter().map(|(n, v)| format!("{n}={v}")).collect();
    assert_eq!(variables, ["A=1", "B=3"]);
    assert_eq!(job.command.stdin.as_deref(), Some("x\ny"));
    assert_eq!(job.user.as_deref(), Some("www-data"));
    assert_eq!(job.directory.as_deref(), Some(Path::new("/srv")));
    assert_eq!(job.duration, Some(300 * SECOND));
    assert_eq!(file.notes.len(), 1, "USER: {:?}", file.notes);
}

#[test]
fn slips_are_forgiven_with_a_hint() {
    let text = "zones = 'UTC'\n[jobs.j]\nschedule = '@daily'\ncommand = 'c'\ntimeuot = '1s'\noverlap = 'skpi'\nretry = { puase = '1s' }";
    assert_eq!(
        problems(text),
        [
            "1:1+5 unknown field \"zones\" of the file; did you mean `zone`?",
            "5:1+7 unknown field \"timeuot\" of a job; did you mean `timeout`?",
            "6:11+6 unknown word \"skpi\"; did you mean \"skip\"? allowed: \"allow\", \"skip\", \"queue\", \"cancel-previous\"",
            "7:9+16 no `pause`; how long to wait before the next attempt: \"10s\"",
            "7:11+5 unknown field \"puase\" of `retry`; did you mean `pause`?",
        ]
    );
    let text =
        "[groups]\ndatabase = 1\n[jobs.j]\nschedule='@daily'\ncommand='c'\ngroup = 'databse'";
    assert_eq!(problems(text), ["6:9+9 unknown group \"databse\"; did you mean \"database\"?"]);
}

#[test]
fn schedules_point_into_their_text() {
    assert!(problem("schedule = '0 25 * * *'").starts_with("3:15+2 "));
    // Not written letter by letter: the whole value.
    assert!(problem(r#"schedule = "0\u002025 * * *""#).starts_with("3:12+17 "));
    assert!(problem("schedule = 'every wekday at 9:30'").starts_with("3:19+6 "));
    assert!(problem("zone = 'Europe/Berln'").starts_with("3:8+14 unknown time zone"));
}

#[test]
fn places_of_problems() {
    for (fields, expected) in [
        ("limit = 0", "3:9+1 not such a number"),
        ("limit = -1", "3:9+2 not such a number"),
        ("limit = 4294967296", "3:9+10 not such a number"),
        ("limit = '3'", "3:9+3 not such a number"),
        ("timeout = '0s'", "3:11+4 not a length of time"),
        ("timeout = 10", "3:11+2 a number in the wrong place"),
        ("timeout = 'soon'", "3:11+6 not a length of time"),
        ("starting = 'soon'", "3:12+6 not a date"),
        ("starting = 09:00:00", "3:12+8 not a date"),
        ("excluding = 2026-01-01", "3:13+10 a date or time in the wrong place"),
        ("excluding = [2026-01-01T09:00:00]", "3:14+19 not a date alone"),
        ("cwd = 'srv'", "3:7+5 not an absolute path"),
        ("user = 'nobody-here'", "3:8+13 unknown user \"nobody-here\""),
        ("env = { A = 1 }", "3:13+1 a number in the wrong place"),
        ("group = 'g'", "3:9+3 unknown group \"g\""),
        (
            "concurrency = 2",
            "3:15+1 `concurrency` has nothing to say while runs may overlap freely",
        ),
        ("misfire = 'all'", "3:11+5 `all` needs a horizon"),
        ("misfire = { run = 'all' }", "3:11+15 no `horizon`"),
        ("misfire = { run = 'once', horizon = '1h' }", "3:37+4 a horizon is for run = \"all\""),
        (
            "retry = { pause = '1s', max-pause = '2s' }",
            "3:37+4 `max-pause` is for exponential pauses",
        ),
        ("retry = { backoff = 'exponential', pause = '1s' }", "3:9+41 no `max-pause`"),
        ("retry = 3", "3:9+1 a number in the wrong place"),
        ("schedule = '@daily limit 3'\nlimit = 4", "4:9+1 `limit` twice: here and in the schedule"),
        (
            "schedule = '@daily in UTC'\nzone = 'UTC'",
            "4:8+5 `zone` twice: here and in the schedule",
        ),
        ("schedule = '@reboot'\nspread = '5m'", "4:10+4 `spread` has nothing to say to @reboot"),
        ("schedule = ''", "3:13+1 no schedule"),
    ] {
        assert_eq!(problem(fields), expected, "{fields}");
    }
    assert_eq!(problems("[jobs.j]\ncommand = ' '").len(), 2, "no schedule, an empty command");
    assert!(problems("jobs = 3")[0].starts_with("1:8+1 a number in the wrong place"));
    assert!(problems("[jobs]\nx = 3")[0].starts_with("2:5+1 a number in the wrong place"));
    assert!(
        problems("[jobs.\"\"]\nschedule='@daily'\ncommand='c'")[0]
            .starts_with("1:7+2 a job's name")
    );
    assert!(problems("[groups]\ng = 0")[0].starts_with("2:5+1 not such a number"));
}

#[test]
fn toml_itself_may_be_wrong() {
    assert!(problems("[jobs.j\nschedule = '@daily'")[0].starts_with("1:8+1"));
    assert!(problems("zone = 'UTC'\nzone = 'UTC'")[0].starts_with("2:1+4 duplicate key"));
    assert_eq!(problems("zone = \"UTC\nenv = 3").len(), 1, "what follows from a slip is not told");
    let reading = |bytes| {
        let (form, overlap) = (Form::Auto, Overlap::Allow);
        parse("f", bytes, Reading { form, dialect: None, zone: None, overlap, judge_user })
    };
    let problems = reading(b"\n# \xff\n").expect_err("a problem");
    assert_eq!(problems[0].text, "line 2 is not UTF-8");
}

#[test]
fn a_job_is_the_same_wherever_it_stands() {
    let moved = "# moved\n\n[jobs.j]\ncommand = 'c'\nschedule = '@daily'";
    let one = file("[jobs.j]\nschedule = '@daily'\ncommand = 'c'").jobs[0].identity();
    assert_eq!(one, file(moved).jobs[0].identity());
    for other in ["overlap = 'skip'", "env = { A = '1' }", "zone = 'Asia/Tokyo'", "spread = '1m'"] {
        assert_ne!(one, file(&format!("{moved}\n{other}")).jobs[0].identity(), "{other}");
    }
}

#[test]
fn the_schema_knows_the_same_fields() {
    let schema: Value = serde_json::from_str(SCHEMA).expect("JSON");
    for (pointer, known) in
        [("", FILE), ("/$defs/job", JOB), ("/$defs/misfire", MISFIRE), ("/$defs/retry", RETRY)]
    {
        let table = schema.pointer(pointer).expect(pointer);
        let properties = table["properties"].as_object().expect("properties");
        let told: BTreeSet<&str> = properties.keys().map(String::as_str).collect();
        assert_eq!(told, known.iter().copied().collect(), "{pointer}");
        assert_eq!(table["additionalProperties"], false, "{pointer}");
        for (name, property) in properties {
            assert!(property["description"].is_string(), "{pointer}/{name}");
        }
    }
    let required = ["schedule", "command"].map(Value::from);
    assert_eq!(schema.pointer("/$defs/job/required"), Some(&Value::from(required.to_vec())));
}

#[test]
fn the_schemas_words_and_examples_are_read() {
    let schema: Value = serde_json::from_str(SCHEMA).expect("JSON");
    let texts = |pointer: &str| -> Vec<String> {
        let list = schema.pointer(pointer).and_then(Value::as_array).expect(pointer);
        list.iter().map(|text| text.as_str().expect("a text").to_owned()).collect()
    };
    for word in texts("/$defs/job/properties/overlap/enum") {
        job(&format!("overlap = '{word}'"));
    }
    for word in texts("/$defs/job/properties/misfire/oneOf/0/enum") {
        job(&format!("misfire = '{word}'"));
    }
    for word in texts("/$defs/misfire/properties/run/enum") {
        let horizon = if word == "all" { ", horizon = '1h'" } else { "" };
        job(&format!("misfire = {{ run = '{word}'{horizon} }}"));
    }
    for word in texts("/$defs/retry/properties/backoff/enum") {
        let max = if word == "exponential" { ", max-pause = '1h'" } else { "" };
        job(&format!("retry = {{ pause = '1s', backoff = '{word}'{max} }}"));
    }
    for zone in texts("/$defs/zone/examples") {
        job(&format!("zone = '{zone}'"));
    }
    for date in texts("/$defs/date/examples") {
        job(&format!("starting = {date}"));
    }
    for duration in texts("/$defs/duration/examples") {
        job(&format!("duration = '{duration}'"));
    }
    for schedule in texts("/$defs/job/properties/schedule/examples") {
        file(&format!("[jobs.j]\ncommand = 'c'\nschedule = '{schedule}'"));
    }
}

proptest! {
    #[test]
    fn anything_like_a_file_of_jobs_is_read_without_a_panic(
        lines in proptest::collection::vec(
            "(\\[jobs\\.[a-z\"é]{0,3}\\]|\\[env\\]|\\[groups\\]|(schedule|command|zone|starting|limit|excluding|misfire|retry|env|group|overlap|x) = ('[^']{0,12}'|\"[^\"]{0,12}\"|[0-9:T-]{1,12}|\\[\\]|\\{ [a-z-]{1,9} = ('1s'|3) \\}|true|é)|[ -~é\\\\\"']{0,20})",
            0..20,
        )
    ) {
        if let Err(problems) = read(&lines.join("\n")) {
            for problem in problems {
                let _shown = (problem.to_string(), problem.one_line());
            }
        }
    }
}
