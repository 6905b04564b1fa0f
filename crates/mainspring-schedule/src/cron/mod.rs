//! Reads cron expressions and finds the instants at which they fire.
//!
//! Text becomes items ([`parse`]), items become sets of bits ([`masks`]), and the search over them is
//! arithmetic: on a wall clock without a zone ([`wall`]), then on a real one whose segments and
//! jumps are the zone's ([`segment`], [`next`], [`previous`]). Nothing here reads a clock.

pub(crate) mod ast;
mod calendar;
mod dialect;
mod field;
mod hash;
mod masks;
mod next;
mod parse;
mod previous;
mod segment;
#[cfg(test)]
mod tests;
mod transition;
mod wall;
mod years;

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::tz::TimeZone;

pub use self::dialect::Dialect;
use self::masks::Masks;
pub use self::transition::Transition;
use crate::Error;

/// A cron expression, ready to be asked.
///
/// The zone is an argument: one expression serves them all. Where the zone's clock jumps:
///
/// - **A missing hour.** A *fixed* expression (no `*` and no step in seconds, minutes or hours) fires
///   once, at the first instant after the gap, if that is still the same local day. An *interval*
///   follows the wall clock and has no such instants.
/// - **A repeated hour.** A fixed expression fires once, in the first pass; an interval in both.
/// - **A missing day** (Apia, 30 December 2011) is left out.
///
/// [`Cron::transition_at`] tells which of these befell an instant.
///
/// # Examples
/// ```
/// use jiff::{Timestamp, tz::TimeZone};
/// use mainspring_schedule::Cron;
///
/// let weekdays = Cron::parse("30 9 * * MON-FRI")?;
/// let berlin = TimeZone::get("Europe/Berlin")?;
/// let friday: Timestamp = "2026-03-27T12:00:00Z".parse()?;
/// let monday = weekdays.next_after(friday, &berlin).unwrap();
/// // Summer time began on the Sunday between them.
/// assert_eq!(monday.to_string(), "2026-03-30T07:30:00Z");
/// assert_eq!(weekdays.next_after(monday, &berlin).unwrap().to_string(), "2026-03-31T07:30:00Z");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cron {
    masks: Masks,
    text: Box<str>,
    dialect: Dialect,
}

impl Cron {
    /// Reads an expression in the default dialect, the most generous one.
    ///
    /// Blanks around it are dropped. `@reboot` is an error here, for it is not a time.
    ///
    /// # Errors
    /// If the text is not an expression. The error names the column and what is allowed there.
    ///
    /// # Examples
    /// ```
    /// use mainspring_schedule::Cron;
    ///
    /// assert!(Cron::parse("0 0 L * *").is_ok());
    /// let error = Cron::parse("0 24 * * *").unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "24 is too large for the hour at column 3; allowed: 0-23, *, ranges, lists and steps"
    /// );
    /// ```
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::parse_as(text, Dialect::Default)
    }

    /// Reads an expression in the dialect given.
    ///
    /// # Errors
    /// If the text is not an expression of that dialect.
    pub fn parse_as(text: &str, dialect: Dialect) -> Result<Self, Error> {
        let masks = Masks::compile(text, dialect, "")?;
        Ok(Self { masks, text: text.trim_ascii().into(), dialect })
    }

    /// The same expression with each `H` decided by `name`, usually that of the job.
    ///
    /// The choice is a hash of the name and the field; it is the same on every machine and in every
    /// release. `H` in the day of month chooses from 1 to 28. Until a name is given, `H` goes by
    /// the empty name. [`Cron::as_str`] stays as written.
    ///
    /// # Examples
    /// ```
    /// use mainspring_schedule::Cron;
    ///
    /// let nightly = Cron::parse("H H(0-5) * * *")?;
    /// assert_ne!(nightly.for_name("backup"), nightly.for_name("report"));
    /// assert_eq!(nightly.for_name("backup"), nightly.for_name("backup"));
    /// # Ok::<(), mainspring_schedule::Error>(())
    /// ```
    pub fn for_name(&self, name: &str) -> Self {
        if !self.masks.hashed {
            return self.clone();
        }
        let masks = Masks::compile(&self.text, self.dialect, name);
        Self { masks: masks.unwrap_or_else(|_| self.masks.clone()), ..self.clone() }
    }

    /// Whether there is an `H`, which [`for_name`](Self::for_name) reads.
    pub(crate) fn is_hashed(&self) -> bool {
        self.masks.hashed
    }

    /// The first instant, a whole second, strictly after `after`; `None` where there is none within
    /// the years that jiff knows (to 9999).
    ///
    /// Never early and never rounded. Impossible dates (30 February) are known as such when the
    /// expression is read and cost nothing here.
    ///
    /// # Examples
    /// ```
    /// use jiff::{Timestamp, tz::TimeZone};
    /// use mainspring_schedule::Cron;
    ///
    /// let never = Cron::parse("0 0 30 2 *")?;
    /// assert_eq!(never.next_after(Timestamp::UNIX_EPOCH, &TimeZone::UTC), None);
    /// # Ok::<(), mainspring_schedule::Error>(())
    /// ```
    pub fn next_after(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        if !self.masks.possible {
            return None;
        }
        next::next_after(&self.masks, after, zone)
    }

    /// The last instant, a whole second, strictly before `before`; `None` where there is none within
    /// the years that jiff knows (from -9999).
    ///
    /// It is the mirror of [`Cron::next_after`]: both see the same instants.
    ///
    /// # Examples
    /// ```
    /// use jiff::{Timestamp, tz::TimeZone};
    /// use mainspring_schedule::Cron;
    ///
    /// let leap_day = Cron::parse("0 0 29 2 *")?;
    /// let last = leap_day.previous_before("2026-01-01T00:00:00Z".parse()?, &TimeZone::UTC);
    /// assert_eq!(last, Some("2024-02-29T00:00:00Z".parse()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn previous_before(&self, before: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        if !self.masks.possible {
            return None;
        }
        previous::previous_before(&self.masks, before, zone)
    }

    /// What a change of the zone's offset did to `at`; `None` where it did nothing, or where `at`
    /// does not fire.
    ///
    /// # Examples
    /// ```
    /// use jiff::{Timestamp, civil::date, tz::TimeZone};
    /// use mainspring_schedule::{Cron, Transition};
    ///
    /// let daily = Cron::parse("30 2 * * *")?;
    /// let berlin = TimeZone::get("Europe/Berlin")?;
    /// let moved = daily.next_after("2026-03-28T12:00:00Z".parse()?, &berlin).unwrap();
    /// assert_eq!(moved.to_string(), "2026-03-29T01:00:00Z"); // 03:00 there
    /// assert_eq!(
    ///     daily.transition_at(moved, &berlin),
    ///     Some(Transition::Moved { written: date(2026, 3, 29).at(2, 30, 0, 0) })
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn transition_at(&self, at: Timestamp, zone: &TimeZone) -> Option<Transition> {
        transition::transition_at(&self.masks, at, zone)
    }

    /// The expression as it was written, without the blanks around it; an alias stays an alias.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The dialect by which it was read.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Whether it follows the wall clock through its jumps: a `*` or a step stands in its seconds,
    /// minutes or hours. Otherwise it is fixed.
    pub fn is_interval(&self) -> bool {
        self.masks.interval
    }

    /// The items as they were written; an alias is spelled out.
    pub(crate) fn expression(&self) -> ast::Expression {
        match parse::expression(&self.text, self.dialect) {
            Ok(expression) => expression,
            Err(error) => unreachable!("the text was accepted before: {error}"),
        }
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Cron {
    type Err = Error;

    /// Reads an expression in the default dialect.
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}
