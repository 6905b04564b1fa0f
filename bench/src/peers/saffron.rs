//! saffron. It knows UTC alone.

use chrono::{DateTime, Utc};
use saffron::Cron;

use crate::cron::CronPeer;

/// `next_after`.
pub struct Saffron;

impl CronPeer for Saffron {
    const NAME: &'static str = "saffron";
    const PACKAGE: &'static str = "saffron";

    type Zone = Utc;
    type Schedule = Cron;
    type Instant = DateTime<Utc>;

    fn zone(name: &str) -> Result<Utc, String> {
        if name == "UTC" { Ok(Utc) } else { Err("knows UTC alone".to_owned()) }
    }

    fn parse(text: &str, _zone: &Utc) -> Result<Cron, String> {
        text.parse().map_err(|error: saffron::parse::CronParseError| error.to_string())
    }

    fn instant(epoch_second: i64, _zone: &Utc) -> DateTime<Utc> {
        DateTime::from_timestamp(epoch_second, 0).expect("within chrono's range")
    }

    fn epoch_second(instant: &DateTime<Utc>) -> i64 {
        instant.timestamp()
    }

    fn next_after(schedule: &Cron, after: &DateTime<Utc>) -> Option<DateTime<Utc>> {
        schedule.next_after(*after)
    }

    fn walk(schedule: &Cron, after: &DateTime<Utc>, steps: usize) -> Option<DateTime<Utc>> {
        schedule.clone().iter_after(*after).take(steps).last()
    }
}
