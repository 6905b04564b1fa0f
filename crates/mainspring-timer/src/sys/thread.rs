//! A timer that is a thread of its own, asleep until the deadline.
//!
//! It needs no runtime and no descriptor: it serves runtimes that are busy or have no I/O driver, and
//! takes over where descriptors have run out or a runtime has gone.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Instant;

use mainspring_clock::{Clock, SystemClock};

use super::{Armed, Backend, sharpen_this_thread};

pub(crate) struct ThreadTimer {
    shared: Arc<Shared>,
}

struct Shared {
    order: Mutex<Order>,
    changed: Condvar,
}

#[derive(Clone, Copy)]
enum Order {
    Idle,
    Until(Instant),
    Stop,
}

impl ThreadTimer {
    pub(crate) fn new(waker: Waker) -> io::Result<Self> {
        let shared = Arc::new(Shared { order: Mutex::new(Order::Idle), changed: Condvar::new() });
        let its = Arc::clone(&shared);
        std::thread::Builder::new().name("mainspring-timer".to_owned()).spawn(move || {
            sharpen_this_thread();
            while its.wait() {
                waker.wake_by_ref();
            }
        })?;
        Ok(Self { shared })
    }

    fn order(&self, order: Order) {
        *self.shared.lock() = order;
        self.shared.changed.notify_one();
    }
}

impl Backend for ThreadTimer {
    fn arm(&mut self, deadline: Instant) -> io::Result<Armed> {
        self.order(Order::Until(deadline));
        Ok(Armed::Waiting)
    }

    fn rest(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for ThreadTimer {
    fn drop(&mut self) {
        // Not joined: the last timer may be dropped by a task that this very thread is waking.
        self.order(Order::Stop);
    }
}

impl Shared {
    /// Sleeps until a deadline has passed; `false` when it is time to go.
    fn wait(&self) -> bool {
        let mut order = self.lock();
        loop {
            order = match *order {
                Order::Stop => return false,
                Order::Idle => self.changed.wait(order).unwrap_or_else(PoisonError::into_inner),
                Order::Until(deadline) => {
                    let left = deadline.saturating_duration_since(SystemClock.now());
                    if left.is_zero() {
                        *order = Order::Idle;
                        return true;
                    }
                    let woken = self.changed.wait_timeout(order, left);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Order> {
        // Nothing in here panics while it holds the lock.
        self.order.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
