//! What an executor has to do to be asked.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;

/// A way to run futures on one thread.
///
/// Each question is a [`Body`]; `run` makes the executor anew, runs the body in it to its end, and
/// takes all down again. Only the body is measured.
pub trait ExecPeer: 'static {
    const NAME: &'static str;
    const PACKAGE: &'static str;
    /// How many queues with weights it can have; 1 where there is one line for all.
    const QUEUES_MOST: usize = 1;
    /// Whether tasks can sleep: where timers come from the same runtime as the waiting.
    const HAS_TIMERS: bool = false;
    /// Whether others have their turn while some tasks always yield.
    const YIELDS_TO_OTHERS: bool = true;

    /// Runs the body in an executor with queues of these weights, as far as there are queues.
    fn run<B: Body>(weights: &[u32], body: B) -> B::Output;
}

/// Something to be run inside of an executor.
pub trait Body: 'static {
    type Output: 'static;

    fn run<S: Spawn>(self, spawn: S) -> impl Future<Output = Self::Output> + 'static;
}

/// How a body spawns tasks.
pub trait Spawn: Clone + 'static {
    /// Spawns at once; the answer is for the output.
    fn spawn<F>(&self, queue: usize, future: F) -> impl Future<Output = F::Output> + 'static
    where
        F: Future + 'static,
        F::Output: 'static;

    /// Spawns a task that nobody waits for.
    fn detach<F: Future<Output = ()> + 'static>(&self, queue: usize, future: F);

    /// Where [`ExecPeer::HAS_TIMERS`].
    fn sleep(&self, _span: Duration) -> impl Future<Output = ()> + 'static {
        std::future::pending()
    }
}

/// Lets all others go first.
///
/// The same in all executors: a plain wake of oneself. Those that offer a yield of their own do the
/// same, or leave to their host.
pub async fn yield_now() {
    let mut has_yielded = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut has_yielded, true) {
            return std::task::Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

/// Counts down, and wakes who waits for the end.
///
/// Not a yield in a loop: there are executors that poll who yields again before all others.
#[derive(Clone, Default)]
pub struct Countdown(Rc<State>);

#[derive(Default)]
struct State {
    left: Cell<usize>,
    waiting: Cell<Option<Waker>>,
}

impl Countdown {
    pub fn set(&self, left: usize) {
        self.0.left.set(left);
    }

    pub fn tick(&self) {
        let left = self.0.left.get() - 1;
        self.0.left.set(left);
        if left == 0
            && let Some(waker) = self.0.waiting.take()
        {
            waker.wake();
        }
    }

    pub async fn end(&self) {
        poll_fn(|cx| {
            if self.0.left.get() == 0 {
                return Poll::Ready(());
            }
            self.0.waiting.set(Some(cx.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}
