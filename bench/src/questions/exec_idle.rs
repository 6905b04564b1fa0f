//! What tasks cost that do nothing: memory while they wait, the processor while all of them do.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use crate::allocated;
use crate::exec::{Body, Countdown, ExecPeer, Spawn};
use crate::harness::{Answer, Ask};
use crate::stopwatch;

pub const BYTES: &str = "exec-bytes";
pub const IDLE: &str = "exec-idle";

const TASKS: usize = 100_000;

/// Bytes per task of a future of 16 bytes, once it was polled.
pub fn bytes<P: ExecPeer>() -> Ask {
    Box::new(|| {
        let value = P::run(&[1], Waiting) as f64 / TASKS as f64;
        Answer::Measured { value, remark: None }
    })
}

/// Microseconds of processor time in a second without anything to do.
pub fn idle<P: ExecPeer>() -> Ask {
    Box::new(|| {
        let value = P::run(&[1], Idle).as_secs_f64() * 1e6 / SPAN.as_secs_f64();
        Answer::Measured { value, remark: None }
    })
}

struct Waiting;

impl Body for Waiting {
    type Output = i64;

    fn run<S: Spawn>(self, spawn: S) -> impl Future<Output = i64> + 'static {
        async move {
            let left = Countdown::default();
            left.set(TASKS);
            // There are executors that end a task which nobody could ever wake.
            let wakers = Rc::new(RefCell::new(Vec::with_capacity(TASKS)));
            allocated::count_from_here();
            for _ in 0..TASKS {
                let (left, wakers) = (left.clone(), wakers.clone());
                spawn.detach(
                    0,
                    poll_fn(move |cx| {
                        left.tick();
                        wakers.borrow_mut().push(cx.waker().clone());
                        Poll::Pending
                    }),
                );
            }
            left.end().await;
            allocated::counted()
        }
    }
}

const SPAN: Duration = Duration::from_millis(300);

struct Idle;

impl Body for Idle {
    type Output = Duration;

    fn run<S: Spawn>(self, spawn: S) -> impl Future<Output = Duration> + 'static {
        async move {
            for _ in 0..10 {
                spawn.detach(0, std::future::pending());
            }
            let (sender, receiver) = async_channel::bounded(1);
            let thread = std::thread::spawn(move || {
                std::thread::sleep(SPAN / 3);
                let before = stopwatch::cpu();
                std::thread::sleep(SPAN);
                let spent = stopwatch::cpu() - before;
                sender.try_send(spent).expect("the receiver waits");
            });
            let spent = receiver.recv().await.expect("it is sent");
            thread.join().expect("it only sleeps and sends");
            spent
        }
    }
}
