//! What a task costs that is ready at its first poll.

use std::future::Future;
use std::time::Duration;

use crate::exec::{Body, Countdown, ExecPeer, Spawn};
use crate::harness::{Answer, Ask, Settings};
use crate::stopwatch;

pub const NAME: &str = "exec-spawn";

/// Tasks alive at once.
const TASKS: usize = 1000;

pub fn join<P: ExecPeer>(settings: Settings) -> Ask {
    sized(settings, |operations| {
        let rounds = operations.div_ceil(TASKS as u64);
        (P::run(&[1], Join { rounds }), rounds * TASKS as u64)
    })
}

pub fn one_by_one<P: ExecPeer>(settings: Settings) -> Ask {
    sized(settings, |tasks| (P::run(&[1], OneByOne { tasks }), tasks))
}

pub fn detached<P: ExecPeer>(settings: Settings) -> Ask {
    sized(settings, |operations| {
        let rounds = operations.div_ceil(TASKS as u64);
        (P::run(&[1], Detached { rounds }), rounds * TASKS as u64)
    })
}

/// So many times the usual sample: executors are made anew for each, and their memory is cold.
const SAMPLES: u32 = 10;

/// Nanoseconds per operation of something that sets itself up, and says how long it took and how
/// many operations it did; about as many as it is told.
pub fn sized(settings: Settings, mut work: impl FnMut(u64) -> (Duration, u64) + 'static) -> Ask {
    let mut operations = None;
    Box::new(move || {
        let sample = settings.sample * SAMPLES;
        let operations = *operations.get_or_insert_with(|| {
            let mut operations = 1000;
            loop {
                let (took, done) = work(operations);
                if took >= sample / 8 {
                    let per_operation = took.as_nanos() as f64 / done as f64;
                    break ((sample.as_nanos() as f64 / per_operation) as u64).max(1);
                }
                operations *= 2;
            }
        });
        let (took, done) = work(operations);
        Answer::Measured { value: took.as_nanos() as f64 / done as f64, remark: None }
    })
}

struct Join {
    rounds: u64,
}

impl Body for Join {
    type Output = Duration;

    fn run<S: Spawn>(self, spawn: S) -> impl Future<Output = Duration> + 'static {
        async move {
            let mut handles = Vec::with_capacity(TASKS);
            let start = stopwatch::now();
            for _ in 0..self.rounds {
                handles.extend((0..TASKS).map(|i| spawn.spawn(0, async move { i })));
                for handle in handles.drain(..) {
                    handle.await;
                }
            }
            start.elapsed()
        }
    }
}

struct OneByOne {
    tasks: u64,
}

impl Body for OneByOne {
    type Output = Duration;

    fn run<S: Spawn>(self, spawn: S) -> impl Future<Output = Duration> + 'static {
        async move {
            let start = stopwatch::now();
            for i in 0..self.tasks {
                spawn.spawn(0, async move { i }).await;
            }
            start.elapsed()
        }
    }
}

struct Detached {
    rounds: u64,
}

impl Body for Detached {
    type Output = Duration;

    fn run<S: Spawn>(self, spawn: S) -> impl Future<Output = Duration> + 'static {
        async move {
            let left = Countdown::default();
            let start = stopwatch::now();
            for _ in 0..self.rounds {
                left.set(TASKS);
                for _ in 0..TASKS {
                    let left = left.clone();
                    spawn.detach(0, async move { left.tick() });
                }
                left.end().await;
            }
            start.elapsed()
        }
    }
}
