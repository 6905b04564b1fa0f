//! Waits once, for one instant.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::Instant;

use crate::driver::{Driver, Wait, current, far_away};
use crate::{Precision, now};

/// Waits until `duration` has passed.
///
/// Never early. Late by what the kernel takes to wake a thread and the task waited to be polled:
/// tens of microseconds on an idle machine ([`Precision`] and [`Sleep::with_slack`] change that). A
/// duration too long for the clock is decades instead.
///
/// # Cancel safety
/// Dropping the sleep cancels it and leaves nothing behind.
///
/// # Panics
/// When it is first polled outside a tokio runtime, or in one whose I/O driver is off. Where
/// descriptors have run out a thread of the process stands in; [`try_sleep`] tells of it instead.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use mainspring_timer::{now, sleep};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let start = now();
/// sleep(Duration::from_micros(300)).await;
/// assert!(now() - start >= Duration::from_micros(300));
/// # }
/// ```
pub fn sleep(duration: Duration) -> Sleep {
    let now = now();
    sleep_until(now.checked_add(duration).unwrap_or_else(|| far_away(now)))
}

/// Waits until `deadline`, as [`sleep`] does.
///
/// # Panics
/// As [`sleep`].
pub fn sleep_until(deadline: Instant) -> Sleep {
    Sleep { wait: Wait::roaming(deadline), elapsed: false }
}

/// As [`sleep`], where a missing runtime or descriptor is an error.
///
/// # Errors
/// As [`Driver::current`].
pub fn try_sleep(duration: Duration) -> io::Result<Sleep> {
    let driver = current()?;
    let deadline = driver.after(duration);
    Ok(Sleep { wait: Wait::from(driver, deadline), elapsed: false })
}

/// As [`sleep_until`], where a missing runtime or descriptor is an error.
///
/// # Errors
/// As [`Driver::current`].
pub fn try_sleep_until(deadline: Instant) -> io::Result<Sleep> {
    Ok(Sleep { wait: Wait::from(current()?, deadline), elapsed: false })
}

/// A wait for one instant: the future of [`sleep`] and [`sleep_until`].
///
/// It registers at its first poll, with the driver of the runtime that it is polled in. It may be made
/// anywhere, and moved from one runtime to another: it goes along, unless it belongs to a [`Driver`]
/// that was named.
#[derive(Debug)]
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct Sleep {
    wait: Wait,
    elapsed: bool,
}

impl Sleep {
    pub(crate) fn on(driver: Driver, deadline: Instant) -> Self {
        Self { wait: Wait::on(driver, deadline), elapsed: false }
    }

    /// How close to its deadline it ends; [`Precision::Kernel`] unless said otherwise.
    pub fn with_precision(mut self, precision: Precision) -> Self {
        self.wait.set_precision(precision);
        self
    }

    /// Lets it end at any moment in `[deadline, deadline + slack]`, never early: timers with slack
    /// agree on moments, and many end in one wake of the machine.
    ///
    /// With a [`Precision`] other than `Kernel` it means nothing.
    ///
    /// ```
    /// use std::time::Duration;
    /// use mainspring_timer::{now, sleep};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let start = now();
    /// sleep(Duration::from_millis(2)).with_slack(Duration::from_millis(1)).await;
    /// assert!(now() - start >= Duration::from_millis(2));
    /// # }
    /// ```
    pub fn with_slack(mut self, slack: Duration) -> Self {
        self.wait.set_slack(slack);
        self
    }

    /// The instant at which it ends.
    pub fn deadline(&self) -> Instant {
        self.wait.deadline()
    }

    /// Whether it has ended: it was polled to its end, or its deadline has passed.
    pub fn is_elapsed(&self) -> bool {
        self.elapsed || self.wait.now() >= self.wait.deadline()
    }

    /// Gives it another deadline, whether it has ended or not.
    ///
    /// A task that waits for it is woken for the new deadline, without being polled in between.
    /// Putting the deadline off costs no more than a store: the task is then woken once at the old
    /// one too.
    pub fn reset(self: Pin<&mut Self>, deadline: Instant) {
        let this = self.get_mut();
        this.elapsed = false;
        this.wait.set_deadline(deadline);
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        ready!(this.wait.poll(cx, Duration::ZERO));
        this.elapsed = true;
        Poll::Ready(())
    }
}
