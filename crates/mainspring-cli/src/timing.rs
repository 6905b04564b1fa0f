//! Reads schedules as the command line and crontabs have them.

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::TimeZone;
use mainspring_schedule::{Cron, Dialect, Error, Schedule};

/// Reads a schedule. In a dialect, it is a cron expression of that dialect; without one, anything
/// that a schedule can be.
///
/// It is read in `zone`, an IANA name, or else in the system's zone; one that is named in the text
/// itself counts more.
pub(crate) fn read(
    text: &str,
    dialect: Option<Dialect>,
    zone: Option<&str>,
) -> Result<Schedule, Error> {
    let schedule = match dialect {
        // What begins with @ has no dialects.
        Some(dialect) if !text.starts_with('@') => Cron::parse_as(text, dialect)?.into(),
        _ => text.parse::<Schedule>()?,
    };
    if names_zone(text) {
        return Ok(schedule);
    }
    let schedule = match zone {
        Some(zone) => schedule.in_zone(zone)?,
        None => schedule.in_time_zone(system_zone()),
    };
    if schedule.is_cron() && schedule.start().is_none() && schedule.end().is_none() {
        return Ok(schedule);
    }
    // Dates without an offset mean that zone too, and only the reader of the whole text knows them.
    match schedule.zone().iana_name().map(|zone| format!("{text} in {zone}").parse()) {
        Some(Ok(schedule)) => Ok(schedule),
        _ => Ok(schedule),
    }
}

/// Says why a name is no time zone.
pub(crate) fn judge_zone(name: &str) -> Result<(), Error> {
    zone(name).map(drop)
}

/// The zone of that name.
pub(crate) fn zone(name: &str) -> Result<TimeZone, Error> {
    Ok(Schedule::once(Timestamp::UNIX_EPOCH).in_zone(name)?.zone().clone())
}

/// What would be right in the place of what is wrong; may be empty.
pub(crate) fn help(error: &Error) -> String {
    match error.allowed() {
        "" => String::new(),
        allowed => format!("allowed: {allowed}"),
    }
}

/// The name by which people know the schedule's zone.
pub(crate) fn zone_name(zone: &TimeZone) -> String {
    match zone.iana_name() {
        Some(name) => name.to_owned(),
        None => match zone.to_fixed_offset() {
            Ok(offset) => offset.to_string(),
            Err(_) => "the system's zone".to_owned(),
        },
    }
}

/// UTC where the system does not say.
pub(crate) fn system_zone() -> TimeZone {
    let zone = TimeZone::system();
    if zone.is_unknown() { TimeZone::UTC } else { zone }
}

/// Whether a text that is right says `in ZONE` or `CRON_TZ=ZONE`.
pub(crate) fn names_zone(text: &str) -> bool {
    static PARSER: DateTimeParser = DateTimeParser::new();
    if text.starts_with("CRON_TZ=") || text.starts_with("TZ=") {
        return true;
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    // `in january` names none.
    words
        .windows(2)
        .any(|pair| pair[0].eq_ignore_ascii_case("in") && PARSER.parse_time_zone(pair[1]).is_ok())
}
