//! Ends a future that takes too long.

use std::error::Error;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::task::coop::{has_budget_remaining, unconstrained};
use tokio::time::Instant;

use crate::sleep::{Sleep, sleep, sleep_until, try_sleep, try_sleep_until};

/// Gives `future` until `duration` has passed.
///
/// A future that is ready when it is first polled is never timed out, whatever the duration. The
/// time-out is never early.
///
/// # Cancel safety
/// Dropping the time-out drops the future and leaves nothing behind.
///
/// # Panics
/// As [`sleep`].
///
/// # Examples
///
/// ```
/// use std::future::pending;
/// use std::time::Duration;
/// use mainspring_timer::timeout;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// assert!(timeout(Duration::from_micros(500), pending::<()>()).await.is_err());
/// assert_eq!(timeout(Duration::from_micros(500), async { 7 }).await, Ok(7));
/// # }
/// ```
pub fn timeout<F: IntoFuture>(duration: Duration, future: F) -> Timeout<F::IntoFuture> {
    Timeout::on(sleep(duration), future)
}

/// Gives `future` until `deadline`, as [`timeout`] does.
///
/// # Panics
/// As [`sleep`].
pub fn timeout_at<F: IntoFuture>(deadline: Instant, future: F) -> Timeout<F::IntoFuture> {
    Timeout::on(sleep_until(deadline), future)
}

/// As [`timeout`], where a missing runtime or descriptor is an error.
///
/// # Errors
/// As [`Driver::current`](crate::Driver::current).
pub fn try_timeout<F: IntoFuture>(
    duration: Duration,
    future: F,
) -> io::Result<Timeout<F::IntoFuture>> {
    Ok(Timeout::on(try_sleep(duration)?, future))
}

/// As [`timeout_at`], where a missing runtime or descriptor is an error.
///
/// # Errors
/// As [`Driver::current`](crate::Driver::current).
pub fn try_timeout_at<F: IntoFuture>(
    deadline: Instant,
    future: F,
) -> io::Result<Timeout<F::IntoFuture>> {
    Ok(Timeout::on(try_sleep_until(deadline)?, future))
}

pin_project! {
    /// A future with a deadline: what [`timeout`] and [`timeout_at`] return.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct Timeout<T> {
        #[pin]
        future: T,
        sleep: Sleep,
    }
}

impl<T> Timeout<T> {
    pub(crate) fn on<F: IntoFuture<IntoFuture = T>>(sleep: Sleep, future: F) -> Self
    where
        T: Future<Output = F::Output>,
    {
        Self { future: future.into_future(), sleep }
    }

    /// The future inside.
    pub fn get_ref(&self) -> &T {
        &self.future
    }

    /// The future inside.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.future
    }

    /// Gives the future back, without its deadline.
    pub fn into_inner(self) -> T {
        self.future
    }
}

impl<T: Future> Future for Timeout<T> {
    type Output = Result<T::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let had_budget = has_budget_remaining();
        if let Poll::Ready(output) = this.future.poll(cx) {
            return Poll::Ready(Ok(output));
        }
        let sleep = Pin::new(this.sleep);
        // A future that always uses up the task's budget must not keep its own deadline from it.
        let polled = match had_budget && !has_budget_remaining() {
            true => pin!(unconstrained(sleep)).poll(cx),
            false => sleep.poll(cx),
        };
        polled.map(|()| Err(Elapsed(())))
    }
}

/// The deadline came before the future's end.
#[derive(Debug, PartialEq, Eq)]
pub struct Elapsed(());

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("deadline has elapsed")
    }
}

impl Error for Elapsed {}

impl From<Elapsed> for io::Error {
    fn from(_: Elapsed) -> Self {
        io::ErrorKind::TimedOut.into()
    }
}
