//! Asks the machine's own clocks.

use std::time::{Instant, SystemTime};

use crate::{Clock, WallClock};

/// The machine's clocks: `Instant` for [`Clock`], `SystemTime` for [`WallClock`].
///
/// ```
/// use mainspring_clock::{Clock, SystemClock};
///
/// let before = SystemClock.now();
/// assert!(SystemClock.now() >= before);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the machine is asked")]
    fn now(&self) -> Instant {
        Instant::now()
    }
}

impl WallClock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the machine is asked")]
    fn wall_now(&self) -> SystemTime {
        SystemTime::now()
    }
}
