//! tm-wheel with eight levels of 64 slots.
//!
//! It fires in no order of deadlines, which saves it a pass over what an advance fires. What it calls
//! the nearest wake-up may come before the next deadline.

use tm_wheel::{TimerDriver, TimerHandle};

use crate::timers::TimerPeer;

pub struct TmWheel(TimerDriver<u64, 8, 64>);

impl TimerPeer for TmWheel {
    const NAME: &'static str = "tm-wheel";
    const PACKAGE: &'static str = "tm-wheel";
    type Key = Option<TimerHandle>;

    fn new() -> Self {
        Self(TimerDriver::default())
    }

    fn insert(&mut self, deadline: u64, value: u64) -> Self::Key {
        Some(self.0.insert(value, deadline))
    }

    fn cancel(&mut self, key: Self::Key) {
        self.0.remove(key.expect("cancelled once"));
    }

    fn reset(&mut self, key: &mut Self::Key, deadline: u64, value: u64) {
        self.cancel(key.take());
        *key = self.insert(deadline, value);
    }

    fn advance(&mut self, now: u64, fired: impl FnMut(u64)) {
        self.0.advance_to(now).for_each(fired);
    }

    fn next_deadline(&mut self) -> Option<u64> {
        self.0.nearest_wakeup().map(|tick| tick.get())
    }
}
