//! Dropping a future at any moment loses nothing.

use std::time::Duration;

use mainspring_timer::{PeriodicInterval, interval, now, sleep};
use tokio::time::timeout;

use crate::worlds::{ALL, ms, poll_once, us};

#[test]
fn dropping_a_tick_at_every_await_point_loses_none() {
    for world in ALL {
        world.run(|stage| async move {
            let mut beat = stage.driver.interval(ms(4));
            let start = beat.tick().await;
            for index in 1..6_u32 {
                // Before it is polled, after it is registered, and after the deadline has passed.
                let due = start + ms(4) * index;
                drop(beat.tick());
                if let Some(tick) = poll_once(&mut Box::pin(beat.tick())).await {
                    assert_eq!(tick, due); // the machine has slept over it
                    continue;
                }
                if stage.driver.now() < due {
                    stage.pass(due - stage.driver.now()).await;
                }
                drop(beat.tick());
                assert_eq!(stage.finish(beat.tick()).await, due, "in {:?}", stage.world);
            }
        });
    }
}

#[tokio::test]
async fn a_periodic_tick_that_is_dropped_is_still_counted() {
    let mut beat = PeriodicInterval::new(ms(3)).unwrap();
    let start = now();
    let mut count = 0;
    while count < 10 {
        if let Ok(ticks) = timeout(us(500), beat.tick()).await {
            count += ticks.unwrap();
        }
    }
    // Not early: ten beats take thirty milliseconds.
    assert!(now() - start >= ms(29), "{count} in {:?}", now() - start);
    let beats = (now() - start).as_millis() as u64 / 3 + 1;
    assert!(count <= beats, "{count} of {beats}");
}

#[test]
fn what_is_dropped_leaves_nothing_behind() {
    for world in ALL {
        world.run(|stage| async move {
            let mut sleeps: Vec<_> =
                (0..100).map(|index| stage.driver.sleep(ms(1000 + index))).collect();
            for sleep in &mut sleeps {
                assert!(poll_once(sleep).await.is_none());
            }
            let mut beat = stage.driver.interval(Duration::from_secs(5));
            beat.tick().await;
            let _ = poll_once(&mut Box::pin(beat.tick())).await;
            assert_eq!(stage.driver.waiting(), 101);
            drop(sleeps);
            drop(beat);
            assert_eq!(stage.driver.waiting(), 0, "in {:?}", stage.world);
        });
    }
}

#[tokio::test]
async fn select_in_a_loop_keeps_the_beat() {
    let start = now();
    let mut beat = interval(ms(5));
    let mut ticks = Vec::new();
    while ticks.len() < 6 {
        tokio::select! {
            due = beat.tick() => ticks.push(due - start),
            () = sleep(us(300)) => {}
        }
    }
    let first = ticks[0];
    for (index, tick) in ticks.iter().enumerate() {
        assert_eq!(*tick - first, ms(5) * index as u32);
    }
}
