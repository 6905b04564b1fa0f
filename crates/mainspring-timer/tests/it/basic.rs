//! What everyone expects of an interval first, on every clock.

use mainspring_timer::{MissedTickBehavior, PeriodicInterval, Tick};

use crate::worlds::{ALL, Stage, World, ms, us};

#[test]
fn the_first_tick_is_at_once() {
    for world in ALL {
        world.run(|stage| async move {
            let mut beat = stage.driver.interval(ms(60_000));
            let before = stage.driver.now();
            let tick = stage.finish(beat.next_tick()).await;
            assert!(tick.scheduled <= before, "{tick:?} in {:?}", stage.world);
            assert_eq!((tick.index, tick.missed), (0, 0));
        });
    }
}

#[test]
fn ticks_come_at_the_period() {
    for world in ALL {
        world.run(|stage| async move {
            let start = stage.driver.now();
            let mut beat = stage.driver.interval_at(start, ms(5));
            for index in 0..6 {
                let due = stage.finish(beat.tick()).await;
                assert_eq!(due - start, ms(5) * index);
                assert!(stage.driver.now() >= due, "early in {:?}", stage.world);
                if stage.world == World::Manual {
                    assert_eq!(stage.driver.now(), due);
                }
            }
        });
    }
}

#[test]
fn a_start_in_the_future_delays_the_first_tick() {
    for world in ALL {
        world.run(|stage| async move {
            let start = stage.driver.now() + ms(12);
            let mut beat = stage.driver.interval_at(start, ms(50));
            assert_eq!(stage.finish(beat.tick()).await, start);
            assert!(stage.driver.now() >= start, "early in {:?}", stage.world);
        });
    }
}

#[test]
fn a_reset_to_now_fires_now() {
    for world in ALL {
        world.run(|stage| async move {
            let mut beat = stage.driver.interval(ms(60_000));
            beat.tick().await;
            let before = stage.driver.now();
            beat.reset_immediately();
            let due = stage.finish(beat.tick()).await;
            assert!(due >= before && due <= stage.driver.now(), "in {:?}", stage.world);
        });
    }
}

#[test]
fn what_was_set_is_told() {
    for world in ALL {
        world.run(|stage| async move {
            let mut beat = stage.driver.interval(ms(10));
            assert_eq!(beat.missed_tick_behavior(), MissedTickBehavior::Burst);
            beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
            assert_eq!(beat.missed_tick_behavior(), MissedTickBehavior::Skip);
            // tokio's own type will do, on either side.
            beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            assert_eq!(beat.missed_tick_behavior(), tokio::time::MissedTickBehavior::Delay);
            assert_eq!(tokio::time::MissedTickBehavior::Delay, beat.missed_tick_behavior());
            assert_eq!(beat.period(), ms(10));
        });
    }
}

#[test]
fn periods_below_a_millisecond() {
    for world in ALL {
        world.run(|stage| async move {
            let mut beat = stage.driver.interval(us(500));
            let start = beat.tick().await;
            for _ in 0..50 {
                beat_once(&stage, &mut beat).await;
            }
            assert!(stage.driver.now() - start >= us(500) * 50, "early in {:?}", stage.world);
        });
    }
}

async fn beat_once(stage: &Stage, beat: &mut mainspring_timer::Interval) -> Tick {
    let tick = stage.finish(beat.next_tick()).await;
    assert!(tick.at >= tick.scheduled, "{tick:?} is early in {:?}", stage.world);
    tick
}

#[test]
fn a_periodic_interval_begins_one_period_from_now_and_adds_up() {
    for world in ALL {
        world.run(|stage| async move {
            let start = stage.driver.now();
            let mut beat = PeriodicInterval::on(&stage.driver, ms(4)).unwrap();
            assert_eq!(beat.period(), ms(4));
            let mut count = 0;
            while count < 5 {
                let ticks = stage.finish(beat.tick()).await.unwrap();
                assert!(ticks >= 1);
                count += ticks as u32;
                assert!(stage.driver.now() - start >= ms(4) * count, "in {:?}", stage.world);
            }
            // Whoever falls behind gets the count.
            let before = stage.driver.now();
            stage.pass(ms(25)).await;
            let ticks = stage.finish(beat.tick()).await.unwrap();
            assert!(ticks >= 6, "{ticks} ticks in {:?}", stage.driver.now() - before);
            count += ticks as u32;
            assert!(stage.driver.now() - start >= ms(4) * count, "in {:?}", stage.world);
        });
    }
}
