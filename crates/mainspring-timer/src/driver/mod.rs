//! Holds all timers of a runtime on one kernel timer.

mod current;
mod lead;
mod queue;
mod shared;
mod wait;

use std::fmt;
use std::future::IntoFuture;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use mainspring_clock::{Clock, ManualClock, SystemClock, WallClock};
use tokio::time::Instant;

use crate::{Alarm, ClockChanges, Interval, IntervalBuilder, Sleep, Timeout, sys};

pub(crate) use current::{current, current_or_thread};
pub(crate) use shared::far_away;
pub(crate) use wait::Wait;

use shared::{Shared, Source};

/// Which kind of timer carries a [`Driver`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Backend {
    /// The system's own timer, where it has one; tokio's clock while that is paused.
    #[default]
    Auto,
    /// The system's own timer, or an error; a paused clock is not looked at.
    Os,
    /// `tokio::time`, to the millisecond, on every platform; follows a paused clock.
    Portable,
}

/// All timers of a runtime, on one kernel timer.
///
/// A runtime gets its driver when the first timer is made in it, and everybody shares it: a million
/// timers take one descriptor. It runs inside the runtime's own I/O driver, without a task or a
/// thread. Further drivers are made here: one of your own ([`new`](Self::new)), a dedicated thread
/// ([`thread`](Self::thread)), or a clock that a test turns ([`manual`](Self::manual)).
///
/// Clones are the same driver. It goes when the last clone and the last timer have gone.
///
/// # Examples
///
/// An hour passes at once:
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use mainspring_clock::ManualClock;
/// use mainspring_timer::Driver;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
/// let driver = Driver::manual(&clock);
///
/// let hour = tokio::spawn(driver.sleep(Duration::from_secs(3600)));
/// clock.run_for(Duration::from_secs(3600)).await;
/// hour.await.unwrap();
/// # }
/// ```
#[derive(Clone)]
pub struct Driver {
    shared: Arc<Shared>,
}

impl Driver {
    /// The driver of the runtime that this is called in, made at the first call.
    ///
    /// # Errors
    /// Outside a runtime; in a runtime whose I/O driver is off (tokio then says so on standard error
    /// too); when descriptors have run out.
    pub fn current() -> io::Result<Self> {
        current()
    }

    /// A driver of one's own, in the runtime that this is called in.
    ///
    /// With [`Backend::Os`] or [`Backend::Auto`] it takes a descriptor where timers are descriptors.
    ///
    /// # Errors
    /// As [`current`](Self::current); with [`Backend::Portable`], in a runtime whose time driver is
    /// off.
    pub fn new(backend: Backend) -> io::Result<Self> {
        Shared::in_runtime(backend).map(|shared| Self { shared })
    }

    /// A driver that is a thread of its own; it needs no runtime.
    ///
    /// For runtimes that are too busy to wait for timers in time, or whose I/O driver is off. Always
    /// on the machine's clock, paused or not. On Windows a thread of the system's pool serves.
    ///
    /// # Errors
    /// If the system refuses a thread.
    pub fn thread() -> io::Result<Self> {
        let shared =
            Shared::new(Source::Machine, |waker| Ok(Box::new(sys::ThreadTimer::new(waker)?)))?;
        Ok(Self { shared })
    }

    /// A driver on a clock that is turned by hand; it needs no runtime.
    pub fn manual(clock: &ManualClock) -> Self {
        let shared = Shared::new(Source::Manual(clock.clone()), |waker| {
            Ok(Box::new(sys::turned::TurnedTimer::new(clock.clone(), waker)))
        });
        Self { shared: shared.expect("a manual clock asks the system for nothing") }
    }

    /// The present instant on this driver's clock.
    pub fn now(&self) -> Instant {
        self.shared.now()
    }

    /// As [`sleep`](crate::sleep), on this driver.
    pub fn sleep(&self, duration: Duration) -> Sleep {
        self.sleep_until(self.after(duration))
    }

    /// As [`sleep_until`](crate::sleep_until), on this driver.
    pub fn sleep_until(&self, deadline: Instant) -> Sleep {
        Sleep::on(self.clone(), deadline)
    }

    /// As [`timeout`](crate::timeout), on this driver.
    pub fn timeout<F: IntoFuture>(&self, duration: Duration, future: F) -> Timeout<F::IntoFuture> {
        Timeout::on(self.sleep(duration), future)
    }

    /// As [`timeout_at`](crate::timeout_at), on this driver.
    pub fn timeout_at<F: IntoFuture>(
        &self,
        deadline: Instant,
        future: F,
    ) -> Timeout<F::IntoFuture> {
        Timeout::on(self.sleep_until(deadline), future)
    }

    /// As [`interval`](crate::interval), on this driver.
    ///
    /// # Panics
    /// If `period` is zero.
    #[track_caller]
    pub fn interval(&self, period: Duration) -> Interval {
        self.interval_at(self.now(), period)
    }

    /// As [`interval_at`](crate::interval_at), on this driver.
    ///
    /// # Panics
    /// If `period` is zero.
    #[track_caller]
    pub fn interval_at(&self, start: Instant, period: Duration) -> Interval {
        match self.interval_builder(period).start(start).build() {
            Ok(interval) => interval,
            Err(error) => panic!("{error}"),
        }
    }

    /// Begins to build an interval on this driver.
    pub fn interval_builder(&self, period: Duration) -> IntervalBuilder {
        Interval::builder(period).driver(self)
    }

    /// An alarm on this driver: on a manual clock that one's wall clock; on any other the machine's,
    /// compared with the monotonic one, without a descriptor.
    pub fn alarm(&self, at: SystemTime) -> Alarm {
        Alarm::on(self, at)
    }

    /// As [`clock_changes`](crate::clock_changes), heard as [`alarm`](Self::alarm) does.
    pub fn clock_changes(&self) -> ClockChanges {
        ClockChanges::on(self)
    }

    /// How many timers are waiting now.
    pub fn waiting(&self) -> usize {
        self.shared.waiting()
    }

    /// As [`time_asleep`](crate::time_asleep); on a manual clock, none.
    pub fn time_asleep(&self) -> Duration {
        if self.manual_clock().is_some() { Duration::ZERO } else { sys::time_asleep() }
    }

    pub(crate) fn manual_clock(&self) -> Option<&ManualClock> {
        self.shared.manual_clock()
    }

    /// `duration` from now; a time too far away to be an instant is decades away instead.
    pub(crate) fn after(&self, duration: Duration) -> Instant {
        let now = self.now();
        now.checked_add(duration).unwrap_or_else(|| far_away(now))
    }
}

impl Clock for Driver {
    fn now(&self) -> std::time::Instant {
        Self::now(self).into_std()
    }
}

/// The machine's wall clock, or the manual one's.
impl WallClock for Driver {
    fn wall_now(&self) -> SystemTime {
        self.manual_clock().map_or_else(|| SystemClock.wall_now(), WallClock::wall_now)
    }
}

impl PartialEq for Driver {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

impl Eq for Driver {}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").field("waiting", &self.waiting()).finish_non_exhaustive()
    }
}
