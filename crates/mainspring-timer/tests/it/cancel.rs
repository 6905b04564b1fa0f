//! Dropping a future at any moment loses nothing.

use std::pin::Pin;
use std::time::{Duration, SystemTime};

use mainspring_clock::{Jump, ManualClock, WallClock};
use mainspring_timer::{Driver, KernelTimer, PeriodicInterval, Woke, interval, now, sleep};
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

#[test]
fn expirations_are_counted_whoever_stops_waiting() {
    for world in ALL {
        world.run(|stage| async move {
            let mut timer = KernelTimer::on(&stage.driver);
            let start = stage.driver.now();
            timer.arm(ms(4), ms(4)).unwrap();
            drop(timer.expirations());
            let mut count = 0;
            for _ in 0..5 {
                // After it is registered, and after it has expired.
                count +=
                    poll_once(&mut Box::pin(timer.expirations())).await.map_or(0, Result::unwrap);
                stage.pass(ms(6)).await;
                drop(timer.expirations());
            }
            count += stage.finish(timer.expirations()).await.unwrap();
            let passed = (stage.driver.now() - start).as_millis() as u64 / 4;
            // One may have come since the clock was read.
            assert!(count >= 7 && count <= passed, "{count} of {passed} in {:?}", stage.world);
        });
    }
}

#[test]
fn a_wait_that_is_dropped_and_begun_anew_ends_at_its_deadline() {
    for world in ALL {
        world.run(|stage| async move {
            let deadline = stage.driver.now() + ms(8);
            let mut sleep = stage.driver.sleep_until(deadline);
            for _ in 0..3 {
                // A task that gives up on a sleep it does not own, and one that comes after it.
                let _ = poll_once(&mut Box::pin(async { (&mut sleep).await })).await;
                stage.pass(ms(1)).await;
            }
            stage.finish(&mut sleep).await;
            assert!(stage.driver.now() >= deadline, "early in {:?}", stage.world);

            // A time-out that is dropped at its first, second and last poll.
            for polls in 0..3 {
                let mut limited = stage.driver.timeout(ms(2), std::future::pending::<()>());
                for _ in 0..polls {
                    let _ = poll_once(&mut Pin::new(&mut limited)).await;
                    stage.pass(ms(1)).await;
                }
                drop(limited);
                assert_eq!(stage.driver.waiting(), 0, "in {:?}", stage.world);
            }
        });
    }
}

#[tokio::test]
async fn a_clock_that_is_set_is_told_to_whoever_waits_next() {
    let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
    let driver = Driver::manual(&clock);
    let hour = Duration::from_secs(3600);
    let mut alarm = driver.alarm(clock.wall_now() + 10 * hour);
    let mut changes = driver.clock_changes();
    drop(alarm.wait());
    drop(changes.next());
    assert!(poll_once(&mut Box::pin(alarm.wait())).await.is_none()); // registered, and dropped
    assert!(poll_once(&mut Box::pin(changes.next())).await.is_none());
    clock.jump_forward(hour);
    drop(alarm.wait()); // told, and not heard
    drop(changes.next());
    assert_eq!(alarm.wait().await.unwrap(), Woke::ClockSet);
    assert_eq!(changes.next().await.unwrap(), Jump::Forward(hour));
    clock.advance(9 * hour);
    drop(alarm.wait());
    assert_eq!(alarm.wait().await.unwrap(), Woke::Due);
}
