//! What runs out, is switched off, or goes away.

use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use mainspring_timer::{
    Backend, ClockKind, Driver, KernelTimer, PeriodicInterval, interval, now, sleep, try_interval,
    try_sleep, try_timeout,
};
use tokio::runtime::Builder;

use crate::worlds::{REAL, World, ms, multi, poll_once, single, us};

#[test]
fn a_runtime_without_io() {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let tried = [
            try_sleep(ms(1)).map(drop),
            try_interval(ms(1)).map(drop),
            try_timeout(ms(1), async {}).map(drop),
            Driver::new(Backend::Auto).map(drop),
        ];
        for result in tried {
            // Where timers are no descriptors, there is nothing to miss.
            if cfg!(all(unix, not(mainspring_force_fallback))) {
                let error = result.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Unsupported);
                assert!(error.to_string().contains("enable_io"), "{error}");
            } else {
                result.unwrap();
            }
        }
        // The ways out that the error names.
        for driver in [Driver::thread().unwrap(), Driver::new(Backend::Portable).unwrap()] {
            let start = driver.now();
            driver.sleep(ms(2)).await;
            assert!(driver.now() - start >= ms(2));
        }
    });
}

#[test]
fn a_runtime_without_time() {
    let runtime = Builder::new_current_thread().enable_io().build().unwrap();
    runtime.block_on(async {
        if !cfg!(mainspring_force_fallback) {
            sleep(ms(1)).await; // needs no more than I/O
        }
        let error = Driver::new(Backend::Portable).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("enable_time"), "{error}");
    });
}

#[test]
fn use_outside_a_runtime() {
    for error in [
        try_sleep(ms(1)).unwrap_err(),
        try_interval(ms(1)).unwrap_err(),
        Driver::current().unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.to_string().contains("Tokio"), "{error}");
    }
    // As tokio's own do.
    let polled = |mut sleep: mainspring_timer::Sleep| {
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        std::pin::Pin::new(&mut sleep).poll(&mut cx).is_ready()
    };
    assert!(catch_unwind(|| polled(sleep(ms(1)))).is_err());
    assert!(catch_unwind(|| drop(interval(ms(1)))).is_err());
    // A thread needs no runtime.
    let driver = Driver::thread().unwrap();
    let mut beat = driver.interval(ms(1));
    let mut other = Builder::new_current_thread();
    other.build().unwrap().block_on(async {
        for _ in 0..3 {
            beat.tick().await;
        }
    });
}

#[test]
fn a_runtime_that_shuts_down_under_a_live_timer() {
    for workers in [0, 2] {
        let runtime = if workers == 0 { single() } else { multi(workers) };
        // One that a task of the runtime owns, and goes with it.
        runtime.spawn(async {
            let mut beat = interval(us(500));
            loop {
                beat.tick().await;
            }
        });
        // And two that others own, one of them bound to the runtime's driver.
        let (mut roaming, mut bound) = runtime.block_on(async {
            sleep(ms(3)).await;
            let mut roaming = sleep(ms(30));
            let mut bound = Driver::current().unwrap().interval(ms(20));
            bound.tick().await;
            assert!(poll_once(&mut roaming).await.is_none());
            assert!(poll_once(&mut Box::pin(bound.tick())).await.is_none());
            (roaming, bound)
        });
        let start = now();
        drop(runtime);
        single().block_on(async {
            bound.tick().await;
            bound.tick().await;
            (&mut roaming).await;
        });
        assert!(now() >= roaming.deadline());
        assert!(now() - start < Duration::from_secs(20));
    }
}

#[test]
fn panics_at_runtime_shutdown() {
    for _ in 0..20 {
        let runtime = multi(2);
        for index in 0..50 {
            runtime.spawn(async move {
                let mut beat = interval(us(100 + index));
                loop {
                    beat.tick().await;
                }
            });
        }
        runtime.block_on(sleep_in(&runtime));
        runtime.shutdown_timeout(Duration::from_secs(10));
    }
}

async fn sleep_in(_: &tokio::runtime::Runtime) {
    sleep(ms(2)).await;
}

#[test]
fn a_timer_made_in_one_runtime_is_awaited_in_another() {
    let idle = single();
    let (mut slept, mut beat) = {
        let _entered = idle.enter();
        (sleep(ms(5)), interval(ms(2)))
    };
    // The runtime they were made in is never driven.
    let first = single().block_on(async {
        (&mut slept).await;
        let first = beat.tick().await;
        beat.tick().await;
        beat.tick().await;
        first
    });
    assert!(now() >= slept.deadline());
    // On the way from one to the next.
    multi(1).block_on(async {
        beat.tick().await;
        let _ = poll_once(&mut Box::pin(beat.tick())).await;
    });
    let last = single().block_on(beat.tick());
    assert!(last - first == ms(8) || last - first == ms(10));
    drop(idle);
}

#[test]
fn a_kernel_timer_belongs_to_its_runtime() {
    let home = multi(1);
    let (mut timer, mut beat) = home.block_on(async {
        (KernelTimer::new(ClockKind::Monotonic).unwrap(), PeriodicInterval::new(ms(2)).unwrap())
    });
    single().block_on(async {
        // While that one is driven, others may wait.
        timer.arm(ms(2), None).unwrap();
        assert_eq!(timer.expirations().await.unwrap(), 1);
        beat.tick().await.unwrap();
    });
    drop(home);
    single().block_on(async {
        // They are told, or a thread has taken over where expirations are counted by arithmetic.
        timer.arm(ms(2), None).unwrap();
        for waited in [timer.expirations().await, beat.tick().await] {
            match waited {
                Ok(count) => assert!(count >= 1),
                Err(error) => assert!(error.to_string().contains("shut"), "{error}"),
            }
        }
    });
}

#[test]
fn a_stalled_consumer_gets_every_tick() {
    for world in REAL {
        world.run(|stage| async move {
            let mut beat = stage.driver.interval(ms(1));
            let start = beat.tick().await;
            std::thread::sleep(ms(40));
            let tick = beat.next_tick().await;
            assert!(tick.missed >= 38, "{tick:?}");
            for index in 2..40 {
                assert_eq!(beat.tick().await - start, ms(index));
            }
        });
    }
}

#[tokio::test]
async fn the_longest_times_are_never() {
    let mut forever = sleep(Duration::MAX);
    assert!(poll_once(&mut forever).await.is_none());
    let limited = mainspring_timer::timeout(Duration::MAX, async { 3 });
    assert_eq!(limited.await, Ok(3));
    let mut beat = interval(ms(1));
    beat.reset_after(Duration::MAX);
    assert!(poll_once(&mut Box::pin(beat.tick())).await.is_none());
}

#[test]
fn a_waker_that_panics_takes_nobody_along() {
    use std::sync::Arc;
    use std::task::{Context, Wake, Waker};
    struct Panics;
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("this waker panics on purpose");
        }
    }
    World::Manual.run(|stage| async move {
        let mut bad = stage.driver.sleep(ms(1));
        let waker = Waker::from(Arc::new(Panics));
        let polled = std::pin::Pin::new(&mut bad);
        assert!(Future::poll(polled, &mut Context::from_waker(&waker)).is_pending());
        let good = tokio::spawn(stage.driver.sleep(ms(1)));
        tokio::task::yield_now().await;
        let clock = stage.clock();
        let advanced = catch_unwind(AssertUnwindSafe(|| clock.advance(ms(1))));
        assert!(advanced.is_err());
        tokio::time::timeout(ms(5000), good).await.expect("it is woken all the same").unwrap();
    });
}
