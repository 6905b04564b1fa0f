//! The kernel's timer as it is: a clock, a setting, a count of expirations.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::counted::Counted;
use crate::driver::{Backend, Driver};
use crate::sys;

/// The clock that a [`KernelTimer`] goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClockKind {
    /// Never goes back; stands still while the machine sleeps.
    Monotonic,
    /// The wall clock: may be set, and an absolute timer with it.
    Realtime,
    /// As `Monotonic`, but goes on while the machine sleeps.
    Boottime,
}

impl fmt::Display for ClockKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Monotonic => "monotonic",
            Self::Realtime => "realtime",
            Self::Boottime => "boottime",
        })
    }
}

/// When a [`KernelTimer`] first expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Start {
    /// So long after it is armed.
    After(Duration),
    /// At an instant; at once if it has passed.
    At(Instant),
    /// When the wall clock shows this, and it follows when that clock is set. For
    /// [`ClockKind::Realtime`] alone.
    AtWall(SystemTime),
}

impl From<Duration> for Start {
    fn from(delay: Duration) -> Self {
        Self::After(delay)
    }
}

impl From<Instant> for Start {
    fn from(instant: Instant) -> Self {
        Self::At(instant)
    }
}

impl From<SystemTime> for Start {
    fn from(wall: SystemTime) -> Self {
        Self::AtWall(wall)
    }
}

/// What a [`KernelTimer`] is set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Setting {
    /// Until the next expiration; `None` when it is disarmed or will not expire again.
    pub remaining: Option<Duration>,
    /// Between expirations; `None` when it expires once.
    pub interval: Option<Duration>,
}

impl Setting {
    pub(crate) fn new(remaining: Option<Duration>, interval: Option<Duration>) -> Self {
        Self { remaining, interval }
    }
}

/// A timer of the kernel's own, on a clock of one's choice, which counts its expirations.
///
/// | clock | Linux, Android | elsewhere |
/// |---|---|---|
/// | [`Monotonic`](ClockKind::Monotonic) | `timerfd` | the system's timer, counted by arithmetic |
/// | [`Realtime`](ClockKind::Realtime) | `timerfd` | `Unsupported`; see [`Alarm`](crate::Alarm) |
/// | [`Boottime`](ClockKind::Boottime) | `timerfd` | `Unsupported` |
///
/// It takes a descriptor of its own where timers are descriptors, and belongs to the runtime in which
/// it was made.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use mainspring_timer::{ClockKind, KernelTimer};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let mut timer = KernelTimer::new(ClockKind::Monotonic)?;
/// let before = timer.arm(Duration::from_millis(2), Duration::from_millis(1))?;
/// assert_eq!((before.remaining, before.interval), (None, None));
///
/// std::thread::sleep(Duration::from_millis(6)); // work
/// assert!(timer.expirations().await? >= 5); // at once: at 2, 3, 4, 5 and 6 ms
/// timer.expirations().await?; // the next one
/// # Ok(())
/// # }
/// ```
pub struct KernelTimer {
    clock: ClockKind,
    timer: Timer,
}

enum Timer {
    Kernel(sys::OwnTimer),
    Counted(Counted),
}

impl KernelTimer {
    /// Takes a disarmed timer.
    ///
    /// # Errors
    /// `Unsupported` if the system has no such clock, outside a runtime, and in one whose I/O driver
    /// is off; the kernel's own error if it refuses a timer, as when descriptors have run out.
    pub fn new(clock: ClockKind) -> io::Result<Self> {
        let timer = match sys::OwnTimer::new(clock)? {
            Some(timer) => Timer::Kernel(timer),
            None => Timer::Counted(Counted::new(Driver::new(Backend::Auto)?)),
        };
        Ok(Self { clock, timer })
    }

    /// A disarmed timer on this driver, and so on its clock, counted by arithmetic.
    pub fn on(driver: &Driver) -> Self {
        let timer = Timer::Counted(Counted::new(driver.clone()));
        Self { clock: ClockKind::Monotonic, timer }
    }

    /// The clock it goes by.
    pub fn clock(&self) -> ClockKind {
        self.clock
    }

    /// Sets it to expire at `start`, a delay or an instant, and then every `interval`; returns what
    /// it was set to. Expirations that were not asked for are forgotten.
    ///
    /// # Errors
    /// `InvalidInput` if the interval is zero, and for a wall-clock time on another clock than
    /// [`ClockKind::Realtime`].
    pub fn arm(
        &mut self,
        start: impl Into<Start>,
        interval: impl Into<Option<Duration>>,
    ) -> io::Result<Setting> {
        let (start, interval) = (start.into(), interval.into());
        if interval.is_some_and(|interval| interval.is_zero()) {
            return Err(invalid("the interval is zero".to_owned()));
        }
        if matches!(start, Start::AtWall(_)) && self.clock != ClockKind::Realtime {
            let text = format!("a {} timer does not know the wall clock's time", self.clock);
            return Err(invalid(text));
        }
        match &mut self.timer {
            Timer::Kernel(timer) => timer.arm(start, interval),
            Timer::Counted(counted) => {
                let deadline = match start {
                    Start::At(instant) => instant,
                    Start::After(delay) => counted.after(delay),
                    Start::AtWall(_) => unreachable!("refused above: the clock is monotonic"),
                };
                Ok(counted.arm(deadline, interval))
            }
        }
    }

    /// Stops it, and returns what it was set to.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn disarm(&mut self) -> io::Result<Setting> {
        match &mut self.timer {
            Timer::Kernel(timer) => timer.disarm(),
            Timer::Counted(counted) => Ok(counted.disarm()),
        }
    }

    /// What it is set to now.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn remaining(&self) -> io::Result<Setting> {
        match &self.timer {
            Timer::Kernel(timer) => timer.remaining(),
            Timer::Counted(counted) => Ok(counted.setting()),
        }
    }

    /// Waits until it has expired, and returns how often since the last call: at least once. While it
    /// is disarmed, that is never.
    ///
    /// Never early.
    ///
    /// # Cancel safety
    /// Dropping the future loses no expiration: the count is taken when it is returned.
    ///
    /// # Errors
    /// If the runtime in which it was made has gone.
    pub async fn expirations(&mut self) -> io::Result<u64> {
        poll_fn(|cx| self.poll_expirations(cx)).await
    }

    /// Polls for expirations, as [`expirations`](Self::expirations).
    ///
    /// # Errors
    /// As [`expirations`](Self::expirations).
    pub fn poll_expirations(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        match &mut self.timer {
            Timer::Kernel(timer) => timer.poll_expirations(cx),
            Timer::Counted(counted) => counted.poll(cx).map(Ok),
        }
    }

    /// How often it has expired since the last call, without waiting.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn try_expirations(&mut self) -> io::Result<u64> {
        match &mut self.timer {
            Timer::Kernel(timer) => timer.try_expirations(),
            Timer::Counted(counted) => Ok(counted.take(counted.now())),
        }
    }

    #[cfg(unix)]
    pub(crate) fn descriptor(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        match &self.timer {
            Timer::Kernel(timer) => timer.fd(),
            Timer::Counted(_) => None,
        }
    }
}

fn invalid(text: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, text)
}

impl fmt::Debug for KernelTimer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KernelTimer")
            .field("clock", &self.clock)
            .field("setting", &self.remaining().ok())
            .finish_non_exhaustive()
    }
}
