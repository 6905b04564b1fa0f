//! The one line of text that a schedule writes and reads: a rule, then its bounds.
//!
//! ```text
//! 0 9 * * MON-FRI in Europe/Berlin starting 2026-01-01T00:00:00Z limit 10 excluding 2026-12-25
//! ├─────────────┘ └──────────────┘ └───────────────────────────┘ └──────┘ └──────────────────┘
//! rule            clauses, each at most once
//! ```
//!
//! # Ground rules
//! - Writing is canonical: one value, one text, clauses in one order. Reading takes more: any order,
//!   English, dates without an offset, `CRON_TZ=`.
//! - What is read from what is written is equal to it.

mod clauses;
mod duration;
mod instant;
mod rule;
mod words;
mod write;

use std::str::FromStr;

pub(crate) use self::words::{Word, words};
use crate::{Error, Schedule};

/// Reads a rule and its bounds.
///
/// The rule is one of
/// - a cron expression in the default dialect (`0 9 * * MON-FRI`), or in another one, named
///   (`quartz: 0 0 9 ? * MON-FRI`), or `@hourly` and friends;
/// - `@every` and a duration (`@every 1h30m`): a cycle;
/// - `@at` and an instant (`@at 2026-12-01T09:00:00Z`): a one-shot;
/// - English: `every 15 minutes`, `every weekday at 9:30`, `daily at noon`, `every monday, wednesday
///   and friday at 18:00`, `on the 1st and 15th of every month at 8am`, `on the last day of the month
///   at 23:00`, `first monday of every month at 8:00`, `every year on december 24 at 18:00`, `every
///   10 minutes from 9:00 through 16:59 on weekdays`.
///
/// Then come, in any order, `in ZONE`, `starting INSTANT` and `ending INSTANT` (both inclusive),
/// `since INSTANT` (see [`Schedule::anchored_at`]), `limit N`, `spread DURATION`, and `excluding
/// DATE,DATE`. An instant without an offset is read in the schedule's zone; a mere date starts with
/// its first instant and ends with its last.
///
/// In English, an interval that divides the next larger unit keeps to the clock (`every 15 minutes`
/// is `*/15 * * * *`); any other (`every 45 minutes`, `every 3 days`) is a cycle. A lone `daily` is
/// taken for a slip of `@daily`, and an error that says so.
///
/// # Errors
/// With the column of the word that does not belong there, and what does.
///
/// # Examples
/// ```
/// use mainspring_schedule::Schedule;
///
/// let schedule: Schedule = "every weekday at 9:30 in Europe/Berlin limit 10".parse()?;
/// assert_eq!(schedule.to_string(), "30 9 * * MON-FRI in Europe/Berlin limit 10");
///
/// let error = "every wekday at 9:30".parse::<Schedule>().unwrap_err();
/// assert_eq!(error.column(), 7);
/// assert_eq!(error.problem(), "unknown word `wekday`, perhaps `weekday`?");
/// # Ok::<(), mainspring_schedule::Error>(())
/// ```
impl FromStr for Schedule {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let words = words(text);
        let end = clauses::first_clause(&words);
        let (words, clauses) = words.split_at(end);
        let clauses = clauses::Clauses::read(text, clauses)?;
        let (words, zone) = rule::zone_prefix(text, words, clauses.zone()?)?;
        let schedule = rule::read(text, words, &zone)?.in_time_zone(zone);
        clauses.bound(schedule)
    }
}

#[cfg(test)]
mod tests;
