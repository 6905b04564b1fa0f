//! Looks at a zone as a row of segments, in each of which the wall clock runs evenly.
//!
//! # Ground rules
//! - A segment begins with a transition and ends before the next one. The wall clock's reading is
//!   the instant plus the segment's offset, all in whole seconds.
//! - A transition that leaves the offset as it was does no harm.
//! - Which instants fire is decided here, for both directions: [`Segment::first_reading`] and
//!   [`Segment::moved`].

use jiff::tz::TimeZone;
use jiff::{Timestamp, tz::Offset};

use super::masks::Masks;
use super::wall::DAY;

/// No offset is further from UTC than this, so no two readings of one instant differ by more than
/// twice as much.
pub(crate) const OFFSET_MAX: i64 = Offset::MAX.seconds() as i64;

/// The stretch between two transitions, seen from one instant within.
pub(crate) struct Segment {
    pub(crate) offset: i64,
    /// Its first instant, and the offset before that; `None` where there was no transition.
    pub(crate) start: Option<(i64, i64)>,
    /// The first instant of the next one.
    pub(crate) end: Option<i64>,
}

impl Segment {
    /// The segment that `instant` is in.
    pub(crate) fn at(zone: &TimeZone, instant: Timestamp) -> Self {
        let second = instant.as_second();
        let offset = offset_at(zone, instant);
        let after = Timestamp::from_second(second + 1).unwrap_or(Timestamp::MAX);
        let preceding =
            zone.preceding(after).map(|transition| whole_second(transition.timestamp()));
        // jiff passes over the last transition that a zone lists by name when a rule follows it, so
        // what comes after the one found may still be no later than `instant`.
        let mut start = preceding.take(2).find(|start| *start <= second);
        let mut end = end_after(zone, start.unwrap_or(second));
        while let Some(next) = end.filter(|end| *end <= second) {
            start = Some(next);
            end = end_after(zone, next);
        }
        let start = start.and_then(|start| {
            let before = Timestamp::from_second(start - 1).ok()?;
            Some((start, offset_at(zone, before)))
        });
        Self { offset, start, end }
    }

    /// The same without its start, for those who only look ahead.
    pub(crate) fn ahead_of(zone: &TimeZone, instant: Timestamp) -> Self {
        let end = end_after(zone, instant.as_second());
        Self { offset: offset_at(zone, instant), start: None, end }
    }

    /// The first reading that counts here: of a repeated hour, a fixed job knows the first pass only.
    pub(crate) fn first_reading(&self, interval: bool) -> Option<i64> {
        let (start, before) = self.start?;
        Some(start + if interval { self.offset } else { self.offset.max(before) })
    }

    /// The reading for which a fixed job runs at the segment's very start, because the clock jumped
    /// over it: the first one on the local day on which the clock arrived.
    pub(crate) fn moved(&self, masks: &Masks) -> Option<i64> {
        let (start, before) = self.start?;
        if masks.interval || self.offset <= before {
            return None;
        }
        let arrival = start + self.offset;
        let midnight = arrival - arrival.rem_euclid(DAY);
        masks.first_from(midnight.max(start + before)).filter(|reading| *reading < arrival)
    }
}

pub(crate) fn offset_at(zone: &TimeZone, instant: Timestamp) -> i64 {
    i64::from(zone.to_offset(instant).seconds())
}

/// The first transition after `second`.
fn end_after(zone: &TimeZone, second: i64) -> Option<i64> {
    let transition = zone.following(Timestamp::from_second(second).ok()?).next()?;
    // A transition that did not move on would hold the search for ever.
    Some(whole_second(transition.timestamp())).filter(|end| *end > second)
}

/// The first whole second at which a transition is over: where a rule would have one in another
/// year, jiff cuts it short a nanosecond before midnight.
fn whole_second(transition: Timestamp) -> i64 {
    transition.as_second() + i64::from(transition.subsec_nanosecond() > 0)
}
