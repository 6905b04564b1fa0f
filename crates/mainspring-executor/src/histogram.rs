//! Counts durations by their logarithm.

use std::cell::Cell;
use std::time::Duration;

const STEP_BITS: u32 = 3;
const STEPS: usize = 1 << STEP_BITS;
const BUCKETS: usize = (u64::BITS - STEP_BITS + 1) as usize * STEPS;

/// What the loop writes: one bucket per eighth of a power of two.
#[derive(Debug)]
pub(crate) struct Recorder {
    buckets: Box<[Cell<u64>]>,
    sum_ns: Cell<u64>,
    max_ns: Cell<u64>,
}

/// A distribution of durations, exact to an eighth.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Histogram {
    /// Lower bound in nanoseconds and count of each bucket that is not empty, in ascending order.
    buckets: Vec<(u64, u64)>,
    count: u64,
    sum_ns: u64,
    max_ns: u64,
}

impl Recorder {
    pub(crate) fn new() -> Self {
        Self {
            buckets: vec![Cell::new(0); BUCKETS].into(),
            sum_ns: Cell::new(0),
            max_ns: Cell::new(0),
        }
    }

    /// Counts `times` durations of `ns` each.
    #[inline]
    pub(crate) fn record(&self, ns: u64, times: u64) {
        let bucket = &self.buckets[bucket_of(ns)];
        bucket.set(bucket.get() + times);
        self.sum_ns.set(self.sum_ns.get().saturating_add(ns.saturating_mul(times)));
        if ns > self.max_ns.get() {
            self.max_ns.set(ns);
        }
    }

    pub(crate) fn snapshot(&self) -> Histogram {
        let counts = self.buckets.iter().map(Cell::get).enumerate();
        Histogram {
            buckets: counts
                .filter(|(_, count)| *count > 0)
                .map(|(bucket, count)| (floor_of(bucket), count))
                .collect(),
            count: self.buckets.iter().map(Cell::get).sum(),
            sum_ns: self.sum_ns.get(),
            max_ns: self.max_ns.get(),
        }
    }
}

impl Histogram {
    /// How many durations were counted.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their mean; zero if there are none.
    pub fn mean(&self) -> Duration {
        Duration::from_nanos(self.sum_ns.checked_div(self.count).unwrap_or(0))
    }

    /// The longest, exactly.
    pub fn max(&self) -> Duration {
        Duration::from_nanos(self.max_ns)
    }

    /// The duration that `share` of them (0 to 1) do not exceed, rounded down by an eighth at most;
    /// zero if there are none.
    pub fn quantile(&self, share: f64) -> Duration {
        let wanted = (share.clamp(0.0, 1.0) * self.count as f64).ceil() as u64;
        let mut seen = 0;
        for &(floor, count) in &self.buckets {
            seen += count;
            if seen >= wanted {
                return Duration::from_nanos(floor);
            }
        }
        self.max()
    }

    /// The buckets that are not empty: from how long on, and how many.
    pub fn buckets(&self) -> impl Iterator<Item = (Duration, u64)> + '_ {
        self.buckets.iter().map(|&(floor, count)| (Duration::from_nanos(floor), count))
    }
}

#[inline]
fn bucket_of(ns: u64) -> usize {
    if ns < STEPS as u64 {
        return ns as usize;
    }
    let power = ns.ilog2() - STEP_BITS;
    (power as usize + 1) * STEPS + (ns >> power) as usize - STEPS
}

fn floor_of(bucket: usize) -> u64 {
    match bucket / STEPS {
        0 => bucket as u64,
        power => ((STEPS + bucket % STEPS) as u64) << (power - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_an_eighth_wide_and_leave_no_gap() {
        let samples = (0..200u64).chain((3..64).flat_map(|bit| {
            let power = 1u64 << bit;
            [power - 1, power, power + 1, power + power / 2]
        }));
        for ns in samples.chain([u64::MAX]) {
            let bucket = bucket_of(ns);
            assert!(bucket < BUCKETS);
            let floor = floor_of(bucket);
            assert!(floor <= ns && ns - floor <= ns / 8, "{ns} is in the bucket from {floor}");
            if bucket + 1 < BUCKETS {
                assert!(ns < floor_of(bucket + 1), "{ns} belongs into a later bucket");
            }
        }
    }

    #[test]
    fn quantiles_mean_and_maximum() {
        let recorder = Recorder::new();
        recorder.record(1_000, 90);
        recorder.record(1_000_000, 9);
        recorder.record(5_000_000, 1);
        let histogram = recorder.snapshot();
        assert_eq!(histogram.count(), 100);
        assert_eq!(histogram.max(), Duration::from_millis(5));
        assert_eq!(histogram.mean(), Duration::from_nanos((90_000 + 9_000_000 + 5_000_000) / 100));
        let near = |found: Duration, ns: u64| {
            let found = found.as_nanos() as u64;
            assert!(found <= ns && ns - found <= ns / 8, "{found} is not {ns}");
        };
        near(histogram.quantile(0.5), 1_000);
        near(histogram.quantile(0.9), 1_000);
        near(histogram.quantile(0.95), 1_000_000);
        near(histogram.quantile(1.0), 5_000_000);
        assert_eq!(Recorder::new().snapshot().quantile(0.5), Duration::ZERO);
    }
}
