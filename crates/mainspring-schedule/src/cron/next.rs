//! Searches forward in time.
//!
//! # Ground rules
//! - Every step of the search moves to a later segment, so it ends with the last instant there is.
//! - The short cuts answer what the walk over segments would answer; a test compares them around
//!   every transition of every zone.

use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

use super::masks::Masks;
use super::segment::{OFFSET_MAX, Segment, offset_at};
use super::wall::DAY;

/// The first instant that fires after `after`.
pub(crate) fn next_after(masks: &Masks, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let second = after.as_second() - i64::from(after.subsec_nanosecond() < 0);
    if *zone == TimeZone::UTC {
        return Timestamp::from_second(masks.first_from(second + 1)?).ok();
    }
    if zone.iana_name().is_some()
        && let Some(instant) = short_cut(masks, second, zone)
    {
        return Some(instant);
    }
    walk(masks, Timestamp::from_second(second + 1).ok()?, zone)
}

/// No zone of the database has changed its offset twice within this time, so an offset that is the
/// same at both ends of it has not changed in between. A test looks; the closest two, four days apart,
/// were in Freetown in September 1939.
pub(crate) const STEADY: i64 = 3 * DAY;

/// The answer where the zone's clock does not jump near it.
///
/// For a fixed job, only readings that come exactly once are answered: readings that come again
/// are second passes, and one within a gap would have been found in its place.
fn short_cut(masks: &Masks, after: i64, zone: &TimeZone) -> Option<Timestamp> {
    let offset = offset_at(zone, Timestamp::from_second(after).ok()?);
    let reading = masks.first_from(after + offset + 1)?;
    let instant = Timestamp::from_second(reading - offset).ok()?;
    let ahead = instant.as_second() - after;
    // A day after a transition nothing is repeated any more.
    let near = if masks.interval { 0..=STEADY } else { DAY..=STEADY };
    if near.contains(&ahead) && offset_at(zone, instant) == offset {
        return Some(instant);
    }
    if masks.interval {
        return None;
    }
    let civil = Offset::UTC.to_datetime(Timestamp::from_second(reading).ok()?);
    let AmbiguousOffset::Unambiguous { offset } = zone.to_ambiguous_timestamp(civil).offset()
    else {
        return None;
    };
    let instant = reading - i64::from(offset.seconds());
    Timestamp::from_second(instant).ok().filter(|_| instant > after)
}

/// The first instant that fires at or after `from`, segment by segment.
pub(crate) fn walk(masks: &Masks, mut from: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    loop {
        let instant = from.as_second();
        let segment =
            if masks.interval { Segment::ahead_of(zone, from) } else { Segment::at(zone, from) };
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
        if let Some(reading) = reading {
            let found = reading - segment.offset;
            if segment.end.is_none_or(|end| found < end) {
                return Timestamp::from_second(found).ok();
            }
        }
        let end = segment.end?;
        // No reading from `earliest` up to `reading` matches. Once every clock has passed the one
        // and before any clock can have reached the other, nothing fires.
        let quiet = end >= earliest + OFFSET_MAX;
        let next = if quiet { end.max(reading? - OFFSET_MAX) } else { end };
        from = Timestamp::from_second(next).ok()?;
    }
}
