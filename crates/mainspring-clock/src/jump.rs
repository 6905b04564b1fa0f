//! Tells from two readings of both clocks whether the wall clock was set in between.
//!
//! Between two observations both clocks should have moved by the same amount. What the wall clock
//! moved more, or less, is a jump, unless it is so little that the system's own slewing explains it.
//! Where the monotonic clock stands still while the machine sleeps (Linux, macOS), a sleep is a jump
//! forward too: for a schedule it is the same event.

use std::time::{Duration, Instant, SystemTime};

/// What the wall clock did beyond the time that passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jump {
    /// It was set forward by this much, or the machine slept for this long.
    Forward(Duration),
    /// It was set back by this much.
    Back(Duration),
}

/// Compares the two clocks from one observation to the next.
///
/// Pure arithmetic: it is given every reading.
///
/// ```
/// use std::time::{Duration, Instant, SystemTime};
/// # use mainspring_clock::{Clock, ManualClock, WallClock};
/// use mainspring_clock::{Jump, JumpDetector};
///
/// # let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
/// let (instant, wall) = (clock.now(), clock.wall_now());
/// let mut detector = JumpDetector::new(instant, wall);
///
/// let second = Duration::from_secs(1);
/// assert_eq!(detector.observe(instant + second, wall + 61 * second), Some(Jump::Forward(60 * second)));
/// assert_eq!(detector.observe(instant + 2 * second, wall + 62 * second), None); // told once
/// ```
#[derive(Clone, Debug)]
pub struct JumpDetector {
    instant: Instant,
    wall: SystemTime,
    tolerance: Duration,
}

impl JumpDetector {
    /// Differences up to this are no jump unless [`with_tolerance`](Self::with_tolerance) says
    /// otherwise: reading two clocks takes a moment, and a preempted thread a long one.
    pub const DEFAULT_TOLERANCE: Duration = Duration::from_millis(500);

    /// Begins with one reading of both clocks.
    pub fn new(now: Instant, wall: SystemTime) -> Self {
        Self { instant: now, wall, tolerance: Self::DEFAULT_TOLERANCE }
    }

    /// Takes differences up to `tolerance` for no jump.
    ///
    /// To this comes 1 ms per second passed, twice what `adjtime` may slew a clock by.
    pub fn with_tolerance(self, tolerance: Duration) -> Self {
        Self { tolerance, ..self }
    }

    /// Compares with the last observation, and remembers this one.
    ///
    /// A difference within the tolerance is let go, not added up: a clock that is slewed all day is
    /// right all day.
    pub fn observe(&mut self, now: Instant, wall: SystemTime) -> Option<Jump> {
        let passed = now.saturating_duration_since(self.instant);
        let before = self.wall;
        self.instant = now;
        self.wall = wall;
        let tolerance = self.tolerance.saturating_add(passed / 1000);
        // Where the wall clock would stand had nobody touched it; past the end of time it is `None`
        // and any reading counts as set back.
        let jump = match wall.duration_since(before) {
            Ok(moved) if moved >= passed => Jump::Forward(moved - passed),
            Ok(moved) => Jump::Back(passed - moved),
            Err(back) => Jump::Back(passed.saturating_add(back.duration())),
        };
        let (Jump::Forward(size) | Jump::Back(size)) = jump;
        (size > tolerance).then_some(jump)
    }
}

#[cfg(test)]
mod tests {
    use super::{Jump, JumpDetector};
    use crate::{Clock, ManualClock, WallClock};
    use std::time::{Duration, SystemTime};

    #[track_caller]
    fn check(passed_ms: u64, wall_ms: i64, expected: Option<Jump>) {
        let clock = ManualClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000));
        let (now, wall) = (clock.now(), clock.wall_now());
        let mut detector = JumpDetector::new(now, wall);
        let moved = Duration::from_millis(wall_ms.unsigned_abs());
        let later = if wall_ms < 0 { wall - moved } else { wall + moved };
        assert_eq!(detector.observe(now + Duration::from_millis(passed_ms), later), expected);
    }

    #[test]
    fn clocks_that_move_together_did_not_jump() {
        check(0, 0, None);
        check(1_000, 1_000, None);
        check(86_400_000, 86_400_000, None);
    }

    #[test]
    fn a_small_difference_is_no_jump_and_a_larger_one_is() {
        check(0, 500, None);
        check(0, 501, Some(Jump::Forward(Duration::from_millis(501))));
        check(0, -500, None);
        check(0, -501, Some(Jump::Back(Duration::from_millis(501))));
    }

    #[test]
    fn slewing_over_a_long_time_is_no_jump() {
        check(3_600_000, 3_600_000 + 1_800, None);
        check(3_600_000, 3_600_000 - 1_800, None);
        check(3_600_000, 3_600_000 + 4_101, Some(Jump::Forward(Duration::from_millis(4_101))));
    }

    #[test]
    fn a_wall_clock_that_stood_still_went_back() {
        check(10_000, 0, Some(Jump::Back(Duration::from_secs(10))));
        check(10_000, -5_000, Some(Jump::Back(Duration::from_secs(15))));
    }
}
