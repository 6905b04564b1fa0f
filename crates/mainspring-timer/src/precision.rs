//! How close to its deadline a timer fires, and what that may cost.

use std::time::Duration;

/// How close to its deadline a timer fires. Never early, whatever the choice.
///
/// A kernel wakes a thread some tens of microseconds after the moment it was asked for. How many
/// depends on the machine and on the length of the sleep, and is much the same from one time to the
/// next: it can be learned, and the timer armed that much ahead. What is then left until the
/// deadline is waited out by spinning, in the task's own `poll`, so that the worker thread serves
/// nobody else in that time. One timer of a driver spins at a time; others that come due meanwhile
/// are as late as [`Kernel`](Self::Kernel) makes them.
///
/// On clocks that are turned by hand or paused there is nothing to make up for, and every choice is
/// exact.
///
/// ```
/// use std::time::Duration;
/// use mainspring_timer::{Precision, sleep};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let exactly = Precision::Exact { max_spin: Duration::from_micros(200) };
/// sleep(Duration::from_millis(1)).with_precision(exactly).await;
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Precision {
    /// Late by what the kernel takes to wake a thread: tens of microseconds. Never spins.
    #[default]
    Kernel,
    /// Armed ahead by the lateness of every second wake: half of the ticks are on time to the
    /// microsecond, at next to no cost. Spins for at most 100 µs.
    Compensated,
    /// Armed ahead by the lateness of most wakes, and on time to a fraction of a microsecond when the
    /// machine is not overloaded.
    Exact {
        /// The longest time to spin, and so the most that can be made up for.
        max_spin: Duration,
    },
}

impl Precision {
    /// The longest time that a timer of this kind spins.
    pub(crate) fn max_spin(self) -> Duration {
        match self {
            Self::Kernel => Duration::ZERO,
            Self::Compensated => Duration::from_micros(100),
            Self::Exact { max_spin } => max_spin,
        }
    }
}
