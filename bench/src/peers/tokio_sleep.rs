//! tokio's own timers: a boxed `sleep_until` for each, polled once to arm it and dropped to cancel it.
//!
//! The clock is paused and advanced by the bench. All share a waker that counts, so what fires tells
//! no value.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::time::{self, Instant, Sleep};

use crate::stopwatch;
use crate::timers::TimerPeer;

/// A runtime whose clock stands still, and what it stands at.
pub fn paused_runtime() -> (Runtime, Instant) {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without I/O");
    let start = {
        let _entered = runtime.enter();
        stopwatch::tokio_now()
    };
    (runtime, start)
}

#[derive(Default)]
struct Counter(AtomicUsize);

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

pub struct TokioSleep {
    runtime: Runtime,
    start: Instant,
    now: u64,
    woken: Arc<Counter>,
    waker: Waker,
}

impl TokioSleep {
    fn arm(&self, sleep: Pin<&mut Sleep>) {
        let armed = sleep.poll(&mut Context::from_waker(&self.waker));
        assert!(armed.is_pending(), "due in the future");
    }
}

impl TimerPeer for TokioSleep {
    const NAME: &'static str = "tokio sleep";
    const PACKAGE: &'static str = "tokio";
    const NO_NEXT: Option<&'static str> = Some("does not tell the next deadline");
    const TELLS_VALUES: bool = false;
    type Key = Pin<Box<Sleep>>;

    fn new() -> Self {
        let (runtime, start) = paused_runtime();
        let woken = Arc::new(Counter::default());
        let waker = Arc::clone(&woken).into();
        Self { runtime, start, now: 0, woken, waker }
    }

    fn insert(&mut self, deadline: u64, _value: u64) -> Self::Key {
        let _entered = self.runtime.enter();
        let at = self.start + Duration::from_millis(deadline);
        let mut sleep = Box::pin(time::sleep_until(at));
        self.arm(sleep.as_mut());
        sleep
    }

    fn cancel(&mut self, key: Self::Key) {
        drop(key);
    }

    fn reset(&mut self, key: &mut Self::Key, deadline: u64, _value: u64) {
        let _entered = self.runtime.enter();
        key.as_mut().reset(self.start + Duration::from_millis(deadline));
        self.arm(key.as_mut());
    }

    fn advance(&mut self, now: u64, mut fired: impl FnMut(u64)) {
        let step = Duration::from_millis(now - self.now);
        self.now = now;
        self.runtime.block_on(time::advance(step));
        for _ in 0..self.woken.0.swap(0, Ordering::Relaxed) {
            fired(0);
        }
    }

    fn next_deadline(&mut self) -> Option<u64> {
        None
    }
}
