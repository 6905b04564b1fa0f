//! The feature `serde`: a schedule is its text.

use jiff::tz::TimeZone;
use mainspring_schedule::Schedule;

#[test]
fn a_schedule_is_its_text() {
    for text in [
        "0 9 * * MON-FRI in Europe/Berlin limit 10",
        "@every 15m since 2026-01-01T00:00:00Z",
        "@at 2026-12-01T09:00:00Z",
        "quartz: 0 0 9 ? * MON-FRI",
    ] {
        let schedule: Schedule = text.parse().unwrap();
        let json = serde_json::to_string(&schedule).unwrap();
        assert_eq!(json, format!("{text:?}"));
        assert_eq!(serde_json::from_str::<Schedule>(&json).unwrap(), schedule);
    }
    // An owned string and English are read as well.
    let value = serde_json::Value::from("every weekday at 9:30");
    let schedule: Schedule = serde_json::from_value(value).unwrap();
    assert_eq!(schedule.to_string(), "30 9 * * MON-FRI");
}

#[test]
fn errors_keep_their_column() {
    let error = serde_json::from_str::<Schedule>(r#""0 25 * * *""#).unwrap_err().to_string();
    assert!(error.contains("25 is too large for the hour at column 3"), "{error}");
    let error = serde_json::from_str::<Schedule>("17").unwrap_err().to_string();
    assert!(error.contains("expected the text of a schedule"), "{error}");
}

#[test]
fn a_zone_without_a_name_is_an_error() {
    let unnamed = TimeZone::tzif("", TOKYO).unwrap();
    let schedule = Schedule::cron("0 9 * * *").unwrap().in_time_zone(unnamed);
    let error = serde_json::to_string(&schedule).unwrap_err().to_string();
    assert_eq!(error, "a time zone without a name cannot be written");
}

const TOKYO: &[u8] = include_bytes!("../../../../testdata/conformance/zoneinfo/Asia/Tokyo");
