//! Decides whether and when a failed attempt is tried again.
//!
//! # Ground rules
//! - Pure: randomness is an argument, a number that the caller draws.
//! - A pause is counted from the end of the failed attempt, and is never shorter than said.

use std::time::Duration;

/// How often a run is tried, and how long it pauses in between.
///
/// ```
/// use std::time::Duration;
/// use mainspring_job::Retry;
///
/// let retry = Retry::exponential(Duration::from_secs(1), Duration::from_secs(60)).attempts(5);
/// assert_eq!(retry.pause_after(1, u64::MAX), Some(Duration::from_secs(1)));
/// assert_eq!(retry.pause_after(3, u64::MAX), Some(Duration::from_secs(4)));
/// assert_eq!(retry.pause_after(3, u64::MAX / 2), Some(Duration::from_secs(2)), "full jitter");
/// assert_eq!(retry.pause_after(5, 0), None, "five attempts are all");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    attempts: u32,
    pub(crate) backoff: Backoff,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backoff {
    Fixed(Duration),
    /// Doubles from `base` to `max`; the pause is drawn evenly from zero to that.
    Exponential {
        base: Duration,
        max: Duration,
    },
}

impl Retry {
    /// One attempt, no second one.
    pub fn never() -> Self {
        Self { attempts: 1, backoff: Backoff::Fixed(Duration::ZERO) }
    }

    /// Three attempts, `pause` apart, unless [`attempts`](Self::attempts) says otherwise.
    pub fn fixed(pause: Duration) -> Self {
        Self { attempts: 3, backoff: Backoff::Fixed(pause) }
    }

    /// Three attempts, unless [`attempts`](Self::attempts) says otherwise; before the n-th retry a
    /// pause between zero and `base · 2ⁿ⁻¹`, at most `max`.
    ///
    /// The "full jitter" of Brooker, "Exponential Backoff And Jitter" (2015): of the usual ways the
    /// one with the least work when many clients fail at once.
    pub fn exponential(base: Duration, max: Duration) -> Self {
        Self { attempts: 3, backoff: Backoff::Exponential { base, max } }
    }

    /// At most so many attempts in all; 0 counts as 1.
    pub fn attempts(self, attempts: u32) -> Self {
        Self { attempts: attempts.max(1), ..self }
    }

    /// The most attempts that a run gets.
    pub fn attempts_max(&self) -> u32 {
        self.attempts
    }

    /// How long to pause after attempt number `attempt` (from 1) failed; `None` if it was the last.
    ///
    /// `random` is an even draw from all of `u64`.
    pub fn pause_after(&self, attempt: u32, random: u64) -> Option<Duration> {
        if attempt >= self.attempts {
            return None;
        }
        Some(match self.backoff {
            Backoff::Fixed(pause) => pause,
            Backoff::Exponential { base, max } => {
                let doublings = attempt.saturating_sub(1).min(31);
                let ceiling = base.saturating_mul(1 << doublings).min(max);
                share_of(ceiling, random)
            }
        })
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self::never()
    }
}

/// `random / u64::MAX` of `whole`, rounded up.
fn share_of(whole: Duration, random: u64) -> Duration {
    let nanos = whole.as_nanos().min(u128::from(u64::MAX)) as u64;
    let share = (u128::from(nanos) * u128::from(random)).div_ceil(u128::from(u64::MAX));
    Duration::from_nanos(share as u64)
}

#[cfg(test)]
mod tests {
    use super::Retry;
    use std::time::Duration;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn fixed_pauses_end_with_the_attempts() {
        let retry = Retry::fixed(SECOND).attempts(4);
        let pauses: Vec<_> = (1..=5).map(|attempt| retry.pause_after(attempt, 7)).collect();
        assert_eq!(pauses, [Some(SECOND), Some(SECOND), Some(SECOND), None, None]);
    }

    #[test]
    fn never_means_one_attempt() {
        assert_eq!(Retry::never().pause_after(1, 0), None);
        assert_eq!(Retry::fixed(SECOND).attempts(0).pause_after(1, 0), None);
    }

    #[test]
    fn exponential_pauses_double_up_to_the_maximum() {
        let retry = Retry::exponential(SECOND, 10 * SECOND).attempts(u32::MAX);
        let ceilings: Vec<_> =
            (1..=6).filter_map(|attempt| retry.pause_after(attempt, u64::MAX)).collect();
        assert_eq!(ceilings, [1, 2, 4, 8, 10, 10].map(|seconds| seconds * SECOND));
        assert_eq!(retry.pause_after(1_000_000, u64::MAX), Some(10 * SECOND));
        assert_eq!(retry.pause_after(6, 0), Some(Duration::ZERO));
    }

    #[test]
    fn the_largest_durations_do_not_overflow() {
        let retry = Retry::exponential(Duration::MAX, Duration::MAX).attempts(u32::MAX);
        assert_eq!(retry.pause_after(77, u64::MAX), Some(Duration::from_nanos(u64::MAX)));
    }
}
