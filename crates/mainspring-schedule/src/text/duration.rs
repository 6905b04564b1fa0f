//! Durations as people write them (`1h30m`, `90 minutes`, `2d`), exactly.

use std::time::Duration;

use jiff::fmt::friendly::{Designator, Spacing, SpanParser, SpanPrinter};
use jiff::{SignedDuration, Span, SpanRelativeTo};

use crate::Error;

/// A day is 24 hours here: cycles do not know the calendar.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, Error> {
    static PARSER: SpanParser = SpanParser::new();
    if let Ok(duration) = PARSER.parse_unsigned_duration(text) {
        return Ok(duration);
    }
    let days = SpanRelativeTo::days_are_24_hours();
    text.parse::<Span>()
        .and_then(|span| span.to_duration(days))
        .ok()
        .and_then(|duration: SignedDuration| Duration::try_from(duration).ok())
        .ok_or_else(|| {
            let problem = format!("`{text}` is not a duration");
            Error::new(text, 0..text.len(), problem, "a duration such as `90s`, `15m` or `1h30m`")
        })
}

/// Text that [`parse_duration`] reads back.
pub(crate) fn duration_text(duration: Duration) -> String {
    static PRINTER: SpanPrinter =
        SpanPrinter::new().designator(Designator::HumanTime).spacing(Spacing::None);
    PRINTER.unsigned_duration_to_string(&duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_form_is_written() {
        let check = |duration: Duration, text: &str| {
            assert_eq!(duration_text(duration), text);
            assert_eq!(parse_duration(text).unwrap(), duration);
        };
        check(Duration::from_secs(900), "15m");
        check(Duration::from_secs(5400), "1h30m");
        check(Duration::from_secs(86_400 * 3), "72h");
        check(Duration::from_millis(1500), "1s500ms");
        check(Duration::from_nanos(1), "1ns");
        check(Duration::MAX, "5124095576030431h15s999ms999us999ns");
    }

    #[test]
    fn many_forms_are_read() {
        for text in ["90m", "1.5h", "1h 30m", "90 minutes", "1 hour 30 minutes", "PT90M", "5400s"] {
            assert_eq!(parse_duration(text).unwrap(), Duration::from_secs(5400), "{text}");
        }
        assert_eq!(parse_duration("2d").unwrap(), Duration::from_secs(2 * 86_400));
        for text in ["", "15", "m", "-5m", "5 m ago", "1mo", "1e3s", "99999999999999999999h"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
