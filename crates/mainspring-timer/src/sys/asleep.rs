//! Linux and Android: compares the clock that stands still with the one that does not.

use std::time::Duration;

use rustix::time::{ClockId, Timespec, clock_gettime};

pub(crate) fn time_asleep() -> Duration {
    // In this order, so that a preemption in between makes it too long and not too short: what is too
    // long by less than a jump detector's tolerance does nothing.
    let awake = clock_gettime(ClockId::Monotonic);
    let all = clock_gettime(ClockId::Boottime);
    since_start(all).saturating_sub(since_start(awake))
}

fn since_start(at: Timespec) -> Duration {
    Duration::try_from(at).unwrap_or_default()
}
