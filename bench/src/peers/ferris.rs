//! ferris with all its resolutions, which a tick of a millisecond takes.
//!
//! Its keys are the caller's, so a value is its own key. It has to be ticked, and knows times from
//! now on only.

use std::time::Duration;

use ferris::{AllocWheel, CopyWheel, Resolution, Wheel};

use crate::timers::TimerPeer;

pub struct Ferris<W> {
    wheel: W,
    now: u64,
}

pub type Alloc = Ferris<AllocWheel<u64>>;
pub type Copy = Ferris<CopyWheel<u64>>;

/// What the two wheels do not share by a trait of theirs.
pub trait Make: Wheel<u64> + 'static {
    const NAME: &'static str;

    fn make(resolutions: Vec<Resolution>) -> Self;
}

impl Make for AllocWheel<u64> {
    const NAME: &'static str = "ferris alloc";

    fn make(resolutions: Vec<Resolution>) -> Self {
        Self::new(resolutions)
    }
}

impl Make for CopyWheel<u64> {
    const NAME: &'static str = "ferris copy";

    fn make(resolutions: Vec<Resolution>) -> Self {
        Self::new(resolutions)
    }
}

impl<W: Make> TimerPeer for Ferris<W> {
    const NAME: &'static str = W::NAME;
    const PACKAGE: &'static str = "ferris";
    const NO_NEXT: Option<&'static str> = Some("knows no next deadline");
    type Key = u64;

    fn new() -> Self {
        use Resolution::{Hour, HundredMs, Min, Ms, Sec, TenMs};
        Self { wheel: W::make(vec![Ms, TenMs, HundredMs, Sec, Min, Hour]), now: 0 }
    }

    fn insert(&mut self, deadline: u64, value: u64) -> u64 {
        self.wheel.start(value, Duration::from_millis(deadline - self.now));
        value
    }

    fn cancel(&mut self, key: u64) {
        self.wheel.stop(key);
    }

    fn reset(&mut self, key: &mut u64, deadline: u64, _value: u64) {
        self.wheel.start(*key, Duration::from_millis(deadline - self.now));
    }

    fn advance(&mut self, now: u64, mut fired: impl FnMut(u64)) {
        while self.now < now {
            self.now += 1;
            self.wheel.expire().into_iter().for_each(&mut fired);
        }
    }

    fn next_deadline(&mut self) -> Option<u64> {
        None
    }
}
