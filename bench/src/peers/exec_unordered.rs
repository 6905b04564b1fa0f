//! futures' `FuturesUnordered`: tasks in a stream that the body's own task polls.
//!
//! Spawned futures go through a channel of one thread into the set. A set inside of one task is how
//! many programs run "tasks" without an executor.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

use futures::channel::oneshot;
use futures::stream::{FuturesUnordered, StreamExt};

use crate::exec::{Body, ExecPeer, Spawn};

pub struct Unordered;

type Task = Pin<Box<dyn Future<Output = ()>>>;

#[derive(Clone, Default)]
struct Set(Rc<RefCell<Arrivals>>);

#[derive(Default)]
struct Arrivals {
    tasks: Vec<Task>,
    waker: Option<Waker>,
}

impl ExecPeer for Unordered {
    const NAME: &'static str = "FuturesUnordered";
    const PACKAGE: &'static str = "futures";

    fn run<B: Body>(_: &[u32], body: B) -> B::Output {
        let set = Set::default();
        let mut body = Box::pin(body.run(set.clone()));
        let mut tasks = FuturesUnordered::new();
        futures::executor::block_on(poll_fn(|cx| {
            loop {
                if let Poll::Ready(output) = body.as_mut().poll(cx) {
                    return Poll::Ready(output);
                }
                let mut arrivals = set.0.borrow_mut();
                arrivals.waker = Some(cx.waker().clone());
                let has_arrivals = !arrivals.tasks.is_empty();
                tasks.extend(arrivals.tasks.drain(..));
                drop(arrivals);
                match tasks.poll_next_unpin(cx) {
                    Poll::Ready(Some(())) => {}
                    _ if has_arrivals => {}
                    _ => return Poll::Pending,
                }
            }
        }))
    }
}

impl Set {
    fn add(&self, task: Task) {
        let mut arrivals = self.0.borrow_mut();
        arrivals.tasks.push(task);
        if let Some(waker) = arrivals.waker.take() {
            waker.wake();
        }
    }
}

impl Spawn for Set {
    fn spawn<F>(&self, _: usize, future: F) -> impl Future<Output = F::Output> + 'static
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let (sender, receiver) = oneshot::channel();
        self.add(Box::pin(async move {
            // Nobody may want the output.
            let _ = sender.send(future.await);
        }));
        async move { receiver.await.expect("it ends well") }
    }

    fn detach<F: Future<Output = ()> + 'static>(&self, _: usize, future: F) {
        self.add(Box::pin(future));
    }
}
