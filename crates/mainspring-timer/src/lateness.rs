//! Records how late ticks are taken.

use std::fmt;
use std::time::Duration;

use hdrhistogram::Histogram;
use tokio::time::Instant;

use crate::Tick;

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
    first: Option<Tick>,
    last: Option<Tick>,
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
    /// Parts per million by which the time between the ticks as taken is longer than between the
    /// ticks as due. Over a long run it goes to zero, unless the beat falls ever further behind.
    pub drift_ppm: f64,
}

impl Lateness {
    /// An empty record.
    pub fn new() -> Self {
        let histogram = Histogram::new_with_max(HOUR, 3).expect("an hour, to three digits");
        Self { histogram, missed: 0, first: None, last: None }
    }

    /// Takes a tick in.
    pub fn record(&mut self, tick: &Tick) {
        self.record_at(tick.scheduled, tick.at);
        self.missed = self.missed.saturating_add(tick.missed);
        self.first.get_or_insert(*tick);
        self.last = Some(*tick);
    }

    /// Takes in something that was due at `scheduled` and happened `at`.
    pub fn record_at(&mut self, scheduled: Instant, at: Instant) {
        let late = at.saturating_duration_since(scheduled).as_nanos();
        self.histogram.saturating_record(u64::try_from(late).unwrap_or(HOUR));
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
            drift_ppm: self.drift_ppm(),
        }
    }

    /// How many ticks were so late, in steps that grow twofold from `finest`: pairs of the step's
    /// upper end and the count.
    pub fn steps(&self, finest: Duration) -> Vec<(Duration, u64)> {
        let finest = u64::try_from(finest.as_nanos()).unwrap_or(HOUR).max(1);
        let steps = self.histogram.iter_log(finest, 2.0);
        steps
            .map(|step| {
                let end = Duration::from_nanos(step.value_iterated_to());
                (end, step.count_since_last_iteration())
            })
            .collect()
    }

    /// Adds what another record holds.
    pub fn add(&mut self, other: &Self) {
        self.histogram.add(&other.histogram).expect("all records have the same bounds");
        self.missed = self.missed.saturating_add(other.missed);
    }

    fn drift_ppm(&self) -> f64 {
        let (Some(first), Some(last)) = (self.first, self.last) else { return 0.0 };
        let due = last.scheduled.saturating_duration_since(first.scheduled).as_secs_f64();
        let taken = last.at.saturating_duration_since(first.at).as_secs_f64();
        if due > 0.0 { (taken - due) / due * 1e6 } else { 0.0 }
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
        let Self { count, missed, p50, p99, p999, max, drift_ppm } = self;
        write!(
            f,
            "{count} ticks, {missed} missed, p50 {p50:?}, p99 {p99:?}, p99.9 {p999:?}, max {max:?}, \
             drift {drift_ppm:+.1} ppm"
        )
    }
}
