//! Says what daylight saving did to one instant.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

use super::masks::Masks;
use super::segment::{Segment, offset_at};

/// What a change of the zone's offset did to an instant that fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Transition {
    /// The wall clock jumped over the time that was written, and the job runs at the first instant
    /// after the gap.
    Moved {
        /// The first reading of the wall clock that was due, had it come.
        written: DateTime,
    },
    /// The wall clock shows this reading twice, and this is the first time.
    FirstPass,
    /// The wall clock shows this reading twice, and this is the second time.
    SecondPass,
}

pub(crate) fn transition_at(masks: &Masks, at: Timestamp, zone: &TimeZone) -> Option<Transition> {
    if at.subsec_nanosecond() != 0 {
        return None;
    }
    let segment = Segment::at(zone, at);
    let instant = at.as_second();
    let reading = instant + segment.offset;
    if !masks.matches(reading) {
        segment.start.filter(|(start, _)| *start == instant)?;
        let written = Timestamp::from_second(segment.moved(masks)?).ok()?;
        return Some(Transition::Moved { written: Offset::UTC.to_datetime(written) });
    }
    if let Some((start, before)) = segment.start
        && reading < start + before
    {
        return masks.interval.then_some(Transition::SecondPass);
    }
    let end = segment.end?;
    let after = offset_at(zone, Timestamp::from_second(end).ok()?);
    (reading >= end + after).then_some(Transition::FirstPass)
}
