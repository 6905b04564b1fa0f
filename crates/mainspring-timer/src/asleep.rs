//! Tells how long the machine has slept.

use std::time::Duration;

use crate::sys;

/// How long the machine has slept since it was started, as far as [`Instant`](std::time::Instant) does
/// not count it; to a few microseconds.
///
/// The monotonic clock stands still while a Linux or Android machine is suspended. Added to it, this
/// makes a clock that goes on (`CLOCK_BOOTTIME`): what the wall clock did beyond that, it was set.
/// Elsewhere it is zero: Windows counts sleep anyway, and of the others the machine cannot be asked.
///
/// ```
/// use mainspring_timer::time_asleep;
///
/// let before = time_asleep();
/// // … the lid is closed, and opened again …
/// let slept = time_asleep().saturating_sub(before);
/// # assert!(slept.as_secs() < 1);
/// ```
pub fn time_asleep() -> Duration {
    sys::time_asleep()
}
