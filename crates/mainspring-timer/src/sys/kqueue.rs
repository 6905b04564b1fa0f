//! macOS and kin, and the BSDs: `kqueue` with `EVFILT_TIMER`.
//!
//! The timer is set by its distance, as there is no absolute one on the clock of `Instant` that all
//! of these systems have: what passes in between makes it late, not early. An event from before the
//! timer was set anew may still come; whoever is woken looks at the clock.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use mainspring_clock::{Clock, SystemClock};

use super::registered::Registered;
use super::{Armed, Backend, kqueue_calls as sys};

/// The shared timer.
pub(crate) struct OsTimer {
    queue: Registered,
    waker: Waker,
}

impl OsTimer {
    pub(crate) fn new(waker: Waker) -> io::Result<Self> {
        let queue = Registered::new(create()?)?;
        queue.listen(&waker)?;
        queue.listen_for_the_end(&waker);
        Ok(Self { queue, waker })
    }
}

impl Backend for OsTimer {
    fn arm(&mut self, deadline: Instant) -> io::Result<Armed> {
        let left = deadline.saturating_duration_since(SystemClock.now());
        set(self.queue.get(), left, sys::EV_ONESHOT)?;
        Ok(Armed::Waiting)
    }

    fn rest(&mut self) -> io::Result<()> {
        // A queue that still holds its event stays ready, and no edge would follow.
        take(self.queue.get())?;
        self.queue.listen(&self.waker)
    }
}

/// Repeats in the kernel.
pub(crate) struct Ticker {
    queue: Registered,
}

impl Ticker {
    pub(crate) fn new(period: Duration) -> io::Result<Option<Self>> {
        let queue = Registered::new(create()?)?;
        set(queue.get(), period, sys::EV_CLEAR)?;
        Ok(Some(Self { queue }))
    }

    pub(crate) fn poll_tick(&self, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        self.queue.poll_read(cx, |queue| match take(queue)? {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            count => Ok(count),
        })
    }
}

fn create() -> io::Result<OwnedFd> {
    // SAFETY: the call takes no arguments.
    let fd = unsafe { sys::kqueue() };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call above succeeded, so `fd` is open, and nobody else has seen it.
    let fd = unsafe { OwnedFd::from_raw_fd(fd) };
    // Not inherited, like every descriptor of the standard library; there is no flag for it on most
    // of these systems.
    // SAFETY: `fd` is open, and the command takes an integer.
    let set = unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFD, libc::FD_CLOEXEC) };
    if set < 0 { Err(io::Error::last_os_error()) } else { Ok(fd) }
}

/// Sets the queue's one timer to expire after `delay`: once, or (`EV_CLEAR`) again and again.
///
/// Older systems do not change a timer that is there, so it is taken away first. The receipts fill the
/// room for events: the call takes none that the new timer may already have caused.
fn set(queue: &OwnedFd, delay: Duration, kind: sys::Flags) -> io::Result<()> {
    let delete = event(sys::EV_DELETE | sys::EV_RECEIPT);
    let mut add = event(sys::EV_ADD | sys::EV_RECEIPT | kind);
    (add.fflags, add.data) = sys::delay(delay);
    let changes = [delete, add];
    let mut receipts = changes;
    // SAFETY: `changes` and `receipts` are arrays of two events each, which live through the call.
    let count = unsafe {
        sys::kevent(
            queue.as_raw_fd(),
            changes.as_ptr(),
            2,
            receipts.as_mut_ptr(),
            2,
            std::ptr::null(),
        )
    };
    if count < 0 {
        return Err(io::Error::last_os_error());
    }
    // The first receipt says that there was no timer, or that there was.
    match receipts[1].data as i32 {
        0 => Ok(()),
        code => Err(io::Error::from_raw_os_error(code)),
    }
}

/// Takes what has expired: how often, which is 0 if not at all.
fn take(queue: &OwnedFd) -> io::Result<u64> {
    let mut taken = event(0);
    // SAFETY: all zeros are a valid `timespec`.
    let at_once: libc::timespec = unsafe { std::mem::zeroed() };
    // SAFETY: there are no changes; `taken` is room for one event, and it and `at_once` live through
    // the call.
    let count = unsafe {
        sys::kevent(queue.as_raw_fd(), std::ptr::null(), 0, &raw mut taken, 1, &raw const at_once)
    };
    match count {
        ..0 => match io::Error::last_os_error() {
            error if error.kind() == io::ErrorKind::Interrupted => Ok(0),
            error => Err(error),
        },
        0 => Ok(0),
        _ => Ok(u64::try_from(taken.data).unwrap_or(0).max(1)),
    }
}

fn event(flags: sys::Flags) -> sys::kevent {
    // SAFETY: an event is integers and a pointer that is only handed back: all zeros are valid.
    let mut event: sys::kevent = unsafe { std::mem::zeroed() };
    event.filter = sys::EVFILT_TIMER;
    event.flags = flags;
    event
}

#[cfg(test)]
mod tests {
    use super::{create, set, sys, take};
    use std::time::Duration;

    #[test]
    fn a_stale_event() {
        let queue = create().unwrap();
        set(&queue, Duration::from_micros(1), sys::EV_ONESHOT).unwrap();
        std::thread::sleep(Duration::from_millis(5)); // it has fired, and nobody has looked
        set(&queue, Duration::from_secs(3600), sys::EV_ONESHOT).unwrap();
        assert_eq!(take(&queue).unwrap(), 0, "the event of the timer before is gone");
        set(&queue, Duration::from_micros(1), sys::EV_ONESHOT).unwrap();
        std::thread::sleep(Duration::from_millis(5));
        assert_eq!(take(&queue).unwrap(), 1);
        assert_eq!(take(&queue).unwrap(), 0);
    }

    #[test]
    fn a_repeating_timer_counts() {
        let queue = create().unwrap();
        set(&queue, Duration::from_millis(1), sys::EV_CLEAR).unwrap();
        std::thread::sleep(Duration::from_millis(10));
        assert!(take(&queue).unwrap() >= 9);
        set(&queue, Duration::MAX, sys::EV_ONESHOT).unwrap();
        assert_eq!(take(&queue).unwrap(), 0);
    }
}
