//! Keeps the deadlines that a driver waits for, in a wheel.
//!
//! Units: nanoseconds since the driver's origin, which are the wheel's ticks.

use std::task::Waker;

use mainspring_wheel::Wheel;

pub(super) use mainspring_wheel::Key;

/// Who waits for a deadline.
pub(super) struct Entry {
    pub(super) waker: Waker,
    /// Nanoseconds after which the same timer is expected to wait again; 0 for one-shots.
    pub(super) again: u64,
}

#[derive(Default)]
pub(super) struct Queue {
    wheel: Wheel<Entry>,
}

impl Queue {
    pub(super) fn insert(&mut self, deadline: u64, entry: Entry) -> Key {
        self.wheel.insert(deadline, entry)
    }

    pub(super) fn cancel(&mut self, key: Key) -> Option<Entry> {
        self.wheel.cancel(key)
    }

    pub(super) fn move_to(&mut self, key: Key, deadline: u64) -> bool {
        self.wheel.reschedule(key, deadline)
    }

    pub(super) fn get_mut(&mut self, key: Key) -> Option<&mut Entry> {
        self.wheel.get_mut(key)
    }

    /// The earliest deadline.
    pub(super) fn next(&mut self) -> Option<u64> {
        self.wheel.next_deadline()
    }

    /// Takes out up to `most` entries whose deadline is not after `now`, the earliest first.
    pub(super) fn take_due(&mut self, now: u64, most: usize, mut take: impl FnMut(u64, Entry)) {
        // Two threads may read the clock in one order and come here in the other: then all that is
        // due has been taken.
        if let Ok(due) = self.wheel.advance(now) {
            due.take(most).for_each(|(deadline, entry)| take(deadline, entry));
        }
    }

    pub(super) fn len(&self) -> usize {
        self.wheel.len()
    }
}
