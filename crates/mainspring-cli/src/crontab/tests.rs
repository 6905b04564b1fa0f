//! Crontabs line by line: what is read, what is wrong and where, and that nothing panics.

use std::path::Path;

use mainspring_job::Overlap;
use proptest::prelude::*;

use super::parse::parse;
use crate::jobs::{Command, Form, Job, JobFile, Reading, UserProblem, When};
use crate::problem::Problem;

fn judge_user(name: &str) -> Result<(), UserProblem> {
    match name {
        "root" | "www-data" => Ok(()),
        _ => Err(UserProblem { text: format!("unknown user {name:?}"), help: String::new() }),
    }
}

fn read(form: Form, text: impl AsRef<[u8]>) -> Result<JobFile, Vec<Problem>> {
    let reading =
        Reading { form, dialect: None, zone: Some("UTC"), overlap: Overlap::Allow, judge_user };
    parse("crontab", text.as_ref(), reading)
}

#[track_caller]
fn lines(form: Form, text: &str) -> Vec<Job> {
    read(form, text).unwrap_or_else(|problems| panic!("{problems:#?}")).jobs
}

#[track_caller]
fn line(form: Form, text: &str) -> Job {
    let mut lines = lines(form, text);
    assert_eq!(lines.len(), 1, "{lines:#?}");
    lines.remove(0)
}

/// Each problem as `line:column text`.
#[track_caller]
fn problems(form: Form, text: impl AsRef<[u8]>) -> Vec<String> {
    let problems = read(form, text).expect_err("problems");
    let show = |problem: &Problem| match &problem.place {
        Some(place) => format!("{}:{} {}", place.line, place.column, problem.text),
        None => problem.text.clone(),
    };
    problems.iter().map(show).collect()
}

#[test]
fn a_user_line() {
    let line = line(Form::User, "*/5 0-6 1,15\t*  MON  backup --all  \n");
    assert_eq!(line.schedule_text(), "*/5 0-6 1,15\t*  MON");
    assert_eq!(line.command, Command { text: "backup --all".into(), stdin: None });
    assert_eq!((line.number, line.user.as_deref()), (1, None));
}

#[test]
fn a_system_line() {
    let line =
        line(Form::System, "17 *\t* * *\troot\tcd / && run-parts --report /etc/cron.hourly\n");
    assert_eq!(line.user.as_deref(), Some("root"));
    assert_eq!(line.command.text, "cd / && run-parts --report /etc/cron.hourly");
}

#[test]
fn what_is_no_job() {
    assert!(lines(Form::User, "").is_empty());
    assert!(lines(Form::User, "\n  \n\t\n# a comment\n   # one more\n\r\n").is_empty());
    // Nobody reads comments, so they may be in any encoding.
    assert!(read(Form::User, b"# \xa9 1997\n").is_ok());
}

#[test]
fn line_ends() {
    assert_eq!(line(Form::User, "* * * * * echo a").command.text, "echo a");
    assert_eq!(line(Form::User, "* * * * * echo a\r\n").command.text, "echo a");
    assert_eq!(line(Form::User, "\u{feff}* * * * * echo a\n").command.text, "echo a");
    assert_eq!(line(Form::User, "  * * * * *   echo a # b\n").command.text, "echo a # b");
}

#[test]
fn words_with_an_at() {
    assert!(matches!(line(Form::User, "@reboot echo a").when, When::Start));
    assert_eq!(line(Form::User, "@daily echo a").schedule_text(), "@daily");
    let every = line(Form::User, "@every 90s echo a");
    assert_eq!((every.schedule_text(), every.command.text.as_str()), ("@every 90s", "echo a"));
    let system = line(Form::System, "@reboot www-data echo a");
    assert_eq!(system.user.as_deref(), Some("www-data"));
}

#[test]
fn variables_hold_below() {
    let text = "* * * * * a\nA=1\nB = two\n* * * * * b\nA=\"3 \"\n* * * * * c\n* * * * * d";
    let lines = lines(Form::User, text);
    let of = |index: usize| {
        lines[index].variables.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>()
    };
    assert!(of(0).is_empty());
    assert_eq!(of(1), ["A=1", "B=two"]);
    assert_eq!(of(2), ["B=two", "A=3 "]);
    assert_eq!(of(3), of(2));
}

#[test]
fn zones_hold_below() {
    let text = "0 9 * * * a\nCRON_TZ=Asia/Tokyo\n0 9 * * * b\nCRON_TZ=\nTZ=Asia/Tokyo\n0 9 * * * c";
    let start = "2026-01-01T00:00:00Z".parse().expect("an instant");
    let next: Vec<String> = lines(Form::User, text)
        .iter()
        .map(|line| match &line.when {
            When::Schedule { schedule, .. } => {
                schedule.next_after(start).expect("a time").to_string()
            }
            When::Start => unreachable!("no @reboot above"),
        })
        .collect();
    // TZ is for the command alone.
    let (utc, tokyo) = ("2026-01-01T09:00:00Z", "2026-01-02T00:00:00Z");
    assert_eq!(next, [utc, tokyo, utc]);
}

#[test]
fn seconds_are_asked_for() {
    let text = "CRON_FIELDS=6\n*/5 * * * * * a\nCRON_FIELDS=7\n0 0 0 1 1 * 2030 b\nCRON_FIELDS=5\n0 0 1 1 * c";
    let texts: Vec<_> =
        lines(Form::User, text).iter().map(|line| line.schedule_text().to_owned()).collect();
    assert_eq!(texts, ["*/5 * * * * *", "0 0 0 1 1 * 2030", "0 0 1 1 *"]);
    assert_eq!(problems(Form::User, "CRON_FIELDS=4"), ["1:13 not a number of fields"]);
    assert_eq!(problems(Form::User, "* * * * * * echo a"), ["1:11 one field too many"]);
    assert_eq!(problems(Form::System, "*/5 * * * * 1-5 root a"), ["1:13 one field too many"]);
}

#[test]
fn places_of_problems() {
    assert_eq!(problems(Form::User, "* * * *"), ["1:8 4 of 5 fields, and no command"]);
    assert_eq!(problems(Form::User, "* * * * *  "), ["1:10 no command"]);
    assert_eq!(problems(Form::User, "@daily"), ["1:7 no command"]);
    assert_eq!(problems(Form::System, "@daily"), ["1:7 no user and no command"]);
    assert_eq!(problems(Form::System, "@daily root"), ["1:12 no command"]);
    assert_eq!(
        problems(Form::System, "0 9 * * * nobody-here a"),
        ["1:11 unknown user \"nobody-here\""]
    );
    assert_eq!(
        problems(Form::User, "CRON_TZ=Nowhere/Land"),
        ["1:9 unknown time zone `Nowhere/Land`"]
    );
    assert_eq!(problems(Form::User, b"\n* * * * * echo \xff\n"), ["2:16 not UTF-8"]);
    assert_eq!(
        problems(Form::User, "é=1\nA='b"),
        ["1:1 not a variable name", "2:3 a quote that is never closed"]
    );
}

#[test]
fn schedules_point_into_their_line() {
    let found = read(Form::User, "  0 9 *\t* 8  backup").expect_err("a problem");
    let place = found[0].place.as_ref().expect("a place");
    assert_eq!((place.line, place.column, place.width), (1, 11, 1));
}

#[test]
fn english_is_no_crontab() {
    assert_eq!(problems(Form::User, "every day at 9:30 pm backup").len(), 1);
}

#[test]
fn every_problem_is_told() {
    let text = "61 * * * * a\n* * * * * b\nCRON_TZ=x\n* * * * x c\n* * * * *\n";
    let found = read(Form::User, text).expect_err("problems");
    let numbers: Vec<_> =
        found.iter().map(|p| p.place.as_ref().map_or(0, |place| place.line)).collect();
    assert_eq!(numbers, [1, 3, 4, 5]);
    // Schedule and user of one line.
    assert_eq!(problems(Form::System, "61 * * * * nobody-here a").len(), 2);
}

#[test]
fn notes() {
    let notes = |form, text: &str| read(form, text).expect("a crontab").notes.len();
    assert_eq!(notes(Form::User, "MAILTO=a\n* * * * * b"), 1);
    assert_eq!(notes(Form::User, "LOGNAME=a\n* * * * * b"), 1);
    assert_eq!(notes(Form::User, "* * * * * root b"), 1);
    assert_eq!(notes(Form::System, "* * * * * root b"), 0);
}

#[test]
fn a_line_is_the_same_job_wherever_it_stands() {
    let identities =
        |text: &str| lines(Form::User, text).iter().map(Job::identity).collect::<Vec<_>>();
    let one = identities("A=1\n* * * * * a\n");
    assert_eq!(one, identities("# moved\n\nA=1\n* * * * * a\n"));
    for other in [
        "A=2\n* * * * * a",
        "A=1\n* * * * * b",
        "A=1\n*/1 * * * * a",
        "A=1\nCRON_TZ=Asia/Tokyo\n* * * * * a",
        "A=1\n* * * * * a%b",
    ] {
        assert_ne!(one, identities(other), "{other}");
    }
}

#[test]
fn the_hash_goes_by_the_command() {
    let time = |text: &str| match line(Form::User, text).when {
        When::Schedule { schedule, .. } => schedule.next_after(jiff::Timestamp::UNIX_EPOCH),
        When::Start => None,
    };
    assert_eq!(time("H H * * * backup"), time("\n\nH H * * * backup"));
    assert_ne!(time("H H * * * backup"), time("H H * * * report"));
}

#[test]
fn the_form_goes_by_the_place() {
    let of = |path: &str| Form::Auto.of(Path::new(path));
    assert_eq!(of("/etc/crontab"), Form::System);
    assert_eq!(of("image/etc/cron.d/php"), Form::System);
    assert_eq!(of("crontab"), Form::User);
    assert_eq!(of("/app/crontab"), Form::User);
    assert_eq!(of("/var/spool/cron/crontabs/root"), Form::User);
    assert_eq!(Form::User.of(Path::new("/etc/crontab")), Form::User);
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>) {
        for form in [Form::User, Form::System] {
            if let Err(problems) = read(form, &bytes) {
                for problem in problems {
                    let _shown = (problem.to_string(), problem.one_line());
                }
            }
        }
    }

    #[test]
    fn anything_like_a_crontab_is_read_without_a_panic(
        text in "([ \t]{0,2}(@every|@at|@x|[*0-9,/LWH#?-]{1,4}|MON|\"|'|A=|CRON_TZ=|é|%|\\\\|root|\n)[ \t]{0,2}){0,40}",
    ) {
        for form in [Form::User, Form::System] {
            if let Err(problems) = read(form, &text) {
                for problem in problems {
                    let _shown = (problem.to_string(), problem.one_line());
                }
            }
        }
    }
}
