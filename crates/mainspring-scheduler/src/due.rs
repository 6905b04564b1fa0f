//! Keeps what is due next, on a timer wheel.
//!
//! # Ground rules
//! - A deadline is rounded up to the wheel's tick, the present down: never early.
//! - The wheel never goes back. When the wall clock was set back, [`DueQueue::start_over`] makes a new
//!   one, or nothing would be due until the old present had come again.
//!
//! Units: a tick is a microsecond; tick 0 is the first instant there is.

use jiff::Timestamp;
use mainspring_wheel::{Key, Wheel};

use crate::jobs::Slot;

pub(crate) struct DueQueue {
    wheel: Wheel<Slot>,
}

/// Where a job waits in the queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place(Key);

impl DueQueue {
    pub(crate) fn new() -> Self {
        Self { wheel: Wheel::new() }
    }

    pub(crate) fn insert(&mut self, job: Slot, due: Timestamp) -> Place {
        Place(self.wheel.insert(tick_from(due), job))
    }

    pub(crate) fn remove(&mut self, place: Place) {
        self.wheel.cancel(place.0);
    }

    /// Takes out the jobs that are due at `now`, at most `jobs_max`, in the order of their instants.
    pub(crate) fn take_due(&mut self, now: Timestamp, jobs_max: usize, due: &mut Vec<Slot>) {
        if let Ok(advance) = self.wheel.advance(tick_until(now)) {
            due.extend(advance.take(jobs_max).map(|(_, job)| job));
        }
    }

    /// An instant up to which nothing is due, and at which it is time to look again.
    pub(crate) fn next_deadline(&mut self) -> Option<Timestamp> {
        self.wheel.next_deadline().map(instant_of)
    }

    /// Forgets everything, and how far it has come.
    pub(crate) fn start_over(&mut self) {
        self.wheel = Wheel::new();
    }
}

fn tick_from(due: Timestamp) -> u64 {
    let is_between = due.subsec_nanosecond() % 1000 != 0;
    tick_until(due) + u64::from(is_between)
}

fn tick_until(now: Timestamp) -> u64 {
    // Both are within ±2⁵⁹ microseconds, so neither difference nor conversion can fail.
    let micros = now.as_second() * 1_000_000 + i64::from(now.subsec_nanosecond().div_euclid(1000));
    u64::try_from(micros - Timestamp::MIN.as_microsecond()).unwrap_or_default()
}

fn instant_of(tick: u64) -> Timestamp {
    let micros =
        i64::try_from(tick).ok().and_then(|tick| tick.checked_add(Timestamp::MIN.as_microsecond()));
    micros.and_then(|micros| Timestamp::from_microsecond(micros).ok()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::{DueQueue, instant_of, tick_from, tick_until};
    use jiff::Timestamp;

    use crate::jobs::Slot;

    #[test]
    fn deadlines_round_up_and_the_present_down() {
        for text in ["2026-03-01T12:00:00.000000001Z", "-000001-01-01T00:00:00.123456789Z"] {
            let at: Timestamp = text.parse().expect("an instant");
            assert!(instant_of(tick_from(at)) > at);
            assert!(instant_of(tick_until(at)) < at);
            assert_eq!(tick_from(at), tick_until(at) + 1);
        }
        for at in [Timestamp::MIN, Timestamp::UNIX_EPOCH] {
            assert_eq!(instant_of(tick_from(at)), at);
            assert_eq!(tick_from(at), tick_until(at));
        }
        assert_eq!(instant_of(tick_from(Timestamp::MAX)), Timestamp::MAX);
    }

    #[test]
    fn a_clock_that_was_set_back_needs_a_new_start() {
        let at = |second| Timestamp::from_second(second).expect("a small number");
        let mut queue = DueQueue::new();
        let mut due = Vec::new();
        queue.insert(Slot::default(), at(1000));
        queue.take_due(at(2000), 8, &mut due);
        assert_eq!(due, [Slot::default()]);
        queue.insert(Slot::default(), at(500));
        queue.take_due(at(600), 8, &mut due);
        assert_eq!(due.len(), 1, "the wheel is beyond that");
        queue.start_over();
        queue.insert(Slot::default(), at(500));
        queue.take_due(at(600), 8, &mut due);
        assert_eq!(due.len(), 2);
    }
}
