//! Rules that produce times: cron, one-shot and cycle, in any zone, with bounds, in plain English.
//!
//! A [`Schedule`] answers when it runs next, when it ran last, and what comes then. It reads no
//! clock, waits for nothing and keeps no state: `now` is an argument, so a year of runs can be asked
//! in a loop. A [`Cron`] is the engine underneath, for those who bring their own zone and bounds.
//!
//! ```
//! use jiff::{Timestamp, civil::date};
//! use mainspring_schedule::Schedule;
//!
//! let schedule = Schedule::cron("30 9 * * MON-FRI")?
//!     .in_zone("Europe/Berlin")?
//!     .starting_at("2026-12-21T00:00:00Z".parse().unwrap())
//!     .excluding(date(2026, 12, 25))
//!     .limit(6);
//! let now: Timestamp = "2026-12-24T12:00:00Z".parse().unwrap();
//! // Christmas is excluded, a weekend follows.
//! assert_eq!(schedule.next_after(now).unwrap().to_string(), "2026-12-28T08:30:00Z");
//! assert_eq!(schedule.previous_before(now).unwrap().to_string(), "2026-12-24T08:30:00Z");
//! assert_eq!(schedule.upcoming(now).count(), 2);
//!
//! let english: Schedule = "every weekday at 9:30 in Europe/Berlin".parse()?;
//! assert_eq!(english.to_string(), "30 9 * * MON-FRI in Europe/Berlin");
//! assert_eq!(english.describe(), "At 09:30, Monday through Friday, in Europe/Berlin");
//! # Ok::<(), mainspring_schedule::Error>(())
//! ```
//!
//! # Zones and daylight saving
//! The zone is UTC unless one is named; nothing here looks at the machine's own. Cron expressions
//! follow the clock on the wall:
//!
//! - A time that the clock skips: an expression with fixed times runs once, at the first instant after
//!   the gap, if that is on the same day; one that repeats within the hour (`*/15`) has no such runs.
//! - A time that the clock shows twice: fixed times run once, in the first pass; repeating ones run in
//!   both.
//! - A day that a zone leaves out is left out.
//!
//! Cycles and one-shots are real time, and no change of the clock on the wall disturbs them.
//!
//! # Bounds
//! A start and an end both belong to the schedule. Excluded days are civil days in its zone. A limit
//! counts from the start, or from where [`Schedule::anchored_at`] put the origin. All of these judge the
//! instant that the rule names; a job's spread moves the run afterwards, by an offset that its name
//! alone decides ([`Schedule::for_name`]).
//!
//! # Text
//! A schedule is one line of text in files, in databases, over the wire: what
//! [`Display`](std::fmt::Display) writes, [`FromStr`](std::str::FromStr) reads back as an equal value, and
//! with the feature `serde` it serialises as that text. `FromStr` reads English as well. Errors name
//! the column and what is allowed there.
//!
//! # Features
//! - `serde`: [`Schedule`] serialises as its text.

mod cron;
mod describe;
mod english;
mod error;
mod near;
mod schedule;
#[cfg(feature = "serde")]
mod serial;
mod text;

pub use cron::{Cron, Dialect, Transition};
pub use error::Error;
pub use schedule::{Schedule, Upcoming};
