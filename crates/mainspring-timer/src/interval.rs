//! Ticks at a steady beat.

mod builder;

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use tokio::time::Instant;

use crate::driver::{Wait, current_or_thread, far_away};
use crate::{MissedTickBehavior, Precision};

pub use builder::IntervalBuilder;

/// An interval that ticks at once and then every `period`.
///
/// Takes the place of `tokio::time::interval` by a change of the import. Never early; late by what
/// the kernel takes to wake a thread, tens of microseconds ([`Interval::builder`] has finer choices).
/// All intervals of a runtime share one kernel timer.
///
/// # Panics
/// If `period` is zero; outside a tokio runtime, and in one whose I/O driver is off. Where
/// descriptors have run out a thread of the process stands in; [`try_interval`] tells of it instead.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use mainspring_timer::interval;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let mut interval = interval(Duration::from_micros(500));
/// let first = interval.tick().await; // at once
/// let second = interval.tick().await;
/// assert_eq!(second - first, Duration::from_micros(500)); // the instants that were due
/// # }
/// ```
#[track_caller]
pub fn interval(period: Duration) -> Interval {
    assert!(!period.is_zero(), "{}", builder::ZERO_PERIOD);
    let driver = current_or_thread();
    let start = driver.now();
    Interval::with(Wait::from(driver, start), period)
}

/// An interval that ticks at `start` and then every `period`, as [`interval`] does.
///
/// # Panics
/// As [`interval`].
#[track_caller]
pub fn interval_at(start: Instant, period: Duration) -> Interval {
    assert!(!period.is_zero(), "{}", builder::ZERO_PERIOD);
    Interval::with(Wait::from(current_or_thread(), start), period)
}

/// As [`interval`], where a zero period or a missing runtime or descriptor is an error.
///
/// # Errors
/// As [`IntervalBuilder::build`].
pub fn try_interval(period: Duration) -> io::Result<Interval> {
    Interval::builder(period).build()
}

/// As [`interval_at`], where a zero period or a missing runtime or descriptor is an error.
///
/// # Errors
/// As [`IntervalBuilder::build`].
pub fn try_interval_at(start: Instant, period: Duration) -> io::Result<Interval> {
    Interval::builder(period).start(start).build()
}

/// A steady beat: what [`interval`] and [`interval_at`] return.
///
/// Also a [`Stream`] of the instants that were due; it never ends.
#[derive(Debug)]
pub struct Interval {
    wait: Wait,
    period: Duration,
    missed: MissedTickBehavior,
    ticked: u64,
}

/// One beat of an [`Interval`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tick {
    /// The instant at which it was due.
    pub scheduled: Instant,
    /// The instant at which it was taken.
    pub at: Instant,
    /// How many of the following ticks were due too by then. `Burst` delivers them next; `Delay`
    /// and `Skip` leave them out, if more than 5 ms were lost.
    pub missed: u64,
    /// Ticks taken before this one.
    pub index: u64,
    /// How much ahead of its instant the kernel was asked for it, from what was learned of this
    /// machine; zero with [`Precision::Kernel`](crate::Precision::Kernel).
    pub lead: Duration,
}

impl Tick {
    /// How late it was taken.
    pub fn lateness(&self) -> Duration {
        self.at.saturating_duration_since(self.scheduled)
    }
}

impl Interval {
    /// Begins to build an interval with more than a period and a start.
    pub fn builder(period: Duration) -> IntervalBuilder {
        IntervalBuilder::new(period)
    }

    fn with(wait: Wait, period: Duration) -> Self {
        Self { wait, period, missed: MissedTickBehavior::default(), ticked: 0 }
    }

    /// Waits for the next tick and returns the instant at which it was *due*.
    ///
    /// Never early. A tick that is due already comes at once, but takes from the task's budget, so
    /// that an interval which catches up does not starve the tasks beside it.
    ///
    /// # Cancel safety
    /// Dropping the future loses no tick: the beat moves only when a tick is returned.
    pub async fn tick(&mut self) -> Instant {
        poll_fn(|cx| self.poll_tick(cx)).await
    }

    /// Waits for the next tick and returns all that is known of it.
    ///
    /// # Cancel safety
    /// As [`tick`](Self::tick).
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use mainspring_clock::ManualClock;
    /// use mainspring_timer::Driver;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
    /// let mut interval = Driver::manual(&clock).interval(Duration::from_secs(5));
    /// interval.tick().await;
    ///
    /// clock.advance(Duration::from_secs(12)); // two ticks became due
    /// let tick = interval.next_tick().await;
    /// assert_eq!((tick.index, tick.missed), (1, 1));
    /// assert_eq!(tick.lateness(), Duration::from_secs(7));
    /// # }
    /// ```
    pub async fn next_tick(&mut self) -> Tick {
        poll_fn(|cx| self.poll_next_tick(cx)).await
    }

    /// Polls for the next tick; the instant is the one at which it was due.
    ///
    /// On `Pending` the task of the last poll is woken when the tick is due; on `Ready` nothing is
    /// registered.
    pub fn poll_tick(&mut self, cx: &mut Context<'_>) -> Poll<Instant> {
        self.poll_next_tick(cx).map(|tick| tick.scheduled)
    }

    /// Polls for the next tick, as [`poll_tick`](Self::poll_tick).
    pub fn poll_next_tick(&mut self, cx: &mut Context<'_>) -> Poll<Tick> {
        let at = ready!(self.wait.poll(cx, self.period));
        let scheduled = self.wait.deadline();
        let lead = self.wait.armed_ahead();
        self.wait.set_deadline(self.missed.next(scheduled, at, self.period));
        let late = at.saturating_duration_since(scheduled);
        let missed = match late < self.period {
            true => 0,
            false => {
                let missed = late.as_nanos() / self.period.as_nanos();
                u64::try_from(missed).unwrap_or(u64::MAX)
            }
        };
        let index = self.ticked;
        self.ticked += 1;
        Poll::Ready(Tick { scheduled, at, missed, index, lead })
    }

    /// The time from one tick to the next.
    pub fn period(&self) -> Duration {
        self.period
    }

    /// Changes the period from the tick after the next one on: what is being waited for stays due
    /// when it is. Follow it by [`reset`](Self::reset) to begin at once.
    ///
    /// # Panics
    /// If `period` is zero.
    pub fn set_period(&mut self, period: Duration) {
        assert!(!period.is_zero(), "{}", builder::ZERO_PERIOD);
        self.period = period;
    }

    /// What is done about missed ticks.
    pub fn missed_tick_behavior(&self) -> MissedTickBehavior {
        self.missed
    }

    /// Changes what is done about missed ticks; tokio's type will do too.
    pub fn set_missed_tick_behavior(&mut self, behavior: impl Into<MissedTickBehavior>) {
        self.missed = behavior.into();
    }

    /// How close to its deadline it ticks.
    pub fn precision(&self) -> Precision {
        self.wait.precision()
    }

    /// By how much it may be late, so that many timers tick in one wake.
    pub fn slack(&self) -> Duration {
        self.wait.slack()
    }

    /// How much ahead of its ticks it is armed now, from what was learned of this machine.
    pub fn lead(&self) -> Duration {
        self.wait.lead(self.period)
    }

    /// The time until the next tick is due; zero if it is.
    pub fn remaining(&self) -> Duration {
        self.wait.deadline().saturating_duration_since(self.wait.now())
    }

    /// The next tick comes one period from now.
    pub fn reset(&mut self) {
        self.reset_after(self.period);
    }

    /// The next tick comes now.
    pub fn reset_immediately(&mut self) {
        self.reset_at(self.wait.now());
    }

    /// The next tick comes `after` from now.
    pub fn reset_after(&mut self, after: Duration) {
        let now = self.wait.now();
        self.reset_at(now.checked_add(after).unwrap_or_else(|| far_away(now)));
    }

    /// The next tick comes at `deadline`, and the others follow from there.
    pub fn reset_at(&mut self, deadline: Instant) {
        self.wait.set_deadline(deadline);
    }
}

impl Stream for Interval {
    type Item = Instant;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Instant>> {
        self.poll_tick(cx).map(Some)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::MAX, None)
    }
}
