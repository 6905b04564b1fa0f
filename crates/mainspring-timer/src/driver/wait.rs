//! One timer's wait: the mechanics that sleeps, intervals and alarms share.
//!
//! # Ground rules
//! - Ready only when the clock has reached the deadline: whoever wakes the task, the clock decides.
//! - The entry in the driver is for the deadline or an earlier moment. A later deadline leaves it
//!   where it is: the task then wakes once in vain and registers anew.
//! - An entry that has fired is forgotten lazily: its key answers to nothing.

use std::io;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::task::coop::poll_proceed;
use tokio::task::{Id, try_id};
use tokio::time::Instant;

use super::Driver;
use super::current::{current_or_thread, other_than};
use super::lead::Length;
use super::queue::{Entry, Key};
use super::shared::Renewed;
use crate::{Precision, now};

/// Waits for one deadline after the other.
#[derive(Debug)]
pub(crate) struct Wait {
    /// `None` until the first poll finds the runtime's.
    driver: Option<Driver>,
    /// Goes along when it is polled in another runtime.
    roams: bool,
    deadline: Instant,
    precision: Precision,
    slack: Duration,
    registered: Option<Registered>,
    /// The task that registered it: a task stays in its runtime.
    task: Option<Id>,
}

#[derive(Clone, Copy, Debug)]
struct Registered {
    key: Key,
    /// The deadline of then.
    deadline: Instant,
    /// The moment it wakes for, in the driver's nanoseconds.
    moment: u64,
    /// The length of the sleep, until its lateness has been learned from.
    length: Option<Length>,
    lead: Duration,
}

impl Wait {
    /// On one driver for good.
    pub(crate) fn on(driver: Driver, deadline: Instant) -> Self {
        Self::made(Some(driver), false, deadline)
    }

    /// On this driver, until it is polled in another runtime.
    pub(crate) fn from(driver: Driver, deadline: Instant) -> Self {
        Self::made(Some(driver), true, deadline)
    }

    /// On the driver of the runtime that it is polled in.
    pub(crate) fn roaming(deadline: Instant) -> Self {
        Self::made(None, true, deadline)
    }

    fn made(driver: Option<Driver>, roams: bool, deadline: Instant) -> Self {
        Self {
            driver,
            roams,
            deadline,
            precision: Precision::default(),
            slack: Duration::ZERO,
            registered: None,
            task: None,
        }
    }

    pub(crate) fn now(&self) -> Instant {
        self.driver.as_ref().map_or_else(now, Driver::now)
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    pub(crate) fn precision(&self) -> Precision {
        self.precision
    }

    pub(crate) fn set_precision(&mut self, precision: Precision) {
        self.precision = precision;
    }

    pub(crate) fn slack(&self) -> Duration {
        self.slack
    }

    pub(crate) fn set_slack(&mut self, slack: Duration) {
        self.slack = slack;
    }

    /// How much ahead a timer of `length` is armed now.
    pub(crate) fn lead(&self, length: Duration) -> Duration {
        let lead = |driver: &Driver| driver.shared.leads.lead(Length::of(length), self.precision);
        self.driver.as_ref().map_or(Duration::ZERO, lead)
    }

    /// How much ahead it was armed for the deadline.
    pub(crate) fn armed_ahead(&self) -> Duration {
        let registered = self.registered.as_ref();
        registered
            .filter(|its| its.deadline == self.deadline)
            .map_or(Duration::ZERO, |its| its.lead)
    }

    /// Moves the deadline. A task that waits for it is woken for the new one, once polled again if
    /// the new one is later.
    pub(crate) fn set_deadline(&mut self, deadline: Instant) {
        self.deadline = deadline;
        if let Some(registered) = &mut self.registered
            && let Some(Driver { shared }) = &self.driver
            && deadline < registered.deadline
        {
            let moment = shared.nanos(deadline);
            registered.deadline = deadline;
            registered.moment = moment;
            registered.lead = Duration::ZERO;
            registered.length = None;
            shared.advance(registered.key, moment);
        }
    }

    /// Ready with the present instant once the deadline has been reached.
    ///
    /// `again`, if not zero, is the time after which the same timer will be waiting once more.
    ///
    /// # Panics
    /// Outside a runtime, if the driver is still to be found; if its timer fails and the system has
    /// not even a thread left to replace it.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, again: Duration) -> Poll<Instant> {
        // A timer that is always due must not starve its siblings.
        let coop = ready!(poll_proceed(cx));
        let task = try_id();
        let is_at_home = self.driver.is_none() || (task.is_some() && task == self.task);
        self.task = task;
        let Driver { shared } = self.driver.get_or_insert_with(current_or_thread);
        // A look at a clock is a good part of what a tick costs. Whoever waits for this very deadline is
        // likely to be woken for it.
        let is_expected = self.registered.as_ref().is_some_and(|its| its.deadline == self.deadline);
        let mut now = if is_expected { shared.now() } else { shared.now_followed() };
        if is_expected && now < self.deadline {
            now = shared.now_followed();
        }
        if self.precision != Precision::Kernel {
            self.learn(now);
        }
        if now < self.deadline {
            match self.spin(now) {
                Some(after) => now = after,
                None => {
                    self.wait(cx, now, again, is_at_home)
                        .unwrap_or_else(|error| panic!("the timer was lost: {error}"));
                    return Poll::Pending;
                }
            }
        }
        coop.made_progress();
        Poll::Ready(now)
    }

    /// Sees to it that the task is woken; `is_at_home` when the driver is known to be the current one.
    fn wait(
        &mut self,
        cx: &mut Context<'_>,
        now: Instant,
        again: Duration,
        is_at_home: bool,
    ) -> io::Result<()> {
        let renewed = match (&self.registered, &self.driver) {
            (Some(registered), Some(Driver { shared })) => shared.renew(registered.key, cx.waker()),
            _ => Renewed::Gone,
        };
        // A new waker may be that of a task in another runtime.
        if renewed == Renewed::Same
            || (!is_at_home && !self.move_to_current() && renewed == Renewed::Changed)
        {
            return Ok(());
        }
        self.register(cx, now, again)
    }

    /// Goes along to the current runtime; `false` if it is there already, or does not roam.
    fn move_to_current(&mut self) -> bool {
        if !self.roams {
            return false;
        }
        let Some(driver) = self.driver.as_ref().and_then(other_than) else { return false };
        self.unregister();
        self.driver = Some(driver);
        true
    }

    #[inline(never)]
    fn register(&mut self, cx: &mut Context<'_>, now: Instant, again: Duration) -> io::Result<()> {
        let Some(Driver { shared }) = &self.driver else { return Ok(()) };
        let mut moment = shared.nanos(self.deadline);
        let mut again = nanos(again);
        let (mut length, mut lead) = (None, Duration::ZERO);
        if self.precision != Precision::Kernel {
            let left = self.deadline - now;
            let learned = shared.leads.lead(Length::of(left), self.precision);
            // What is within the lead already was refused to spin: then the deadline itself.
            if learned < left && shared.is_real() {
                lead = learned;
                moment = moment.saturating_sub(nanos(lead));
            }
            length = Some(Length::of(left));
            again = 0; // a lead changes from tick to tick
        } else if !self.slack.is_zero() {
            moment = coalesced(moment, nanos(self.slack));
            again = 0; // such moments are no steady beat
        }
        let key = shared.register(moment, Entry { waker: cx.waker().clone(), again })?;
        self.registered = Some(Registered { key, deadline: self.deadline, moment, length, lead });
        Ok(())
    }

    /// Learns how late the wake was, if this is it.
    #[inline(never)]
    fn learn(&mut self, now: Instant) {
        if let (Some(registered), Some(Driver { shared })) = (&mut self.registered, &self.driver)
            && let Some(length) = registered.length
        {
            let now = shared.nanos(now);
            if now >= registered.moment && shared.is_real() {
                registered.length = None;
                shared.leads.learn(length, Duration::from_nanos(now - registered.moment));
            }
        }
    }

    /// Waits out what a lead has left over. `None` if there is none, or somebody else is at it.
    #[inline(never)]
    fn spin(&mut self, now: Instant) -> Option<Instant> {
        let left = self.deadline - now;
        if left > self.precision.max_spin() {
            return None;
        }
        let Driver { shared } = self.driver.as_ref()?;
        let lead = match &self.registered {
            Some(registered) if registered.deadline == self.deadline => registered.lead,
            _ => shared.leads.lead(Length::of(left), self.precision),
        };
        if left > lead || !shared.is_real() || shared.spinning.swap(true, Ordering::Acquire) {
            return None;
        }
        let mut now = now;
        while now < self.deadline {
            std::hint::spin_loop();
            now = shared.now();
        }
        shared.spinning.store(false, Ordering::Release);
        Some(now)
    }

    fn unregister(&mut self) {
        if let (Some(registered), Some(Driver { shared })) = (self.registered.take(), &self.driver)
        {
            shared.cancel(registered.key);
        }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.unregister();
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// The moment in `[deadline, deadline + slack]` that most timers agree on: the one with the most
/// zeros at its end.
fn coalesced(deadline: u64, slack: u64) -> u64 {
    let last = deadline.saturating_add(slack);
    let Some(before) = deadline.checked_sub(1).filter(|_| slack > 0) else { return deadline };
    let highest = (before ^ last).ilog2();
    last >> highest << highest
}

#[cfg(test)]
mod tests {
    use super::coalesced;

    #[test]
    fn a_coalesced_moment_is_never_early_and_within_the_slack() {
        let mut seed = 7_u64;
        for _ in 0..100_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let (deadline, slack) = (seed >> 20, seed >> 44);
            let moment = coalesced(deadline, slack);
            assert!(deadline <= moment && moment <= deadline + slack, "{deadline} + {slack}");
        }
        assert_eq!(coalesced(0, 100), 0);
        assert_eq!(coalesced(1_000, 0), 1_000);
        assert!(
            coalesced(u64::MAX, u64::MAX) == u64::MAX || coalesced(u64::MAX, 1) >= u64::MAX - 1
        );
    }

    #[test]
    fn timers_of_the_same_slack_agree() {
        let mut moments: Vec<_> =
            (0..1_000).map(|index| coalesced(5_000_000 + index * 997, 1_000_000)).collect();
        moments.dedup();
        assert!(moments.len() <= 4, "{moments:?}");
    }
}
