//! Tells each time the wall clock is set.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use mainspring_clock::{Clock, Jump, JumpDetector, SystemClock, WallClock};

use super::compared::{Compared, detector};
use super::turned::{Turned, never};
use crate::driver::Driver;
use crate::sys;

/// Tells each time that the wall clock is set, or the machine has slept, from now on.
///
/// # Errors
/// As [`Alarm::new`](crate::Alarm::new).
///
/// # Examples
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use mainspring_clock::{Jump, ManualClock};
/// use mainspring_timer::Driver;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
/// let mut changes = Driver::manual(&clock).clock_changes();
/// clock.jump_forward(Duration::from_secs(3600));
/// assert_eq!(changes.next().await?, Jump::Forward(Duration::from_secs(3600)));
/// # Ok(())
/// # }
/// ```
pub fn clock_changes() -> io::Result<ClockChanges> {
    let source = match sys::WallTimer::new()? {
        Some(timer) => {
            timer.arm(never())?;
            Source::Kernel { timer, detector: detector().with_tolerance(Duration::ZERO) }
        }
        None => Source::Compared(Box::new(Compared::new(Driver::current()?))),
    };
    Ok(ClockChanges { source })
}

/// The changes of the wall clock: what [`clock_changes`] returns.
///
/// Also a [`Stream`], which never ends. Told as soon as [`Alarm`](crate::Alarm) tells on the system
/// at hand; two changes in quick succession may be told as one.
pub struct ClockChanges {
    source: Source,
}

enum Source {
    Kernel { timer: sys::WallTimer, detector: JumpDetector },
    Compared(Box<Compared>),
    Manual(Box<Turned>),
}

impl ClockChanges {
    pub(crate) fn on(driver: &Driver) -> Self {
        let source = match driver.manual_clock() {
            Some(clock) => Source::Manual(Box::new(Turned::new(clock.clone(), never()))),
            None => Source::Compared(Box::new(Compared::new(driver.clone()))),
        };
        Self { source }
    }

    /// Waits for the next change and returns by how much; zero forward if it was too little to be
    /// told from the clock's own adjustments.
    ///
    /// # Cancel safety
    /// Dropping the future loses no change.
    ///
    /// # Errors
    /// If the runtime in which it was made has gone.
    pub async fn next(&mut self) -> io::Result<Jump> {
        poll_fn(|cx| self.poll_change(cx)).await
    }

    fn poll_change(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Jump>> {
        let jump = match &mut self.source {
            Source::Kernel { timer, detector } => {
                while ready!(timer.poll_fired(cx))? {
                    timer.arm(never())?; // never has come, or almost
                }
                timer.arm(never())?;
                detector.observe(SystemClock.now(), SystemClock.wall_now())
            }
            Source::Compared(compared) => Some(ready!(compared.poll_jump(cx))),
            Source::Manual(turned) => Some(ready!(turned.poll_jump(cx))),
        };
        Poll::Ready(Ok(jump.unwrap_or(Jump::Forward(Duration::ZERO))))
    }
}

impl Stream for ClockChanges {
    type Item = io::Result<Jump>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_change(cx).map(Some)
    }
}

impl fmt::Debug for ClockChanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClockChanges").finish_non_exhaustive()
    }
}
