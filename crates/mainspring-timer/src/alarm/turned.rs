//! The wall clock of a clock that is turned by hand.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use mainspring_clock::{Clock, Jump, JumpDetector, ManualClock, Wait, WallClock, Woke};

pub(super) struct Turned {
    pub(super) clock: ManualClock,
    /// Until the alarm's time.
    pub(super) wait: Wait,
    /// Until the clock is set; it outlives a change of the alarm's time.
    setting: Wait,
    detector: JumpDetector,
}

impl Turned {
    pub(super) fn new(clock: ManualClock, at: SystemTime) -> Self {
        let wait = clock.wait_until_wall(at);
        let setting = clock.wait_until_wall(never());
        let detector = JumpDetector::new(clock.now(), clock.wall_now());
        Self { clock, wait, setting, detector: detector.with_tolerance(Duration::ZERO) }
    }

    pub(super) fn poll(&mut self, at: SystemTime, cx: &mut Context<'_>) -> Poll<Woke> {
        if self.clock.wall_now() >= at {
            return Poll::Ready(Woke::Due);
        }
        if self.poll_setting(cx).is_ready() {
            self.wait = self.clock.wait_until_wall(at);
            return Poll::Ready(Woke::ClockSet);
        }
        Pin::new(&mut self.wait).poll(cx)
    }

    pub(super) fn poll_jump(&mut self, cx: &mut Context<'_>) -> Poll<Jump> {
        self.poll_setting(cx).map(|()| {
            let jump = self.detector.observe(self.clock.now(), self.clock.wall_now());
            jump.unwrap_or(Jump::Forward(Duration::ZERO))
        })
    }

    fn poll_setting(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.setting).poll(cx).map(|_| {
            self.setting = self.clock.wait_until_wall(never());
        })
    }
}

/// The fifty-second century.
pub(super) fn never() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(100_000_000_000)
}
