//! Asks one operating system for one timer: everything that differs between platforms.
//!
//! | target | timer | how the runtime hears of it |
//! |---|---|---|
//! | Linux, Android | `timerfd` | the descriptor, in the runtime's I/O driver |
//! | macOS, iOS and kin, FreeBSD, DragonFly, NetBSD, OpenBSD | `kqueue`, `EVFILT_TIMER` | the descriptor, in the runtime's I/O driver |
//! | Windows | high-resolution waitable timer, or a thread-pool timer before Windows 10 1803 | a thread of the system's pool |
//! | Linux with `--cfg mainspring_kqueue_shim` | the kqueue code on an imitation of it | the same |
//! | others, and `--cfg mainspring_force_fallback` | `tokio::time` | the runtime's time driver |
//!
//! Each system offers the same names: `OsTimer`, its [`Backend`]; `Ticker`, which repeats in the
//! kernel; `OwnTimer`, which counts on a clock of one's choice; `WallTimer`, which hears when the
//! clock is set; `ThreadTimer`, which needs no runtime; `isolate_this_thread` for its scheduler. What a system does
//! not have is `None` when it is made (`absent.rs`, `no_ticker.rs`).
//!
//! `unsafe` is allowed here and nowhere else in the crate: these are the calls into the system.

use std::io;
use std::time::Instant;

#[cfg(any(not(windows), mainspring_force_fallback))]
mod thread;
pub(crate) mod tokio_time;
pub(crate) mod turned;

cfg_select! {
    mainspring_force_fallback => {
        mod absent;
        mod no_ticker;
        mod portable;
        mod unscheduled;
        pub(crate) use absent::{OwnTimer, WallTimer};
        pub(crate) use no_ticker::Ticker;
        pub(crate) use portable::{HAS_OS_TIMER, OsTimer};
        pub(crate) use unscheduled::{isolate_this_thread, sharpen_this_thread};
    }
    mainspring_kqueue_shim => {
        mod absent;
        mod kqueue;
        #[path = "kqueue_shim.rs"]
        mod kqueue_calls;
        mod registered;
        mod unscheduled;
        pub(crate) use absent::{OwnTimer, WallTimer};
        pub(crate) use kqueue::{OsTimer, Ticker};
        pub(crate) use unscheduled::{isolate_this_thread, sharpen_this_thread};
        pub(crate) const HAS_OS_TIMER: bool = true;
    }
    any(target_os = "linux", target_os = "android") => {
        mod linux_sched;
        mod registered;
        mod timerfd;
        pub(crate) use linux_sched::{isolate_this_thread, sharpen_this_thread};
        pub(crate) use timerfd::{OsTimer, OwnTimer, Ticker, WallTimer};
        pub(crate) const HAS_OS_TIMER: bool = true;
    }
    any(
        target_vendor = "apple",
        target_os = "freebsd",
        target_os = "dragonfly",
        target_os = "netbsd",
        target_os = "openbsd",
    ) => {
        mod absent;
        mod kqueue;
        mod kqueue_calls;
        mod registered;
        mod unscheduled;
        pub(crate) use absent::{OwnTimer, WallTimer};
        pub(crate) use kqueue::{OsTimer, Ticker};
        pub(crate) use unscheduled::{isolate_this_thread, sharpen_this_thread};
        pub(crate) const HAS_OS_TIMER: bool = true;
    }
    windows => {
        mod absent;
        mod no_ticker;
        mod windows;
        pub(crate) use absent::{OwnTimer, WallTimer};
        pub(crate) use no_ticker::Ticker;
        pub(crate) use windows::{OsTimer, isolate_this_thread};
        pub(crate) const HAS_OS_TIMER: bool = true;
    }
    _ => {
        mod absent;
        mod no_ticker;
        mod portable;
        mod unscheduled;
        pub(crate) use absent::{OwnTimer, WallTimer};
        pub(crate) use no_ticker::Ticker;
        pub(crate) use portable::{HAS_OS_TIMER, OsTimer};
        pub(crate) use unscheduled::{isolate_this_thread, sharpen_this_thread};
    }
}

cfg_select! {
    all(any(target_os = "linux", target_os = "android"), not(mainspring_force_fallback)) => {
        mod asleep;
        pub(crate) use asleep::time_asleep;
    }
    _ => {
        /// Where it is not told apart, or counted anyway.
        pub(crate) fn time_asleep() -> std::time::Duration {
            std::time::Duration::ZERO
        }
    }
}

cfg_select! {
    all(windows, not(mainspring_force_fallback)) => {
        /// A timer that no runtime carries: here the system's own is one.
        pub(crate) type ThreadTimer = OsTimer;
    }
    _ => {
        pub(crate) use thread::ThreadTimer;
    }
}

/// One timer that can be armed for one instant.
///
/// It is given a waker when it is made, and calls it each time it has fired, and when the runtime that
/// carries it goes. It may call it without need, and early; whoever is woken looks at the clock.
pub(crate) trait Backend: Send {
    /// Fires once at `deadline`, at once if it has passed; replaces an earlier deadline.
    fn arm(&mut self, deadline: Instant) -> io::Result<Armed>;

    /// Called after a wake, and before it is armed again: takes note that it has fired, and listens for
    /// the next time.
    ///
    /// An error means that it will never fire again: the runtime that carried it is gone.
    fn rest(&mut self) -> io::Result<()>;
}

/// What [`Backend::arm`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Armed {
    /// The waker will be called.
    Waiting,
    /// The deadline has passed, and the waker will not be called.
    Passed,
}
