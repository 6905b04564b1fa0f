//! tokio-osinterval, both of its types.

use std::time::{Duration, Instant};

use tokio_osinterval::{OsInterval, PeriodicInterval};

use super::timer_mainspring::poll_pending;
use crate::stopwatch::now;
use crate::timer::{Ticker, runtime};

pub struct Os(OsInterval);

impl Ticker for Os {
    fn at(start: Instant, period: Duration) -> Self {
        Self(tokio_osinterval::interval_at(start.into(), period))
    }

    async fn tick(&mut self) -> u64 {
        self.0.tick().await;
        1
    }
}

/// Begins one period after it is made: made just then.
pub struct Periodic(PeriodicInterval);

impl Ticker for Periodic {
    fn at(start: Instant, period: Duration) -> Self {
        while now() + period < start {
            std::hint::spin_loop();
        }
        Self(PeriodicInterval::new(period).expect("a timer"))
    }

    async fn tick(&mut self) -> u64 {
        self.0.tick().await.expect("a tick")
    }
}

pub fn resetter() -> Box<dyn FnMut(u64)> {
    let runtime = runtime();
    let mut interval =
        runtime.block_on(async { tokio_osinterval::interval(Duration::from_secs(60)) });
    runtime.block_on(interval.tick());
    Box::new(move |count| {
        runtime.block_on(async {
            for _ in 0..count {
                interval.reset();
                poll_pending(|cx| interval.poll_tick(cx).is_pending()).await;
            }
        });
    })
}
