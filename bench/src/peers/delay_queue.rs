//! `DelayQueue` of tokio-util, on a paused clock that the bench advances.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::time::{self, Instant};
use tokio_util::time::DelayQueue;
use tokio_util::time::delay_queue::Key;

use crate::peers::tokio_sleep::paused_runtime;
use crate::timers::TimerPeer;

pub struct Queue {
    // Before the runtime, on whose clock it waits.
    queue: DelayQueue<u64>,
    runtime: Runtime,
    start: Instant,
    now: u64,
}

impl Queue {
    fn at(&self, tick: u64) -> Instant {
        self.start + Duration::from_millis(tick)
    }
}

impl TimerPeer for Queue {
    const NAME: &'static str = "DelayQueue";
    const PACKAGE: &'static str = "tokio-util";
    type Key = Key;

    fn new() -> Self {
        let (runtime, start) = paused_runtime();
        Self { queue: DelayQueue::new(), runtime, start, now: 0 }
    }

    fn insert(&mut self, deadline: u64, value: u64) -> Key {
        let at = self.at(deadline);
        let _entered = self.runtime.enter();
        self.queue.insert_at(value, at)
    }

    fn cancel(&mut self, key: Key) {
        let _entered = self.runtime.enter();
        self.queue.remove(&key);
    }

    fn reset(&mut self, key: &mut Key, deadline: u64, _value: u64) {
        let at = self.at(deadline);
        let _entered = self.runtime.enter();
        self.queue.reset_at(key, at);
    }

    fn advance(&mut self, now: u64, mut fired: impl FnMut(u64)) {
        let step = Duration::from_millis(now - self.now);
        self.now = now;
        let queue = &mut self.queue;
        self.runtime.block_on(async {
            time::advance(step).await;
            // Without tokio's budget, which would send it back every 128 timers.
            tokio::task::unconstrained(poll_fn(|context| {
                while let Poll::Ready(Some(expired)) = queue.poll_expired(context) {
                    fired(expired.into_inner());
                }
                Poll::Ready(())
            }))
            .await;
        });
    }

    fn next_deadline(&mut self) -> Option<u64> {
        let next = self.queue.deadline(&self.queue.peek()?);
        Some((next - self.start).as_millis() as u64)
    }
}
