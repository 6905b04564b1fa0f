//! cron. It has no minute form: five fields are given a leading 0 for the seconds.
//!
//! Its weekdays are Quartz's (1 is Sunday) where they are numbers; they are left as written.

use std::str::FromStr;

use chrono::{DateTime, TimeZone};
use chrono_tz::Tz;
use cron::Schedule;

use crate::cron::CronPeer;

/// `Schedule::after`.
pub struct Cron;

impl CronPeer for Cron {
    const NAME: &'static str = "cron";
    const PACKAGE: &'static str = "cron";

    type Zone = Tz;
    type Schedule = Schedule;
    type Instant = DateTime<Tz>;

    fn zone(name: &str) -> Result<Tz, String> {
        name.parse().map_err(|_| format!("no zone is called {name}"))
    }

    fn writing(expression: &str, _zone: &str) -> String {
        if expression.split_whitespace().count() == 5 {
            return format!("0 {expression}");
        }
        expression.to_owned()
    }

    fn parse(text: &str, _zone: &Tz) -> Result<Schedule, String> {
        Schedule::from_str(text).map_err(|error| error.to_string())
    }

    fn instant(epoch_second: i64, zone: &Tz) -> DateTime<Tz> {
        zone.timestamp_opt(epoch_second, 0).single().expect("within chrono's range")
    }

    fn epoch_second(instant: &DateTime<Tz>) -> i64 {
        instant.timestamp()
    }

    fn next_after(schedule: &Schedule, after: &DateTime<Tz>) -> Option<DateTime<Tz>> {
        schedule.after(after).next()
    }

    fn walk(schedule: &Schedule, after: &DateTime<Tz>, steps: usize) -> Option<DateTime<Tz>> {
        schedule.after(after).take(steps).last()
    }
}
