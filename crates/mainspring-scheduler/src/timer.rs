//! Waits for instants, on either clock; the scheduler decides which.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant, SystemTime};

use mainspring_clock::{Clock, ManualClock, SystemClock, WallClock};

/// A wait in progress.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Both clocks, and a way to wait for them.
///
/// Open for implementation: a runtime of another kind is one `impl` away.
pub trait Timer: Clock + WallClock + Send + Sync + 'static {
    /// Completes once the monotonic clock shows `deadline` or later; never before.
    fn sleep_until(&self, deadline: Instant) -> Sleep;

    /// Completes once the wall clock shows `at` or later, however often the clock is set meanwhile.
    ///
    /// It may complete early, when the clock was set: the caller looks at the clock again.
    fn alarm(&self, at: SystemTime) -> Sleep;
}

/// The machine's clocks, waited for with `tokio::time`.
///
/// Precise to tokio's millisecond, late by up to two. When the wall clock is set forward an alarm
/// notices within 30 seconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokioTimer;

/// tokio waits on the monotonic clock alone, so a wall clock that was set is noticed only by looking.
const LOOK_AT_THE_WALL_CLOCK_EVERY: Duration = Duration::from_secs(30);

impl Clock for TokioTimer {
    fn now(&self) -> Instant {
        SystemClock.now()
    }
}

impl WallClock for TokioTimer {
    fn wall_now(&self) -> SystemTime {
        SystemClock.wall_now()
    }
}

impl Timer for TokioTimer {
    fn sleep_until(&self, deadline: Instant) -> Sleep {
        Box::pin(tokio::time::sleep_until(deadline.into()))
    }

    fn alarm(&self, at: SystemTime) -> Sleep {
        Box::pin(async move {
            while let Ok(left) = at.duration_since(SystemClock.wall_now()) {
                if left.is_zero() {
                    return;
                }
                tokio::time::sleep(left.min(LOOK_AT_THE_WALL_CLOCK_EVERY)).await;
            }
        })
    }
}

impl Timer for ManualClock {
    fn sleep_until(&self, deadline: Instant) -> Sleep {
        let wait = self.wait_until(deadline);
        Box::pin(async move {
            wait.await;
        })
    }

    fn alarm(&self, at: SystemTime) -> Sleep {
        let wait = self.wait_until_wall(at);
        Box::pin(async move {
            wait.await;
        })
    }
}
