//! States each rule of cron by an example.

use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::TimeZone;
use mainspring_schedule::{Cron, Dialect, Transition};

/// The readings of the zone's wall clock at the next instants after midnight UTC of that day.
#[track_caller]
fn check_in(zone: &str, dialect: Dialect, text: &str, from: &str, expected: &[&str]) {
    let cron = Cron::parse_as(text, dialect).unwrap_or_else(|error| panic!("{error}"));
    let zone = TimeZone::get(zone).unwrap();
    let mut at: Timestamp = from.parse().unwrap();
    let mut found = Vec::new();
    while found.len() < expected.len() {
        let Some(next) = cron.next_after(at, &zone) else { break };
        let reading = next.to_zoned(zone.clone());
        found.push(reading.strftime("%Y-%m-%d %H:%M:%S %:z").to_string());
        at = next;
    }
    assert_eq!(found, expected, "{text}");
}

/// The days on which it fires in UTC, once a day.
#[track_caller]
fn check_days(dialect: Dialect, text: &str, from: &str, expected: &[&str]) {
    let expected: Vec<_> = expected.iter().map(|day| format!("{day} 00:00:00 +00:00")).collect();
    let expected: Vec<_> = expected.iter().map(String::as_str).collect();
    let from = format!("{from}T23:59:59Z");
    check_in("UTC", dialect, text, &from, &expected);
}

fn fires(text: &str, count: usize) -> Vec<String> {
    let cron = Cron::parse(text).unwrap();
    let mut at = "2026-01-01T00:00:00Z".parse().unwrap();
    std::iter::from_fn(|| {
        at = cron.next_after(at, &TimeZone::UTC)?;
        Some(at.to_string())
    })
    .take(count)
    .collect()
}

#[test]
fn strictly_after_and_strictly_before() {
    let cron = Cron::parse("0 12 * * *").unwrap();
    let noon: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
    let a_day = jiff::SignedDuration::from_hours(24);
    let a_little = jiff::SignedDuration::from_nanos(1);
    for zone in [TimeZone::UTC, TimeZone::fixed(jiff::tz::offset(0))] {
        assert_eq!(cron.next_after(noon, &zone), Some(noon + a_day));
        assert_eq!(cron.next_after(noon - a_little, &zone), Some(noon));
        assert_eq!(cron.next_after(noon + a_little, &zone), Some(noon + a_day));
        assert_eq!(cron.previous_before(noon, &zone), Some(noon - a_day));
        assert_eq!(cron.previous_before(noon + a_little, &zone), Some(noon));
        assert_eq!(cron.previous_before(noon - a_little, &zone), Some(noon - a_day));
    }
    // Before 1970 a fraction of a second counts down.
    let old: Timestamp = "1960-03-01T12:00:00Z".parse().unwrap();
    assert_eq!(cron.next_after(old - a_little, &TimeZone::UTC), Some(old));
    assert_eq!(cron.previous_before(old + a_little, &TimeZone::UTC), Some(old));
    assert_eq!(cron.next_after(old, &TimeZone::UTC), Some(old + a_day));
}

#[test]
fn five_six_or_seven_fields() {
    assert_eq!(fires("30 9 * * *", 1), ["2026-01-01T09:30:00Z"]);
    assert_eq!(fires("15 30 9 * * *", 1), ["2026-01-01T09:30:15Z"]);
    assert_eq!(
        fires("15 30 9 1 1 * 2027,2029", 3),
        ["2027-01-01T09:30:15Z", "2029-01-01T09:30:15Z"]
    );
}

#[test]
fn a_step_after_a_number_goes_to_the_end() {
    let minutes = ["2026-01-01T00:38:00Z", "2026-01-01T00:48:00Z", "2026-01-01T00:58:00Z"];
    assert_eq!(fires("38/10 0 * * *", 3), minutes);
    check_days(Dialect::Default, "0 0 * * 4/2", "2026-01-01", &["2026-01-03", "2026-01-08"]);
    // From the end of the week on there is nothing but the Sunday.
    check_days(Dialect::Default, "0 0 * * 7/2", "2026-01-01", &["2026-01-04", "2026-01-11"]);
}

#[test]
fn ranges_wrap_and_their_steps_go_on() {
    let hours = ["2026-01-01T01:00:00Z", "2026-01-01T22:00:00Z", "2026-01-02T01:00:00Z"];
    assert_eq!(fires("0 22-2/3 * * *", 3), hours);
    let days = ["2026-01-02", "2026-01-03", "2026-01-04", "2026-01-05", "2026-01-09"];
    check_days(Dialect::Default, "0 0 * * FRI-mon", "2026-01-01", &days);
}

#[test]
fn sunday_is_0_and_7() {
    for sunday in ["0", "7", "SUN", "7-7", "0-0", "sun"] {
        let text = format!("0 0 * * {sunday}");
        check_days(Dialect::Default, &text, "2026-01-01", &["2026-01-04", "2026-01-11"]);
    }
    for week in ["0-7", "1-7", "0-6", "MON-SUN", "*"] {
        let text = format!("0 0 * * {week}");
        let days = ["2026-01-03", "2026-01-04", "2026-01-05"];
        check_days(Dialect::Default, &text, "2026-01-02", &days);
    }
    let days = ["2026-01-04", "2026-01-06", "2026-01-08", "2026-01-10", "2026-01-11"];
    check_days(Dialect::Default, "0 0 * * 0-7/2", "2026-01-03", &days);
    let days = ["2026-01-04", "2026-01-05", "2026-01-07", "2026-01-09", "2026-01-11"];
    check_days(Dialect::Default, "0 0 * * 1-7/2", "2026-01-03", &days);
    let days = ["2026-01-02", "2026-01-04", "2026-01-09", "2026-01-11"];
    check_days(Dialect::Default, "0 0 * * 5-7/2", "2026-01-01", &days);
    check_days(Dialect::Default, "0 0 * * 7#1", "2026-01-01", &["2026-01-04", "2026-02-01"]);
    check_days(Dialect::Default, "0 0 * * 7L", "2026-01-01", &["2026-01-25", "2026-02-22"]);
}

#[test]
fn two_restricted_day_fields_match_either() {
    let days = ["2026-01-05", "2026-01-12", "2026-01-13", "2026-01-19"];
    check_days(Dialect::Default, "0 0 13 * MON", "2026-01-01", &days);
    // A step restricts, even one that leaves every day.
    let days = ["2026-01-02", "2026-01-03", "2026-01-04"];
    check_days(Dialect::Default, "0 0 */1 * MON", "2026-01-01", &days);
    let days = ["2026-01-11", "2026-01-12", "2026-01-19", "2026-01-21", "2026-01-26"];
    check_days(Dialect::Default, "0 0 */10 * MON", "2026-01-05", &days);
}

#[test]
fn a_leading_star_in_vixie_asks_for_both() {
    check_days(Dialect::Vixie, "0 0 */10 * MON", "2026-01-01", &["2026-05-11", "2026-06-01"]);
    let days = ["2026-01-11", "2026-01-12", "2026-01-19", "2026-01-21", "2026-01-26"];
    check_days(Dialect::Vixie, "0 0 1-31/10 * MON", "2026-01-05", &days);
    check_days(Dialect::Vixie, "0 0 13 * */5", "2026-01-01", &["2026-02-13", "2026-03-13"]);
    let days = ["2026-01-05", "2026-01-12", "2026-01-13", "2026-01-19"];
    check_days(Dialect::Vixie, "0 0 13 * MON", "2026-01-01", &days);
}

#[test]
fn quartz_counts_weekdays_from_1() {
    let check = |text, days: &[&str]| check_days(Dialect::Quartz, text, "2026-01-01", days);
    check("0 0 0 ? * 1", &["2026-01-04", "2026-01-11"]);
    check("0 0 0 ? * 2-6", &["2026-01-02", "2026-01-05"]);
    check("0 0 0 ? * 7", &["2026-01-03", "2026-01-10"]);
    check("0 0 0 ? * L", &["2026-01-03", "2026-01-10"]);
    check("0 0 0 ? * 6L", &["2026-01-30", "2026-02-27"]);
    check("0 0 0 ? * 6#3", &["2026-01-16", "2026-02-20"]);
    check("0 0 0 ? * 5/2", &["2026-01-03", "2026-01-08"]);
    check("0 0 0 L-2 * ?", &["2026-01-29", "2026-02-26"]);
    check("0 0 0 LW * ? 2027", &["2027-01-29", "2027-02-26"]);
    check("0 0 0 ? * FRI-SUN", &["2026-01-02", "2026-01-03", "2026-01-04", "2026-01-09"]);
}

#[test]
fn days_counted_from_the_end_and_nearest_weekdays() {
    let check = |text, from, days: &[&str]| check_days(Dialect::Default, text, from, days);
    check("0 0 L * *", "2024-01-31", &["2024-02-29", "2024-03-31", "2024-04-30"]);
    check("0 0 l-3 * *", "2024-01-31", &["2024-02-26", "2024-03-28"]);
    check("0 0 L-30 * *", "2026-01-01", &["2026-03-01", "2026-05-01", "2026-07-01"]);
    check("0 0 lw * *", "2026-01-01", &["2026-01-30", "2026-02-27", "2026-03-31"]);
    // Saturday the 1st goes forward, Sunday the 31st back, or it would leave the month.
    check("0 0 1W * *", "2026-07-31", &["2026-08-03"]);
    check("0 0 31w * *", "2026-04-30", &["2026-05-29", "2026-07-31", "2026-08-31", "2026-10-30"]);
    check("0 0 15W,20 * *", "2026-02-01", &["2026-02-16", "2026-02-20", "2026-03-16"]);
    check("0 0 * * FRI#5", "2026-01-01", &["2026-01-30", "2026-05-29"]);
    check("0 0 * * friL", "2026-01-01", &["2026-01-30", "2026-02-27"]);
    check(
        "0 0 1,L * FRI#2,0",
        "2026-01-25",
        &["2026-01-31", "2026-02-01", "2026-02-08", "2026-02-13"],
    );
}

#[test]
fn aliases_stay_as_written_and_mean_what_they_say() {
    let cases = [
        ("@hourly", "2026-01-01T01:00:00Z"),
        ("@daily", "2026-01-02T00:00:00Z"),
        ("@midnight", "2026-01-02T00:00:00Z"),
        ("@weekly", "2026-01-04T00:00:00Z"),
        ("@monthly", "2026-02-01T00:00:00Z"),
        ("@yearly", "2027-01-01T00:00:00Z"),
        ("@Annually", "2027-01-01T00:00:00Z"),
    ];
    for (text, expected) in cases {
        assert_eq!(fires(text, 1), [expected]);
        assert_eq!(Cron::parse(&format!(" {text}\t")).unwrap().to_string(), text);
        assert!(Cron::parse_as(text, Dialect::Vixie).is_ok());
        assert!(Cron::parse_as(text, Dialect::Posix).is_err());
    }
}

#[test]
fn a_fixed_job_in_a_gap_moves_to_its_end() {
    let check = |zone, text, from, expected: &[&str]| {
        check_in(zone, Dialect::Default, text, from, expected);
    };
    let berlin = "Europe/Berlin";
    let gap = "2026-03-28T12:00:00Z";
    check(berlin, "30 2 * * *", gap, &["2026-03-29 03:00:00 +02:00", "2026-03-30 02:30:00 +02:00"]);
    check(berlin, "0 30 2 29 3 * 2026", gap, &["2026-03-29 03:00:00 +02:00"]);
    let once = ["2026-03-29 03:00:00 +02:00", "2026-03-30 02:00:00 +02:00"];
    check(berlin, "0,30 2 * * *", gap, &once);
    // It is due then anyway.
    let hours =
        ["2026-03-29 01:30:00 +01:00", "2026-03-29 03:00:00 +02:00", "2026-03-29 03:30:00 +02:00"];
    check(berlin, "30 1-3 * * *", "2026-03-29T00:00:00Z", &hours);
    check(berlin, "*/30 2 * * *", gap, &["2026-03-30 02:00:00 +02:00"]);
    check(
        berlin,
        "30 * * * *",
        "2026-03-29T00:00:00Z",
        &["2026-03-29 01:30:00 +01:00", "2026-03-29 03:30:00 +02:00"],
    );
    // Half an hour only.
    let lord_howe = ["2026-10-04 02:30:00 +11:00", "2026-10-05 02:15:00 +11:00"];
    check("Australia/Lord_Howe", "15 2 * * *", "2026-10-03T12:00:00Z", &lord_howe);
    // The gap begins at 23:00 and ends on the next day, so Saturday's 23:30 is lost.
    let nuuk = ["2026-03-27 23:30:00 -02:00", "2026-03-29 23:30:00 -01:00"];
    check("America/Nuuk", "30 23 * * *", "2026-03-27T12:00:00Z", &nuuk);
    // Midnight does not exist.
    let cairo = ["2026-04-24 01:00:00 +03:00", "2026-04-25 00:00:00 +03:00"];
    check("Africa/Cairo", "@daily", "2026-04-23T12:00:00Z", &cairo);
    // A whole day does not exist.
    let apia = ["2011-12-29 12:00:00 -10:00", "2011-12-31 12:00:00 +14:00"];
    check("Pacific/Apia", "0 12 * * *", "2011-12-29T12:00:00Z", &apia);
}

#[test]
fn a_fixed_job_in_a_repeated_hour_runs_once() {
    let check = |text, expected: &[&str]| {
        check_in("Europe/Berlin", Dialect::Default, text, "2026-10-24T22:30:00Z", expected);
    };
    check("30 2 * * *", &["2026-10-25 02:30:00 +02:00", "2026-10-26 02:30:00 +01:00"]);
    check(
        "0 1-3 25 10 *",
        &["2026-10-25 01:00:00 +02:00", "2026-10-25 02:00:00 +02:00", "2026-10-25 03:00:00 +01:00"],
    );
    check(
        "30 */2 * * *",
        &["2026-10-25 02:30:00 +02:00", "2026-10-25 02:30:00 +01:00", "2026-10-25 04:30:00 +01:00"],
    );
    check(
        "0,45 2 * * *",
        &["2026-10-25 02:00:00 +02:00", "2026-10-25 02:45:00 +02:00", "2026-10-26 02:00:00 +01:00"],
    );
    // The second pass comes a year before the next matching reading.
    check(
        "59 59 2/24 25 10 *",
        &["2026-10-25 02:59:59 +02:00", "2026-10-25 02:59:59 +01:00", "2027-10-25 02:59:59 +02:00"],
    );
}

#[test]
fn a_rule_that_ends_in_another_year_is_cut_at_midnight() {
    let zone = TimeZone::posix("AAA23BBB,0/0,J365/24").unwrap();
    let cron = Cron::parse("0 9 31 * *").unwrap();
    let october: Timestamp = "2006-11-01T07:00:00Z".parse().unwrap();
    let december = "2007-01-01T08:00:00Z".parse().unwrap();
    let next = cron.next_after(october, &zone);
    assert_eq!(next, Some(december));
    let later = december + jiff::SignedDuration::from_secs(1);
    assert_eq!(cron.previous_before(later, &zone), next);
}

#[test]
fn transitions_are_told() {
    let berlin = TimeZone::get("Europe/Berlin").unwrap();
    let check = |text: &str, at: &str, expected| {
        let cron = Cron::parse(text).unwrap();
        assert_eq!(cron.transition_at(at.parse().unwrap(), &berlin), expected, "{text} at {at}");
    };
    let moved = Some(Transition::Moved { written: date(2026, 3, 29).at(2, 15, 0, 0) });
    check("15,30 2 * * *", "2026-03-29T01:00:00Z", moved);
    check("15,30 2 * * *", "2026-03-30T00:15:00Z", None);
    check("0 2,3 * * *", "2026-03-29T01:00:00Z", None);
    check("30 2 * * *", "2026-10-25T00:30:00Z", Some(Transition::FirstPass));
    check("30 2 * * *", "2026-10-25T01:30:00Z", None);
    check("*/30 * * * *", "2026-10-25T00:30:00Z", Some(Transition::FirstPass));
    check("*/30 * * * *", "2026-10-25T01:30:00Z", Some(Transition::SecondPass));
    check("*/30 * * * *", "2026-10-25T02:00:00Z", None);
    check("*/30 * * * *", "2026-10-25T00:30:00.5Z", None);
    check("*/30 * * * *", "2026-10-25T00:31:00Z", None);
}

#[test]
fn dates_that_never_come_are_none_at_once() {
    let started = "1970-01-01T00:00:00Z".parse().unwrap();
    let late: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    for text in [
        "0 0 30 2 *",
        "0 0 31 2,4,6,9,11 *",
        "0 0 30W 2 *",
        "0 0 L-29 2 *",
        "0 0 0 29 2 * 2023",
        "0 0 0 29 2 * 1971/4",
        "0 0 0 29 2 * 1971/2",
        "0 0 0 29 2 ? 2100,2200,2300",
        "0 0 0 31 6 ? *",
    ] {
        let cron = Cron::parse(text).unwrap();
        for zone in [TimeZone::UTC, TimeZone::get("America/New_York").unwrap()] {
            assert_eq!(cron.next_after(started, &zone), None, "{text}");
            assert_eq!(cron.previous_before(late, &zone), None, "{text}");
        }
    }
    let past = Cron::parse("0 0 0 1 1 * 2020-2022").unwrap();
    assert_eq!(past.next_after(late, &TimeZone::UTC), None);
    let new_year = "2022-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(past.previous_before(late, &TimeZone::UTC), Some(new_year));
    assert_eq!(past.previous_before(started, &TimeZone::UTC), None);
    // Both days in Vixie's reading: only every 28 years or so.
    let rare = Cron::parse_as("0 0 */29 2 3", Dialect::Vixie).unwrap();
    let next = rare.next_after(late, &TimeZone::UTC).unwrap();
    assert_eq!(next.to_string(), "2034-02-01T00:00:00Z");
}

#[test]
fn names_decide_h_and_nothing_else() {
    let cron = Cron::parse("H H(9-11) * * *").unwrap();
    let backup = cron.for_name("backup");
    assert_eq!(backup.as_str(), "H H(9-11) * * *");
    assert!(!backup.is_interval());
    // Computed by hand from the documented hash: minute 27, hour 9 + 2.
    assert_eq!(
        backup.next_after(Timestamp::UNIX_EPOCH, &TimeZone::UTC).unwrap().to_string(),
        "1970-01-01T11:27:00Z"
    );
    let fixed = Cron::parse("5 4 * * *").unwrap();
    assert_eq!(fixed, fixed.for_name("backup"));

    for (text, first, last, step) in [
        ("H/15 * * * *", 0, 59, 15),
        ("H(10-39)/10 * * * *", 10, 39, 10),
        ("H/70 * * * *", 0, 59, 70),
    ] {
        let cron = Cron::parse(text).unwrap();
        assert!(cron.is_interval());
        let mut phases = std::collections::BTreeSet::new();
        for job in 0..1000 {
            let cron = cron.for_name(&format!("job {job}"));
            let mut at = "2026-01-01T00:59:59Z".parse().unwrap();
            let mut minutes = Vec::new();
            loop {
                at = cron.next_after(at, &TimeZone::UTC).unwrap();
                let reading = TimeZone::UTC.to_datetime(at);
                if reading.hour() != 1 {
                    break;
                }
                minutes.push(i32::from(reading.minute()));
            }
            phases.insert(minutes[0]);
            assert!(minutes[0] >= first && minutes[0] < first + step);
            assert!(minutes.windows(2).all(|pair| pair[1] - pair[0] == step), "{minutes:?}");
            assert!(*minutes.last().unwrap() <= last && minutes.last().unwrap() + step > last);
        }
        assert_eq!(phases.len() as i32, step.min(last - first + 1), "{text}");
    }
}

#[test]
fn an_expression_is_small() {
    assert!(size_of::<Cron>() <= 72, "{}", size_of::<Cron>());
}
