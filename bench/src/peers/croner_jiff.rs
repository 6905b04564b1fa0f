//! croner with jiff, the time library that we use.
//!
//! With `sloppy_ranges`, without which it does not accept `5/10`.

use croner::Cron;
use croner::parser::CronParser;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::cron::CronPeer;

/// `find_next_occurrence` on `Zoned`.
pub struct CronerJiff;

impl CronPeer for CronerJiff {
    const NAME: &'static str = "croner (jiff)";
    const PACKAGE: &'static str = "croner";

    type Zone = TimeZone;
    type Schedule = Cron;
    type Instant = Zoned;

    fn zone(name: &str) -> Result<TimeZone, String> {
        TimeZone::get(name).map_err(|error| error.to_string())
    }

    fn parse(text: &str, _zone: &TimeZone) -> Result<Cron, String> {
        CronParser::builder()
            .sloppy_ranges(true)
            .build()
            .parse(text)
            .map_err(|error| error.to_string())
    }

    fn instant(epoch_second: i64, zone: &TimeZone) -> Zoned {
        let instant = Timestamp::from_second(epoch_second).expect("within jiff's range");
        instant.to_zoned(zone.clone())
    }

    fn epoch_second(instant: &Zoned) -> i64 {
        instant.timestamp().as_second()
    }

    fn next_after(schedule: &Cron, after: &Zoned) -> Option<Zoned> {
        const INCLUSIVE: bool = true;
        // Its error for an endless search is the only way in which it says "never".
        schedule.find_next_occurrence(after, !INCLUSIVE).ok()
    }

    fn walk(schedule: &Cron, after: &Zoned, steps: usize) -> Option<Zoned> {
        schedule.iter_after(after.clone()).take(steps).last()
    }
}
