//! Words the zone and the bounds.

use jiff::{Timestamp, tz::TimeZone};

use super::words::{instant, length, list};
use crate::Schedule;
use crate::schedule::zone_text;

pub(super) fn parts(schedule: &Schedule) -> Vec<String> {
    let zone = schedule.zone();
    let mut parts = Vec::new();
    if *zone != TimeZone::UTC {
        parts.push(match zone_text(zone) {
            Some(name) => format!("in {name}"),
            None => "in a zone without a name".to_owned(),
        });
    }
    match (schedule.start(), schedule.anchor()) {
        (Some(start), _) => parts.push(format!("starting {}", instant(start, zone))),
        (None, Some(anchor)) => parts.push(format!("counted from {}", instant(anchor, zone))),
        (None, None) if schedule.is_cycle() => {
            parts.push("counted from when it is added".to_owned());
        }
        (None, None) => {}
    }
    if let Some(end) = schedule.end() {
        parts.push(ending(end, zone));
    }
    match schedule.limit_count() {
        None => {}
        Some(1) => parts.push("at most once".to_owned()),
        Some(n) => parts.push(format!("at most {n} times")),
    }
    let (spread, offset) = (schedule.spread_width(), schedule.offset());
    if !offset.is_zero() {
        parts.push(format!("each {} later (a spread of {})", length(offset), length(spread)));
    } else if !spread.is_zero() {
        parts.push(format!("spread over {} by the job's name", length(spread)));
    }
    let days: Vec<String> = schedule.excluded().iter().map(ToString::to_string).collect();
    if !days.is_empty() {
        parts.push(format!("except on {}", list(&days, "and")));
    }
    parts
}

/// The last instant of a day is told as what comes after it.
fn ending(end: Timestamp, zone: &TimeZone) -> String {
    match Timestamp::from_nanosecond(end.as_nanosecond() + 1) {
        Ok(next) if next.subsec_nanosecond() == 0 => format!("before {}", instant(next, zone)),
        _ => format!("ending {}", instant(end, zone)),
    }
}
