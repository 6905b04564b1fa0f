//! Learns how late this machine wakes.
//!
//! For each length of sleep, in powers of two, two running quantiles of the lateness. A sample above
//! the estimate pulls it up, one below pulls it down, each by a share of the estimate such that it
//! comes to rest where the wanted share of samples is below: no history, and no outlier counts for
//! more than one step.
//!
//! Units: nanoseconds. Updates from several threads may overwrite each other: then a sample is lost.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::Precision;

/// The share of wakes that a lead covers, in per mille.
const COMPENSATED: u32 = 500;
const EXACT: u32 = 800;

/// Lengths from 1 µs and below to 2 s and above.
const LENGTHS: usize = 22;

#[derive(Default)]
pub(crate) struct Leads {
    lengths: [Lateness; LENGTHS],
}

#[derive(Default)]
struct Lateness {
    compensated: AtomicU32,
    exact: AtomicU32,
}

/// A class of sleeps of similar length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Length(u8);

impl Length {
    pub(crate) fn of(sleep: Duration) -> Self {
        let micros = u64::try_from(sleep.as_micros()).unwrap_or(u64::MAX);
        Self(micros.checked_ilog2().unwrap_or(0).min(LENGTHS as u32 - 1) as u8)
    }
}

impl Leads {
    /// How much ahead to arm a timer for a sleep of this length.
    pub(crate) fn lead(&self, length: Length, precision: Precision) -> Duration {
        let lateness = &self.lengths[usize::from(length.0)];
        let learned = match precision {
            Precision::Kernel => return Duration::ZERO,
            Precision::Compensated => &lateness.compensated,
            Precision::Exact { .. } => &lateness.exact,
        };
        Duration::from_nanos(learned.load(Ordering::Relaxed).into()).min(precision.max_spin())
    }

    /// Learns from a wake that was `late` after the moment it was armed for.
    pub(crate) fn learn(&self, length: Length, late: Duration) {
        let late = u32::try_from(late.as_nanos()).unwrap_or(u32::MAX);
        let lateness = &self.lengths[usize::from(length.0)];
        for (quantile, share) in [(&lateness.compensated, COMPENSATED), (&lateness.exact, EXACT)] {
            let estimate = quantile.load(Ordering::Relaxed);
            quantile.store(moved(estimate, late, share), Ordering::Relaxed);
        }
    }
}

/// The estimate one step nearer to the quantile; the first sample is the first estimate.
fn moved(estimate: u32, sample: u32, share: u32) -> u32 {
    const FIRST_MAX: u32 = 1_000_000;
    if estimate == 0 {
        return sample.clamp(1, FIRST_MAX);
    }
    let step = (estimate / 8).max(64);
    if sample > estimate {
        estimate.saturating_add(step * share / 1000).min(FIRST_MAX)
    } else {
        estimate.saturating_sub(step * (1000 - share) / 1000).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::{EXACT, Leads, Length, moved};
    use crate::Precision;
    use std::time::Duration;

    /// Samples of a skewed distribution, in nanoseconds: mostly near 40 µs, some far above.
    fn samples() -> impl Iterator<Item = u32> {
        let mut seed = 1_u32;
        std::iter::repeat_with(move || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let within = seed >> 16;
            if within.is_multiple_of(50) { 3_000_000 } else { 35_000 + within % 10_000 }
        })
    }

    #[test]
    fn an_estimate_comes_to_rest_near_its_quantile() {
        let mut estimate = 0;
        let mut below = 0;
        for (index, sample) in samples().take(20_000).enumerate() {
            if index >= 1_000 && sample <= estimate {
                below += 1;
            }
            estimate = moved(estimate, sample, EXACT);
        }
        let share = below * 1000 / 19_000;
        assert!((730..=870).contains(&share), "{share} per mille are covered, {EXACT} are wanted");
    }

    #[test]
    fn a_lead_is_learned_per_length_and_never_above_what_may_be_spun() {
        let leads = Leads::default();
        let (short, long) = (Duration::from_micros(100), Duration::from_millis(10));
        for _ in 0..100 {
            leads.learn(Length::of(short), Duration::from_micros(28));
            leads.learn(Length::of(long), Duration::from_micros(83));
        }
        let exact = |micros| Precision::Exact { max_spin: Duration::from_micros(micros) };
        let near = |lead: Duration, micros: u64| lead.as_micros().abs_diff(micros.into()) < 12;
        assert!(near(leads.lead(Length::of(short), exact(1_000)), 28));
        assert!(near(leads.lead(Length::of(long), exact(1_000)), 83));
        assert_eq!(leads.lead(Length::of(long), exact(5)), Duration::from_micros(5));
        assert_eq!(leads.lead(Length::of(long), Precision::Kernel), Duration::ZERO);
    }

    #[test]
    fn nothing_learned_is_no_lead() {
        let lead =
            Leads::default().lead(Length::of(Duration::from_millis(1)), Precision::Compensated);
        assert_eq!(lead, Duration::ZERO);
    }

    #[test]
    fn every_length_has_a_class() {
        for sleep in
            [Duration::ZERO, Duration::from_nanos(1), Duration::from_secs(60), Duration::MAX]
        {
            Leads::default().learn(Length::of(sleep), Duration::MAX);
        }
    }
}
