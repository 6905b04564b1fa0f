//! Builds intervals with choices.

use std::io;
use std::time::Duration;

use tokio::time::Instant;

use super::Interval;
use crate::driver::{Backend, Driver, Wait, current};
use crate::{MissedTickBehavior, Precision};

/// Builds an [`Interval`], and says why it could not.
///
/// ```
/// use std::time::Duration;
/// use mainspring_timer::{Interval, MissedTickBehavior, Precision};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let mut interval = Interval::builder(Duration::from_micros(250))
///     .missed_tick_behavior(MissedTickBehavior::Skip)
///     .precision(Precision::Exact { max_spin: Duration::from_micros(100) })
///     .build()?;
/// interval.tick().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct IntervalBuilder {
    period: Duration,
    start: Option<Instant>,
    missed: MissedTickBehavior,
    precision: Precision,
    slack: Duration,
    carrier: Carrier,
}

#[derive(Clone, Debug)]
enum Carrier {
    Current,
    Named(Driver),
    Own(Backend),
}

pub(super) const ZERO_PERIOD: &str = "`period` must be non-zero.";

impl IntervalBuilder {
    pub(super) fn new(period: Duration) -> Self {
        Self {
            period,
            start: None,
            missed: MissedTickBehavior::default(),
            precision: Precision::default(),
            slack: Duration::ZERO,
            carrier: Carrier::Current,
        }
    }

    /// When the first tick is due; the moment of [`build`](Self::build) unless said otherwise.
    pub fn start(mut self, start: Instant) -> Self {
        self.start = Some(start);
        self
    }

    /// What is done about missed ticks.
    pub fn missed_tick_behavior(mut self, behavior: impl Into<MissedTickBehavior>) -> Self {
        self.missed = behavior.into();
        self
    }

    /// How close to its deadline it ticks.
    pub fn precision(mut self, precision: Precision) -> Self {
        self.precision = precision;
        self
    }

    /// Lets it tick at any moment in `[due, due + slack]`, as [`Sleep::with_slack`](crate::Sleep::with_slack).
    pub fn slack(mut self, slack: Duration) -> Self {
        self.slack = slack;
        self
    }

    /// Uses this driver instead of the runtime's.
    pub fn driver(mut self, driver: &Driver) -> Self {
        self.carrier = Carrier::Named(driver.clone());
        self
    }

    /// Takes a kernel timer for this interval alone.
    pub fn own_timer(self, backend: Backend) -> Self {
        Self { carrier: Carrier::Own(backend), ..self }
    }

    /// Builds the interval.
    ///
    /// # Errors
    /// `InvalidInput` if the period is zero; `Unsupported` outside a runtime and in one whose driver
    /// is off; the kernel's own error if it refuses a timer, as when descriptors have run out.
    pub fn build(self) -> io::Result<Interval> {
        if self.period.is_zero() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, ZERO_PERIOD));
        }
        let start = |driver: &Driver| self.start.unwrap_or_else(|| driver.now());
        let mut wait = match self.carrier {
            Carrier::Current => {
                current().map(|driver| Wait::from(driver.clone(), start(&driver)))?
            }
            Carrier::Named(driver) => Wait::on(driver.clone(), start(&driver)),
            Carrier::Own(backend) => {
                Driver::new(backend).map(|driver| Wait::on(driver.clone(), start(&driver)))?
            }
        };
        wait.set_precision(self.precision);
        wait.set_slack(self.slack);
        Ok(Interval { wait, period: self.period, missed: self.missed, ticked: 0 })
    }
}
