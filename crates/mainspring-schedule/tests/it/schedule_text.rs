//! Any text: an error with its place, or a schedule that writes, reads and describes itself.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use mainspring_schedule::Schedule;
use proptest::prelude::*;

/// Everything that must hold of a text, whoever wrote it.
fn check(text: &str) {
    match text.parse::<Schedule>() {
        Ok(schedule) => {
            let written = schedule.to_string();
            let back: Schedule =
                written.parse().unwrap_or_else(|e| panic!("{text} {written}: {e}"));
            assert_eq!(back, schedule, "{text}");
            assert_eq!(back.to_string(), written, "{text}");
            assert!(!schedule.describe().is_empty(), "{text}");
            let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
            assert!(schedule.next_after(now).is_none_or(|at| at > now), "{text}");
            assert!(schedule.previous_before(now).is_none_or(|at| at < now), "{text}");
        }
        Err(error) => {
            assert_eq!(error.input(), text);
            assert!(error.column() <= text.chars().count() + 1, "{text}");
            assert!(!error.problem().is_empty() && !error.pointer().is_empty(), "{text}");
        }
    }
}

const WORDS: [&str; 88] = [
    "every",
    "each",
    "daily",
    "hourly",
    "weekly",
    "at",
    "on",
    "in",
    "of",
    "the",
    "and",
    ",",
    "from",
    "between",
    "through",
    "to",
    "-",
    "day",
    "days",
    "week",
    "month",
    "year",
    "hour",
    "hours",
    "minute",
    "minutes",
    "second",
    "seconds",
    "weekday",
    "weekend",
    "monday",
    "friday",
    "sun",
    "january",
    "may",
    "december",
    "1st",
    "2nd",
    "31st",
    "last",
    "first",
    "third",
    "other",
    "half",
    "quarter",
    "noon",
    "midnight",
    "9",
    "9:30",
    "17:00",
    "16:59",
    "5pm",
    "12",
    "am",
    "15",
    "45",
    "90",
    "2",
    "0",
    ":15",
    "Europe/Berlin",
    "+02:00",
    "starting",
    "ending",
    "since",
    "limit",
    "spread",
    "excluding",
    "2026-01-01",
    "2026-12-25T09:00:00Z",
    "5m",
    "1h30m",
    "3",
    "*",
    "*/5",
    "0",
    "H",
    "L",
    "FRI#2",
    "?",
    "@every",
    "@at",
    "@daily",
    "quartz:",
    "vixie:",
    "CRON_TZ=UTC",
    "is",
    "é",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}") {
        check(&text);
    }

    #[test]
    fn any_row_of_known_words_is_read_or_refused(
        words in prop::collection::vec(prop::sample::select(&WORDS[..]), 0..12),
        separator in prop::sample::select(&[" ", "  ", "\t", ""][..]),
    ) {
        check(&words.join(separator));
    }

    /// What is described, and read back as English, means the same times.
    #[test]
    fn descriptions_are_true(
        second in prop::option::of(field(0, 59)),
        minute in field(0, 59),
        hour in field(0, 23),
        day in prop_oneof![3 => Just("*".to_owned()), 1 => field(1, 31), 1 => special_day()],
        month in prop_oneof![3 => Just("*".to_owned()), 1 => field(1, 12)],
        weekday in prop_oneof![3 => Just("*".to_owned()), 1 => field(0, 6), 1 => special_weekday()],
    ) {
        let second = second.map_or(String::new(), |second| format!("{second} "));
        let text = format!("{second}{minute} {hour} {day} {month} {weekday}");
        check(&text);
        let schedule: Schedule = text.parse().unwrap();
        if let Ok(back) = schedule.describe().parse::<Schedule>() {
            let now = "2026-01-01T00:00:00Z".parse().unwrap();
            let times = |it: &Schedule| it.upcoming(now).take(200).collect::<Vec<_>>();
            prop_assert_eq!(times(&back), times(&schedule), "{}: {}", text, schedule.describe());
        }
    }
}

/// A field of plain numbers, simple ones more often than not.
fn field(first: u16, last: u16) -> impl Strategy<Value = String> {
    let n = first..=last;
    let item = prop_oneof![
        4 => n.clone().prop_map(|n| n.to_string()),
        1 => (n.clone(), n.clone()).prop_map(|(a, b)| format!("{a}-{b}")),
        1 => (n.clone(), n.clone(), 1_u16..20).prop_map(|(a, b, s)| format!("{a}-{b}/{s}")),
        1 => (n, 1_u16..40).prop_map(|(a, s)| format!("{a}/{s}")),
    ];
    prop_oneof![
        2 => Just("*".to_owned()),
        2 => prop::sample::select(&["*/2", "*/5", "*/7", "*/15", "*/20", "*/40"][..])
            .prop_map(str::to_owned),
        4 => prop::collection::vec(item, 1..4).prop_map(|items| items.join(",")),
    ]
}

fn special_day() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("L".to_owned()),
        Just("LW".to_owned()),
        (0_u8..=30).prop_map(|n| format!("L-{n}")),
        (1_u8..=31).prop_map(|n| format!("{n}W")),
        (1_u8..=31).prop_map(|n| format!("{n},L")),
    ]
}

fn special_weekday() -> impl Strategy<Value = String> {
    prop_oneof![
        (0_u8..=6, 1_u8..=5).prop_map(|(day, nth)| format!("{day}#{nth}")),
        (0_u8..=6).prop_map(|day| format!("{day}L")),
        (0_u8..=6, 0_u8..=6).prop_map(|(a, b)| format!("{a}L,{b}#2")),
        (0_u8..=6, 0_u8..=6).prop_map(|(a, b)| format!("{a},{b}L")),
    ]
}

#[test]
fn every_malformed_expression_is_refused_as_a_schedule_too() {
    let lines = include_str!("../../../../testdata/conformance/malformed.tsv");
    let mut refused = 0;
    for line in lines.lines().filter(|line| !line.starts_with('#')) {
        let expression = line.split('\t').next().unwrap_or_default();
        assert!(expression.parse::<Schedule>().is_err(), "{expression}");
        check(expression);
        refused += 1;
    }
    assert!(refused > 300, "only {refused}");
}

/// Sentences tell apart what runs at different times.
#[test]
fn conforming_expressions_have_the_same_sentence_only_for_the_same_times() {
    let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let lines = include_str!("../../../../testdata/conformance/cron.tsv");
    let mut told: HashMap<String, (&str, Vec<Timestamp>)> = HashMap::new();
    let mut seen = HashSet::new();
    for line in lines.lines().filter(|line| !line.starts_with('#')) {
        let expression = line.split('\t').nth(2).unwrap();
        if !seen.insert(expression) {
            continue;
        }
        check(expression);
        let schedule: Schedule = expression.parse().unwrap();
        let times: Vec<_> = schedule.upcoming(start).take(200).collect();
        let sentence = schedule.describe();
        let (other, others) =
            told.entry(sentence.clone()).or_insert_with(|| (expression, times.clone()));
        assert_eq!(*others, times, "{expression} and {other}: {sentence}");
    }
    assert!(told.len() > 1000, "only {}", told.len());
}
