//! cronexpr. The zone is part of its expression, and is looked up when that is parsed.

use cronexpr::{Crontab, MakeTimestamp, parse_crontab};
use jiff::Timestamp;

use crate::cron::CronPeer;

/// `Crontab::find_next`.
pub struct Cronexpr;

impl CronPeer for Cronexpr {
    const NAME: &'static str = "cronexpr";
    const PACKAGE: &'static str = "cronexpr";

    type Zone = ();
    type Schedule = Crontab;
    type Instant = Timestamp;

    fn zone(_name: &str) -> Result<(), String> {
        Ok(())
    }

    fn writing(expression: &str, zone: &str) -> String {
        format!("{expression} {zone}")
    }

    fn parse(text: &str, _zone: &()) -> Result<Crontab, String> {
        parse_crontab(text).map_err(|error| error.to_string())
    }

    fn instant(epoch_second: i64, _zone: &()) -> Timestamp {
        Timestamp::from_second(epoch_second).expect("within jiff's range")
    }

    fn epoch_second(instant: &Timestamp) -> i64 {
        instant.as_second()
    }

    fn next_after(schedule: &Crontab, after: &Timestamp) -> Option<Timestamp> {
        // It has no other way to say "never" than the error for its end of patience, four years.
        schedule.find_next(MakeTimestamp(*after)).ok().map(|next| next.timestamp())
    }

    fn walk(schedule: &Crontab, after: &Timestamp, steps: usize) -> Option<Timestamp> {
        let fires = schedule.iter_after(MakeTimestamp(*after)).ok()?;
        fires.map_while(Result::ok).take(steps).last().map(|last| last.timestamp())
    }
}
