//! Instants in bounds: exact, or civil in the schedule's zone.

use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, tz::TimeZone};

use crate::Error;

/// Which instant a mere date means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    First,
    Last,
}

/// With an offset it is that instant. Without one it is read in `zone`: a time that the clock skips
/// is read as the one after the gap, a time that it shows twice as the first. A date is its first
/// or its last instant.
pub(super) fn parse_instant(text: &str, zone: &TimeZone, edge: Edge) -> Result<Timestamp, Error> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(instant);
    }
    let wrong = || {
        let problem = format!("`{text}` is not an instant");
        let allowed = "an instant such as `2026-01-01T09:00:00Z` or `2026-01-01T09:00`, or a date";
        Error::new(text, 0..text.len(), problem, allowed)
    };
    // `DateTime` also reads a text with an offset, and then ignores it.
    let is_date = text.len() == "2026-01-01".len();
    let civil: DateTime = text.parse().map_err(|_| wrong())?;
    let has_offset = !is_date && text.contains(['Z', 'z', '+', '[']);
    if has_offset {
        return Err(wrong());
    }
    if is_date && edge == Edge::Last {
        return last_instant(civil.date(), zone).ok_or_else(wrong);
    }
    zone.to_timestamp(civil).map_err(|_| wrong())
}

fn last_instant(day: Date, zone: &TimeZone) -> Option<Timestamp> {
    let Ok(next) = day.tomorrow() else { return Some(Timestamp::MAX) };
    let start = zone.to_timestamp(next.at(0, 0, 0, 0)).ok()?;
    Timestamp::from_nanosecond(start.as_nanosecond() - 1).ok()
}
