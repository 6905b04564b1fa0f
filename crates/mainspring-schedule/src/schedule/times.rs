//! Which instants a schedule produces: the rule's, inside the bounds, moved by the spread.

use std::iter::FusedIterator;
use std::time::Duration;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan, tz::TimeZone};

use super::cycle::{Beats, instant, nanoseconds};
use super::{Extras, Rule, Schedule};
use crate::Cron;

impl Schedule {
    /// The first occurrence strictly after `instant`; `None` if there is none.
    ///
    /// Exact to the nanosecond, never panics, and ends quickly for rules that never match.
    ///
    /// # Examples
    /// ```
    /// use mainspring_schedule::Schedule;
    ///
    /// let never = Schedule::cron("0 0 30 2 *")?;
    /// assert_eq!(never.next_after("2026-01-01T00:00:00Z".parse().unwrap()), None);
    /// # Ok::<(), mainspring_schedule::Error>(())
    /// ```
    pub fn next_after(&self, instant: Timestamp) -> Option<Timestamp> {
        let Some(extras) = &self.extras else { return self.source(instant).next_after(instant) };
        let offset_ns = self.offset_ns(extras);
        let end = extras.ending_at.unwrap_or(Timestamp::MAX);
        let due = self.next_due(extras, moved(instant, -offset_ns), end)?;
        if self.last_allowed(extras, due)? < due {
            return None;
        }
        self::instant(due.as_nanosecond() + offset_ns)
    }

    /// The last occurrence strictly before `instant`; `None` if there is none.
    ///
    /// # Examples
    /// ```
    /// use mainspring_schedule::Schedule;
    ///
    /// let schedule = Schedule::cron("0 9 * * *")?;
    /// let noon = "2026-01-01T12:00:00Z".parse().unwrap();
    /// let last = schedule.previous_before(noon).unwrap();
    /// assert_eq!(last.to_string(), "2026-01-01T09:00:00Z");
    /// assert_eq!(schedule.next_after(last).unwrap().to_string(), "2026-01-02T09:00:00Z");
    /// # Ok::<(), mainspring_schedule::Error>(())
    /// ```
    pub fn previous_before(&self, instant: Timestamp) -> Option<Timestamp> {
        let Some(extras) = &self.extras else {
            return self.source(instant).previous_before(instant);
        };
        let offset_ns = self.offset_ns(extras);
        // Before the first instant that the offset can reach there is nothing.
        let before = self::instant(instant.as_nanosecond() - offset_ns)?;
        let due = self.previous_due(extras, before, self.last_allowed(extras, before)?)?;
        self::instant(due.as_nanosecond() + offset_ns)
    }

    /// All occurrences strictly after `after`, in order.
    ///
    /// A [`limit`](Schedule::limit) without an origin counts from here.
    ///
    /// # Examples
    /// ```
    /// use mainspring_schedule::Schedule;
    ///
    /// let schedule: Schedule = "every 6 hours".parse()?;
    /// let mut upcoming = schedule.upcoming("2026-01-01T03:00:00Z".parse().unwrap());
    /// assert_eq!(upcoming.next().unwrap().to_string(), "2026-01-01T06:00:00Z");
    /// assert_eq!(upcoming.next().unwrap().to_string(), "2026-01-01T12:00:00Z");
    /// # Ok::<(), mainspring_schedule::Error>(())
    /// ```
    pub fn upcoming(&self, after: Timestamp) -> Upcoming<'_> {
        let left = if self.origin_is_missing() { self.limit_count() } else { None };
        Upcoming { schedule: self, at: Some(after), left }
    }

    /// The first occurrence after `after`, at or before `last`, before the spread.
    pub(super) fn next_due(
        &self,
        extras: &Extras,
        after: Timestamp,
        last: Timestamp,
    ) -> Option<Timestamp> {
        let source = self.source(after);
        let mut after = extras.lower_bound().map_or(after, |bound| bound.max(after));
        // Each turn leaves an excluded day behind for good, so there are no more turns than days.
        loop {
            let due = source.next_after(after)?;
            if due > last {
                return None;
            }
            let Some((_, day_end)) = self.excluded_day(extras, due) else { return Some(due) };
            after = moved(day_end?, -1).max(due);
        }
    }

    fn previous_due(
        &self,
        extras: &Extras,
        before: Timestamp,
        last: Timestamp,
    ) -> Option<Timestamp> {
        let source = self.source(before);
        let mut before = if last < before { moved(last, 1) } else { before };
        loop {
            let due = source.previous_before(before)?;
            if extras.lower_bound().is_some_and(|bound| due <= bound) {
                return None;
            }
            let Some((day_start, _)) = self.excluded_day(extras, due) else { return Some(due) };
            before = day_start?.min(due);
        }
    }

    /// The stretch of the excluded day that holds `due`, `None` if its day is not excluded. An end
    /// of that stretch that lies outside time is `None` too.
    fn excluded_day(
        &self,
        extras: &Extras,
        due: Timestamp,
    ) -> Option<(Option<Timestamp>, Option<Timestamp>)> {
        // No zone is more than two days from UTC, and asking the zone costs more than this.
        let utc = TimeZone::UTC.to_datetime(due).date();
        let near = utc.saturating_sub(2.days())..=utc.saturating_add(2.days());
        if !extras.excluded.iter().any(|day| near.contains(day)) {
            return None;
        }
        let day = self.day_of(due);
        extras.excluded.binary_search(&day).ok()?;
        let next = day.tomorrow().ok();
        Some((self.first_instant(day), next.and_then(|next| self.first_instant(next))))
    }

    /// The civil day to which an instant belongs.
    ///
    /// A clock set back across midnight shows the old date again; that hour belongs to the new day,
    /// which had begun.
    pub(super) fn day_of(&self, instant: Timestamp) -> Date {
        let day = self.zone.to_datetime(instant).date();
        match day.tomorrow() {
            Ok(next) if self.first_instant(next).is_some_and(|start| start <= instant) => next,
            _ => day,
        }
    }

    /// Where a civil day begins; `None` outside time.
    pub(super) fn first_instant(&self, day: Date) -> Option<Timestamp> {
        self.zone.to_timestamp(day.at(0, 0, 0, 0)).ok()
    }

    /// The last instant up to `horizon` or later that the end and the limit allow; `None` if they allow
    /// nothing at all.
    fn last_allowed(&self, extras: &Extras, horizon: Timestamp) -> Option<Timestamp> {
        let end = extras.ending_at.unwrap_or(Timestamp::MAX);
        match extras.limit {
            Some(0) => None,
            Some(n) if !self.origin_is_missing() => {
                Some(self.last_run(extras, n, horizon).map_or(end, |last| last.min(end)))
            }
            _ => Some(end),
        }
    }

    /// How far the spread moves the runs. An unanchored cycle has no grid that could be moved.
    fn offset_ns(&self, extras: &Extras) -> i128 {
        let unanchored = self.is_cycle() && self.origin_is_missing();
        if unanchored { 0 } else { nanoseconds(extras.offset) }
    }

    /// The bare rule; an unanchored cycle is laid through the instant that is asked about.
    fn source(&self, asked: Timestamp) -> Source<'_> {
        match &self.rule {
            Rule::Cron(cron) => Source::Cron(cron, &self.zone),
            Rule::Once(at) => Source::Once(*at),
            Rule::Cycle(step) => {
                Source::Cycle(self.beats(*step).unwrap_or_else(|| Beats::through(asked, *step)))
            }
        }
    }

    /// The beats of a cycle that has an origin.
    pub(super) fn beats(&self, step: Duration) -> Option<Beats> {
        match (self.start(), self.anchor()) {
            (Some(start), _) => Some(Beats::starting_at(start, step)),
            (None, Some(anchor)) => Some(Beats::after(anchor, step)),
            (None, None) => None,
        }
    }
}

/// Yields the occurrences of a schedule in order; made by [`Schedule::upcoming`].
///
/// It holds a place, not a list: each step computes the next occurrence. After the last it stays
/// at its end.
#[derive(Clone, Debug)]
pub struct Upcoming<'a> {
    schedule: &'a Schedule,
    /// The last one yielded; `None` after the end.
    at: Option<Timestamp>,
    /// How many more a limit without an origin allows.
    left: Option<u32>,
}

impl Iterator for Upcoming<'_> {
    type Item = Timestamp;

    fn next(&mut self) -> Option<Timestamp> {
        if let Some(left) = &mut self.left {
            match left.checked_sub(1) {
                Some(fewer) => *left = fewer,
                None => self.at = None,
            }
        }
        self.at = self.schedule.next_after(self.at?);
        self.at
    }
}

impl FusedIterator for Upcoming<'_> {}

/// A rule without its bounds.
enum Source<'a> {
    Cron(&'a Cron, &'a TimeZone),
    Once(Timestamp),
    Cycle(Beats),
}

impl Source<'_> {
    fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Cron(cron, zone) => cron.next_after(after, zone),
            Self::Once(at) => (*at > after).then_some(*at),
            Self::Cycle(beats) => beats.next_after(after),
        }
    }

    fn previous_before(&self, before: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Cron(cron, zone) => cron.previous_before(before, zone),
            Self::Once(at) => (*at < before).then_some(*at),
            Self::Cycle(beats) => beats.previous_before(before),
        }
    }
}

impl Extras {
    /// Everything comes strictly after this.
    pub(super) fn lower_bound(&self) -> Option<Timestamp> {
        match self.starting_at {
            Some(start) => instant(start.as_nanosecond() - 1),
            None => self.since,
        }
    }
}

/// Moves an instant, stopping at the first and the last there is.
fn moved(at: Timestamp, by_ns: i128) -> Timestamp {
    let limit = if by_ns < 0 { Timestamp::MIN } else { Timestamp::MAX };
    instant(at.as_nanosecond() + by_ns).unwrap_or(limit)
}
