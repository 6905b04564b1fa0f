//! Threads without a runtime: spin_sleep, and a raw sleep of the kernel's as the floor.

use std::time::{Duration, Instant};

use rustix::thread::{ClockId, clock_nanosleep_absolute};
use rustix::time::Timespec;

use crate::stopwatch::{cpu, now};
use crate::timer::{Runner, Slot};

pub fn spin_sleep() -> Runner {
    on_thread(|| {
        let sleeper = spin_sleep::SpinSleeper::default();
        move |deadline| sleeper.sleep_until(deadline)
    })
}

pub fn nanosleep() -> Runner {
    on_thread(|| {
        let instant = now();
        let read = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let reading = Duration::new(read.tv_sec as u64, read.tv_nsec as u32);
        move |deadline: Instant| {
            let at = reading + deadline.saturating_duration_since(instant);
            let at = Timespec { tv_sec: at.as_secs() as i64, tv_nsec: at.subsec_nanos().into() };
            clock_nanosleep_absolute(ClockId::Monotonic, &at).expect("a sleep");
        }
    })
}

/// Busy tasks, where asked for, are on a runtime of their own, on another thread.
fn on_thread<S: FnMut(Instant) + Send + 'static>(
    sleeper: impl Fn() -> S + Copy + Send + 'static,
) -> Runner {
    Box::new(move |beat| {
        let thread = std::thread::spawn(move || {
            let mut sleep = sleeper();
            let mut slot = Slot::default();
            let mut due = now() + beat.period;
            let before = cpu();
            for _ in 0..beat.ticks {
                sleep(due);
                slot.record(due, now());
                due += beat.period;
            }
            slot.finish(cpu() - before)
        });
        thread.join().expect("no panic")
    })
}
