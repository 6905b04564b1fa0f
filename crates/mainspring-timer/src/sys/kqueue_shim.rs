//! kqueue's timer on Linux, of epoll and timerfd: so that `kqueue.rs` runs where there is no BSD.
//!
//! Compiled with `--cfg mainspring_kqueue_shim` alone. It exercises our code, not a BSD's kernel. A
//! queue is an epoll descriptor, which an I/O driver can wait for; its one timer is a timerfd in it.
#![allow(non_camel_case_types, reason = "the names are kqueue's")]

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use libc::{c_int, c_void, timespec};

#[derive(Clone, Copy)]
pub(super) struct kevent {
    pub(super) filter: i16,
    pub(super) flags: u16,
    pub(super) fflags: u32,
    pub(super) data: i64,
}

pub(super) type Flags = u16;
pub(super) const EVFILT_TIMER: i16 = -7;
pub(super) const EV_ADD: u16 = 0x1;
pub(super) const EV_DELETE: u16 = 0x2;
pub(super) const EV_ONESHOT: u16 = 0x10;
pub(super) const EV_CLEAR: u16 = 0x20;
pub(super) const EV_RECEIPT: u16 = 0x40;
const EV_ERROR: u16 = 0x4000;

/// The timer of each queue, and whether it fires once.
static TIMERS: LazyLock<Mutex<HashMap<c_int, (c_int, bool)>>> = LazyLock::new(Mutex::default);

pub(super) fn delay(delay: Duration) -> (u32, i64) {
    (0, delay.as_nanos().clamp(1, i64::MAX as u128) as i64)
}

pub(super) unsafe fn kqueue() -> c_int {
    // SAFETY: the call takes an integer.
    let queue = unsafe { libc::epoll_create1(0) };
    if queue >= 0 {
        // The number of a queue that was closed comes back.
        remove(queue);
    }
    queue
}

/// Changes with receipts, or takes one event without waiting: all that `kqueue.rs` asks for.
pub(super) unsafe fn kevent(
    queue: c_int,
    changes: *const kevent,
    change_count: usize,
    events: *mut kevent,
    event_count: usize,
    _at_once: *const timespec,
) -> c_int {
    for index in 0..change_count {
        // SAFETY: the caller gives `change_count` changes.
        let change = unsafe { *changes.add(index) };
        assert!(change.flags & EV_RECEIPT != 0 && index < event_count);
        let code = change_one(queue, change);
        let receipt = kevent { flags: EV_ERROR, data: code.into(), ..change };
        // SAFETY: the caller gives room for `event_count` events, more than `index`.
        unsafe { *events.add(index) = receipt };
    }
    if change_count > 0 {
        return change_count as c_int;
    }
    let Some(&(timer, is_once)) = TIMERS.lock().unwrap().get(&queue) else { return 0 };
    let mut count = 0_u64;
    // SAFETY: `timer` is open while it is in the table, and `count` has the eight bytes it writes.
    if unsafe { libc::read(timer, (&raw mut count).cast::<c_void>(), 8) } != 8 {
        return 0;
    }
    if is_once {
        remove(queue);
    }
    let event = kevent { filter: EVFILT_TIMER, flags: 0, fflags: 0, data: count as i64 };
    // SAFETY: the caller gives room for one event.
    unsafe { *events = event };
    1
}

fn change_one(queue: c_int, change: kevent) -> c_int {
    if change.flags & EV_DELETE != 0 {
        return if remove(queue) { 0 } else { libc::ENOENT };
    }
    let is_once = change.flags & EV_ONESHOT != 0;
    // SAFETY: the call takes integers.
    let timer = unsafe {
        libc::timerfd_create(libc::CLOCK_MONOTONIC, libc::TFD_NONBLOCK | libc::TFD_CLOEXEC)
    };
    assert!(timer >= 0, "no descriptor for the shim");
    let nanos = change.data;
    let value = timespec { tv_sec: nanos / 1_000_000_000, tv_nsec: nanos % 1_000_000_000 };
    let never = timespec { tv_sec: 0, tv_nsec: 0 };
    let it_interval = if is_once { never } else { value };
    let spec = libc::itimerspec { it_interval, it_value: value };
    // SAFETY: `timer` is open and `spec` lives through the call; the old setting is not wanted.
    unsafe { libc::timerfd_settime(timer, 0, &raw const spec, std::ptr::null_mut()) };
    let mut interest = libc::epoll_event { events: libc::EPOLLIN as u32, u64: 0 };
    // SAFETY: both are open, and `interest` lives through the call.
    unsafe { libc::epoll_ctl(queue, libc::EPOLL_CTL_ADD, timer, &raw mut interest) };
    TIMERS.lock().unwrap().insert(queue, (timer, is_once));
    0
}

/// Closes the queue's timer, which takes it out of the queue; `false` if it has none.
fn remove(queue: c_int) -> bool {
    match TIMERS.lock().unwrap().remove(&queue) {
        // SAFETY: it was made here, and is closed once, as it is no longer in the table.
        Some((timer, _)) => unsafe { libc::close(timer) == 0 },
        None => false,
    }
}
