//! Decides when the next tick is due after one that came late.
//!
//! Pure arithmetic on instants.

use std::time::Duration;

use tokio::time::Instant;

use crate::driver::far_away;

/// What an interval does about ticks that were missed.
///
/// A tick is missed when it is taken more than 5 ms after it was due, or, with periods below that,
/// after the next one was due. Smaller delays change nothing: they are the machine's, not yours, and
/// each tick is due one period after the one before it.
///
/// ```text
/// due      |         |         |         |         |         |
/// Burst    | work ---|      delay        || work --| work ---|
/// Delay    | work ---|      delay        | work ---| work ---|    (each one period after the last)
/// Skip     | work ---|      delay        |work-|   | work ---|    (on the old beat)
/// ```
///
/// Converts from and to tokio's type of the same name, and compares with it.
///
/// ```
/// use mainspring_timer::MissedTickBehavior;
///
/// let theirs = tokio::time::MissedTickBehavior::Skip;
/// assert_eq!(MissedTickBehavior::from(theirs), MissedTickBehavior::Skip);
/// ```
// Exhaustive, as tokio's is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MissedTickBehavior {
    /// Ticks that were missed come at once, until the interval has caught up.
    #[default]
    Burst,
    /// The next tick comes one period after the late one was taken: the beat is moved.
    Delay,
    /// Missed ticks are left out: the next one is the first of the old beat that is still ahead.
    Skip,
}

impl MissedTickBehavior {
    /// When the tick after the one that was `due` is due, if that one is taken `now`.
    pub(crate) fn next(self, due: Instant, now: Instant, period: Duration) -> Instant {
        let late = now.saturating_duration_since(due);
        let on_the_beat = || due.checked_add(period).unwrap_or_else(|| far_away(now));
        if late <= Duration::from_millis(5) && late < period {
            return on_the_beat();
        }
        match self {
            Self::Burst => on_the_beat(),
            Self::Delay => now.checked_add(period).unwrap_or_else(|| far_away(now)),
            Self::Skip => {
                let ahead = period.as_nanos() - late.as_nanos() % period.as_nanos();
                let seconds = u64::try_from(ahead / 1_000_000_000).unwrap_or(u64::MAX);
                let ahead = Duration::new(seconds, (ahead % 1_000_000_000) as u32);
                now.checked_add(ahead).unwrap_or_else(|| far_away(now))
            }
        }
    }
}

impl From<tokio::time::MissedTickBehavior> for MissedTickBehavior {
    fn from(theirs: tokio::time::MissedTickBehavior) -> Self {
        match theirs {
            tokio::time::MissedTickBehavior::Burst => Self::Burst,
            tokio::time::MissedTickBehavior::Delay => Self::Delay,
            tokio::time::MissedTickBehavior::Skip => Self::Skip,
        }
    }
}

impl From<MissedTickBehavior> for tokio::time::MissedTickBehavior {
    fn from(ours: MissedTickBehavior) -> Self {
        match ours {
            MissedTickBehavior::Burst => Self::Burst,
            MissedTickBehavior::Delay => Self::Delay,
            MissedTickBehavior::Skip => Self::Skip,
        }
    }
}

impl PartialEq<tokio::time::MissedTickBehavior> for MissedTickBehavior {
    fn eq(&self, theirs: &tokio::time::MissedTickBehavior) -> bool {
        *self == Self::from(*theirs)
    }
}

impl PartialEq<MissedTickBehavior> for tokio::time::MissedTickBehavior {
    fn eq(&self, ours: &MissedTickBehavior) -> bool {
        ours == self
    }
}

#[cfg(test)]
mod tests {
    use super::MissedTickBehavior::{self, Burst, Delay, Skip};
    use mainspring_clock::{Clock, ManualClock};
    use std::time::{Duration, SystemTime};
    use tokio::time::Instant;

    /// The next tick, in microseconds after the one that was due, of an interval of `period_us` that
    /// is `late_us` late.
    #[track_caller]
    fn check(missed: MissedTickBehavior, period_us: u64, late_us: u64, next_us: u64) {
        let due = Instant::from(ManualClock::new(SystemTime::UNIX_EPOCH).now());
        let us = Duration::from_micros;
        let next = missed.next(due, due + us(late_us), us(period_us));
        assert_eq!(next - due, us(next_us), "{missed:?}");
    }

    #[test]
    fn a_tick_in_time_is_followed_on_the_beat() {
        for missed in [Burst, Delay, Skip] {
            check(missed, 300_000, 0, 300_000);
            check(missed, 300_000, 5_000, 300_000);
            check(missed, 1_000, 999, 1_000);
            check(missed, 5_000, 4_999, 5_000);
        }
    }

    #[test]
    fn burst_stays_on_the_beat_however_late() {
        check(Burst, 300_000, 650_000, 300_000);
        check(Burst, 1_000, 1_000_000, 1_000);
    }

    #[test]
    fn delay_moves_the_beat_once_a_tick_was_missed() {
        check(Delay, 300_000, 5_001, 305_001);
        check(Delay, 300_000, 650_000, 950_000);
        check(Delay, 1_000, 1_000, 2_000);
        check(Delay, 1_000, 2_400, 3_400);
    }

    #[test]
    fn skip_lands_on_the_next_beat() {
        check(Skip, 300_000, 5_001, 300_000);
        check(Skip, 300_000, 350_000, 600_000);
        check(Skip, 1_000, 1_500, 2_000);
    }

    #[test]
    fn skip_at_an_exact_multiple_is_one_period_ahead_and_not_due_again() {
        check(Skip, 300_000, 300_000, 600_000);
        check(Skip, 300_000, 900_000, 1_200_000);
        check(Skip, 1_000, 4_000, 5_000);
    }

    #[test]
    fn periods_without_an_end_are_decades() {
        let due = Instant::from(ManualClock::new(SystemTime::UNIX_EPOCH).now());
        for missed in [Burst, Delay, Skip] {
            for late in [Duration::ZERO, Duration::from_secs(100)] {
                let next = missed.next(due, due + late, Duration::MAX);
                assert!(next - due > Duration::from_secs(86_400 * 365 * 10), "{missed:?}");
            }
        }
    }
}
