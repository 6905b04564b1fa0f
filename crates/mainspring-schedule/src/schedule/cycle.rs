//! The beats of a cycle: every point of a grid, with nothing before the first.
//!
//! Nanoseconds in 128 bits: no interval that a `Duration` holds, counted from any instant there is,
//! overflows.

use std::time::Duration;

use jiff::Timestamp;

/// The points `phase + k·step` for every whole k, from `first` on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beats {
    phase_ns: i128,
    step_ns: i128,
    first_ns: i128,
}

impl Beats {
    /// `first`, `first + step`, and so on.
    pub(super) fn starting_at(first: Timestamp, step: Duration) -> Self {
        Self::on_grid(first.as_nanosecond(), step, 0)
    }

    /// The same from `anchor + step` on.
    pub(super) fn after(anchor: Timestamp, step: Duration) -> Self {
        Self::on_grid(anchor.as_nanosecond(), step, 1)
    }

    /// The grid through `phase`, in both directions.
    pub(super) fn through(phase: Timestamp, step: Duration) -> Self {
        Self { first_ns: i128::MIN, ..Self::on_grid(phase.as_nanosecond(), step, 0) }
    }

    fn on_grid(phase_ns: i128, step: Duration, skipped: i128) -> Self {
        let step_ns = nanoseconds(step);
        Self { phase_ns, step_ns, first_ns: phase_ns + skipped * step_ns }
    }

    /// The first beat strictly after `after`.
    pub(super) fn next_after(self, after: Timestamp) -> Option<Timestamp> {
        let steps = (after.as_nanosecond() - self.phase_ns).div_euclid(self.step_ns) + 1;
        instant((self.phase_ns + steps * self.step_ns).max(self.first_ns))
    }

    /// The last beat strictly before `before`.
    pub(super) fn previous_before(self, before: Timestamp) -> Option<Timestamp> {
        let steps = (before.as_nanosecond() - 1 - self.phase_ns).div_euclid(self.step_ns);
        let beat_ns = self.phase_ns + steps * self.step_ns;
        if beat_ns < self.first_ns { None } else { instant(beat_ns) }
    }

    /// The `n`th beat from the first (1 is the first itself), were nothing excluded; it may lie
    /// beyond the end of time.
    pub(super) fn nth_ns(self, n: u32) -> i128 {
        self.first_ns + (i128::from(n) - 1) * self.step_ns
    }

    /// How many beats lie in `from_ns..to_ns`.
    pub(super) fn count_in(self, from_ns: i128, to_ns: i128) -> i128 {
        let before = |end_ns: i128| {
            let distance = end_ns - self.first_ns;
            if distance <= 0 { 0 } else { (distance - 1) / self.step_ns + 1 }
        };
        (before(to_ns) - before(from_ns)).max(0)
    }
}

/// `None` beyond the first and the last instant there is.
pub(super) fn instant(nanoseconds: i128) -> Option<Timestamp> {
    Timestamp::from_nanosecond(nanoseconds).ok()
}

/// A `Duration` has less than 2^94 nanoseconds.
pub(super) fn nanoseconds(duration: Duration) -> i128 {
    i128::from(duration.as_secs()) * 1_000_000_000 + i128::from(duration.subsec_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn beats_begin_at_the_first() {
        let beats = Beats::starting_at(at(100), seconds(7));
        assert_eq!(beats.next_after(at(-5)), Some(at(100)));
        assert_eq!(beats.next_after(at(100)), Some(at(107)));
        assert_eq!(beats.next_after(at(106)), Some(at(107)));
        assert_eq!(beats.previous_before(at(108)), Some(at(107)));
        assert_eq!(beats.previous_before(at(107)), Some(at(100)));
        assert_eq!(beats.previous_before(at(100)), None);
    }

    #[test]
    fn an_anchor_is_not_a_beat() {
        let beats = Beats::after(at(100), seconds(7));
        assert_eq!(beats.next_after(at(0)), Some(at(107)));
        assert_eq!(beats.next_after(at(100)), Some(at(107)));
        assert_eq!(beats.previous_before(at(107)), None);
    }

    #[test]
    fn a_grid_without_a_first_goes_both_ways() {
        let beats = Beats::through(at(0), seconds(7));
        assert_eq!(beats.next_after(at(0)), Some(at(7)));
        assert_eq!(beats.previous_before(at(0)), Some(at(-7)));
    }

    #[test]
    fn the_ends_of_time_and_the_longest_interval_are_none() {
        for step in [Duration::MAX, seconds(1), Duration::from_nanos(1)] {
            for phase in [Timestamp::MIN, at(0), Timestamp::MAX] {
                let beats = Beats::through(phase, step);
                assert_eq!(beats.next_after(Timestamp::MAX), None);
                assert_eq!(beats.previous_before(Timestamp::MIN), None);
            }
        }
        assert_eq!(Beats::through(at(0), Duration::MAX).next_after(at(0)), None);
        assert_eq!(Beats::after(Timestamp::MAX, Duration::MAX).next_after(at(0)), None);
    }

    #[test]
    fn beats_in_a_stretch_are_counted() {
        let beats = Beats::starting_at(at(10), seconds(5));
        let count = |from: i64, to: i64| {
            beats.count_in(i128::from(from) * 1_000_000_000, i128::from(to) * 1_000_000_000)
        };
        assert_eq!(count(0, 10), 0);
        assert_eq!(count(0, 11), 1);
        assert_eq!(count(10, 20), 2);
        assert_eq!(count(11, 15), 0);
        assert_eq!(count(30, 20), 0);
    }
}
