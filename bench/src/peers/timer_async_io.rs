//! async-io: alone on its own `block_on`, in crowds on tokio with its reactor in a thread of its own.

use std::time::{Duration, Instant};

use async_io::Timer;
use futures_lite::StreamExt;

use crate::timer::{Runner, Sleeper, Ticker, on_tokio, slot};

pub struct AsyncIo(Timer);

impl Ticker for AsyncIo {
    fn at(start: Instant, period: Duration) -> Self {
        Self(Timer::interval_at(start, period))
    }

    async fn tick(&mut self) -> u64 {
        self.0.next().await;
        1
    }
}

impl Sleeper for AsyncIo {
    async fn until(deadline: Instant) {
        Timer::at(deadline).await;
    }
}

pub fn runner() -> Runner {
    let mut beside_others = on_tokio::<AsyncIo>();
    Box::new(move |beat| match beat.busy {
        0 => async_io::block_on(slot::<AsyncIo>(beat)),
        _ => beside_others(beat),
    })
}
