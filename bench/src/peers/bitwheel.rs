//! bitwheel, the preset with a resolution of a millisecond and room for any number of timers.
//!
//! It tells time by `Instant`; ticks are counted from one that stands for tick 0.

use std::time::{Duration, Instant};

use bitwheel::timer::{PreciseWheelWithFailover, Timer, TimerHandle};

use crate::stopwatch;
use crate::timers::TimerPeer;

/// A timer that hands its value to whoever polls.
pub struct Value(u64);

impl Timer for Value {
    type Context = Vec<u64>;

    fn fire(&mut self, fired: &mut Vec<u64>) {
        fired.push(self.0);
    }
}

pub struct BitWheel {
    wheel: Box<PreciseWheelWithFailover<Value>>,
    start: Instant,
    fired: Vec<u64>,
}

impl BitWheel {
    fn at(&self, tick: u64) -> Instant {
        self.start + Duration::from_millis(tick)
    }
}

impl TimerPeer for BitWheel {
    const NAME: &'static str = "bitwheel";
    const PACKAGE: &'static str = "bitwheel";
    type Key = Option<TimerHandle>;

    fn new() -> Self {
        let start = stopwatch::now();
        let wheel = PreciseWheelWithFailover::boxed_with_epoch(start);
        Self { wheel, start, fired: Vec::new() }
    }

    fn insert(&mut self, deadline: u64, value: u64) -> Self::Key {
        Some(self.wheel.insert(self.at(deadline), Value(value)))
    }

    fn cancel(&mut self, key: Self::Key) {
        self.wheel.cancel(key.expect("cancelled once"));
    }

    fn reset(&mut self, key: &mut Self::Key, deadline: u64, value: u64) {
        self.cancel(key.take());
        *key = self.insert(deadline, value);
    }

    fn advance(&mut self, now: u64, fired: impl FnMut(u64)) {
        self.wheel.poll(self.at(now), &mut self.fired);
        self.fired.drain(..).for_each(fired);
    }

    fn next_deadline(&mut self) -> Option<u64> {
        let next = self.wheel.peek_next_fire()?;
        Some((next - self.start).as_millis() as u64)
    }
}
