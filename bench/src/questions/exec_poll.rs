//! What a poll costs: of one task among others, of one queue among others.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;

use crate::exec::{Body, ExecPeer, Spawn, yield_now};
use crate::harness::{Ask, Settings};
use crate::stopwatch;

use super::exec_spawn::sized;

pub const YIELD: &str = "exec-yield";
pub const TOKEN: &str = "exec-token";

pub fn yields<P: ExecPeer>(tasks: usize, settings: Settings) -> Ask {
    sized(settings, move |operations| {
        let each = (operations as usize / tasks).max(1);
        let took = P::run(&[1], Yields { tasks, each });
        (took, (each * tasks) as u64)
    })
}

struct Yields {
    tasks: usize,
    each: usize,
}

impl Body for Yields {
    type Output = Duration;

    fn run<S: Spawn>(self, spawn: S) -> impl Future<Output = Duration> + 'static {
        async move {
            let tasks = (0..self.tasks).map(|_| {
                spawn.spawn(0, async move {
                    for _ in 0..self.each {
                        yield_now().await;
                    }
                })
            });
            let tasks: Vec<_> = tasks.collect();
            let start = stopwatch::now();
            for task in tasks {
                task.await;
            }
            start.elapsed()
        }
    }
}

pub fn token<P: ExecPeer>(queues: usize, settings: Settings) -> Ask {
    let weights = vec![1; queues];
    sized(settings, move |operations| {
        let rounds = (operations as usize / queues).max(1);
        (P::run(&weights, Token { queues, rounds }), (rounds * queues) as u64)
    })
}

struct Token {
    queues: usize,
    rounds: usize,
}

/// Whose turn it is, and how to tell the others.
struct Ring {
    turn: Cell<usize>,
    wakers: RefCell<Vec<Waker>>,
    /// Tasks that have been polled.
    present: Cell<usize>,
}

impl Body for Token {
    type Output = Duration;

    fn run<S: Spawn>(self, spawn: S) -> impl Future<Output = Duration> + 'static {
        async move {
            let Self { queues, rounds } = self;
            let wakers = RefCell::new(vec![Waker::noop().clone(); queues]);
            let ring = Rc::new(Ring { turn: Cell::new(usize::MAX), wakers, present: Cell::new(0) });
            let tasks = (0..queues).map(|place| {
                let ring = ring.clone();
                let (mut left, mut is_present) = (rounds, false);
                spawn.spawn(
                    place,
                    poll_fn(move |cx| {
                        if !std::mem::replace(&mut is_present, true) {
                            ring.present.set(ring.present.get() + 1);
                        }
                        if ring.turn.get() != place {
                            let waker = &mut ring.wakers.borrow_mut()[place];
                            if !waker.will_wake(cx.waker()) {
                                *waker = cx.waker().clone();
                            }
                            return Poll::Pending;
                        }
                        left -= 1;
                        let next = (place + 1) % queues;
                        ring.turn.set(next);
                        ring.wakers.borrow()[next].wake_by_ref();
                        if left == 0 { Poll::Ready(()) } else { Poll::Pending }
                    }),
                )
            });
            let tasks: Vec<_> = tasks.collect();
            // Until all wait for their turn.
            while ring.present.get() < queues {
                yield_now().await;
            }
            let start = stopwatch::now();
            ring.turn.set(0);
            let first = ring.wakers.borrow()[0].clone();
            first.wake();
            for task in tasks {
                task.await;
            }
            start.elapsed()
        }
    }
}
