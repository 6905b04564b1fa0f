//! tokio-timerfd.

use std::future::Future;
use std::time::{Duration, Instant};

use futures_lite::StreamExt;
use tokio_timerfd::{Delay, Interval};

use crate::timer::{Sleeper, Ticker};

pub struct TokioTimerfd(Interval);

impl Ticker for TokioTimerfd {
    fn at(start: Instant, period: Duration) -> Self {
        Self(Interval::new(start, period).expect("a timer"))
    }

    async fn tick(&mut self) -> u64 {
        self.0.next().await.expect("it does not end").expect("a tick");
        1
    }
}

impl Sleeper for TokioTimerfd {
    fn until(deadline: Instant) -> impl Future<Output = ()> + Send + 'static {
        let delay = Delay::new(deadline).expect("a timer");
        async { delay.await.expect("it ends") }
    }
}
