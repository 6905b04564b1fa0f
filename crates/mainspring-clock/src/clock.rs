//! Names the two questions that a clock can answer.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

/// Answers "how long?": a monotonic clock.
///
/// Implementations never go back: a later call returns the same instant or a later one.
/// Whether time goes on while the machine sleeps is up to the system (Linux: no).
///
/// ```
/// use std::time::{Duration, Instant};
/// use mainspring_clock::{Clock, SystemClock};
///
/// /// Whether `patience` has passed since `begun`.
/// fn is_over(clock: &impl Clock, begun: Instant, patience: Duration) -> bool {
///     clock.now().saturating_duration_since(begun) >= patience
/// }
/// assert!(!is_over(&SystemClock, SystemClock.now(), Duration::from_secs(3600)));
/// ```
pub trait Clock {
    /// The present instant.
    fn now(&self) -> Instant;
}

/// Answers "what o'clock?": a clock that can be set, forward and back, at any moment.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use mainspring_clock::{ManualClock, WallClock};
///
/// /// Seconds since midnight, UTC.
/// fn time_of_day(clock: &impl WallClock) -> u64 {
///     clock.wall_now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs() % 86_400)
/// }
/// let noon = ManualClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(12 * 3600));
/// assert_eq!(time_of_day(&noon), 43_200);
/// ```
pub trait WallClock {
    /// The present wall-clock time.
    fn wall_now(&self) -> SystemTime;
}

impl<C: Clock + ?Sized> Clock for &C {
    fn now(&self) -> Instant {
        (**self).now()
    }
}

impl<C: WallClock + ?Sized> WallClock for &C {
    fn wall_now(&self) -> SystemTime {
        (**self).wall_now()
    }
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> Instant {
        (**self).now()
    }
}

impl<C: WallClock + ?Sized> WallClock for Arc<C> {
    fn wall_now(&self) -> SystemTime {
        (**self).wall_now()
    }
}
