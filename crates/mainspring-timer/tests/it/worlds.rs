//! The clocks and backends that one body of tests runs over.

use std::future::Future;
use std::time::{Duration, SystemTime};

use mainspring_clock::ManualClock;
use mainspring_timer::{Backend, Driver};
use tokio::runtime::{Builder, Runtime};

/// Where a test takes place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum World {
    /// The runtime's own driver, on the kernel's timer.
    Os,
    /// A driver on `tokio::time`.
    Portable,
    /// A driver that is a thread.
    Thread,
    /// A clock that the test turns.
    Manual,
    /// The runtime's own driver, on a paused clock.
    Paused,
}

pub(crate) const REAL: [World; 3] = [World::Os, World::Portable, World::Thread];
pub(crate) const TURNED: [World; 2] = [World::Manual, World::Paused];
pub(crate) const ALL: [World; 5] =
    [World::Os, World::Portable, World::Thread, World::Manual, World::Paused];

/// A driver, and the way to let time pass on its clock.
pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) driver: Driver,
    clock: ManualClock,
}

impl World {
    /// Runs `body` in a fresh runtime.
    pub(crate) fn run<F: Future>(self, body: impl FnOnce(Stage) -> F) -> F::Output {
        self.runtime().block_on(async {
            let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
            let driver = match self {
                World::Os => Driver::new(Backend::Auto),
                World::Paused => Driver::current(),
                World::Portable => Driver::new(Backend::Portable),
                World::Thread => Driver::thread(),
                World::Manual => Ok(Driver::manual(&clock)),
            };
            body(Stage { world: self, driver: driver.unwrap(), clock }).await
        })
    }

    fn runtime(self) -> Runtime {
        let mut builder = Builder::new_current_thread();
        builder.enable_all().start_paused(self == World::Paused).build().unwrap()
    }
}

impl Stage {
    pub(crate) fn clock(&self) -> &ManualClock {
        &self.clock
    }

    /// Lets time pass without polling anything else: at least `span`, on turned clocks exactly.
    pub(crate) async fn pass(&self, span: Duration) {
        match self.world {
            World::Os | World::Portable | World::Thread => std::thread::sleep(span),
            World::Manual => self.clock.advance(span),
            World::Paused => tokio::time::advance(span).await,
        }
    }

    /// Awaits `future` while time passes as it will.
    pub(crate) async fn finish<F: Future>(&self, future: F) -> F::Output {
        if self.world != World::Manual {
            return future.await;
        }
        let mut future = std::pin::pin!(future);
        loop {
            let polled =
                std::future::poll_fn(|cx| std::task::Poll::Ready(future.as_mut().poll(cx)));
            if let std::task::Poll::Ready(output) = polled.await {
                return output;
            }
            match self.clock.next_deadline() {
                Some(deadline) => self.clock.advance_to(deadline),
                None => tokio::task::yield_now().await,
            }
        }
    }
}

/// Polls once.
pub(crate) async fn poll_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    use std::task::Poll;
    std::future::poll_fn(|cx| {
        Poll::Ready(match std::pin::Pin::new(&mut *future).poll(cx) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        })
    })
    .await
}

pub(crate) fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(crate) fn us(micros: u64) -> Duration {
    Duration::from_micros(micros)
}

pub(crate) fn single() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

pub(crate) fn multi(workers: usize) -> Runtime {
    Builder::new_multi_thread().worker_threads(workers).enable_all().build().unwrap()
}
