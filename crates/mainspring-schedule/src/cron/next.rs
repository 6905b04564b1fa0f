//! Searches forward in time.
//!
//! # Ground rules
//! - Every step of the search moves to a later segment, so it ends with the last instant there is.
//! - The short cuts answer what the walk over segments would answer; a test compares them around
//!   every transition of every zone.

use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

use super::masks::Masks;
use super::segment::{OFFSET_MAX, Segment, end_after, offset_at};

/// The first instant that fires after `after`.
pub(crate) fn next_after(masks: &Masks, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let second = after.as_second() - i64::from(after.subsec_nanosecond() < 0);
    let from = second + 1;
    if *zone == TimeZone::UTC {
        return Timestamp::from_second(masks.first_from(from)?).ok();
    }
    let from = Timestamp::from_second(from).ok()?;
    if !masks.interval
        && zone.iana_name().is_some()
        && let Some(instant) = short_cut(masks, from, zone)
    {
        return Some(instant);
    }
    walk(masks, from, zone)
}

/// The answer for a fixed job whose next reading comes exactly once.
///
/// Nothing else can fire before it: readings that come again are second passes, and a reading
/// within a gap would have been found in its place.
fn short_cut(masks: &Masks, from: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let reading = masks.first_from(from.as_second() + offset_at(zone, from))?;
    let civil = Offset::UTC.to_datetime(Timestamp::from_second(reading).ok()?);
    let AmbiguousOffset::Unambiguous { offset } = zone.to_ambiguous_timestamp(civil).offset()
    else {
        return None;
    };
    let instant = Timestamp::from_second(reading - i64::from(offset.seconds())).ok()?;
    (instant >= from).then_some(instant)
}

/// The first instant that fires at or after `from`, segment by segment.
pub(crate) fn walk(masks: &Masks, mut from: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    loop {
        let instant = from.as_second();
        let segment = if masks.interval {
            Segment { offset: offset_at(zone, from), start: None }
        } else {
            Segment::at(zone, from)
        };
        if segment.start.is_some_and(|(start, _)| start == instant)
            && segment.moved(masks).is_some()
        {
            return Some(from);
        }
        let earliest = instant + segment.offset;
        let earliest = match segment.first_reading(masks.interval) {
            Some(first) => earliest.max(first),
            None => earliest,
        };
        let reading = masks.first_from(earliest);
        let end = end_after(zone, from);
        if let Some(reading) = reading {
            let found = reading - segment.offset;
            if end.is_none_or(|end| found < end) {
                return Timestamp::from_second(found).ok();
            }
        }
        let end = end?;
        // No reading from `earliest` up to `reading` matches. Once every clock has passed the one
        // and before any clock can have reached the other, nothing fires.
        let quiet = end >= earliest + OFFSET_MAX;
        let next = if quiet { end.max(reading? - OFFSET_MAX) } else { end };
        from = Timestamp::from_second(next).ok()?;
    }
}
