//! Ticks by a timer that the kernel repeats by itself.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::counted::Counted;
use crate::driver::{Backend, Driver};
use crate::sys;

/// A timer that repeats in the kernel and is never armed again.
///
/// Each tick tells how many periods have passed since the last one: who falls behind gets the count,
/// not a burst. The first tick comes one period after it was made.
///
/// | system | repeated by |
/// |---|---|
/// | Linux, Android, macOS and kin, the BSDs | the kernel; it takes a descriptor of its own |
/// | others, and on a [`Driver`] that was named | arithmetic on that driver; it has to be armed for each tick |
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use mainspring_timer::PeriodicInterval;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let mut beat = PeriodicInterval::new(Duration::from_millis(1))?;
/// std::thread::sleep(Duration::from_millis(3)); // this task is busy elsewhere
/// assert!(beat.tick().await? >= 3);
/// # Ok(())
/// # }
/// ```
pub struct PeriodicInterval {
    period: Duration,
    timer: Timer,
}

enum Timer {
    Kernel(sys::Ticker),
    Counted(Counted),
}

impl PeriodicInterval {
    /// Begins to tick.
    ///
    /// # Errors
    /// `InvalidInput` if the period is zero; `Unsupported` outside a runtime and in one whose driver
    /// is off; the kernel's own error if it refuses a timer.
    pub fn new(period: Duration) -> io::Result<Self> {
        check(period)?;
        match sys::Ticker::new(period)? {
            Some(ticker) => Ok(Self { period, timer: Timer::Kernel(ticker) }),
            None => Self::on(&Driver::new(Backend::Auto)?, period),
        }
    }

    /// Begins to tick on this driver, and so on its clock.
    ///
    /// # Errors
    /// `InvalidInput` if the period is zero.
    pub fn on(driver: &Driver, period: Duration) -> io::Result<Self> {
        check(period)?;
        let mut counted = Counted::new(driver.clone());
        counted.arm(driver.after(period), Some(period));
        Ok(Self { period, timer: Timer::Counted(counted) })
    }

    /// The time from one tick to the next.
    pub fn period(&self) -> Duration {
        self.period
    }

    /// Waits for the next tick and returns how many there were since the last, at least one.
    ///
    /// Never early.
    ///
    /// # Cancel safety
    /// Dropping the future loses no tick: the count is taken when it is returned.
    ///
    /// # Errors
    /// If the runtime in which it was made has gone.
    pub async fn tick(&mut self) -> io::Result<u64> {
        poll_fn(|cx| self.poll_tick(cx)).await
    }

    /// Polls for the next tick, as [`tick`](Self::tick).
    ///
    /// # Errors
    /// As [`tick`](Self::tick).
    pub fn poll_tick(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        match &mut self.timer {
            Timer::Kernel(ticker) => ticker.poll_tick(cx),
            Timer::Counted(counted) => counted.poll(cx).map(Ok),
        }
    }
}

fn check(period: Duration) -> io::Result<()> {
    match period.is_zero() {
        true => Err(io::Error::new(io::ErrorKind::InvalidInput, "the period is zero")),
        false => Ok(()),
    }
}

impl fmt::Debug for PeriodicInterval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeriodicInterval").field("period", &self.period).finish_non_exhaustive()
    }
}
