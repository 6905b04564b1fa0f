//! tokio-hrtime.

use std::time::{Duration, Instant};

use tokio_hrtime::Interval;

use super::timer_mainspring::poll_pending;
use crate::timer::{Once, Ticker, runtime};

pub struct TokioHrtime(Interval);

impl Ticker for TokioHrtime {
    fn at(start: Instant, period: Duration) -> Self {
        Self(tokio_hrtime::interval_at(start, period))
    }

    async fn tick(&mut self) -> u64 {
        self.0.tick().await;
        1
    }
}

pub async fn timeouts(count: u64) {
    for _ in 0..count {
        let outcome = tokio_hrtime::timeout(Duration::from_secs(5), Once::default()).await;
        assert!(outcome.is_ok());
    }
}

pub fn resetter() -> Box<dyn FnMut(u64)> {
    let runtime = runtime();
    let mut interval = runtime.block_on(async { tokio_hrtime::interval(Duration::from_secs(60)) });
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
