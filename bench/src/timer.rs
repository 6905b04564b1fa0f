//! What a timer library is asked: to tick, alone and in crowds, and how late the ticks are.
//!
//! A runtime lives as long as its row, so that what a library learns or caches is there in the next
//! round, for every peer alike. The first ticks of each slot are not counted.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

use crate::stopwatch::{cpu, now};

/// A timer library's interval, on tokio.
pub trait Ticker: Sized + 'static {
    /// Ticks first at `start`, or as near to it as the library allows.
    fn at(start: Instant, period: Duration) -> Self;

    /// Waits for the next tick; how many there were since the last, which is 1 unless it lumps them.
    fn tick(&mut self) -> impl Future<Output = u64>;
}

/// A library's wait for one instant, on tokio.
pub trait Sleeper: 'static {
    fn until(deadline: Instant) -> impl Future<Output = ()> + Send + 'static;
}

/// One slot of ticks.
#[derive(Clone, Copy, Debug)]
pub struct Beat {
    pub period: Duration,
    pub ticks: usize,
    /// Tasks beside it in the same runtime, each busy for 10 µs at a time.
    pub busy: usize,
}

/// What came of a slot.
#[derive(Clone, Debug, Default)]
pub struct Slot {
    /// Nanoseconds, sorted.
    late: Vec<u64>,
    pub early: usize,
    cpu: Duration,
    /// The machine was too slow to make all timers before the first was due.
    pub was_late_to_begin: bool,
}

/// Runs one slot after another.
pub type Runner = Box<dyn FnMut(Beat) -> Slot>;

const WARM_UP: usize = 20;
const BUSY: Duration = Duration::from_micros(10);

impl Slot {
    pub fn record(&mut self, due: Instant, at: Instant) {
        if at < due {
            self.early += 1;
        }
        self.late.push(at.saturating_duration_since(due).as_nanos() as u64);
    }

    pub fn finish(mut self, cpu: Duration) -> Self {
        self.late.sort_unstable();
        self.cpu = cpu;
        self
    }

    /// Microseconds that `share` of the ticks were at most late.
    pub fn late_us(&self, share: f64) -> f64 {
        let last = self.late.len().saturating_sub(1);
        let at = (share * last as f64).round() as usize;
        self.late.get(at).map_or(f64::NAN, |late| *late as f64 / 1e3)
    }

    /// Microseconds of processor time for each tick.
    pub fn cpu_us(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.late.len() as f64
    }
}

/// A runner on a runtime of one thread.
pub fn on_tokio<T: Ticker>() -> Runner {
    let runtime = runtime();
    Box::new(move |beat| {
        runtime.block_on(async {
            let busy: Vec<_> = (0..beat.busy).map(|_| tokio::spawn(keep_busy())).collect();
            let slot = slot::<T>(beat).await;
            busy.iter().for_each(|task| task.abort());
            slot
        })
    })
}

pub fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Ticks through one slot.
pub async fn slot<T: Ticker>(beat: Beat) -> Slot {
    let start = now() + beat.period.max(Duration::from_millis(2));
    let mut ticker = T::at(start, beat.period);
    let mut slot = Slot::default();
    let mut due = start;
    let mut before = cpu();
    let mut ticked = 0;
    while ticked < WARM_UP + beat.ticks {
        for _ in 0..ticker.tick().await {
            if ticked == WARM_UP {
                before = cpu();
            }
            if ticked >= WARM_UP {
                slot.record(due, now());
            }
            ticked += 1;
            due += beat.period;
        }
    }
    slot.finish(cpu() - before)
}

/// Works for a while, lets the others work, and so on.
pub async fn keep_busy() {
    loop {
        let until = now() + BUSY;
        while now() < until {
            std::hint::spin_loop();
        }
        tokio::task::yield_now().await;
    }
}

/// Very many timers in one runtime.
#[derive(Clone, Copy, Debug)]
pub enum Crowd {
    /// So many intervals, their phases spread evenly.
    Intervals { count: usize, period: Duration },
    /// So many sleeps, their deadlines spread evenly over a time.
    Sleeps { count: usize, over: Duration },
}

/// What came of a crowd.
#[derive(Clone, Debug)]
pub struct Gathering {
    pub slot: Slot,
    /// Descriptors that it took.
    pub descriptors: usize,
}

/// Ticks of each interval of a crowd.
const ROUNDS: usize = 8;

/// Ticks as a crowd, in a fresh runtime.
pub fn crowd<T: Ticker, S: Sleeper>(crowd: Crowd) -> Gathering {
    let before = descriptors();
    runtime().block_on(tokio::task::LocalSet::new().run_until(async {
        let slot = Rc::new(RefCell::new(Slot::default()));
        let begun = Rc::new(Cell::new(0));
        let (tasks, first) = match crowd {
            Crowd::Intervals { count, period } => {
                let first =
                    now() + Duration::from_millis(20) + Duration::from_micros(20) * count as u32;
                let tasks = (0..count).map(|index| {
                    let start = first + period.mul_f64(index as f64 / count as f64);
                    let (slot, begun) = (Rc::clone(&slot), Rc::clone(&begun));
                    tokio::task::spawn_local(async move {
                        let mut ticker = T::at(start, period);
                        begun.set(begun.get() + 1);
                        let mut ticked = 0;
                        while ticked < ROUNDS {
                            for _ in 0..ticker.tick().await {
                                slot.borrow_mut().record(start + period * ticked as u32, now());
                                ticked += 1;
                            }
                        }
                    })
                });
                (tasks.collect::<Vec<_>>(), first)
            }
            Crowd::Sleeps { count, over } => {
                let first = now() + Duration::from_micros(4) * count as u32;
                let tasks = (0..count).map(|index| {
                    let deadline = first + over.mul_f64(index as f64 / count as f64);
                    let (slot, begun) = (Rc::clone(&slot), Rc::clone(&begun));
                    tokio::task::spawn_local(async move {
                        begun.set(begun.get() + 1);
                        S::until(deadline).await;
                        slot.borrow_mut().record(deadline, now());
                    })
                });
                (tasks.collect::<Vec<_>>(), first)
            }
        };
        // All have begun to wait when the first is due; what it takes to make them is not counted.
        while begun.get() < tasks.len() {
            tokio::task::yield_now().await;
        }
        let began = cpu();
        let descriptors = descriptors().saturating_sub(before);
        let was_ready = now() < first;
        for task in tasks {
            task.await.expect("no timer panics");
        }
        let slot = Rc::try_unwrap(slot).expect("all tasks have ended").into_inner();
        let mut slot = slot.finish(cpu() - began);
        slot.was_late_to_begin = !was_ready;
        Gathering { slot, descriptors }
    }))
}

/// Open descriptors of this process; 0 where they cannot be counted.
fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

/// Ready at its second poll: what a time-out seldom waits for longer than.
#[derive(Default)]
pub struct Once(bool);

impl Future for Once {
    type Output = ();

    fn poll(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return std::task::Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    }
}
