//! Waits for both clocks: the machine's, or one that a test turns.
//!
//! # Ground rules
//! - Sleep of the machine is time that passed, not a clock that was set.
//! - A driver that was not given is looked for at each run: the next one may be in another runtime.

use std::future::pending;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;
use mainspring_clock::{Clock, SystemClock, WallClock};
use mainspring_timer::{Alarm, Backend, Driver, time_asleep};

/// Both clocks, and what waits for them.
pub(crate) struct Timer {
    /// What the scheduler was given.
    given: Option<Driver>,
    /// Otherwise what it has found.
    found: Mutex<Option<Driver>>,
}

impl Timer {
    pub(crate) fn new(given: Option<Driver>) -> Self {
        Self { given, found: Mutex::default() }
    }

    /// Finds a driver, if none was given: that of the runtime; where its I/O driver is off, tokio's own
    /// clock; without a runtime, a thread.
    pub(crate) fn begin(&self) -> io::Result<()> {
        if self.given.is_none() {
            let driver = Driver::current()
                .or_else(|_| Driver::new(Backend::Portable))
                .or_else(|_| Driver::thread())?;
            *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(driver);
        }
        Ok(())
    }

    /// The monotonic clock.
    pub(crate) fn now(&self) -> Instant {
        self.given.as_ref().map_or_else(|| SystemClock.now(), Clock::now)
    }

    /// The monotonic clock, had it gone on while the machine slept.
    pub(crate) fn now_with_sleep(&self) -> Instant {
        self.now() + self.given.as_ref().map_or_else(time_asleep, Driver::time_asleep)
    }

    pub(crate) fn wall_now(&self) -> SystemTime {
        self.given.as_ref().map_or_else(|| SystemClock.wall_now(), WallClock::wall_now)
    }

    /// The wall clock on the calendar; a time that no calendar has is its end.
    pub(crate) fn timestamp(&self) -> Timestamp {
        let now = self.wall_now();
        Timestamp::try_from(now).unwrap_or(if now < SystemTime::UNIX_EPOCH {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        })
    }

    /// Completes when `duration` has passed on the monotonic clock.
    pub(crate) async fn sleep(&self, duration: Duration) {
        match self.driver() {
            Some(driver) => driver.sleep(duration).await,
            None => pending().await,
        }
    }

    /// Completes once the wall clock shows `at` or later, or was set; either way it is time to look at
    /// it. `alarm` is kept from one call to the next, since a new one costs descriptors.
    ///
    /// Dropping the future loses nothing.
    pub(crate) async fn wait_until(&self, at: Timestamp, alarm: &mut Option<Alarm>) {
        let at = SystemTime::from(at);
        let is_set = match alarm {
            Some(alarm) => alarm.at() == at || alarm.set(at).is_ok(),
            None => false,
        };
        if !is_set {
            *alarm = self.alarm(at);
        }
        let Some(waiting) = alarm else {
            return pending().await;
        };
        if waiting.wait().await.is_err() {
            // Its runtime has gone; this one needs none.
            *alarm = self.driver().map(|driver| driver.alarm(at));
        }
    }

    fn alarm(&self, at: SystemTime) -> Option<Alarm> {
        let own = if self.given.is_none() { Alarm::new(at).ok() } else { None };
        own.or_else(|| self.driver().map(|driver| driver.alarm(at)))
    }

    /// `None` before the first run.
    fn driver(&self) -> Option<Driver> {
        let found = || self.found.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.given.clone().or_else(found)
    }
}
