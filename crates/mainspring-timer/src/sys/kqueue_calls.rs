//! What of kqueue differs between the systems that have it.

use std::time::Duration;

pub(super) use libc::{
    EV_ADD, EV_CLEAR, EV_DELETE, EV_ONESHOT, EV_RECEIPT, EVFILT_TIMER, kevent, kqueue,
};

cfg_select! {
    target_os = "netbsd" => {
        pub(super) type Flags = u32;
    }
    _ => {
        pub(super) type Flags = u16;
    }
}

cfg_select! {
    target_vendor = "apple" => {
        /// Without the second flag the system moves timers together to save power.
        const NANOSECONDS: Option<u32> = Some(libc::NOTE_NSECONDS | libc::NOTE_CRITICAL);
    }
    any(target_os = "freebsd", target_os = "netbsd") => {
        const NANOSECONDS: Option<u32> = Some(libc::NOTE_NSECONDS);
    }
    _ => {
        /// Whole milliseconds are all there is.
        const NANOSECONDS: Option<u32> = None;
    }
}

/// The unit flag and the number for a delay, rounded up; at most thirty years, which all accept.
pub(super) fn delay(delay: Duration) -> (u32, Number) {
    let delay = delay.min(Duration::from_secs(86_400 * 365 * 30));
    match NANOSECONDS {
        Some(flags) => (flags, delay.as_nanos().max(1) as Number),
        None => (0, delay.as_nanos().div_ceil(1_000_000).max(1) as Number),
    }
}

cfg_select! {
    any(target_vendor = "apple", target_os = "dragonfly") => {
        type Number = isize;
    }
    _ => {
        type Number = i64;
    }
}
