//! Keeps the wakers of hosts that sleep because the executor has nothing to do.

use std::sync::PoisonError;
use std::task::Waker;

use super::sync::{Mutex, MutexGuard};

/// One waker per driver that sleeps: two may drive one executor by turns, and whatever happens
/// while both sleep has to reach both.
pub(super) struct Parked {
    wakers: Mutex<Vec<Waker>>,
}

impl Parked {
    pub(super) fn new() -> Self {
        Self { wakers: Mutex::new(Vec::new()) }
    }

    pub(super) fn add(&self, waker: &Waker) {
        let mut wakers = self.lock();
        if !wakers.iter().any(|known| known.will_wake(waker)) {
            wakers.push(waker.clone());
        }
    }

    pub(super) fn wake_all(&self) {
        // One by one: the lock is not held while a waker runs, and the memory stays for the next.
        loop {
            let waker = self.lock().pop();
            match waker {
                Some(waker) => waker.wake(),
                None => return,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Waker>> {
        // Nothing panics half-way through a change of the list.
        self.wakers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
