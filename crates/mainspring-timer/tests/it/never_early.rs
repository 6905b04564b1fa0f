//! No timer ends before its deadline, however hard the machine makes it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use mainspring_clock::{Clock, SystemClock};
use mainspring_timer::{
    Backend, Driver, Interval, Precision, Tick, interval, now, sleep, sleep_until, timeout,
};

use crate::worlds::{ALL, World, ms, multi, us};

/// Threads that take the processors away at any moment, for as long as it lives.
struct Hogs {
    stop: Arc<AtomicBool>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Hogs {
    fn new(count: usize) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let spin = |stop: Arc<AtomicBool>| move || while !stop.load(Ordering::Relaxed) {};
        let threads = (0..count).map(|_| std::thread::spawn(spin(Arc::clone(&stop)))).collect();
        Self { stop, threads }
    }
}

impl Drop for Hogs {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            thread.join().unwrap();
        }
    }
}

#[test]
fn sleeps_on_every_clock() {
    for world in ALL {
        world.run(|stage| async move {
            for length in [us(0), us(1), us(50), us(333), us(1000), us(2750)] {
                let deadline = stage.driver.now() + length;
                stage.finish(stage.driver.sleep_until(deadline)).await;
                assert!(stage.driver.now() >= deadline, "{length:?} in {:?}", stage.world);
            }
        });
    }
}

#[test]
fn every_precision_and_slack() {
    multi(2).block_on(async {
        let choices = [
            Precision::Kernel,
            Precision::Compensated,
            Precision::Exact { max_spin: us(30) },
            Precision::Exact { max_spin: ms(50) },
        ];
        for precision in choices {
            for slack in [us(0), us(700)] {
                let deadline = now() + us(800);
                sleep_until(deadline).with_precision(precision).with_slack(slack).await;
                assert!(now() >= deadline);
            }
        }
    });
}

#[test]
fn early_ticks_after_an_unlucky_preemption_at_creation() {
    // Timers made at moments when the thread is likely to lose its processor, each with a kernel
    // timer of its own, so that each sets out from readings of its own.
    let _hogs = Hogs::new(3);
    multi(1).block_on(async {
        for _ in 0..300 {
            std::thread::yield_now();
            let builder = Interval::builder(us(100)).own_timer(Backend::Auto);
            let mut beat = builder.build().unwrap();
            for _ in 0..3 {
                let tick = beat.next_tick().await;
                assert!(SystemClock.now() >= tick.scheduled.into_std());
            }
        }
    });
}

#[test]
fn many_intervals_of_all_kinds_beside_hogs() {
    let _hogs = Hogs::new(2);
    let ticks = Arc::new(AtomicU64::new(0));
    multi(2).block_on(async {
        let end = now() + ms(1500);
        let beats = (0..600_u64).map(|index| {
            let ticks = Arc::clone(&ticks);
            tokio::spawn(async move {
                let precision = match index % 20 {
                    0 => Precision::Exact { max_spin: us(20) },
                    1..5 => Precision::Compensated,
                    _ => Precision::Kernel,
                };
                let mut beat = Interval::builder(us(700 + index * 7))
                    .precision(precision)
                    .slack(us(index % 3 * 200))
                    .build()
                    .unwrap();
                while now() < end {
                    not_early(&beat.next_tick().await);
                    ticks.fetch_add(1, Ordering::Relaxed);
                }
            })
        });
        for beat in beats.collect::<Vec<_>>() {
            beat.await.unwrap();
        }
    });
    assert!(ticks.load(Ordering::Relaxed) > 10_000, "{ticks:?} ticks only");
}

/// Most of them take ticks as fast as they can, and so always stand right before a deadline or after it,
/// where an early tick would slip through; beside them a thousand wait for the kernel.
#[test]
fn ten_million_ticks_none_early() {
    const GREEDY: u64 = 8;
    const EACH: u64 = 1_250_000;
    let _hogs = Hogs::new(1);
    let patient = Arc::new(AtomicU64::new(0));
    let is_over = Arc::new(AtomicBool::new(false));
    multi(2).block_on(async {
        let beats = (0..1_000_u64).map(|index| {
            let (patient, is_over) = (Arc::clone(&patient), Arc::clone(&is_over));
            tokio::spawn(async move {
                let mut beat = interval(us(1_000 + index));
                while !is_over.load(Ordering::Relaxed) {
                    not_early(&beat.next_tick().await);
                    patient.fetch_add(1, Ordering::Relaxed);
                }
            })
        });
        let beats: Vec<_> = beats.collect();
        let greedy = (0..GREEDY).map(|index| {
            tokio::spawn(async move {
                let mut beat = interval(Duration::from_nanos(200 + 100 * index));
                for _ in 0..EACH {
                    not_early(&beat.next_tick().await);
                }
            })
        });
        for task in greedy.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        is_over.store(true, Ordering::Relaxed);
        for beat in beats {
            beat.await.unwrap();
        }
    });
    assert!(patient.load(Ordering::Relaxed) > 10_000, "{patient:?} ticks of the patient ones");
}

fn not_early(tick: &Tick) {
    let seen = SystemClock.now();
    assert!(seen >= tick.scheduled.into_std(), "early: {tick:?}");
    assert!(tick.at >= tick.scheduled);
}

/// On a clock that stands still between two looks, a tick comes when it is due: not before, not after.
#[test]
fn a_million_ticks_of_a_manual_clock_come_when_they_are_due() {
    World::Manual.run(|stage| async move {
        let period = us(100);
        let mut beat = stage.driver.interval(period);
        let mut due = beat.tick().await + period;
        let mut cx = Context::from_waker(Waker::noop());
        let mut seed = 1_u64;
        for _ in 0..1_000_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            stage.clock().advance(Duration::from_nanos((seed >> 33) % 250_000));
            while stage.driver.now() >= due {
                // A task has a budget, and gives way when it is spent.
                match beat.poll_tick(&mut cx) {
                    Poll::Ready(tick) => assert_eq!(tick, due),
                    Poll::Pending => {
                        tokio::task::yield_now().await;
                        continue;
                    }
                }
                due += period;
            }
            assert!(beat.poll_tick(&mut cx).is_pending(), "before {due:?}");
        }
    });
}

#[tokio::test]
async fn a_timeout_is_never_early_and_never_for_what_is_ready() {
    let start = now();
    assert!(timeout(us(1500), std::future::pending::<()>()).await.is_err());
    assert!(now() - start >= us(1500));
    assert_eq!(timeout(us(0), async { 1 }).await, Ok(1));
}

#[test]
fn a_deadline_in_the_future_of_a_paused_clock() {
    // The machine's clock passes the deadline, the paused one does not.
    World::Paused.run(|stage| async move {
        let mut sleep = sleep(ms(5));
        assert!(crate::worlds::poll_once(&mut sleep).await.is_none());
        std::thread::sleep(ms(10));
        assert!(crate::worlds::poll_once(&mut sleep).await.is_none());
        stage.pass(ms(5)).await;
        assert!(crate::worlds::poll_once(&mut sleep).await.is_some());
    });
}

#[tokio::test]
async fn a_clock_that_is_paused_on_the_way_is_followed() {
    let day = ms(86_400_000);
    sleep(us(100)).await; // on the machine's clock
    let mut long = sleep(day);
    assert!(crate::worlds::poll_once(&mut long).await.is_none());
    tokio::time::pause();
    let start = now();
    sleep(day / 2).await; // advances by itself
    assert!(now() - start >= day / 2);
    long.await;
    assert!(now() - start >= day - ms(1000));
    let driver = Driver::current().unwrap();
    assert_eq!(driver.now(), now());
}
