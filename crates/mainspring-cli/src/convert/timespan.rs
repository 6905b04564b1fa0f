//! Lengths of time as systemd writes them: `1h 30min`, `90` (seconds), `2w`.

use std::time::Duration;

use jiff::SignedDuration;
use jiff::fmt::friendly::{Designator, Spacing, SpanPrinter};

/// `None` if it is not one, or never ends.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut nanos: f64 = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number: f64 = rest[..digits].parse().ok()?;
        rest = rest[digits..].trim_start();
        let letters = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
        nanos += number * unit_nanos(&rest[..letters])?;
        rest = rest[letters..].trim_start();
    }
    // A length of time that fits into no number is as good as none.
    (nanos <= u64::MAX as f64).then(|| Duration::from_nanos(nanos.round() as u64))
}

fn unit_nanos(unit: &str) -> Option<f64> {
    const SECOND: f64 = 1e9;
    Some(match unit {
        "usec" | "us" | "µs" | "μs" => 1e3,
        "msec" | "ms" => 1e6,
        "" | "seconds" | "second" | "sec" | "s" => SECOND,
        "minutes" | "minute" | "min" | "m" => 60.0 * SECOND,
        "hours" | "hour" | "hr" | "h" => 3600.0 * SECOND,
        "days" | "day" | "d" => 86_400.0 * SECOND,
        "weeks" | "week" | "w" => 7.0 * 86_400.0 * SECOND,
        // 30.44 and 365.25 days, as systemd.time(7) has it.
        "months" | "month" | "M" => 2_629_800.0 * SECOND,
        "years" | "year" | "y" => 31_557_600.0 * SECOND,
        _ => return None,
    })
}

/// A text for TOML.
pub(super) fn text(duration: Duration) -> String {
    static PRINTER: SpanPrinter =
        SpanPrinter::new().designator(Designator::HumanTime).spacing(Spacing::None);
    PRINTER.duration_to_string(&SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX))
}

#[cfg(test)]
mod tests {
    use super::{parse, text};

    #[test]
    fn what_systemd_reads() {
        for (written, read) in [
            ("90", "1m30s"),
            ("43200", "12h"),
            ("2 h", "2h"),
            ("2hours", "2h"),
            ("1y 12month", "17532h"),
            ("55s500ms", "55s500ms"),
            ("300ms20s 5day", "120h20s300ms"),
            ("1.5h", "1h30m"),
            ("0", "0s"),
        ] {
            assert_eq!(parse(written).map(text).as_deref(), Some(read), "{written}");
        }
        for wrong in ["", "soon", "5 parsecs", "infinity", "-5s", "1..2s", "99999999999y"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
