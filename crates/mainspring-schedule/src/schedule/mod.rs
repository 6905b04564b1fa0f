//! A schedule: one rule that produces instants, the zone it is read in, and the bounds around it.
//!
//! # Ground rules
//! - Bounds, count and excluded days are judged by the instant the rule names; the spread is added
//!   last. So a job's name moves its runs, but never changes how many there are.
//! - What few schedules have lives behind one pointer (`Extras`), and is absent when all of it is at
//!   its default: two schedules that mean the same compare equal.
//!
//! Units: instants are exact to the nanosecond; nothing here rounds.

mod cycle;
mod extras;
mod limit;
mod spread;
mod times;
mod zone;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use self::extras::Extras;
use self::limit::Counter;
pub use self::times::Upcoming;
pub(crate) use self::zone::{parse_zone, zone_text};
use crate::{Cron, Error};

/// A rule that produces instants: cron, one-shot or cycle, with bounds.
///
/// The same value answers "when next", "when last" and "what then", writes itself as one line of
/// text that reads back as an equal value ([`Display`](fmt::Display), [`FromStr`](std::str::FromStr),
/// serde), and says in English what it does ([`describe`](Schedule::describe)).
///
/// - **Cron** follows the calendar and the clock on the wall in the schedule's zone, daylight saving
///   included (see [`Cron`]).
/// - **Once** is one instant.
/// - **A cycle** steps by a fixed length of real time. It knows no calendar, so a change of the clock
///   on the wall never disturbs it: every 24 hours stays every 24 hours.
///
/// Cheap to clone: a cron rule is shared.
///
/// # Examples
/// ```
/// use mainspring_schedule::Schedule;
///
/// let schedule = Schedule::cron("30 9 * * MON-FRI")?.in_zone("Europe/Berlin")?;
/// let friday = "2026-03-27T12:00:00Z".parse().unwrap();
/// // The weekend brings summer time; on the wall it stays half past nine.
/// assert_eq!(schedule.next_after(friday).unwrap().to_string(), "2026-03-30T07:30:00Z");
/// # Ok::<(), mainspring_schedule::Error>(())
/// ```
#[derive(Clone)]
pub struct Schedule {
    rule: Rule,
    zone: TimeZone,
    extras: Option<Box<Extras>>,
}

/// Where the instants come from.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum Rule {
    Cron(Arc<Cron>),
    Once(Timestamp),
    /// Never zero.
    Cycle(Duration),
}

impl Schedule {
    /// Reads a cron expression in the default dialect; `@hourly` and friends too.
    ///
    /// For another dialect, go through [`Cron::parse_as`] and `Schedule::from`; for zones, bounds
    /// or English in the text, parse the whole as a `Schedule`.
    ///
    /// # Errors
    /// If the expression is malformed; the error says where and what is allowed there.
    ///
    /// # Examples
    /// ```
    /// use mainspring_schedule::Schedule;
    ///
    /// let schedule = Schedule::cron("*/15 * * * *")?;
    /// let next = schedule.next_after("2026-01-01T00:07:00Z".parse().unwrap());
    /// assert_eq!(next.unwrap().to_string(), "2026-01-01T00:15:00Z");
    /// assert!(Schedule::cron("61 * * * *").is_err());
    /// # Ok::<(), mainspring_schedule::Error>(())
    /// ```
    pub fn cron(expression: &str) -> Result<Self, Error> {
        Cron::parse(expression).map(Self::from)
    }

    /// A single instant.
    ///
    /// # Examples
    /// ```
    /// use mainspring_schedule::Schedule;
    ///
    /// let noon = "2026-12-01T12:00:00Z".parse().unwrap();
    /// let schedule = Schedule::once(noon);
    /// assert_eq!(schedule.next_after("2026-01-01T00:00:00Z".parse().unwrap()), Some(noon));
    /// assert_eq!(schedule.next_after(noon), None);
    /// ```
    pub fn once(at: Timestamp) -> Self {
        Self::new(Rule::Once(at))
    }

    /// A cycle: one beat every `interval` of real time, exact to the nanosecond.
    ///
    /// With [`starting_at`](Self::starting_at) the beats are the start, the start + interval, and so
    /// on. With [`anchored_at`](Self::anchored_at) the first is one interval after the anchor. With
    /// neither the cycle is *unanchored*: the next beat is one interval after whatever instant is
    /// asked about, the previous one an interval before it.
    ///
    /// # Errors
    /// If the interval is zero.
    ///
    /// # Examples
    /// ```
    /// use mainspring_schedule::Schedule;
    /// use std::time::Duration;
    ///
    /// let start = "2026-01-01T00:00:00Z".parse().unwrap();
    /// let cycle = Schedule::every(Duration::from_secs(90 * 60))?.starting_at(start);
    /// let next = cycle.next_after("2026-01-01T02:00:00Z".parse().unwrap());
    /// assert_eq!(next.unwrap().to_string(), "2026-01-01T03:00:00Z");
    /// assert!(Schedule::every(Duration::ZERO).is_err());
    /// # Ok::<(), mainspring_schedule::Error>(())
    /// ```
    pub fn every(interval: Duration) -> Result<Self, Error> {
        if interval.is_zero() {
            return Err(Error::new("0s", 0..2, ZERO_INTERVAL, "a duration longer than zero"));
        }
        Ok(Self::new(Rule::Cycle(interval)))
    }

    /// Reads cron expressions, excluded days and dates without an offset in this zone.
    ///
    /// A zone is an IANA name (`Europe/Berlin`, in any case), a fixed offset (`+02:00`) or a POSIX
    /// rule (`CET-1CEST,M3.5.0,M10.5.0/3`). The default is UTC; a program that wants the system's
    /// zone asks for it and passes it to [`in_time_zone`](Self::in_time_zone).
    ///
    /// # Errors
    /// If there is no such zone; the error names the one that was probably meant.
    ///
    /// # Examples
    /// ```
    /// use mainspring_schedule::Schedule;
    ///
    /// let schedule = Schedule::cron("0 9 * * *")?.in_zone("Asia/Tokyo")?;
    /// let next = schedule.next_after("2026-01-01T12:00:00Z".parse().unwrap());
    /// assert_eq!(next.unwrap().to_string(), "2026-01-02T00:00:00Z");
    ///
    /// let error = Schedule::cron("0 9 * * *")?.in_zone("Asia/Tokio").unwrap_err();
    /// assert!(error.to_string().contains("Asia/Tokyo"));
    /// # Ok::<(), mainspring_schedule::Error>(())
    /// ```
    pub fn in_zone(self, name: &str) -> Result<Self, Error> {
        Ok(self.in_time_zone(parse_zone(name)?))
    }

    /// The same as [`in_zone`](Self::in_zone), for a zone that is known already.
    ///
    /// A zone without a name (read from a file that does not say) works, but its schedule's text
    /// cannot be read back, and serialising it is an error.
    pub fn in_time_zone(mut self, zone: TimeZone) -> Self {
        self.zone = zone;
        self.forget_count();
        self
    }

    /// Nothing before `start`; `start` itself belongs to the schedule. The first beat of a cycle.
    ///
    /// # Examples
    /// ```
    /// use mainspring_schedule::Schedule;
    ///
    /// let start = "2026-06-01T09:00:00Z".parse().unwrap();
    /// let schedule = Schedule::cron("0 9 * * *")?.starting_at(start);
    /// assert_eq!(schedule.next_after("2026-01-01T00:00:00Z".parse().unwrap()), Some(start));
    /// # Ok::<(), mainspring_schedule::Error>(())
    /// ```
    pub fn starting_at(mut self, start: Timestamp) -> Self {
        let extras = self.extras_mut();
        extras.starting_at = Some(start);
        extras.since = None;
        self
    }

    /// Nothing after `end`; `end` itself belongs to the schedule.
    pub fn ending_at(mut self, end: Timestamp) -> Self {
        self.extras_mut().ending_at = Some(end);
        self
    }

    /// At most the first `n` occurrences, excluded days not counted; 0 is never.
    ///
    /// Counting begins at [`starting_at`](Self::starting_at), or else at
    /// [`anchored_at`](Self::anchored_at). With neither there is nothing to count from: then only
    /// [`upcoming`](Self::upcoming) counts, what it yields itself, and
    /// [`next_after`](Self::next_after) does not.
    ///
    /// # Cost
    /// A cron rule is counted once, from its origin to the latest instant that was asked about: about
    /// a microsecond for each day with a run, more on days on which the clock changes, whose runs are
    /// counted one by one. A cycle needs one division.
    ///
    /// # Examples
    /// ```
    /// use mainspring_schedule::Schedule;
    ///
    /// let start = "2026-01-01T00:00:00Z".parse().unwrap();
    /// let schedule = Schedule::cron("@daily")?.starting_at(start).limit(3);
    /// assert_eq!(schedule.upcoming("2020-01-01T00:00:00Z".parse().unwrap()).count(), 3);
    /// assert_eq!(schedule.next_after("2026-01-03T00:00:00Z".parse().unwrap()), None);
    /// # Ok::<(), mainspring_schedule::Error>(())
    /// ```
    pub fn limit(mut self, n: u32) -> Self {
        self.extras_mut().limit = Some(n);
        self
    }

    /// Moves each job's runs later by an offset of its own in `[0, spread)`, so that jobs with the
    /// same rule do not all start at once.
    ///
    /// The offset comes from the job's name (see [`for_name`](Self::for_name)); until then it is
    /// zero. It moves the runs after everything else is decided: a run that the rule names just
    /// before the end may happen up to the spread after it. An unanchored cycle has no grid to move.
    pub fn spread(mut self, spread: Duration) -> Self {
        let extras = self.extras_mut();
        extras.spread = spread;
        extras.offset = Duration::ZERO;
        self.drop_default_extras();
        self
    }

    /// Nothing on that civil day in the schedule's zone; call it once for each day.
    ///
    /// A day lasts from its first instant to the first of the next; which day a run belongs to is
    /// judged before the spread.
    ///
    /// # Examples
    /// ```
    /// use jiff::civil::date;
    /// use mainspring_schedule::Schedule;
    ///
    /// let schedule = Schedule::cron("@daily")?.excluding(date(2026, 12, 25));
    /// let next = schedule.next_after("2026-12-24T00:00:00Z".parse().unwrap());
    /// assert_eq!(next.unwrap().to_string(), "2026-12-26T00:00:00Z");
    /// # Ok::<(), mainspring_schedule::Error>(())
    /// ```
    pub fn excluding(mut self, day: Date) -> Self {
        let excluded = &mut self.extras_mut().excluded;
        if let Err(place) = excluded.binary_search(&day) {
            excluded.insert(place, day);
        }
        self
    }

    /// Fixes what depends on the job's name: `H` in a cron expression and the offset of a
    /// [`spread`](Self::spread).
    ///
    /// The same name gives the same instants on every machine and after every restart. The name is
    /// not part of the schedule's text: whoever reads a schedule back gives the name again.
    ///
    /// # Examples
    /// ```
    /// use mainspring_schedule::Schedule;
    /// use std::time::Duration;
    ///
    /// let hourly = Schedule::cron("@hourly")?.spread(Duration::from_secs(600));
    /// let backup = hourly.for_name("backup");
    /// assert!(backup.offset() < Duration::from_secs(600));
    /// assert_eq!(backup, hourly.for_name("backup"));
    /// assert_ne!(backup.offset(), hourly.for_name("report").offset());
    /// # Ok::<(), mainspring_schedule::Error>(())
    /// ```
    pub fn for_name(&self, name: &str) -> Self {
        let mut named = self.clone();
        if let Rule::Cron(cron) = &self.rule
            && cron.is_hashed()
        {
            let resolved = cron.for_name(name);
            if resolved != **cron {
                named.rule = Rule::Cron(Arc::new(resolved));
                named.forget_count();
            }
        }
        if let Some(extras) = &mut named.extras {
            extras.offset = spread::offset(name, extras.spread);
        }
        named
    }

    /// Whether [`for_name`](Self::for_name) changes anything: there is an `H`, or a spread.
    ///
    /// # Examples
    /// ```
    /// use mainspring_schedule::Schedule;
    ///
    /// assert!(Schedule::cron("H 3 * * *")?.depends_on_name());
    /// assert!(!Schedule::cron("0 3 * * *")?.depends_on_name());
    /// # Ok::<(), mainspring_schedule::Error>(())
    /// ```
    pub fn depends_on_name(&self) -> bool {
        let is_spread = self.extras.as_ref().is_some_and(|extras| !extras.spread.is_zero());
        is_spread || matches!(&self.rule, Rule::Cron(cron) if cron.is_hashed())
    }

    /// Gives a schedule that counts from nowhere its origin: everything comes after `now`.
    ///
    /// An unanchored cycle gets its first beat at `now` + interval, and a
    /// [`limit`](Self::limit) begins to count. A schedule that has an origin, or needs none, is
    /// returned unchanged. Schedulers call this when a job is added.
    ///
    /// # Examples
    /// ```
    /// use mainspring_schedule::Schedule;
    ///
    /// let now = "2026-01-01T00:00:20Z".parse().unwrap();
    /// let cycle: Schedule = "@every 15m".parse()?;
    /// let cycle = cycle.anchored_at(now);
    /// let next = cycle.next_after("2026-01-01T00:40:00Z".parse().unwrap());
    /// assert_eq!(next.unwrap().to_string(), "2026-01-01T00:45:20Z");
    /// # Ok::<(), mainspring_schedule::Error>(())
    /// ```
    pub fn anchored_at(mut self, now: Timestamp) -> Self {
        let counts = self.limit_count().is_some() && !self.is_once();
        if self.origin_is_missing() && (self.is_cycle() || counts) {
            self.extras_mut().since = Some(now);
        }
        self
    }

    /// Moves the origin that [`anchored_at`](Self::anchored_at) gave, as a wall clock that was set moves
    /// what its time stands for.
    ///
    /// A schedule without such an origin is returned unchanged. Past the end of time the origin stays.
    ///
    /// # Examples
    /// ```
    /// use jiff::SignedDuration;
    /// use mainspring_schedule::Schedule;
    ///
    /// let cycle: Schedule = "@every 1h".parse()?;
    /// let cycle = cycle.anchored_at("2026-01-01T00:00:00Z".parse().unwrap());
    /// // The wall clock was ten minutes slow, and has been set right.
    /// let moved = cycle.moved(SignedDuration::from_mins(10));
    /// let next = moved.next_after("2026-01-01T00:30:00Z".parse().unwrap());
    /// assert_eq!(next.unwrap().to_string(), "2026-01-01T01:10:00Z");
    /// # Ok::<(), mainspring_schedule::Error>(())
    /// ```
    pub fn moved(mut self, by: SignedDuration) -> Self {
        if let Some(since) = self.anchor().and_then(|since| since.checked_add(by).ok()) {
            self.extras_mut().since = Some(since);
        }
        self
    }

    /// The zone in which the rule is read.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The cron rule, if it is one.
    pub fn as_cron(&self) -> Option<&Cron> {
        match &self.rule {
            Rule::Cron(cron) => Some(cron),
            _ => None,
        }
    }

    /// The instant of a one-shot.
    pub fn as_once(&self) -> Option<Timestamp> {
        match self.rule {
            Rule::Once(at) => Some(at),
            _ => None,
        }
    }

    /// The interval of a cycle.
    pub fn as_cycle(&self) -> Option<Duration> {
        match self.rule {
            Rule::Cycle(interval) => Some(interval),
            _ => None,
        }
    }

    /// Whether the rule is a cron expression.
    pub fn is_cron(&self) -> bool {
        self.as_cron().is_some()
    }

    /// Whether the rule is one instant.
    pub fn is_once(&self) -> bool {
        self.as_once().is_some()
    }

    /// Whether the rule is a cycle.
    pub fn is_cycle(&self) -> bool {
        self.as_cycle().is_some()
    }

    /// The first instant allowed, if one was given.
    pub fn start(&self) -> Option<Timestamp> {
        self.extras.as_ref()?.starting_at
    }

    /// The last instant allowed, if one was given.
    pub fn end(&self) -> Option<Timestamp> {
        self.extras.as_ref()?.ending_at
    }

    /// The instant after which everything comes, if [`anchored_at`](Self::anchored_at) gave one.
    pub fn anchor(&self) -> Option<Timestamp> {
        self.extras.as_ref()?.since
    }

    /// How many occurrences are allowed, if that is limited.
    pub fn limit_count(&self) -> Option<u32> {
        self.extras.as_ref()?.limit
    }

    /// The width of the spread; zero if there is none.
    pub fn spread_width(&self) -> Duration {
        self.extras.as_ref().map_or(Duration::ZERO, |extras| extras.spread)
    }

    /// How far this job's runs are moved within the spread: whole milliseconds, zero until
    /// [`for_name`](Self::for_name).
    pub fn offset(&self) -> Duration {
        self.extras.as_ref().map_or(Duration::ZERO, |extras| extras.offset)
    }

    /// The excluded days, in order.
    pub fn excluded(&self) -> &[Date] {
        self.extras.as_ref().map_or(&[], |extras| &extras.excluded)
    }

    fn new(rule: Rule) -> Self {
        Self { rule, zone: TimeZone::UTC, extras: None }
    }

    pub(crate) fn rule(&self) -> &Rule {
        &self.rule
    }

    fn origin_is_missing(&self) -> bool {
        self.start().is_none() && self.anchor().is_none()
    }

    /// For a change: whatever was computed from the old value is forgotten.
    fn extras_mut(&mut self) -> &mut Extras {
        let extras = self.extras.get_or_insert_default();
        extras.counter = Counter::default();
        extras
    }

    fn forget_count(&mut self) {
        if let Some(extras) = &mut self.extras {
            extras.counter = Counter::default();
        }
    }

    fn drop_default_extras(&mut self) {
        if self.extras.as_deref().is_some_and(|extras| *extras == Extras::default()) {
            self.extras = None;
        }
    }
}

pub(crate) const ZERO_INTERVAL: &str = "an interval of zero never moves on";

impl From<Cron> for Schedule {
    fn from(cron: Cron) -> Self {
        Self::new(Rule::Cron(Arc::new(cron)))
    }
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Self) -> bool {
        self.rule == other.rule && self.zone == other.zone && self.extras == other.extras
    }
}

impl Eq for Schedule {}

impl Hash for Schedule {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.rule.hash(state);
        // Equal zones have equal names; those without one may collide.
        self.zone.iana_name().hash(state);
        self.extras.hash(state);
    }
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_tuple("Schedule");
        debug.field(&format_args!("{self}"));
        if !self.offset().is_zero() {
            debug.field(&self.offset());
        }
        debug.finish()
    }
}
