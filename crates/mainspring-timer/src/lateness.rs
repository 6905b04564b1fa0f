//! Records how late ticks are taken.

mod trend;

use std::fmt;
use std::time::Duration;

use hdrhistogram::Histogram;
use tokio::time::Instant;

use crate::Tick;
use trend::Trend;

/// A record of lateness: percentiles, the worst, and the drift of the beat.
///
/// Lateness is kept in nanoseconds, to three digits, up to an hour; beyond that it counts as an hour.
/// Memory is some 30 kB, whatever the number of ticks.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use mainspring_clock::ManualClock;
/// use mainspring_timer::{Driver, Lateness};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
/// let mut beat = Driver::manual(&clock).interval(Duration::from_millis(10));
/// let mut lateness = Lateness::new();
/// for _ in 0..100 {
///     lateness.record(&beat.next_tick().await);
///     clock.advance(Duration::from_micros(10_020)); // 20 µs later each time
/// }
/// let summary = lateness.summary();
/// assert_eq!((summary.count, summary.missed), (100, 0));
/// assert!(summary.p50.as_micros().abs_diff(980) < 10);
/// assert!((summary.drift_ppm - 2000.0).abs() < 0.1);
/// # }
/// ```
#[derive(Clone)]
pub struct Lateness {
    histogram: Histogram<u64>,
    missed: u64,
    lead: Duration,
    trend: Trend,
}

/// What a [`Lateness`] amounts to.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Summary {
    /// Ticks recorded.
    pub count: u64,
    /// Ticks that were due together with a recorded one ([`Tick::missed`]).
    pub missed: u64,
    /// Half of the ticks were at most so late.
    pub p50: Duration,
    /// 99 of 100 ticks were at most so late.
    pub p99: Duration,
    /// 999 of 1,000 ticks were at most so late.
    pub p999: Duration,
    /// The latest tick.
    pub max: Duration,
    /// By how much lateness grows, in parts per million of the time that passes: the slope of a line
    /// through all ticks. A beat that keeps up has none in the long run.
    pub drift_ppm: f64,
    /// How much ahead the kernel was asked for the last tick ([`Tick::lead`]).
    pub lead: Duration,
}

impl Lateness {
    /// An empty record.
    pub fn new() -> Self {
        let histogram = Histogram::new_with_max(HOUR, 3).expect("an hour, to three digits");
        Self { histogram, missed: 0, lead: Duration::ZERO, trend: Trend::default() }
    }

    /// Takes a tick in.
    pub fn record(&mut self, tick: &Tick) {
        self.record_at(tick.scheduled, tick.at);
        self.missed = self.missed.saturating_add(tick.missed);
        self.lead = tick.lead;
    }

    /// Takes in something that was due at `scheduled` and happened `at`.
    pub fn record_at(&mut self, scheduled: Instant, at: Instant) {
        let late = at.saturating_duration_since(scheduled);
        self.histogram.saturating_record(u64::try_from(late.as_nanos()).unwrap_or(HOUR));
        self.trend.record(scheduled, late);
    }

    /// The lateness that `share` of the ticks, from 0 to 1, did not exceed.
    pub fn quantile(&self, share: f64) -> Duration {
        Duration::from_nanos(self.histogram.value_at_quantile(share))
    }

    /// What was recorded so far.
    pub fn summary(&self) -> Summary {
        Summary {
            count: self.histogram.len(),
            missed: self.missed,
            p50: self.quantile(0.5),
            p99: self.quantile(0.99),
            p999: self.quantile(0.999),
            max: Duration::from_nanos(self.histogram.max()),
            drift_ppm: self.trend.slope() * 1e6,
            lead: self.lead,
        }
    }

    /// How many ticks were so late, in steps of which each is twice as long as the one before: each
    /// step's end, `finest` or a multiple of it by a power of two, and its count. The last step is the
    /// last that has any.
    pub fn steps(&self, finest: Duration) -> Vec<(Duration, u64)> {
        let finest = u64::try_from(finest.as_nanos()).unwrap_or(HOUR).max(1);
        let mut steps: Vec<(Duration, u64)> = Vec::new();
        let mut end = finest;
        for value in self.histogram.iter_recorded() {
            while steps.is_empty() || value.value_iterated_to() > end {
                if !steps.is_empty() {
                    end = end.saturating_mul(2);
                }
                steps.push((Duration::from_nanos(end), 0));
            }
            if let Some((_, count)) = steps.last_mut() {
                *count += value.count_at_value();
            }
        }
        steps
    }

    /// Adds what another record holds.
    pub fn add(&mut self, other: &Self) {
        self.histogram.add(&other.histogram).expect("all records have the same bounds");
        self.missed = self.missed.saturating_add(other.missed);
        self.trend.add(&other.trend);
    }
}

const HOUR: u64 = 3_600_000_000_000;

impl Default for Lateness {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Lateness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.summary().fmt(f)
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, missed, p50, p99, p999, max, drift_ppm, lead } = self;
        write!(
            f,
            "{count} ticks, {missed} missed, p50 {p50:?}, p99 {p99:?}, p99.9 {p999:?}, max {max:?}, \
             drift {drift_ppm:+.1} ppm, lead {lead:?}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Lateness;
    use mainspring_clock::{Clock, ManualClock};
    use std::time::{Duration, SystemTime};
    use tokio::time::Instant;

    fn of(late_ns: impl IntoIterator<Item = u64>) -> Lateness {
        let due = Instant::from(ManualClock::new(SystemTime::UNIX_EPOCH).now());
        let mut lateness = Lateness::new();
        for late in late_ns {
            lateness.record_at(due, due + Duration::from_nanos(late));
        }
        lateness
    }

    #[test]
    fn percentiles_are_within_a_thousandth() {
        let told = of((1..=10_000).map(|micro| micro * 1_000)).summary();
        let near = |told: Duration, micros: u64| {
            told.as_micros().abs_diff(u128::from(micros)) <= u128::from(micros) / 1_000 + 1
        };
        assert!(near(told.p50, 5_000) && near(told.p99, 9_900), "{told:?}");
        assert!(near(told.p999, 9_990) && near(told.max, 10_000), "{told:?}");
        assert_eq!(told.count, 10_000);
    }

    #[test]
    fn steps_double_and_leave_nothing_out() {
        let ns = Duration::from_nanos;
        assert_eq!(of([]).steps(ns(250)), []);
        assert_eq!(of([0, 1]).steps(ns(250)), [(ns(250), 2)]);
        let steps = of([10, 240, 260, 499, 1_500]).steps(ns(250));
        assert_eq!(steps, [(ns(250), 2), (ns(500), 2), (ns(1_000), 0), (ns(2_000), 1)]);
    }

    #[test]
    fn records_add_up_and_an_hour_is_the_most() {
        let mut one = of([5]);
        one.add(&of([7_200_000_000_000]));
        let told = one.summary();
        assert_eq!(told.count, 2);
        assert!(told.max >= Duration::from_secs(3_590) && told.max < Duration::from_secs(3_610));
    }
}
