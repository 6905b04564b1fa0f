//! Waits for a time of day, and hears when the clock is set.

mod changes;
mod compared;
mod turned;

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll, ready};
use std::time::SystemTime;

use mainspring_clock::{SystemClock, WallClock, Woke};

use crate::driver::Driver;
use crate::sys;
use compared::Compared;
use turned::Turned;

pub use changes::{ClockChanges, clock_changes};

/// Waits until the wall clock shows a time, and tells when that clock was set instead.
///
/// A schedule lives on the wall clock. Somebody may set it, or the machine may sleep, at any moment;
/// then what is due next has to be computed anew, and at once, not when a wait by the old clock ends.
///
/// | system | a set clock, or a sleep, is told |
/// |---|---|
/// | Linux, Android | at once, by the kernel; it takes a descriptor |
/// | others, and on a [`Driver`] that was named | within 30 seconds: both clocks are compared; changes below half a second are not noticed |
/// | a manual clock | at once |
///
/// # Examples
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use mainspring_clock::{ManualClock, Woke};
/// use mainspring_timer::Driver;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let noon = SystemTime::UNIX_EPOCH + Duration::from_secs(12 * 3600);
/// let clock = ManualClock::new(noon - Duration::from_secs(60));
/// let mut alarm = Driver::manual(&clock).alarm(noon);
///
/// clock.jump_back(Duration::from_secs(600));
/// assert_eq!(alarm.wait().await?, Woke::ClockSet);
/// clock.advance(Duration::from_secs(660));
/// assert_eq!(alarm.wait().await?, Woke::Due);
/// # Ok(())
/// # }
/// ```
pub struct Alarm {
    at: SystemTime,
    /// The clock was set, and nobody has been told.
    was_set: bool,
    source: Source,
}

enum Source {
    Kernel(sys::WallTimer),
    Compared(Box<Compared>),
    Manual(Turned),
}

impl Alarm {
    /// An alarm for `at` in the current runtime. It listens from now on.
    ///
    /// # Errors
    /// `Unsupported` outside a runtime and in one whose I/O driver is off; the kernel's own error if
    /// it refuses a timer, as when descriptors have run out.
    pub fn new(at: SystemTime) -> io::Result<Self> {
        let source = match sys::WallTimer::new()? {
            Some(timer) => {
                timer.arm(at)?;
                Source::Kernel(timer)
            }
            None => Source::Compared(Box::new(Compared::new(Driver::current()?))),
        };
        Ok(Self { at, was_set: false, source })
    }

    pub(crate) fn on(driver: &Driver, at: SystemTime) -> Self {
        let source = match driver.manual_clock() {
            Some(clock) => Source::Manual(Turned::new(clock.clone(), at)),
            None => Source::Compared(Box::new(Compared::new(driver.clone()))),
        };
        Self { at, was_set: false, source }
    }

    /// The time it waits for.
    pub fn at(&self) -> SystemTime {
        self.at
    }

    /// Waits for another time from now on. A change of the clock that was not told yet still will be.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn set(&mut self, at: SystemTime) -> io::Result<()> {
        self.at = at;
        match &mut self.source {
            Source::Kernel(timer) => self.was_set |= timer.arm(at)?,
            Source::Compared(_) => {}
            Source::Manual(turned) => turned.wait = turned.clock.wait_until_wall(at),
        }
        Ok(())
    }

    /// Waits until the wall clock shows the time, or was set.
    ///
    /// Never early: with `Due`, the wall clock has shown the time or a later one. After `ClockSet`
    /// it can be waited on again. A clock that was set beyond the time is `Due`.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing: a change of the clock is told at the next call.
    ///
    /// # Errors
    /// If the runtime in which it was made has gone.
    pub async fn wait(&mut self) -> io::Result<Woke> {
        poll_fn(|cx| self.poll_wait(cx)).await
    }

    /// Polls, as [`wait`](Self::wait).
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub fn poll_wait(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Woke>> {
        loop {
            let is_due = match &mut self.source {
                Source::Kernel(timer) => {
                    if SystemClock.wall_now() >= self.at {
                        true
                    } else if self.was_set {
                        false
                    } else {
                        self.was_set = !ready!(timer.poll_fired(cx))?;
                        // Armed anew after each report, and when the kernel's shot fell short.
                        self.was_set |= timer.arm(self.at)?;
                        continue;
                    }
                }
                Source::Compared(compared) => ready!(compared.poll(self.at, cx)) == Woke::Due,
                Source::Manual(turned) => ready!(turned.poll(self.at, cx)) == Woke::Due,
            };
            self.was_set = false;
            return Poll::Ready(Ok(if is_due { Woke::Due } else { Woke::ClockSet }));
        }
    }
}

impl fmt::Debug for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alarm").field("at", &self.at).finish_non_exhaustive()
    }
}
