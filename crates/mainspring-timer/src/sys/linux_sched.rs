//! Linux: asks the scheduler for a thread that is on time.

use std::num::NonZeroU64;
use std::time::Duration;

use crate::Isolation;

/// The least real-time priority: above everything ordinary, below whoever needs more.
const PRIORITY: u8 = 1;

/// The shortest slice that Linux grants.
const SLICE: Duration = Duration::from_micros(100);

/// Asks for `SCHED_FIFO`, else for a short slice.
pub(crate) fn isolate_this_thread() -> Isolation {
    sharpen_this_thread();
    if set_fifo() {
        Isolation::RealTime { priority: PRIORITY }
    } else if set_slice() {
        Isolation::ShortSlice(SLICE)
    } else {
        Isolation::Ordinary
    }
}

/// Takes back the 50 µs by which the kernel may delay this thread's sleeps.
pub(crate) fn sharpen_this_thread() {
    // Refused only where nothing of the kind exists.
    let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1));
}

fn set_fifo() -> bool {
    let param = libc::sched_param { sched_priority: PRIORITY.into() };
    // SAFETY: `param` is a valid structure for the duration of the call, which copies it; 0 is the
    // calling thread.
    unsafe { libc::sched_setscheduler(0, libc::SCHED_FIFO, &raw const param) == 0 }
}

/// `struct sched_attr`, its first version, which every kernel with the call knows.
#[repr(C)]
#[derive(Default)]
struct SchedAttr {
    size: u32,
    policy: u32,
    flags: u64,
    nice: i32,
    priority: u32,
    runtime: u64,
    deadline: u64,
    period: u64,
}

/// Since Linux 6.12 an ordinary thread may ask for its slice; before, the value is ignored, which the
/// second call shows.
fn set_slice() -> bool {
    let size = size_of::<SchedAttr>() as u32;
    let mut attr = SchedAttr::default();
    // SAFETY: `attr` is writable for the `size` bytes that are named; 0 is the calling thread.
    let got = unsafe { libc::syscall(libc::SYS_sched_getattr, 0, &raw mut attr, size, 0) };
    if got != 0 {
        return false;
    }
    attr.size = size;
    attr.runtime = SLICE.as_nanos() as u64;
    // SAFETY: `attr` is a whole structure of `size` bytes, read during the call.
    let set = unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const attr, 0) };
    let mut now = SchedAttr::default();
    // SAFETY: as the first call.
    let got = unsafe { libc::syscall(libc::SYS_sched_getattr, 0, &raw mut now, size, 0) };
    set == 0 && got == 0 && now.runtime == attr.runtime
}
