//! How long somebody waits who is in a hurry, beside those who are not.
//!
//! A run answers for all its rows: the median has it run, the tails look at it.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::Future;
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::exec::{Body, ExecPeer, Spawn, yield_now};
use crate::harness::{Answer, Ask};
use crate::stopwatch;

pub const FOREGROUND: &str = "exec-foreground";
pub const TIMERS: &str = "exec-timers";
pub const PRIORITY: &str = "exec-priority";

const WEIGHTS: [u32; 2] = [8, 1];
const BACKGROUND_TASKS: usize = 8;

/// Which of many is told.
#[derive(Clone, Copy, Debug)]
pub enum Tail {
    Median,
    P99,
    P999,
}

thread_local! {
    /// What the last run of a question by a peer came to, in ascending order.
    static LAST: RefCell<HashMap<(&'static str, &'static str), Vec<Duration>>> = RefCell::default();
}

impl Tail {
    fn of_run<P: ExecPeer, B: Body<Output = Vec<Duration>>>(
        self,
        question: &'static str,
        body: B,
    ) -> Answer {
        let key = (question, P::NAME);
        if matches!(self, Self::Median) {
            let mut spans = P::run(&WEIGHTS, body);
            spans.sort();
            LAST.with_borrow_mut(|last| last.insert(key, spans));
        }
        LAST.with_borrow(|last| match last.get(&key) {
            Some(spans) => self.of(spans),
            None => Answer::Cannot("has not ended".to_owned()),
        })
    }

    fn of(self, spans: &[Duration]) -> Answer {
        let at = match self {
            Self::Median => spans.len() / 2,
            Self::P99 => spans.len() * 99 / 100,
            Self::P999 => spans.len() * 999 / 1000,
        };
        Answer::Measured { value: spans[at].as_secs_f64() * 1e6, remark: None }
    }
}

pub fn foreground<P: ExecPeer>(tail: Tail) -> Ask {
    Box::new(move || tail.of_run::<P, _>(FOREGROUND, Foreground))
}

pub fn timers<P: ExecPeer>() -> Ask {
    Box::new(|| Tail::Median.of_run::<P, _>(TIMERS, Timers))
}

pub fn priority<P: ExecPeer>(tail: Tail) -> Ask {
    Box::new(move || tail.of_run::<P, _>(PRIORITY, Priority))
}

/// Requests from another thread, about one each millisecond.
struct Foreground;

impl Body for Foreground {
    type Output = Vec<Duration>;

    fn run<S: Spawn>(self, spawn: S) -> impl Future<Output = Self::Output> + 'static {
        async move {
            let is_over = Rc::new(Cell::new(false));
            for _ in 0..BACKGROUND_TASKS {
                let is_over = is_over.clone();
                spawn.detach(1, async move {
                    while !is_over.get() {
                        stopwatch::spin(Duration::from_micros(50));
                        yield_now().await;
                    }
                });
            }
            let (sender, receiver) = async_channel::unbounded();
            let thread = std::thread::spawn(move || {
                let mut dice = Dice(7);
                for _ in 0..1000 {
                    std::thread::sleep(Duration::from_micros(500 + dice.roll(1000)));
                    sender.try_send(stopwatch::now()).expect("the receiver waits for all");
                }
            });
            let requests = spawn.spawn(0, async move {
                let mut spans = Vec::new();
                while let Ok(sent) = receiver.recv().await {
                    stopwatch::spin(Duration::from_micros(20));
                    spans.push(stopwatch::now() - sent);
                }
                spans
            });
            let spans = requests.await;
            is_over.set(true);
            thread.join().expect("it only sends");
            spans
        }
    }
}

/// Timers of a millisecond, one after another.
struct Timers;

impl Body for Timers {
    type Output = Vec<Duration>;

    fn run<S: Spawn>(self, spawn: S) -> impl Future<Output = Self::Output> + 'static {
        async move {
            let is_over = Rc::new(Cell::new(false));
            let of_task = is_over.clone();
            spawn.detach(1, async move {
                while !of_task.get() {
                    yield_now().await;
                }
            });
            let sleeper = spawn.clone();
            let timers = spawn.spawn(0, async move {
                let mut late = Vec::new();
                for _ in 0..100 {
                    let due = stopwatch::now() + Duration::from_millis(1);
                    sleeper.sleep(Duration::from_millis(1)).await;
                    late.push(stopwatch::now().saturating_duration_since(due));
                }
                late
            });
            let late = timers.await;
            is_over.set(true);
            late
        }
    }
}

/// A thousand requests a second, at random; each has one to three pieces of work of 100-500 µs, with
/// sleeps of as much between them. Eight background tasks do the same without end.
struct Priority;

const REQUESTS: usize = 1000;

impl Body for Priority {
    type Output = Vec<Duration>;

    fn run<S: Spawn>(self, spawn: S) -> impl Future<Output = Self::Output> + 'static {
        async move {
            let is_over = Rc::new(Cell::new(false));
            for task in 0..BACKGROUND_TASKS {
                let (is_over, sleeper) = (is_over.clone(), spawn.clone());
                let mut dice = Dice(task as u64 + 1);
                spawn.detach(1, async move {
                    while !is_over.get() {
                        stopwatch::spin(Duration::from_micros(100 + dice.roll(400)));
                        sleeper.sleep(Duration::from_micros(100 + dice.roll(400))).await;
                    }
                });
            }
            let (sender, receiver) = async_channel::unbounded::<Instant>();
            let thread = std::thread::spawn(move || {
                let mut dice = Dice(0xC0FFEE);
                for _ in 0..REQUESTS {
                    // Exponential, with a mean of a millisecond.
                    let uniform = (1 + dice.roll(1 << 20)) as f64 / ((1 << 20) as f64 + 1.0);
                    std::thread::sleep(Duration::from_secs_f64(-uniform.ln() / 1000.0));
                    sender.try_send(stopwatch::now()).expect("the receiver waits for all");
                }
            });
            let spans = Rc::new(RefCell::new(Vec::new()));
            let (of_task, spawner) = (spans.clone(), spawn.clone());
            let accepts = spawn.spawn(0, async move {
                let mut dice = Dice(0xFEED);
                while let Ok(arrived) = receiver.recv().await {
                    let (spans, sleeper) = (of_task.clone(), spawner.clone());
                    let mut dice = Dice(dice.roll(u64::MAX) | 1);
                    spawner.detach(0, async move {
                        for piece in 0..1 + dice.roll(3) {
                            if piece > 0 {
                                sleeper.sleep(Duration::from_micros(100 + dice.roll(400))).await;
                            }
                            stopwatch::spin(Duration::from_micros(100 + dice.roll(400)));
                        }
                        spans.borrow_mut().push(stopwatch::now() - arrived);
                    });
                }
            });
            accepts.await;
            while spans.borrow().len() < REQUESTS {
                spawn.sleep(Duration::from_millis(1)).await;
            }
            is_over.set(true);
            thread.join().expect("it only sends");
            spans.take()
        }
    }
}

struct Dice(u64);

impl Dice {
    /// A number below `sides`.
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}
