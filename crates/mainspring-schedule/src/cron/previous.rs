//! Searches backward in time: the mirror of the search forward.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::masks::Masks;
use super::segment::{OFFSET_MAX, Segment};

/// The last instant that fires before `before`.
pub(crate) fn previous_before(
    masks: &Masks,
    before: Timestamp,
    zone: &TimeZone,
) -> Option<Timestamp> {
    // The last whole second before it.
    let second = before.as_second() - i64::from(before.subsec_nanosecond() <= 0);
    if *zone == TimeZone::UTC {
        return Timestamp::from_second(masks.last_up_to(second)?).ok();
    }
    walk(masks, Timestamp::from_second(second).ok()?, zone)
}

/// The last instant that fires at or before `until`, segment by segment.
fn walk(masks: &Masks, mut until: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    loop {
        let segment = Segment::at(zone, until);
        let latest = until.as_second() + segment.offset;
        let reading = masks.last_up_to(latest);
        let first = segment.first_reading(masks.interval);
        if let Some(reading) = reading
            && first.is_none_or(|first| reading >= first)
        {
            return Timestamp::from_second(reading - segment.offset).ok();
        }
        let (start, _) = segment.start?;
        if segment.moved(masks).is_some() {
            return Timestamp::from_second(start).ok();
        }
        // No reading after `reading` up to `latest` matches. Before any clock can have reached the
        // one and once every clock has passed the other, nothing fires.
        let quiet = start <= latest - OFFSET_MAX;
        let next = if quiet { (start - 1).min(reading? + OFFSET_MAX) } else { start - 1 };
        until = Timestamp::from_second(next).ok()?;
    }
}
