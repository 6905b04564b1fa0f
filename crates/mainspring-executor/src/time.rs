//! Reads the clock as nanoseconds since the executor was built.

use std::time::{Duration, Instant};

use mainspring_clock::Clock;

/// The executor's one clock.
pub(crate) struct Time {
    clock: Box<dyn Clock>,
    start: Instant,
}

/// How often the loop reads the clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClockReads {
    /// After 1, 4 or 16 polls of a queue, so that two readings lie about two microseconds apart, and
    /// whenever another queue has its turn.
    ///
    /// What a queue has used is exact; what one of several short polls has used is their mean. After
    /// many short polls, up to fifteen long ones may pass before the first is noticed.
    #[default]
    Adaptive,
    /// After every poll.
    EveryPoll,
}

impl Time {
    pub(crate) fn new(clock: Box<dyn Clock>) -> Self {
        let start = clock.now();
        Self { clock, start }
    }

    #[inline]
    pub(crate) fn now_ns(&self) -> u64 {
        self.ns_of(self.clock.now())
    }

    /// Rounded down to zero before the start, and to the end of time after it.
    #[inline]
    pub(crate) fn ns_of(&self, instant: Instant) -> u64 {
        let since = instant.saturating_duration_since(self.start);
        since.as_secs().saturating_mul(1_000_000_000).saturating_add(since.subsec_nanos().into())
    }
}

pub(crate) fn ns(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
