//! Our own wheel in three shapes: exact, coarse, and named by the caller's keys.
//!
//! The coarse one promises an eighth. The keyed one stands on the rings of all resolutions, as ferris
//! is asked with.

use std::time::Duration;

use mainspring_wheel::{Coarse, Key, KeyedWheel, Resolution, Wheel};

use crate::timers::TimerPeer;

pub struct Exact(Wheel<u64>);

impl TimerPeer for Exact {
    const NAME: &'static str = "mainspring";
    const PACKAGE: &'static str = "mainspring-wheel";
    type Key = Key;

    fn new() -> Self {
        Self(Wheel::new())
    }

    fn insert(&mut self, deadline: u64, value: u64) -> Key {
        self.0.insert(deadline, value)
    }

    fn cancel(&mut self, key: Key) {
        self.0.cancel(key);
    }

    fn reset(&mut self, key: &mut Key, deadline: u64, value: u64) {
        if self.0.reschedule(*key, deadline) {
            *self.0.get_mut(*key).expect("it was moved") = value;
        }
    }

    fn advance(&mut self, now: u64, mut fired: impl FnMut(u64)) {
        self.0.advance_to(now, |_, value| fired(value)).expect("time goes on");
    }

    fn next_deadline(&mut self) -> Option<u64> {
        self.0.next_deadline()
    }
}

pub struct Rounded(Exact);

impl TimerPeer for Rounded {
    const NAME: &'static str = "mainspring coarse";
    const PACKAGE: &'static str = "mainspring-wheel";
    type Key = Key;

    fn new() -> Self {
        Self(Exact(Wheel::coarse(Coarse::new(8))))
    }

    fn insert(&mut self, deadline: u64, value: u64) -> Key {
        self.0.insert(deadline, value)
    }

    fn cancel(&mut self, key: Key) {
        self.0.cancel(key);
    }

    fn reset(&mut self, key: &mut Key, deadline: u64, value: u64) {
        self.0.reset(key, deadline, value);
    }

    fn advance(&mut self, now: u64, fired: impl FnMut(u64)) {
        self.0.advance(now, fired);
    }

    fn next_deadline(&mut self) -> Option<u64> {
        self.0.next_deadline()
    }
}

pub struct Named {
    wheel: KeyedWheel<u64>,
    now: u64,
}

impl TimerPeer for Named {
    const NAME: &'static str = "mainspring keyed";
    const PACKAGE: &'static str = "mainspring-wheel";
    type Key = u64;

    fn new() -> Self {
        Self { wheel: KeyedWheel::coarse(Coarse::of(&Resolution::ALL)), now: 0 }
    }

    fn insert(&mut self, deadline: u64, value: u64) -> u64 {
        self.wheel.start(value, Duration::from_millis(deadline - self.now));
        value
    }

    fn cancel(&mut self, key: u64) {
        self.wheel.stop(&key);
    }

    fn reset(&mut self, key: &mut u64, deadline: u64, _value: u64) {
        self.wheel.start(*key, Duration::from_millis(deadline - self.now));
    }

    fn advance(&mut self, now: u64, mut fired: impl FnMut(u64)) {
        self.now = now;
        let now = Duration::from_millis(now);
        self.wheel.advance_to(now, |value, ()| fired(value)).expect("time goes on");
    }

    fn next_deadline(&mut self) -> Option<u64> {
        self.wheel.next_deadline().map(|next| next.as_millis() as u64)
    }
}
