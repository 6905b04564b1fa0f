//! Windows: a high-resolution waitable timer, or a timer of the thread pool where there is none.
//!
//! Either way a thread of the system's pool calls back, and the runtime's own driver has no part in it.
//! A callback may come at any time after its timer was set anew, and even after it is gone: it is
//! given a number, not a pointer, and looks up whom to wake.

use std::collections::HashMap;
use std::ffi::c_void;
use std::io;
use std::panic::catch_unwind;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant};

use mainspring_clock::{Clock, SystemClock};
use windows_sys::Win32::Foundation::{CloseHandle, FILETIME, HANDLE};
use windows_sys::Win32::System::Threading::{
    CREATE_WAITABLE_TIMER_HIGH_RESOLUTION, CloseThreadpoolTimer, CloseThreadpoolWait,
    CreateThreadpoolTimer, CreateThreadpoolWait, CreateWaitableTimerExW, GetCurrentThread,
    PTP_CALLBACK_INSTANCE, PTP_TIMER, PTP_WAIT, SetThreadPriority, SetThreadpoolTimer,
    SetThreadpoolWait, SetWaitableTimer, THREAD_PRIORITY_TIME_CRITICAL, TIMER_ALL_ACCESS,
};

use super::{Armed, Backend};
use crate::Isolation;

/// The shared timer.
pub(crate) enum OsTimer {
    HighResolution(WaitableTimer),
    Pool(PoolTimer),
}

impl OsTimer {
    /// Takes the better of the two that this system has: Windows 10 1803 brought the first.
    pub(crate) fn new(waker: Waker) -> io::Result<Self> {
        static HAS_HIGH_RESOLUTION: LazyLock<bool> =
            LazyLock::new(|| WaitableTimer::new(Waker::noop().clone()).is_ok());
        if *HAS_HIGH_RESOLUTION {
            WaitableTimer::new(waker).map(Self::HighResolution)
        } else {
            PoolTimer::new(waker).map(Self::Pool)
        }
    }
}

impl Backend for OsTimer {
    fn arm(&mut self, deadline: Instant) -> io::Result<Armed> {
        let left = deadline.saturating_duration_since(SystemClock.now());
        match self {
            Self::HighResolution(timer) => timer.set(left)?,
            Self::Pool(timer) => timer.set(left),
        }
        Ok(Armed::Waiting)
    }

    fn rest(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A waitable timer of high resolution, and the pool's wait for it.
pub(crate) struct WaitableTimer {
    timer: HANDLE,
    wait: PTP_WAIT,
    listener: Listener,
}

// SAFETY: handles are names that any thread of the process may use.
unsafe impl Send for WaitableTimer {}

impl WaitableTimer {
    fn new(waker: Waker) -> io::Result<Self> {
        let flags = CREATE_WAITABLE_TIMER_HIGH_RESOLUTION;
        let (attributes, name) = (std::ptr::null(), std::ptr::null());
        // SAFETY: no attributes and no name are allowed.
        let timer = unsafe { CreateWaitableTimerExW(attributes, name, flags, TIMER_ALL_ACCESS) };
        if timer.is_null() {
            return Err(io::Error::last_os_error());
        }
        let listener = Listener::new(waker);
        // SAFETY: the callback takes the context for a number, and is never unloaded.
        let wait = unsafe {
            CreateThreadpoolWait(Some(wait_is_over), listener.context(), std::ptr::null())
        };
        if wait == 0 {
            let error = io::Error::last_os_error();
            // SAFETY: it was made above, and nobody else has seen it.
            unsafe { CloseHandle(timer) };
            return Err(error);
        }
        Ok(Self { timer, wait, listener })
    }

    fn set(&self, delay: Duration) -> io::Result<()> {
        let due = -ticks(delay);
        let (callback, context) = (None, std::ptr::null());
        // SAFETY: the timer is open as long as `self`, and `due` lives through the call.
        let set = unsafe { SetWaitableTimer(self.timer, &raw const due, 0, callback, context, 0) };
        if set == 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: both are open as long as `self`. A wait that was set before is replaced.
        unsafe { SetThreadpoolWait(self.wait, self.timer, std::ptr::null()) };
        Ok(())
    }
}

impl Drop for WaitableTimer {
    fn drop(&mut self) {
        self.listener.remove();
        // SAFETY: the wait is open; a null handle ends its waiting, so that the timer may go.
        unsafe { SetThreadpoolWait(self.wait, std::ptr::null_mut(), std::ptr::null()) };
        // SAFETY: the wait is open and closed once, here. The pool keeps it for a callback that is
        // under way, which then finds nobody to wake.
        unsafe { CloseThreadpoolWait(self.wait) };
        // SAFETY: the timer is open, closed once, and nothing waits for it any more.
        unsafe { CloseHandle(self.timer) };
    }
}

/// A timer of the thread pool: coarse, but on every Windows.
pub(crate) struct PoolTimer {
    timer: PTP_TIMER,
    listener: Listener,
}

impl PoolTimer {
    fn new(waker: Waker) -> io::Result<Self> {
        let listener = Listener::new(waker);
        // SAFETY: the callback takes the context for a number, and is never unloaded.
        let timer = unsafe {
            CreateThreadpoolTimer(Some(timer_is_due), listener.context(), std::ptr::null())
        };
        match timer {
            0 => Err(io::Error::last_os_error()),
            timer => Ok(Self { timer, listener }),
        }
    }

    fn set(&self, delay: Duration) {
        let due = (-ticks(delay)) as u64;
        let due = FILETIME { dwLowDateTime: due as u32, dwHighDateTime: (due >> 32) as u32 };
        // SAFETY: the timer is open as long as `self`, and `due` lives through the call.
        unsafe { SetThreadpoolTimer(self.timer, &raw const due, 0, 0) };
    }
}

impl Drop for PoolTimer {
    fn drop(&mut self) {
        self.listener.remove();
        // SAFETY: the timer is open; no due time stops it.
        unsafe { SetThreadpoolTimer(self.timer, std::ptr::null(), 0, 0) };
        // SAFETY: the timer is open and closed once, here. The pool keeps it for a callback that is
        // under way, which then finds nobody to wake.
        unsafe { CloseThreadpoolTimer(self.timer) };
    }
}

/// A delay in the system's unit of 100 ns, rounded up; at most thirty years.
fn ticks(delay: Duration) -> i64 {
    let delay = delay.min(Duration::from_secs(86_400 * 365 * 30));
    delay.as_nanos().div_ceil(100).max(1) as i64
}

unsafe extern "system" fn wait_is_over(
    _: PTP_CALLBACK_INSTANCE,
    context: *mut c_void,
    _: PTP_WAIT,
    _: u32,
) {
    wake(context);
}

unsafe extern "system" fn timer_is_due(
    _: PTP_CALLBACK_INSTANCE,
    context: *mut c_void,
    _: PTP_TIMER,
) {
    wake(context);
}

/// Whom callbacks wake, by number; a number is never used again.
static LISTENERS: LazyLock<Mutex<Listeners>> = LazyLock::new(Mutex::default);

#[derive(Default)]
struct Listeners {
    made: usize,
    wakers: HashMap<usize, Waker>,
}

struct Listener(usize);

impl Listener {
    fn new(waker: Waker) -> Self {
        let mut listeners = lock();
        listeners.made += 1;
        let number = listeners.made;
        listeners.wakers.insert(number, waker);
        Self(number)
    }

    /// The number in the place of a pointer.
    fn context(&self) -> *mut c_void {
        std::ptr::without_provenance_mut(self.0)
    }

    fn remove(&self) {
        // Dropped after the lock is released.
        let removed = lock().wakers.remove(&self.0);
        drop(removed);
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.remove();
    }
}

fn wake(context: *mut c_void) {
    let waker = lock().wakers.get(&context.addr()).cloned();
    // A task's waker that panics must not unwind into the system.
    let _ = catch_unwind(|| waker.inspect(Waker::wake_by_ref));
}

fn lock() -> MutexGuard<'static, Listeners> {
    // Nothing in here panics while it holds the lock.
    LISTENERS.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn isolate_this_thread() -> Isolation {
    // SAFETY: the call takes nothing and gives a name for the calling thread.
    let thread = unsafe { GetCurrentThread() };
    // SAFETY: the name is that of the calling thread.
    match unsafe { SetThreadPriority(thread, THREAD_PRIORITY_TIME_CRITICAL) } {
        0 => Isolation::Ordinary,
        _ => Isolation::Raised,
    }
}

#[cfg(test)]
mod tests {
    use super::{PoolTimer, WaitableTimer, lock};
    use std::sync::Arc;
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::task::{Wake, Waker};
    use std::time::Duration;

    struct Tells(Sender<()>);

    impl Wake for Tells {
        fn wake(self: Arc<Self>) {
            let _ = self.0.send(());
        }
    }

    fn told() -> (Waker, Receiver<()>) {
        let (tell, told) = channel();
        (Waker::from(Arc::new(Tells(tell))), told)
    }

    const SOON: Duration = Duration::from_millis(2);
    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn both_kinds_call_back_each_time_they_are_set() {
        let (waker, told) = told();
        let waitable = WaitableTimer::new(waker.clone()).unwrap();
        let pool = PoolTimer::new(waker).unwrap();
        for _ in 0..5 {
            waitable.set(SOON).unwrap();
            told.recv_timeout(LONG).unwrap();
            pool.set(SOON);
            told.recv_timeout(LONG).unwrap();
        }
        waitable.set(Duration::MAX).unwrap();
        pool.set(Duration::MAX);
        assert!(told.recv_timeout(5 * SOON).is_err());
    }

    #[test]
    fn the_late_callback_race() {
        for round in 0..200 {
            let (waker, told) = told();
            let waitable = WaitableTimer::new(waker.clone()).unwrap();
            let pool = PoolTimer::new(waker).unwrap();
            // Gone about when they fire.
            waitable.set(Duration::from_micros(round * 10)).unwrap();
            pool.set(Duration::from_micros(round * 10));
            std::thread::sleep(Duration::from_micros(round * 10));
            drop((waitable, pool));
            while told.try_recv().is_ok() {}
        }
        assert!(lock().wakers.len() < 100, "listeners go with their timers");
    }
}
