//! Counts expirations by arithmetic, where no kernel counts them.
//!
//! What is due follows from the first deadline and the interval: nothing is lost while nobody looks.

use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::Instant;

use crate::driver::{Driver, Wait, far_away};
use crate::kernel::Setting;

#[derive(Debug)]
pub(crate) struct Counted {
    driver: Driver,
    wait: Wait,
    interval: Option<Duration>,
    is_armed: bool,
}

impl Counted {
    pub(crate) fn new(driver: Driver) -> Self {
        let now = driver.now();
        Self { wait: Wait::on(driver.clone(), now), driver, interval: None, is_armed: false }
    }

    pub(crate) fn now(&self) -> Instant {
        self.driver.now()
    }

    pub(crate) fn after(&self, delay: Duration) -> Instant {
        self.driver.after(delay)
    }

    pub(crate) fn arm(&mut self, deadline: Instant, interval: Option<Duration>) -> Setting {
        let before = self.disarm();
        self.wait.set_deadline(deadline);
        self.interval = interval;
        self.is_armed = true;
        before
    }

    pub(crate) fn disarm(&mut self) -> Setting {
        let before = self.setting();
        self.is_armed = false;
        before
    }

    pub(crate) fn setting(&self) -> Setting {
        if !self.is_armed {
            return Setting::new(None, self.interval);
        }
        let late = self.now().saturating_duration_since(self.wait.deadline());
        let remaining = match self.interval {
            _ if late.is_zero() => Some(self.wait.deadline().saturating_duration_since(self.now())),
            Some(interval) => Some(interval - remainder(late, interval)),
            None => None,
        };
        Setting::new(remaining, self.interval)
    }

    /// Expirations since the last call.
    pub(crate) fn take(&mut self, now: Instant) -> u64 {
        if !self.is_armed || now < self.wait.deadline() {
            return 0;
        }
        let late = now - self.wait.deadline();
        let Some(interval) = self.interval else {
            self.is_armed = false;
            return 1;
        };
        let beats = u64::try_from(late.as_nanos() / interval.as_nanos()).unwrap_or(u64::MAX);
        let left = interval - remainder(late, interval);
        self.wait.set_deadline(now.checked_add(left).unwrap_or_else(|| far_away(now)));
        beats.saturating_add(1)
    }

    /// Ready with the expirations since the last call, once there are any; never while disarmed.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<u64> {
        if !self.is_armed {
            return Poll::Pending;
        }
        let now = ready!(self.wait.poll(cx, self.interval.unwrap_or_default()));
        Poll::Ready(self.take(now))
    }
}

fn remainder(of: Duration, by: Duration) -> Duration {
    let nanos = of.as_nanos() % by.as_nanos();
    // Below `by`, so its seconds fit.
    Duration::new((nanos / 1_000_000_000) as u64, (nanos % 1_000_000_000) as u32)
}
