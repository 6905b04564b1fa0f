//! Zones by name, and back.

use jiff::fmt::temporal::{DateTimeParser, DateTimePrinter};
use jiff::tz::{self, TimeZone};

use crate::Error;
use crate::near::nearest;

/// An IANA name, a fixed offset or a POSIX rule.
pub(crate) fn parse_zone(name: &str) -> Result<TimeZone, Error> {
    static PARSER: DateTimeParser = DateTimeParser::new();
    PARSER.parse_time_zone(name).map_err(|_| unknown(name))
}

/// Text that [`parse_zone`] reads back; `None` for a zone without a name, or with one that nobody
/// else knows.
pub(crate) fn zone_text(zone: &TimeZone) -> Option<String> {
    static PRINTER: DateTimePrinter = DateTimePrinter::new();
    PRINTER.time_zone_to_string(zone).ok().filter(|name| parse_zone(name).is_ok())
}

fn unknown(name: &str) -> Error {
    let known: Vec<String> = tz::db().available().map(|name| name.to_string()).collect();
    let problem = match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => format!("unknown time zone `{name}`, perhaps `{near}`?"),
        None => format!("unknown time zone `{name}`"),
    };
    let allowed = "an IANA name such as `Europe/Berlin`, or an offset such as `+02:00`";
    Error::new(name, 0..name.len(), problem, allowed)
}
