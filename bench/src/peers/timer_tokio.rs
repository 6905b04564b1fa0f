//! `tokio::time`.

use std::future::Future;
use std::time::{Duration, Instant};

use tokio::time::{Interval, MissedTickBehavior};

use super::timer_mainspring::poll_pending;
use crate::timer::{Once, Sleeper, Ticker, runtime};

pub struct TokioTime(Interval);

impl Ticker for TokioTime {
    fn at(start: Instant, period: Duration) -> Self {
        let mut interval = tokio::time::interval_at(start.into(), period);
        interval.set_missed_tick_behavior(MissedTickBehavior::Burst);
        Self(interval)
    }

    async fn tick(&mut self) -> u64 {
        self.0.tick().await;
        1
    }
}

impl Sleeper for TokioTime {
    fn until(deadline: Instant) -> impl Future<Output = ()> + Send + 'static {
        tokio::time::sleep_until(deadline.into())
    }
}

pub async fn timeouts(count: u64) {
    for _ in 0..count {
        let outcome = tokio::time::timeout(Duration::from_secs(5), Once::default()).await;
        assert!(outcome.is_ok());
    }
}

pub fn resetter() -> Box<dyn FnMut(u64)> {
    let runtime = runtime();
    let mut interval = runtime.block_on(async { tokio::time::interval(Duration::from_secs(60)) });
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
