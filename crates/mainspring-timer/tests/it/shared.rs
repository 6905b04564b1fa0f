//! One kernel timer for all: descriptors, resets, and what everyone may rely on.

use std::pin::Pin;
use std::time::Duration;

use mainspring_timer::{
    Alarm, ClockChanges, Driver, Instant, Interval, KernelTimer, PeriodicInterval, Sleep, Timeout,
    interval, now, sleep, timeout,
};

use crate::worlds::{ALL, ms, multi, poll_once, single};

#[test]
fn everything_is_send_and_sync_on_every_platform() {
    fn check<T: Send + Sync + Unpin>() {}
    check::<Sleep>();
    check::<Interval>();
    check::<Timeout<std::future::Ready<()>>>();
    check::<PeriodicInterval>();
    check::<KernelTimer>();
    check::<Alarm>();
    check::<ClockChanges>();
    check::<Driver>();
}

#[test]
fn a_reset_wakes_at_the_new_deadline() {
    for world in ALL {
        world.run(|stage| async move {
            // Later: not at the old one.
            let start = stage.driver.now();
            let mut sleep = stage.driver.sleep(ms(5));
            assert!(poll_once(&mut sleep).await.is_none());
            Pin::new(&mut sleep).reset(start + ms(15));
            stage.finish(&mut sleep).await;
            assert!(stage.driver.now() - start >= ms(15));
            assert!(sleep.is_elapsed());

            // Again, after its end.
            let deadline = stage.driver.now() + ms(3);
            Pin::new(&mut sleep).reset(deadline);
            assert!(!sleep.is_elapsed());
            assert_eq!(sleep.deadline(), deadline);
            stage.finish(&mut sleep).await;
            assert!(stage.driver.now() >= deadline);
        });
    }
}

#[test]
fn a_reset_to_an_earlier_deadline_needs_no_poll() {
    for runtime in [single(), multi(1)] {
        runtime.block_on(async {
            let mut slept = sleep(Duration::from_secs(3600));
            let start = now();
            let mut polls = 0;
            std::future::poll_fn(|cx| {
                polls += 1;
                let polled = Future::poll(Pin::new(&mut slept), cx);
                if polls == 1 {
                    Pin::new(&mut slept).reset(start + ms(10));
                }
                polled
            })
            .await;
            assert!(now() - start >= ms(10));
            assert!(now() - start < Duration::from_secs(600));
        });
    }
}

#[test]
fn drivers_live_and_die_with_their_runtimes() {
    for _ in 0..50 {
        let runtime = single();
        let driver: Driver = runtime.block_on(async {
            sleep(ms(1)).await;
            Driver::current().unwrap()
        });
        let again = runtime.block_on(async { Driver::current().unwrap() });
        assert_eq!(driver, again);
        drop(runtime);
        let other = single().block_on(async { Driver::current().unwrap() });
        assert_ne!(driver, other);
    }
}

#[tokio::test]
async fn a_timeout_gives_its_future_back() {
    let mut limited = timeout(ms(100), async { 5 });
    let _ = limited.get_ref();
    let _ = limited.get_mut();
    assert_eq!(limited.into_inner().await, 5);
    let error = timeout(ms(0), std::future::pending::<()>()).await.unwrap_err();
    assert_eq!(error.to_string(), "deadline has elapsed");
    assert_eq!(std::io::Error::from(error).kind(), std::io::ErrorKind::TimedOut);
}

#[tokio::test]
async fn a_timeout_ends_a_future_that_uses_up_the_budget() {
    let greedy = async {
        let mut beat = interval(Duration::from_nanos(1));
        loop {
            beat.tick().await;
        }
    };
    let start: Instant = now();
    assert!(timeout(ms(10), greedy).await.is_err());
    assert!(now() - start < Duration::from_secs(60));
}
