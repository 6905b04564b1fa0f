//! Linux and Android: `timerfd`.
//!
//! The shared timer is never read. Arming it again makes it unreadable, and the I/O driver, which
//! asks for edges, hears of it when it next fires: two system calls a tick, the driver's wait and
//! the arming.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use mainspring_clock::{Clock, SystemClock};
use rustix::io::Errno;
use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime,
    timerfd_create, timerfd_gettime, timerfd_settime,
};

use super::registered::Registered;
use super::{Armed, Backend};
use crate::kernel::{ClockKind, Setting, Start};

/// The shared timer.
pub(crate) struct OsTimer {
    fd: Registered,
    waker: Waker,
}

impl OsTimer {
    pub(crate) fn new(waker: Waker) -> io::Result<Self> {
        let fd = Registered::new(create(TimerfdClockId::Monotonic)?)?;
        fd.listen(&waker)?;
        fd.listen_for_the_end(&waker);
        Ok(Self { fd, waker })
    }
}

impl Backend for OsTimer {
    fn arm(&mut self, deadline: Instant) -> io::Result<Armed> {
        set(self.fd.get(), TimerfdTimerFlags::ABSTIME, monotonic(deadline), ZERO)?;
        Ok(Armed::Waiting)
    }

    fn rest(&mut self) -> io::Result<()> {
        self.fd.listen(&self.waker)
    }
}

/// A timer with a descriptor of its own, which counts its expirations.
pub(crate) struct OwnTimer {
    fd: Registered,
    kind: ClockKind,
}

impl OwnTimer {
    /// `None` where only arithmetic can do it; never here.
    pub(crate) fn new(kind: ClockKind) -> io::Result<Option<Self>> {
        let clock = match kind {
            ClockKind::Monotonic => TimerfdClockId::Monotonic,
            ClockKind::Realtime => TimerfdClockId::Realtime,
            ClockKind::Boottime => TimerfdClockId::Boottime,
        };
        let fd = create(clock).map_err(|error| match error.raw_os_error() {
            Some(code) if code == Errno::INVAL.raw_os_error() => {
                let text = format!("this kernel has no {kind} clock for timers");
                io::Error::new(io::ErrorKind::Unsupported, text)
            }
            _ => error,
        })?;
        Ok(Some(Self { fd: Registered::new(fd)?, kind }))
    }

    pub(crate) fn arm(&self, start: Start, interval: Option<Duration>) -> io::Result<Setting> {
        let (flags, value) = match start {
            Start::After(delay) => (TimerfdTimerFlags::empty(), at_least_one_ns(delay)),
            Start::At(instant) => (TimerfdTimerFlags::ABSTIME, self.reading_at(instant)),
            Start::AtWall(wall) => {
                let since = wall.duration_since(UNIX_EPOCH).unwrap_or_default();
                (TimerfdTimerFlags::ABSTIME, at_least_one_ns(since))
            }
        };
        set(self.fd.get(), flags, value, interval.map_or(ZERO, at_least_one_ns)).map(setting)
    }

    pub(crate) fn disarm(&self) -> io::Result<Setting> {
        set(self.fd.get(), TimerfdTimerFlags::empty(), ZERO, ZERO).map(setting)
    }

    pub(crate) fn remaining(&self) -> io::Result<Setting> {
        Ok(setting(timerfd_gettime(self.fd.get())?))
    }

    pub(crate) fn try_expirations(&self) -> io::Result<u64> {
        match read(self.fd.get()) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
            result => result,
        }
    }

    pub(crate) fn poll_expirations(&self, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        self.fd.poll_read(cx, read)
    }

    pub(crate) fn fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.fd.get().as_fd())
    }

    /// What this timer's clock will show at `instant`.
    fn reading_at(&self, instant: tokio::time::Instant) -> Timespec {
        let instant = instant.into_std();
        match self.kind {
            ClockKind::Monotonic => monotonic(instant),
            // Boot time runs with the monotonic clock while the machine is awake. The distance is
            // read after the clock, so that a delay in between is late, not early.
            ClockKind::Boottime | ClockKind::Realtime => {
                let id = match self.kind {
                    ClockKind::Realtime => ClockId::Realtime,
                    _ => ClockId::Boottime,
                };
                let before = SystemClock.now();
                let reading = duration(clock_gettime(id));
                at_least_one_ns(reading + instant.saturating_duration_since(before))
            }
        }
    }
}

/// Waits for the wall clock, and hears when it is set.
pub(crate) struct WallTimer {
    fd: Registered,
}

impl WallTimer {
    pub(crate) fn new() -> io::Result<Option<Self>> {
        Ok(Some(Self { fd: Registered::new(create(TimerfdClockId::Realtime)?)? }))
    }

    /// `true` if the clock was set since the last arming and nobody was told.
    pub(crate) fn arm(&self, at: SystemTime) -> io::Result<bool> {
        let since = at_least_one_ns(at.duration_since(UNIX_EPOCH).unwrap_or_default());
        let flags = TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET;
        match set(self.fd.get(), flags, since, ZERO) {
            Ok(_) => Ok(false),
            // It is armed all the same.
            Err(error) if is_cancelled(&error) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// `true` when the moment has come, `false` when the clock was set.
    pub(crate) fn poll_fired(&self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        self.fd.poll_read(cx, |fd| match read(fd) {
            Ok(_) => Ok(true),
            Err(error) if is_cancelled(&error) => Ok(false),
            Err(error) => Err(error),
        })
    }
}

fn is_cancelled(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::CANCELED.raw_os_error())
}

fn create(clock: TimerfdClockId) -> io::Result<OwnedFd> {
    Ok(timerfd_create(clock, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?)
}

fn set(
    fd: &OwnedFd,
    flags: TimerfdTimerFlags,
    value: Timespec,
    interval: Timespec,
) -> io::Result<Itimerspec> {
    Ok(timerfd_settime(fd, flags, &Itimerspec { it_interval: interval, it_value: value })?)
}

fn read(fd: &OwnedFd) -> io::Result<u64> {
    let mut count = [0; 8];
    loop {
        match rustix::io::read(fd, &mut count) {
            Ok(_) => return Ok(u64::from_ne_bytes(count)),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// The reading of the monotonic clock at `instant`, a hair late rather than early.
fn monotonic(instant: Instant) -> Timespec {
    static ORIGIN: OnceLock<(Instant, Duration)> = OnceLock::new();
    let &(origin, reading) = ORIGIN.get_or_init(closest_readings);
    match instant.checked_duration_since(origin) {
        Some(after) => at_least_one_ns(reading.saturating_add(after)),
        None => {
            at_least_one_ns(reading.saturating_sub(origin.saturating_duration_since(instant)))
        }
    }
}

/// One moment on both clocks. `Instant` is this clock, but does not show its reading.
///
/// The instant is read first, so that what passes in between makes a timer late, not early; a
/// preemption in between would make every timer of the process late, so the closest of many counts.
fn closest_readings() -> (Instant, Duration) {
    let readings = (0..64).map(|_| {
        let before = SystemClock.now();
        let reading = duration(clock_gettime(ClockId::Monotonic));
        (before, reading, SystemClock.now())
    });
    closest(readings)
}

/// Of readings of the monotonic clock, each between two instants, the one with the least doubt.
fn closest(readings: impl Iterator<Item = (Instant, Duration, Instant)>) -> (Instant, Duration) {
    let (before, reading, _) = readings
        .min_by_key(|(before, _, after)| *after - *before)
        .expect("the clocks have been read");
    (before, reading)
}

const ZERO: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

/// Zero would disarm. Capped at 285 years, which is about the end of the kernel's own time.
fn at_least_one_ns(duration: Duration) -> Timespec {
    let capped = duration.clamp(Duration::from_nanos(1), Duration::from_secs(9_000_000_000));
    Timespec { tv_sec: capped.as_secs() as i64, tv_nsec: capped.subsec_nanos().into() }
}

/// Repeats in the kernel.
pub(crate) struct Ticker(OwnTimer);

impl Ticker {
    pub(crate) fn new(period: Duration) -> io::Result<Option<Self>> {
        let Some(timer) = OwnTimer::new(ClockKind::Monotonic)? else { return Ok(None) };
        timer.arm(Start::After(period), Some(period))?;
        Ok(Some(Self(timer)))
    }

    pub(crate) fn poll_tick(&self, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        self.0.poll_expirations(cx)
    }
}

fn duration(spec: Timespec) -> Duration {
    Duration::new(spec.tv_sec as u64, spec.tv_nsec as u32)
}

fn setting(spec: Itimerspec) -> Setting {
    let some = |spec| Some(duration(spec)).filter(|duration| !duration.is_zero());
    Setting::new(some(spec.it_value), some(spec.it_interval))
}

#[cfg(test)]
mod tests {
    use super::{closest, duration, monotonic};
    use mainspring_clock::{Clock, SystemClock};
    use rustix::time::{ClockId, clock_gettime};
    use std::time::Duration;

    #[test]
    fn a_preemption_between_two_readings_does_not_count() {
        let now = SystemClock.now();
        let us = Duration::from_micros;
        let readings = (0..64_u64).map(|index| {
            let before = now + us(1_000 * index);
            // Each thread switch in between makes the pair wrong by as much; one pair has had none.
            let lost = us(if index == 41 { 0 } else { 400 });
            (before, us(7_000_000 + 1_000 * index) + lost, before + lost)
        });
        let (instant, reading) = closest(readings);
        assert_eq!(instant - now, us(41_000));
        assert_eq!(reading, us(7_041_000));
    }

    #[test]
    fn an_instant_is_shown_on_the_kernels_clock_and_never_early() {
        for _ in 0..1_000 {
            let before = duration(clock_gettime(ClockId::Monotonic));
            let instant = SystemClock.now();
            let after = duration(clock_gettime(ClockId::Monotonic));
            let shown = duration(monotonic(instant));
            assert!(shown >= before, "{shown:?} is before {before:?}");
            assert!(shown <= after + Duration::from_millis(1), "{shown:?} is long after {after:?}");
        }
    }
}
