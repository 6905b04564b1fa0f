//! ora-timer's wheel. It cannot cancel; it has to be ticked, and tells how many ticks can be skipped.

use std::time::Duration;

use ora_timer::resolution::MillisecondResolution;
use ora_timer::wheel::TimingWheel;

use crate::timers::TimerPeer;

pub struct Ora {
    wheel: TimingWheel<u64, MillisecondResolution>,
    now: u64,
    fired: Vec<u64>,
}

impl TimerPeer for Ora {
    const NAME: &'static str = "ora-timer";
    const PACKAGE: &'static str = "ora-timer";
    const NO_CANCEL: Option<&'static str> = Some("cannot cancel");
    const NO_NEXT: Option<&'static str> = Some("knows no next deadline");
    type Key = ();

    fn new() -> Self {
        Self { wheel: TimingWheel::new(), now: 0, fired: Vec::new() }
    }

    fn insert(&mut self, deadline: u64, value: u64) {
        let expired = self.wheel.insert(value, Duration::from_millis(deadline - self.now));
        assert!(expired.is_none(), "due in the future");
    }

    fn cancel(&mut self, (): ()) {}

    fn reset(&mut self, (): &mut (), _deadline: u64, _value: u64) {}

    fn advance(&mut self, now: u64, mut fired: impl FnMut(u64)) {
        while self.now < now {
            if self.wheel.is_empty() {
                self.wheel.skip((now - self.now) as u32);
                self.now = now;
                return;
            }
            let skipped = u64::from(self.wheel.can_skip()).min(now - self.now - 1);
            self.wheel.skip(skipped as u32);
            self.now += skipped + 1;
            self.wheel.tick_with(&mut self.fired);
            self.fired.drain(..).for_each(&mut fired);
        }
    }

    fn next_deadline(&mut self) -> Option<u64> {
        None
    }
}
