//! What the tests share: executors on a manual clock, and witnesses.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::task::Waker;
use std::time::{Duration, SystemTime};

use mainspring_clock::ManualClock;
use mainspring_executor::{Builder, ClockReads, Executor, Key, RunnableFifo, yield_now};

/// An executor in the making that keeps no memory, so that a sanitizer sees each use after an end.
pub(crate) fn builder<K: Key>() -> Builder<K> {
    Executor::builder().memory_kept(0)
}

/// One queue, `"q"`, first in first out.
pub(crate) fn simple() -> Executor<&'static str> {
    builder().queue("q", 1, RunnableFifo::default()).build().expect("one queue is enough")
}

/// A clock that only the test turns, and an executor in the making that reads it at every poll.
pub(crate) fn on_manual_clock<K: Key>() -> (ManualClock, Builder<K>) {
    let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
    (clock.clone(), builder().clock(clock).clock_reads(ClockReads::EveryPoll))
}

/// Runs until nothing is ready.
pub(crate) fn settle<K: Key>(executor: &Executor<K>) {
    while executor.tick().expect("nothing else runs it") {}
}

/// Polls of `length`, for ever.
pub(crate) async fn busy(clock: ManualClock, length: Duration) {
    loop {
        clock.advance(length);
        yield_now().await;
    }
}

/// What happened, in order.
#[derive(Clone, Default)]
pub(crate) struct Log(Rc<RefCell<Vec<String>>>);

impl Log {
    pub(crate) fn add(&self, what: impl Into<String>) {
        self.0.borrow_mut().push(what.into());
    }

    pub(crate) fn take(&self) -> Vec<String> {
        self.0.take()
    }
}

/// Counts its drops.
#[derive(Clone, Default)]
pub(crate) struct Drops(Rc<Cell<usize>>);

pub(crate) struct Witness(Rc<Cell<usize>>);

impl Drops {
    pub(crate) fn witness(&self) -> Witness {
        Witness(self.0.clone())
    }

    pub(crate) fn count(&self) -> usize {
        self.0.get()
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

/// A future that is never ready, and keeps its last waker for others.
#[derive(Clone, Default)]
pub(crate) struct Parking(Rc<RefCell<Option<Waker>>>);

impl Parking {
    pub(crate) async fn stay(self) {
        std::future::poll_fn(|cx| {
            *self.0.borrow_mut() = Some(cx.waker().clone());
            std::task::Poll::<()>::Pending
        })
        .await;
    }

    pub(crate) fn waker(&self) -> Waker {
        self.0.borrow().clone().expect("the task was polled")
    }
}

/// The text that the call panicked with.
#[track_caller]
pub(crate) fn panic_of<R>(call: impl FnOnce() -> R) -> String {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(_) => panic!("it did not panic"),
        Err(payload) => match payload.downcast::<&'static str>() {
            Ok(text) => (*text).to_owned(),
            Err(payload) => *payload.downcast::<String>().expect("a panic with a text"),
        },
    }
}

/// Polls a future once, with a waker that does nothing.
pub(crate) fn poll_once<F: Future>(future: F) -> Option<F::Output> {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut std::task::Context::from_waker(Waker::noop())) {
        std::task::Poll::Ready(output) => Some(output),
        std::task::Poll::Pending => None,
    }
}
