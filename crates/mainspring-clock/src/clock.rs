//! Names the two questions that a clock can answer.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

/// Answers "how long?": a monotonic clock.
///
/// Implementations never go back: a later call returns the same instant or a later one.
/// Whether time goes on while the machine sleeps is up to the system (Linux: no).
pub trait Clock {
    /// The present instant.
    fn now(&self) -> Instant;
}

/// Answers "what o'clock?": a clock that can be set, forward and back, at any moment.
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
