//! Says how often the clock is read, and in what unit.

use std::time::Duration;

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

pub(crate) fn ns(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
