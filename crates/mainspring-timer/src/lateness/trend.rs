//! Fits a line to lateness over the time at which ticks were due: its slope is the drift.
//!
//! Least squares, so that one late tick at either end does not count as a drift. Means and sums of
//! products are kept, no ticks.

use std::time::Duration;

use tokio::time::Instant;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Trend {
    /// Times are counted from here.
    origin: Option<Instant>,
    count: f64,
    mean_due: f64,
    mean_late: f64,
    /// Sums of products of distances from the means.
    due_due: f64,
    due_late: f64,
}

impl Trend {
    pub(super) fn record(&mut self, due: Instant, late: Duration) {
        let origin = *self.origin.get_or_insert(due);
        let one = Self {
            origin: self.origin,
            count: 1.0,
            mean_due: seconds(origin, due),
            mean_late: late.as_secs_f64(),
            ..Self::default()
        };
        self.add(&one);
    }

    pub(super) fn add(&mut self, other: &Self) {
        let Some(theirs) = other.origin else { return };
        let origin = *self.origin.get_or_insert(theirs);
        let other_due = other.mean_due + seconds(origin, theirs);
        let count = self.count + other.count;
        let (due, late) = (other_due - self.mean_due, other.mean_late - self.mean_late);
        let weight = self.count * other.count / count;
        self.due_due += other.due_due + due * due * weight;
        self.due_late += other.due_late + due * late * weight;
        self.mean_due += due * other.count / count;
        self.mean_late += late * other.count / count;
        self.count = count;
    }

    /// By how much lateness grows with time; zero where there is nothing to tell it from.
    pub(super) fn slope(&self) -> f64 {
        if self.due_due > 0.0 { self.due_late / self.due_due } else { 0.0 }
    }
}

fn seconds(from: Instant, to: Instant) -> f64 {
    match to.checked_duration_since(from) {
        Some(after) => after.as_secs_f64(),
        None => -from.duration_since(to).as_secs_f64(),
    }
}

#[cfg(test)]
mod tests {
    use super::Trend;
    use mainspring_clock::{Clock, ManualClock};
    use std::time::{Duration, SystemTime};
    use tokio::time::Instant;

    const MS: Duration = Duration::from_millis(1);

    fn start() -> Instant {
        ManualClock::new(SystemTime::UNIX_EPOCH).now().into()
    }

    /// Of pairs of when a tick was due, in milliseconds, and how late it was, in nanoseconds.
    fn of(start: Instant, ticks: impl Iterator<Item = (u32, u32)>) -> Trend {
        let mut trend = Trend::default();
        for (due_ms, late_ns) in ticks {
            trend.record(start + MS * due_ms, Duration::from_nanos(late_ns.into()));
        }
        trend
    }

    #[test]
    fn a_slope_is_found_and_one_late_tick_is_none() {
        assert_eq!(of(start(), [].into_iter()).slope(), 0.0);
        assert_eq!(of(start(), [(5, 1)].into_iter()).slope(), 0.0);
        let steady = of(start(), (0..1000).map(|ms| (ms, 40_000 + ms * 20)));
        assert!((steady.slope() - 20e-6).abs() < 1e-9, "{steady:?}");
        // Ten milliseconds at the end would be 10,000 ppm from end to end.
        let late =
            of(start(), (0..1000).map(|ms| (ms, if ms == 999 { 10_000_000 } else { 40_000 })));
        assert!(late.slope() < 100e-6, "{late:?}");
    }

    #[test]
    fn trends_add_up_in_any_order() {
        let start = start();
        let part = |from: u32, to: u32| of(start, (from..to).map(|ms| (ms, ms * ms % 977 + ms)));
        let whole = part(0, 900);
        let mut sum = part(600, 900);
        sum.add(&part(0, 250));
        sum.add(&Trend::default());
        sum.add(&part(250, 600));
        assert!((sum.slope() / whole.slope() - 1.0).abs() < 1e-6, "{sum:?} {whole:?}");
    }
}
