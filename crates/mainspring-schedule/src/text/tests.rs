//! What is read, what is written, and what is refused.

use jiff::tz::TimeZone;

use crate::Schedule;

#[track_caller]
fn reads_as(text: &str, canonical: &str) {
    let schedule: Schedule = text.parse().unwrap();
    assert_eq!(schedule.to_string(), canonical);
    assert_eq!(canonical.parse::<Schedule>().unwrap(), schedule);
}

#[track_caller]
fn fails(text: &str, column: usize, problem: &str) {
    let error = text.parse::<Schedule>().unwrap_err();
    assert_eq!((error.column(), error.problem()), (column, problem));
    assert_eq!(error.input(), text);
}

#[test]
fn canonical_text_stays_as_it_is() {
    for text in [
        "0 9 * * MON-FRI",
        "@daily",
        "H H(0-5) * * *",
        "quartz: 0 0 9 ? * MON-FRI",
        "vixie: 0 0 */2 * MON",
        "posix: 0 9 * * 1-5",
        "0 9 * * * in Europe/Berlin",
        "0 9 * * * in +05:30",
        "0 9 * * * in CET-1CEST,M3.5.0,M10.5.0/3",
        "@every 15m",
        "@every 1h30m starting 2026-01-01T00:00:00Z",
        "@every 15m since 2026-01-01T00:00:00.5Z limit 3",
        "@at 2026-12-01T09:00:00Z",
        "@at 2026-12-01T09:00:00Z in America/New_York excluding 2026-12-25",
        "0 9 * * MON-FRI in Europe/Berlin starting 2026-01-01T00:00:00Z \
         ending 2026-12-31T23:59:59.999999999Z limit 10 spread 5m excluding 2026-12-25,2026-12-26",
    ] {
        reads_as(text, text);
    }
}

#[test]
fn other_forms_are_read_too() {
    reads_as("  0 9 * * *  ", "0 9 * * *");
    reads_as("0 9 * * * limit 3 in europe/berlin", "0 9 * * * in Europe/Berlin limit 3");
    reads_as("CRON_TZ=Asia/Tokyo 0 9 * * *", "0 9 * * * in Asia/Tokyo");
    reads_as("TZ=UTC 0 9 * * *", "0 9 * * *");
    reads_as("0 9 * * * in Etc/UTC", "0 9 * * * in Etc/UTC");
    reads_as("Quartz: 0 0 9 ? * 2-6", "quartz: 0 0 9 ? * 2-6");
    reads_as("default: 0 9 * * *", "0 9 * * *");
    reads_as("@every 1 hour 30 minutes", "@every 1h30m");
    reads_as("@every 2d", "@every 48h");
    reads_as("@at 2026-12-01 09:00:00+01:00", "@at 2026-12-01T08:00:00Z");
    reads_as("@at 2026-12-01T09:00 in Europe/Berlin", "@at 2026-12-01T08:00:00Z in Europe/Berlin");
    reads_as(
        "0 9 * * * excluding 2026-12-26, 2026-12-25",
        "0 9 * * * excluding 2026-12-25,2026-12-26",
    );
    reads_as(
        "@daily starting 2026-06-01 ending 2026-06-30 in Europe/Berlin",
        "@daily in Europe/Berlin starting 2026-05-31T22:00:00Z ending 2026-06-30T21:59:59.999999999Z",
    );
    reads_as("0 9 * * * spread 0s", "0 9 * * *");
}

#[test]
fn malformed_texts_point_at_the_word() {
    fails("", 1, "no schedule");
    fails("   ", 4, "no schedule");
    fails("0 9 * * 8", 9, "8 is too large for the weekday");
    fails("quartz: 0 0 9 * * *", 19, "exactly one of the two day fields must be `?`");
    fails("quarz: 0 0 9 ? * *", 1, "unknown dialect, perhaps quartz?");
    fails("@every", 7, "nothing after `@every`");
    fails("@every 0s", 8, "an interval of zero never moves on");
    fails("@every soon", 8, "`soon` is not a duration");
    fails("@evry 5m", 1, "unknown word `@evry`, perhaps `@every`?");
    fails("@at", 4, "nothing after `@at`");
    fails("@at noon", 5, "`noon` is not an instant");
    fails("@at 2026-12-01T25:00", 5, "`2026-12-01T25:00` is not an instant");
    fails(
        "0 9 * * * in Europe/Berln",
        14,
        "unknown time zone `Europe/Berln`, perhaps `Europe/Berlin`?",
    );
    fails("0 9 * * * in", 13, "nothing after `in`");
    fails("0 9 * * * limit -1", 17, "`-1` is not a number of runs");
    fails("0 9 * * * limit 3 limit 4", 19, "a second `limit`");
    fails("0 9 * * * since 2026-01-01", 17, "nothing counts from here");
    fails("0 9 * * * spread wide", 18, "`wide` is not a duration");
    fails("0 9 * * * excluding 2026-12-25,2026-13-01", 32, "`2026-13-01` is not a date");
    fails("0 9 * * * excluding ,", 21, "no date");
    fails("CRON_TZ=Asia/Tokyo 0 9 * * * in UTC", 1, "two time zones");
    fails(
        "CRON_TZ=Asia/Tokio 0 9 * * *",
        9,
        "unknown time zone `Asia/Tokio`, perhaps `Asia/Tokyo`?",
    );
    fails("in Europe/Berlin", 4, "unknown word `Europe/Berlin`");
}

#[test]
fn a_zone_without_a_name_works_but_does_not_read_back() {
    let tzif = std::fs::read(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../testdata/conformance/zoneinfo/Asia/Tokyo"
    ));
    let unnamed = TimeZone::tzif("Local", &tzif.unwrap()).unwrap();
    let schedule = Schedule::cron("0 9 * * *").unwrap().in_time_zone(unnamed);
    // A name that no database knows is as good as none.
    assert_eq!(schedule.to_string(), "0 9 * * * in unnamed-zone");
    fails("0 9 * * * in unnamed-zone", 14, "unknown time zone `unnamed-zone`");
    let next = schedule.next_after("2026-01-01T12:00:00Z".parse().unwrap()).unwrap();
    assert_eq!(next.to_string(), "2026-01-02T00:00:00Z");
}
