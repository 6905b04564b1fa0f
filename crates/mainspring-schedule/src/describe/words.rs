//! Lists, numbers, lengths and instants in English.

use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};

/// `a`, `a and b`, `a, b and c`.
pub(super) fn list<T: AsRef<str>>(items: &[T], conjunction: &str) -> String {
    let Some((last, rest)) = items.split_last() else { return String::new() };
    let last = last.as_ref();
    if rest.is_empty() {
        return last.to_owned();
    }
    let rest: Vec<&str> = rest.iter().map(AsRef::as_ref).collect();
    format!("{} {conjunction} {last}", rest.join(", "))
}

/// `2nd`, `3rd`, `11th`.
pub(super) fn ordinal(n: u16) -> String {
    let ending = match (n % 10, n % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{n}{ending}")
}

/// `1 minute`, `5 minutes`.
pub(super) fn count(n: u64, unit: &str) -> String {
    if n == 1 { format!("1 {unit}") } else { format!("{n} {unit}s") }
}

/// What stands after `every`: `15 minutes`, `minute`, `1 hour, 30 minutes and 5 seconds`.
pub(super) fn interval(interval: Duration) -> String {
    let text = length(interval);
    match text.strip_prefix("1 ") {
        Some(unit) if !unit.contains(' ') => unit.to_owned(),
        _ => text,
    }
}

/// Never in days: their lengths vary on the wall, and this is real time.
pub(super) fn length(duration: Duration) -> String {
    let (seconds, ns) = (duration.as_secs(), duration.subsec_nanos());
    if ns == 0 && seconds % 60 == 0 && seconds > 0 && seconds < 2 * 3600 && seconds != 3600 {
        return count(seconds / 60, "minute");
    }
    let (fraction, fraction_unit) = match ns {
        _ if ns % 1_000_000 == 0 => (ns / 1_000_000, "millisecond"),
        _ if ns % 1000 == 0 => (ns / 1000, "microsecond"),
        _ => (ns, "nanosecond"),
    };
    let units = [
        (seconds / 3600, "hour"),
        (seconds / 60 % 60, "minute"),
        (seconds % 60, "second"),
        (u64::from(fraction), fraction_unit),
    ];
    let parts: Vec<String> =
        units.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| count(*n, unit)).collect();
    if parts.is_empty() { "0 seconds".to_owned() } else { list(&parts, "and") }
}

/// `2026-01-01 09:00 UTC`, `2026-01-01 10:00 +01:00`; with seconds where there are any.
pub(super) fn instant(at: Timestamp, zone: &TimeZone) -> String {
    let local = at.to_zoned(zone.clone());
    let format = match (local.second(), local.subsec_nanosecond()) {
        (0, 0) => "%Y-%m-%d %H:%M",
        (_, 0) => "%Y-%m-%d %H:%M:%S",
        _ => "%Y-%m-%d %H:%M:%S%.f",
    };
    if *zone == TimeZone::UTC {
        format!("{} UTC", local.strftime(format))
    } else {
        format!("{} {}", local.strftime(format), local.strftime("%:z"))
    }
}

/// Joins parts with commas and begins with a capital letter.
pub(super) fn sentence(parts: &[String]) -> String {
    let text = parts.join(", ");
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => text,
    }
}
