//! hierarchical_hash_wheel_timer: its wheel whose timers can be cancelled, by number.
//!
//! It has to be ticked; between ticks it tells how many can be skipped, which is no deadline.

use std::rc::Rc;
use std::time::Duration;

use hierarchical_hash_wheel_timer::wheels::cancellable::{
    CancellableTimerEntry, QuadWheelWithOverflow,
};
use hierarchical_hash_wheel_timer::wheels::{Skip, TimerEntryWithDelay};

use crate::timers::TimerPeer;

#[derive(Debug)]
pub struct Entry {
    value: u64,
    delay: Duration,
}

impl CancellableTimerEntry for Entry {
    type Id = u64;

    fn id(&self) -> &u64 {
        &self.value
    }
}

impl TimerEntryWithDelay for Entry {
    fn delay(&self) -> Duration {
        self.delay
    }
}

pub struct HashWheel {
    wheel: QuadWheelWithOverflow<Entry>,
    now: u64,
}

impl HashWheel {
    fn tick(&mut self, fired: &mut impl FnMut(u64)) {
        self.now += 1;
        self.wheel.tick().iter().for_each(|entry| fired(entry.value));
    }
}

impl TimerPeer for HashWheel {
    const NAME: &'static str = "hash wheel";
    const PACKAGE: &'static str = "hierarchical_hash_wheel_timer";
    const NO_NEXT: Option<&'static str> = Some("knows no next deadline");
    type Key = u64;

    fn new() -> Self {
        Self { wheel: QuadWheelWithOverflow::new(), now: 0 }
    }

    fn insert(&mut self, deadline: u64, value: u64) -> u64 {
        let delay = Duration::from_millis(deadline - self.now);
        self.wheel.insert_ref(Rc::new(Entry { value, delay })).expect("due in the future");
        value
    }

    fn cancel(&mut self, key: u64) {
        self.wheel.cancel(&key).expect("it is armed");
    }

    fn reset(&mut self, key: &mut u64, deadline: u64, value: u64) {
        self.cancel(*key);
        *key = self.insert(deadline, value);
    }

    fn advance(&mut self, now: u64, mut fired: impl FnMut(u64)) {
        while self.now < now {
            match self.wheel.can_skip() {
                Skip::Empty => {
                    self.wheel.skip((now - self.now) as u32);
                    self.now = now;
                }
                Skip::Millis(most) => {
                    let skipped = u64::from(most).min(now - self.now - 1);
                    self.wheel.skip(skipped as u32);
                    self.now += skipped;
                    self.tick(&mut fired);
                }
                Skip::None => self.tick(&mut fired),
            }
        }
    }

    fn next_deadline(&mut self) -> Option<u64> {
        None
    }
}
