//! Reads the processor's time stamp counter, which costs a third of asking the system.

use std::time::{Duration, Instant};

use mainspring_clock::{Clock, SystemClock};

/// A monotonic clock on the time stamp counter, where that counter is invariant; elsewhere the
/// system's.
///
/// Worth it where the executor reads the clock after every poll: with [`Las`](crate::Las), with
/// [`ClockReads::EveryPoll`](crate::ClockReads::EveryPoll), or with a stall detector.
///
/// # Precision
/// The counter is calibrated once, when the first of these is made in a process, which takes 10 to
/// 200 ms. From then on it may drift from the system's clock by some millionths: shares do not notice,
/// but do not compare its instants with another clock's over hours.
///
/// ```
/// use mainspring_executor::{Executor, Las};
/// use mainspring_executor::tsc::TscClock;
///
/// let executor =
///     Executor::builder().queue("all", 1, Las::default()).clock(TscClock::new()).build()?;
/// let handle = executor.queue("all")?.spawn(async { 42 });
/// assert_eq!(executor.block_on(handle)??, 42);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct TscClock {
    counter: quanta::Clock,
    /// What the counter showed at `start`.
    origin: u64,
    start: Instant,
}

impl TscClock {
    /// Calibrates the counter if that has not been done in this process.
    pub fn new() -> Self {
        let counter = quanta::Clock::new();
        Self { origin: counter.raw(), start: SystemClock.now(), counter }
    }
}

impl Default for TscClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for TscClock {
    fn now(&self) -> Instant {
        let passed = self.counter.delta_as_nanos(self.origin, self.counter.raw());
        self.start + Duration::from_nanos(passed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_goes_back_and_keeps_up() {
        let clock = TscClock::new();
        let (before, system_before) = (clock.now(), SystemClock.now());
        let mut last = before;
        while SystemClock.now() - system_before < Duration::from_millis(20) {
            let now = clock.now();
            assert!(now >= last);
            last = now;
        }
        let (passed, system) = (clock.now() - before, SystemClock.now() - system_before);
        // Loose: somebody else may have the processor between two readings.
        let off = passed.abs_diff(system);
        assert!(off < Duration::from_millis(10), "{passed:?} instead of {system:?}");
    }
}
