//! Keeps the deadlines that a driver waits for: the one place that knows by what structure.
//!
//! Units: nanoseconds since the driver's origin.

use std::collections::BTreeMap;
use std::task::Waker;

/// Who waits for a deadline.
pub(super) struct Entry {
    pub(super) waker: Waker,
    /// Nanoseconds after which the same timer is expected to wait again; 0 for one-shots.
    pub(super) again: u64,
}

/// Names one entry for ever: an entry that has gone is not mistaken for a later one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key(u64, u64);

#[derive(Default)]
pub(super) struct Queue {
    entries: BTreeMap<(u64, u64), Entry>,
    inserted: u64,
}

impl Queue {
    pub(super) fn insert(&mut self, deadline: u64, entry: Entry) -> Key {
        self.inserted += 1;
        self.entries.insert((deadline, self.inserted), entry);
        Key(deadline, self.inserted)
    }

    pub(super) fn cancel(&mut self, key: Key) -> Option<Entry> {
        self.entries.remove(&(key.0, key.1))
    }

    pub(super) fn get_mut(&mut self, key: Key) -> Option<&mut Entry> {
        self.entries.get_mut(&(key.0, key.1))
    }

    /// The earliest deadline.
    pub(super) fn next(&self) -> Option<u64> {
        self.entries.keys().next().map(|&(deadline, _)| deadline)
    }

    /// Takes out up to `most` entries whose deadline is not after `now`, the earliest first.
    pub(super) fn take_due(&mut self, now: u64, most: usize, mut take: impl FnMut(u64, Entry)) {
        for _ in 0..most {
            match self.entries.first_entry() {
                Some(first) if first.key().0 <= now => {
                    let ((deadline, _), entry) = first.remove_entry();
                    take(deadline, entry);
                }
                _ => return,
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}
