//! Reads tokio's clock, which is the machine's unless a test has paused it.
//!
//! The one file of this crate that asks tokio for the time.

use std::time::Duration;

use mainspring_clock::{Clock, SystemClock};
use tokio::time::Instant;

/// The present instant on the clock by which timers of this runtime go.
///
/// Outside a runtime, and in one whose clock was never paused, that is the machine's monotonic clock.
///
/// ```
/// use std::time::Duration;
/// use mainspring_timer::{now, sleep};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let before = now();
/// sleep(Duration::from_micros(250)).await;
/// assert!(now() - before >= Duration::from_micros(250));
/// # }
/// ```
pub fn now() -> Instant {
    tokio_now()
}

#[expect(clippy::disallowed_methods, reason = "a paused clock can only be asked of tokio")]
pub(crate) fn tokio_now() -> Instant {
    Instant::now()
}

/// The present instant, or `None` if tokio's clock shows something else than the machine's: it is
/// paused, or has been.
pub(crate) fn tokio_now_unless_astray() -> Option<Instant> {
    let before = SystemClock.now();
    let now = tokio_now();
    let ahead = now.into_std().checked_duration_since(before)?;
    // A third reading only where a preemption, or a clock that was advanced, must be told apart.
    let is_close = ahead < Duration::from_micros(10);
    (is_close || now.into_std() <= SystemClock.now()).then_some(now)
}
