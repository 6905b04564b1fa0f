//! This project.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use mainspring_schedule::Cron;

use crate::cron::CronPeer;
use crate::harness::OURS;

/// `Cron` and `next_after`.
pub struct Mainspring;

impl CronPeer for Mainspring {
    const NAME: &'static str = OURS;
    const PACKAGE: &'static str = "mainspring-schedule";

    type Zone = TimeZone;
    type Schedule = (Cron, TimeZone);
    type Instant = Timestamp;

    fn zone(name: &str) -> Result<TimeZone, String> {
        TimeZone::get(name).map_err(|error| error.to_string())
    }

    fn parse(text: &str, zone: &TimeZone) -> Result<(Cron, TimeZone), String> {
        Ok((Cron::parse(text).map_err(|error| error.to_string())?, zone.clone()))
    }

    fn instant(epoch_second: i64, _zone: &TimeZone) -> Timestamp {
        Timestamp::from_second(epoch_second).expect("within jiff's range")
    }

    fn epoch_second(instant: &Timestamp) -> i64 {
        instant.as_second()
    }

    fn next_after((cron, zone): &(Cron, TimeZone), after: &Timestamp) -> Option<Timestamp> {
        cron.next_after(*after, zone)
    }
}
