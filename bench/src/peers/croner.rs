//! croner with its default time library, chrono.
//!
//! With `sloppy_ranges`, without which it does not accept `5/10`.

use chrono::{DateTime, TimeZone};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::CronParser;

use crate::cron::CronPeer;

/// `find_next_occurrence` on `DateTime<Tz>`.
pub struct Croner;

impl CronPeer for Croner {
    const NAME: &'static str = "croner";
    const PACKAGE: &'static str = "croner";

    type Zone = Tz;
    type Schedule = Cron;
    type Instant = DateTime<Tz>;

    fn zone(name: &str) -> Result<Tz, String> {
        name.parse().map_err(|_| format!("no zone is called {name}"))
    }

    fn parse(text: &str, _zone: &Tz) -> Result<Cron, String> {
        CronParser::builder()
            .sloppy_ranges(true)
            .build()
            .parse(text)
            .map_err(|error| error.to_string())
    }

    fn instant(epoch_second: i64, zone: &Tz) -> DateTime<Tz> {
        zone.timestamp_opt(epoch_second, 0).single().expect("within chrono's range")
    }

    fn epoch_second(instant: &DateTime<Tz>) -> i64 {
        instant.timestamp()
    }

    fn next_after(schedule: &Cron, after: &DateTime<Tz>) -> Option<DateTime<Tz>> {
        const INCLUSIVE: bool = true;
        // Its error for an endless search is the only way in which it says "never".
        schedule.find_next_occurrence(after, !INCLUSIVE).ok()
    }

    fn walk(schedule: &Cron, after: &DateTime<Tz>, steps: usize) -> Option<DateTime<Tz>> {
        schedule.iter_after(*after).take(steps).last()
    }
}
