//! Lets a task give the thread up: always, or when it should.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::run::at_work;

/// How many questions are answered from what is known before the clock is read.
const ASK_CLOCK_EVERY: u32 = 16;

/// Lets every other ready task of the queue, and every queue that is due, go first.
///
/// Works under any executor.
///
/// # Cancel safety
/// Dropping the future loses nothing.
///
/// ```
/// use mainspring_executor::{Executor, RunnableFifo, yield_now};
///
/// let executor = Executor::builder().queue("all", 1, RunnableFifo::default()).build()?;
/// let queue = executor.queue("all")?;
/// let order = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
/// for name in ["a", "b"] {
///     let order = order.clone();
///     queue.spawn(async move {
///         for step in 1..=2 {
///             order.borrow_mut().push((name, step));
///             yield_now().await;
///         }
///     }).detach();
/// }
/// while executor.tick()? {}
/// assert_eq!(*order.borrow(), [("a", 1), ("b", 1), ("a", 2), ("b", 2)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn yield_now() -> YieldNow {
    YieldNow { has_yielded: false }
}

/// Gives the thread up if [`should_yield`] says so.
///
/// What a long computation calls in its loop.
///
/// # Cancel safety
/// Dropping the future loses nothing.
pub async fn yield_maybe() {
    if should_yield() {
        yield_now().await;
    }
}

/// Whether the task that is running should give the thread up: its queue's slice is used up, or a
/// more urgent queue, or the future that drives the executor, woke meanwhile.
///
/// Cheap enough for an inner loop: a flag, the inbox, and once in sixteen times the clock. False
/// outside of a task.
pub fn should_yield() -> bool {
    at_work(|core| {
        let local = core.local();
        if local.running().is_none() {
            return false;
        }
        if core.shared.has_mail() {
            core.shared.take_mail(local);
            // What came with it is considered now, not after a poll that may last.
            for queue in local.sent_queues() {
                local.consider(queue);
            }
        }
        if local.wants_yield.get() || local.is_driver_woken.get() {
            return true;
        }
        let asked = core.asked.get() + 1;
        core.asked.set(asked);
        if asked % ASK_CLOCK_EVERY != 0 {
            return false;
        }
        let is_over = core.read_clock(local) >= local.slice_end_ns.get();
        if is_over {
            local.wants_yield.set(true);
        }
        is_over
    })
    .unwrap_or(false)
}

/// The future of [`yield_now`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct YieldNow {
    has_yielded: bool,
}

impl Future for YieldNow {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.has_yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
