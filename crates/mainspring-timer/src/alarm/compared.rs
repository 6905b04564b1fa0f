//! Compares the two clocks at least every 30 seconds, where the kernel does not tell.

use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};

use mainspring_clock::{Clock, Jump, JumpDetector, SystemClock, WallClock, Woke};

use crate::driver::{Driver, Wait};

/// A set clock is noticed within this time.
pub(super) const BOUND: Duration = Duration::from_secs(30);

pub(super) struct Compared {
    driver: Driver,
    wait: Wait,
    detector: JumpDetector,
}

impl Compared {
    pub(super) fn new(driver: Driver) -> Self {
        let now = driver.now();
        Self { wait: Wait::on(driver.clone(), now), driver, detector: detector() }
    }

    pub(super) fn poll(&mut self, at: SystemTime, cx: &mut Context<'_>) -> Poll<Woke> {
        loop {
            let wall = SystemClock.wall_now();
            let jump = self.detector.observe(SystemClock.now(), wall);
            let Ok(left) = at.duration_since(wall) else { return Poll::Ready(Woke::Due) };
            if left.is_zero() {
                return Poll::Ready(Woke::Due);
            }
            if jump.is_some() {
                return Poll::Ready(Woke::ClockSet);
            }
            self.wait.set_deadline(self.driver.after(left.min(BOUND)));
            ready!(self.wait.poll(cx, Duration::ZERO));
        }
    }

    pub(super) fn poll_jump(&mut self, cx: &mut Context<'_>) -> Poll<Jump> {
        loop {
            if let Some(jump) = self.detector.observe(SystemClock.now(), SystemClock.wall_now()) {
                return Poll::Ready(jump);
            }
            self.wait.set_deadline(self.driver.after(BOUND));
            ready!(self.wait.poll(cx, Duration::ZERO));
        }
    }
}

pub(super) fn detector() -> JumpDetector {
    JumpDetector::new(SystemClock.now(), SystemClock.wall_now())
}
