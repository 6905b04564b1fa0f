//! Leads that are learned, slack that is used, threads that are isolated.

use std::time::Duration;

use mainspring_timer::{
    Backend, Driver, Interval, Isolation, Precision, interval, isolated, now, sleep,
};

use crate::worlds::{World, ms, single, us};

#[test]
fn leads_are_learned_and_shown() {
    single().block_on(async {
        let exactly = Precision::Exact { max_spin: us(40) };
        let mut beat = Interval::builder(us(300)).precision(exactly).build().unwrap();
        assert_eq!(beat.lead(), Duration::ZERO);
        for _ in 0..50 {
            beat.tick().await;
        }
        assert!(beat.lead() <= us(40), "{:?}", beat.lead());
        // tokio's clock has whole milliseconds: nothing is learned from it.
        assert_eq!(beat.lead().is_zero(), cfg!(mainspring_force_fallback));
        assert_eq!(beat.precision(), exactly);
        assert_eq!(interval(ms(1)).lead(), Duration::ZERO);
    });
}

#[test]
fn precision_is_no_matter_on_turned_clocks() {
    for world in [World::Manual, World::Paused, World::Portable] {
        world.run(|stage| async move {
            let exactly = Precision::Exact { max_spin: Duration::MAX };
            let start = stage.driver.now();
            let sleep = stage.driver.sleep(ms(20)).with_precision(exactly);
            stage.finish(sleep).await;
            assert!(stage.driver.now() - start >= ms(20));
        });
    }
}

#[test]
fn slack_fires_within_its_bounds_and_together() {
    World::Manual.run(|stage| async move {
        let start = stage.driver.now();
        let slack = ms(1);
        let sleeps = (0..200_u64).map(|index| {
            let driver = stage.driver.clone();
            tokio::spawn(async move {
                let deadline = start + us(10_000 + 37 * index);
                driver.sleep_until(deadline).with_slack(slack).await;
                let late = driver.now() - deadline;
                assert!(late <= slack, "{late:?}");
                driver.now()
            })
        });
        let sleeps: Vec<_> = sleeps.collect();
        stage.clock().run_for(ms(30)).await;
        let mut moments = Vec::new();
        for sleep in sleeps {
            moments.push(sleep.await.unwrap());
        }
        moments.sort();
        moments.dedup();
        // 200 deadlines over 7.4 ms, each of which may wait for a millisecond.
        assert!(moments.len() <= 16, "{} wakes", moments.len());
    });
}

#[test]
fn an_isolated_thread_says_what_it_was_granted() {
    let beat = isolated("beat", || async {
        let mut beat = interval(us(200));
        for _ in 0..50 {
            beat.tick().await;
        }
        std::thread::current().name().map(str::to_owned)
    });
    let beat = beat.unwrap();
    match beat.isolation() {
        Isolation::RealTime { priority } => assert!(priority > 0),
        Isolation::ShortSlice(slice) => assert!(slice <= ms(1)),
        Isolation::Raised | Isolation::Ordinary => {}
        other => panic!("{other:?} is new"),
    }
    assert_eq!(beat.join().unwrap().as_deref(), Some("beat"));
}

#[test]
fn a_panic_on_an_isolated_thread_is_told() {
    let work = isolated("fails", || async { panic!("on purpose") }).unwrap();
    assert!(work.join().is_err());
}

#[tokio::test]
async fn a_driver_of_ones_own_is_no_others() {
    let own = Driver::new(Backend::Auto).unwrap();
    let current = Driver::current().unwrap();
    assert_ne!(own, current);
    assert_eq!(current, Driver::current().unwrap());
    own.sleep(us(200)).await;
    sleep(us(200)).await;
    assert!(now() > own.now() - ms(1000));
}
