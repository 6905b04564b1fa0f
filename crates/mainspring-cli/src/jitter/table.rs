//! Shows lateness to people: percentiles, and a histogram in the terminal; and to programs.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use mainspring_timer::Isolation;
use serde_json::json;

use super::measure::Series;
use crate::problem::style;

pub(super) fn write(out: &mut impl Write, all: &[Series]) -> io::Result<()> {
    let bold = style().bold();
    for (index, group) in all.chunk_by(|one, next| one.period == next.period).enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        writeln!(out, "{bold}Every {}{bold:#}: how late a tick is", short(group[0].period))?;
        percentiles(out, group)?;
        writeln!(out)?;
        histogram(out, group)?;
    }
    Ok(())
}

fn percentiles(out: &mut impl Write, group: &[Series]) -> io::Result<()> {
    let dim = style().dimmed();
    writeln!(
        out,
        "{dim}{:<12} {:>7} {:>9} {:>9} {:>9} {:>9} {:>9} {:>12}{dim:#}",
        "", "ticks", "p50", "p99", "p99.9", "max", "lead", "drift"
    )?;
    for series in group {
        let told = series.lateness.summary();
        writeln!(
            out,
            "{:<12} {:>7} {:>9} {:>9} {:>9} {:>9} {:>9} {:>8.1} ppm",
            series.timer.name(),
            told.count,
            short(told.p50),
            short(told.p99),
            short(told.p999),
            short(told.max),
            if told.lead.is_zero() { "–".to_owned() } else { short(told.lead) },
            told.drift_ppm,
        )?;
    }
    Ok(())
}

/// The finest step; the next ones are twice as long each.
const FINEST: Duration = Duration::from_nanos(250);
const BAR: usize = 14;

/// One line for each step of lateness, one column for each timer.
fn histogram(out: &mut impl Write, group: &[Series]) -> io::Result<()> {
    let dim = style().dimmed();
    let columns: Vec<BTreeMap<Duration, u64>> =
        group.iter().map(|series| series.lateness.steps(FINEST).into_iter().collect()).collect();
    let steps = columns.iter().flat_map(|column| column.iter().filter(|(_, count)| **count > 0));
    let steps: Vec<Duration> = steps.map(|(end, _)| *end).collect();
    let (Some(first), Some(last)) = (steps.iter().min(), steps.iter().max()) else {
        return Ok(());
    };
    let mut head = format!("{:>12}", "up to");
    for series in group {
        head.push_str(&format!("  {:<width$}", series.timer.name(), width = BAR + 7));
    }
    writeln!(out, "{dim}{}{dim:#}", head.trim_end())?;
    let mut end = *first;
    while end <= *last {
        let mut line = format!("{:>12}", short(end));
        for (series, column) in group.iter().zip(&columns) {
            let count = column.get(&end).copied().unwrap_or(0);
            let share = count as f64 / series.lateness.summary().count.max(1) as f64;
            let percent =
                if count == 0 { String::new() } else { format!("{:.1} %", share * 100.0) };
            line.push_str(&format!("  {:<BAR$}{percent:>7}", bar(share)));
        }
        writeln!(out, "{}", line.trim_end())?;
        end *= 2;
    }
    Ok(())
}

/// A bar whose full width is all of the ticks, in eighths of a character.
fn bar(share: f64) -> String {
    const EIGHTHS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
    let eighths = (share * (BAR * 8) as f64).ceil() as usize;
    let mut bar = "█".repeat(eighths / 8);
    if !eighths.is_multiple_of(8) {
        bar.push(EIGHTHS[eighths % 8]);
    }
    bar
}

/// One JSON object; times are in nanoseconds.
pub(super) fn json(series: &Series) -> String {
    let told = series.lateness.summary();
    let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    json!({
        "period_ns": nanos(series.period),
        "timer": series.timer.name(),
        "ticks": told.count,
        "missed": told.missed,
        "p50_ns": nanos(told.p50),
        "p99_ns": nanos(told.p99),
        "p999_ns": nanos(told.p999),
        "max_ns": nanos(told.max),
        "lead_ns": nanos(told.lead),
        "drift_ppm": told.drift_ppm,
    })
    .to_string()
}

pub(super) fn write_isolation(out: &mut impl Write, isolation: Isolation) -> io::Result<()> {
    match isolation {
        Isolation::RealTime { priority } => {
            writeln!(out, "on a thread of its own, with real-time priority {priority}")
        }
        Isolation::ShortSlice(slice) => {
            writeln!(out, "on a thread of its own, in slices of {}", short(slice))
        }
        Isolation::Raised => writeln!(out, "on a thread of its own, with a raised priority"),
        _ => writeln!(out, "on a thread of its own; the system grants it nothing more"),
    }
}

/// Three digits and a unit: `83 ns`, `1.25 µs`, `16.4 ms`, `2 s`.
pub(super) fn short(time: Duration) -> String {
    let nanos = time.as_nanos() as f64;
    let (value, unit) = match nanos {
        n if n < 1e3 => (n, "ns"),
        n if n < 1e6 => (n / 1e3, "µs"),
        n if n < 1e9 => (n / 1e6, "ms"),
        n => (n / 1e9, "s"),
    };
    let digits = match value {
        v if v >= 99.95 => 0,
        v if v >= 9.995 => 1,
        _ => 2,
    };
    let number = format!("{value:.digits$}");
    let number = match number.contains('.') {
        true => number.trim_end_matches('0').trim_end_matches('.'),
        false => &number,
    };
    format!("{number} {unit}")
}

#[cfg(test)]
mod tests {
    use super::{bar, short};
    use std::time::Duration;

    #[test]
    fn times_are_short() {
        let told = [83, 1_250, 16_384_000, 2_000_000_000, 0, 256_000, 999_999]
            .map(|nanos| short(Duration::from_nanos(nanos)));
        assert_eq!(told, ["83 ns", "1.25 µs", "16.4 ms", "2 s", "0 ns", "256 µs", "1000 µs"]);
    }

    #[test]
    fn a_bar_is_never_longer_than_all_and_never_empty_for_some() {
        assert_eq!(bar(0.0), "");
        assert_eq!(bar(1.0), "█".repeat(14));
        assert_eq!(bar(0.5), "█".repeat(7));
        assert_eq!(bar(0.0001), "▏");
    }
}
