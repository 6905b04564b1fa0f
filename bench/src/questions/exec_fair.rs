//! How well a queue gets the share that its weight asks for.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use crate::exec::{Body, ExecPeer, Spawn, yield_now};
use crate::harness::{Answer, Ask};
use crate::stopwatch;

pub const NAME: &str = "exec-share";

/// Queues that are never without work.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    weights: &'static [u32],
    /// How long a poll of each queue's tasks lasts, in microseconds.
    polls_us: &'static [u64],
}

pub const EQUAL: Load = Load { weights: &[8, 1], polls_us: &[20, 20] };
pub const THREE: Load = Load { weights: &[100, 10, 1], polls_us: &[20, 20, 20] };
pub const UNEQUAL: Load = Load { weights: &[8, 1], polls_us: &[2, 200] };

const WINDOW: Duration = Duration::from_millis(10);
const WINDOWS: usize = 30;

/// The error over the whole time, of the queue that is worst off.
pub fn shares<P: ExecPeer>(load: Load) -> Ask {
    Box::new(move || {
        let windows = P::run(load.weights, Saturated { load });
        let mut sums = vec![Duration::ZERO; load.weights.len()];
        for window in &windows {
            sums.iter_mut().zip(window).for_each(|(sum, span)| *sum += *span);
        }
        Answer::Measured { value: worst_error(load.weights, &sums), remark: None }
    })
}

/// The error within a window of ten milliseconds, of the queue that is worst off, in the worst
/// window but one in ten.
pub fn windows<P: ExecPeer>(load: Load) -> Ask {
    Box::new(move || {
        let windows = P::run(load.weights, Saturated { load });
        let mut errors: Vec<f64> =
            windows.iter().map(|window| worst_error(load.weights, window)).collect();
        errors.sort_by(f64::total_cmp);
        let value = errors[errors.len() * 9 / 10];
        let remark = "one window in ten is worse: the machine does other things too".to_owned();
        Answer::Measured { value, remark: Some(remark) }
    })
}

fn worst_error(weights: &[u32], spans: &[Duration]) -> f64 {
    let (weight, total) = (weights.iter().sum::<u32>(), spans.iter().sum::<Duration>());
    let errors = weights.iter().zip(spans).map(|(&own, span)| {
        let got = span.as_secs_f64() / total.as_secs_f64();
        (got - f64::from(own) / f64::from(weight)).abs() * 100.0
    });
    errors.fold(0.0, f64::max)
}

/// The time that each queue's task has spent, window by window.
struct Saturated {
    load: Load,
}

impl Body for Saturated {
    type Output = Vec<Vec<Duration>>;

    fn run<S: Spawn>(self, spawn: S) -> impl Future<Output = Self::Output> + 'static {
        async move {
            let queues = self.load.weights.len();
            let windows = Rc::new(RefCell::new(vec![vec![Duration::ZERO; queues]; WINDOWS]));
            let is_over = Rc::new(Cell::new(false));
            let start = stopwatch::now();
            let tasks = (0..queues).map(|queue| {
                let (windows, is_over) = (windows.clone(), is_over.clone());
                let poll = Duration::from_micros(self.load.polls_us[queue]);
                spawn.spawn(queue, async move {
                    while !is_over.get() {
                        let before = stopwatch::now();
                        stopwatch::spin(poll);
                        let after = stopwatch::now();
                        let window = (before - start).as_nanos() / WINDOW.as_nanos();
                        match windows.borrow_mut().get_mut(window as usize) {
                            Some(window) => window[queue] += after - before,
                            None => is_over.set(true),
                        }
                        yield_now().await;
                    }
                })
            });
            for task in tasks.collect::<Vec<_>>() {
                task.await;
            }
            windows.take()
        }
    }
}
