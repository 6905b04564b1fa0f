//! Shows an answer to people: the description, and a line per time with what daylight saving does.

use std::io::{self, Write};

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use mainspring_schedule::{Schedule, Transition};

use super::answer::Answer;
use crate::problem::style;

pub(super) fn write(out: &mut impl Write, answer: &Answer) -> io::Result<()> {
    let bold = style().bold();
    writeln!(out, "{bold}{}{bold:#}", answer.schedule.describe())?;
    write_times(out, answer)
}

/// The times alone.
pub(super) fn write_times(out: &mut impl Write, answer: &Answer) -> io::Result<()> {
    let dim = style().dimmed();
    if answer.times.is_empty() {
        return writeln!(out, "  never");
    }
    let zone = answer.schedule.zone();
    for &at in &answer.times {
        let there = at.to_zoned(zone.clone());
        let (time, utc) = (there.strftime("%a %Y-%m-%d %H:%M:%S%.f %:z"), at);
        write!(out, "  {time}  {dim}{utc}{dim:#}")?;
        if let Some(mark) = mark(&answer.schedule, at, &there, zone) {
            let yellow = anstyle::AnsiColor::Yellow.on_default();
            write!(out, "  {yellow}{mark}{yellow:#}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn mark(schedule: &Schedule, at: Timestamp, there: &Zoned, zone: &TimeZone) -> Option<String> {
    let time = there.strftime("%H:%M");
    match schedule.as_cron()?.transition_at(at, zone)? {
        Transition::Moved { written } => {
            let written = written.strftime("%H:%M");
            Some(format!("moved: there is no {written}, clocks go forward"))
        }
        Transition::FirstPass => Some(format!("first of two {time}, clocks go back")),
        Transition::SecondPass => Some(format!("second of two {time}, clocks go back")),
        _ => None,
    }
}
