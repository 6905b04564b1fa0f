//! What it costs to wake a task: on the same thread, from another.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;

use crate::exec::{Body, ExecPeer, Spawn};
use crate::harness::{Ask, Settings};
use crate::stopwatch;

use super::exec_spawn::sized;

pub const NAME: &str = "exec-wake";

pub fn ping_pong<P: ExecPeer>(settings: Settings) -> Ask {
    sized(settings, |messages| (P::run(&[1], PingPong { rounds: messages / 2 }), messages))
}

pub fn burst<P: ExecPeer>(settings: Settings) -> Ask {
    sized(settings, |messages| (P::run(&[1], Burst { messages }), messages))
}

/// A channel of one thread, the same for all peers.
struct Channel<T> {
    items: RefCell<VecDeque<T>>,
    waiting: Cell<Option<Waker>>,
}

impl<T> Channel<T> {
    fn new() -> Rc<Self> {
        Rc::new(Self { items: RefCell::default(), waiting: Cell::default() })
    }

    fn send(&self, item: T) {
        self.items.borrow_mut().push_back(item);
        if let Some(waker) = self.waiting.take() {
            waker.wake();
        }
    }

    fn receive(&self) -> impl Future<Output = T> + '_ {
        poll_fn(|cx| match self.items.borrow_mut().pop_front() {
            Some(item) => Poll::Ready(item),
            None => {
                self.waiting.set(Some(cx.waker().clone()));
                Poll::Pending
            }
        })
    }
}

struct PingPong {
    rounds: u64,
}

impl Body for PingPong {
    type Output = Duration;

    fn run<S: Spawn>(self, spawn: S) -> impl Future<Output = Duration> + 'static {
        async move {
            let (there, back) = (Channel::new(), Channel::new());
            let (of_there, of_back) = (there.clone(), back.clone());
            let echo = spawn.spawn(0, async move {
                for _ in 0..self.rounds {
                    let message: u64 = of_there.receive().await;
                    of_back.send(message + 1);
                }
            });
            let start = stopwatch::now();
            let asks = spawn.spawn(0, async move {
                for i in 0..self.rounds {
                    there.send(i);
                    back.receive().await;
                }
            });
            asks.await;
            echo.await;
            start.elapsed()
        }
    }
}

struct Burst {
    messages: u64,
}

impl Body for Burst {
    type Output = Duration;

    fn run<S: Spawn>(self, spawn: S) -> impl Future<Output = Duration> + 'static {
        async move {
            let (sender, receiver) = async_channel::unbounded();
            let messages = self.messages;
            let start = stopwatch::now();
            let thread = std::thread::spawn(move || {
                for i in 0..messages {
                    sender.try_send(i).expect("the receiver waits for all");
                }
            });
            let receives = spawn.spawn(0, async move {
                for _ in 0..messages {
                    receiver.recv().await.expect("all are sent");
                }
            });
            receives.await;
            let took = start.elapsed();
            thread.join().expect("it only sends");
            took
        }
    }
}
