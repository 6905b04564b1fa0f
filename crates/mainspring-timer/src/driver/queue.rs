//! Keeps the deadlines that a driver waits for: a lone one by itself, more in a wheel.
//!
//! A timer that finds nobody waiting has a seat of its own, and keeps it until it fires or is cancelled.
//! A lone interval thus stays within one cache line; after a sleep, each further one is fetched anew.
//!
//! Units: nanoseconds since the driver's origin, which are the wheel's ticks.

use std::task::Waker;

use mainspring_wheel::Wheel;

/// Who waits for a deadline.
pub(super) struct Entry {
    pub(super) waker: Waker,
    /// Nanoseconds after which the same timer is expected to wait again; 0 for one-shots.
    pub(super) again: u64,
}

/// Names an entry; of one that has fired or was cancelled, nothing.
#[derive(Clone, Copy, Debug)]
pub(super) enum Key {
    Lone { turn: u64 },
    InWheel(mainspring_wheel::Key),
}

#[derive(Default)]
pub(super) struct Queue {
    lone: Option<Lone>,
    /// How often the seat was taken.
    turns: u64,
    wheel: Wheel<Entry>,
}

struct Lone {
    turn: u64,
    deadline: u64,
    entry: Entry,
}

impl Queue {
    pub(super) fn insert(&mut self, deadline: u64, entry: Entry) -> Key {
        if self.len() > 0 {
            return Key::InWheel(self.wheel.insert(deadline, entry));
        }
        self.turns += 1;
        let turn = self.turns;
        self.lone = Some(Lone { turn, deadline, entry });
        Key::Lone { turn }
    }

    pub(super) fn cancel(&mut self, key: Key) -> Option<Entry> {
        match key {
            Key::Lone { turn } => {
                self.lone.take_if(|lone| lone.turn == turn).map(|lone| lone.entry)
            }
            Key::InWheel(key) => self.wheel.cancel(key),
        }
    }

    pub(super) fn move_to(&mut self, key: Key, deadline: u64) -> bool {
        match key {
            Key::Lone { turn } => {
                let lone = self.lone.as_mut().filter(|lone| lone.turn == turn);
                lone.map(|lone| lone.deadline = deadline).is_some()
            }
            Key::InWheel(key) => self.wheel.reschedule(key, deadline),
        }
    }

    pub(super) fn get_mut(&mut self, key: Key) -> Option<&mut Entry> {
        match key {
            Key::Lone { turn } => {
                let lone = self.lone.as_mut().filter(|lone| lone.turn == turn);
                lone.map(|lone| &mut lone.entry)
            }
            Key::InWheel(key) => self.wheel.get_mut(key),
        }
    }

    /// The earliest deadline.
    pub(super) fn next(&mut self) -> Option<u64> {
        let lone = self.lone.as_ref().map(|lone| lone.deadline);
        let in_wheel = if self.wheel.is_empty() { None } else { self.wheel.next_deadline() };
        lone.into_iter().chain(in_wheel).min()
    }

    /// Takes out up to `most` entries whose deadline is not after `now`: the lone one, then the others,
    /// the earliest first.
    pub(super) fn take_due(&mut self, now: u64, most: usize, mut take: impl FnMut(u64, Entry)) {
        let mut left = most;
        if let Some(lone) = self.lone.take_if(|lone| lone.deadline <= now) {
            take(lone.deadline, lone.entry);
            left -= 1;
        }
        if !self.wheel.is_empty() {
            self.take_from_wheel(now, left, take);
        }
    }

    /// Apart, so that the little code a lone timer needs stands together.
    #[inline(never)]
    fn take_from_wheel(&mut self, now: u64, most: usize, mut take: impl FnMut(u64, Entry)) {
        // Two threads may read the clock in one order and come here in the other: then all that is
        // due has been taken.
        if let Ok(due) = self.wheel.advance(now) {
            due.take(most).for_each(|(deadline, entry)| take(deadline, entry));
        }
    }

    pub(super) fn len(&self) -> usize {
        self.wheel.len() + usize::from(self.lone.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, Queue};
    use std::task::Waker;

    fn entry(again: u64) -> Entry {
        Entry { waker: Waker::noop().clone(), again }
    }

    fn due(queue: &mut Queue, now: u64) -> Vec<(u64, u64)> {
        let mut due = Vec::new();
        queue.take_due(now, 100, |deadline, entry| due.push((deadline, entry.again)));
        due
    }

    #[test]
    fn a_lone_timer_and_its_followers_are_one_queue() {
        let mut queue = Queue::default();
        let first = queue.insert(50, entry(1));
        let second = queue.insert(30, entry(2));
        let third = queue.insert(70, entry(3));
        assert_eq!((queue.len(), queue.next()), (3, Some(30)));
        assert!(queue.move_to(first, 20) && queue.move_to(second, 60));
        assert_eq!(queue.next(), Some(20));
        assert_eq!(due(&mut queue, 65), [(20, 1), (60, 2)]);
        assert_eq!(queue.next(), Some(70));
        for key in [first, second] {
            assert!(queue.get_mut(key).is_none() && !queue.move_to(key, 99));
            assert!(queue.cancel(key).is_none());
        }
        assert_eq!(queue.cancel(third).map(|entry| entry.again), Some(3));
        assert_eq!((queue.len(), queue.next()), (0, None));
    }

    #[test]
    fn an_old_key_does_not_name_who_has_the_seat_now() {
        let mut queue = Queue::default();
        let old = queue.insert(10, entry(1));
        assert_eq!(due(&mut queue, 10), [(10, 1)]);
        let new = queue.insert(20, entry(2));
        assert!(queue.cancel(old).is_none() && queue.get_mut(old).is_none());
        assert!(queue.get_mut(new).is_some());
        assert_eq!(due(&mut queue, 19), []);
        assert_eq!(due(&mut queue, 20), [(20, 2)]);
    }

    #[test]
    fn no_more_are_taken_than_asked_for() {
        let mut queue = Queue::default();
        for deadline in 0..10 {
            queue.insert(deadline, entry(deadline));
        }
        let mut taken = Vec::new();
        queue.take_due(100, 4, |deadline, _| taken.push(deadline));
        assert_eq!(taken, [0, 1, 2, 3]);
        assert_eq!((queue.len(), due(&mut queue, 100).len()), (6, 6));
    }
}
