//! Late ticks on every clock: what is due next follows from what was due and when it was taken.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use mainspring_timer::{Instant, MissedTickBehavior, Tick, interval};

use crate::worlds::{ALL, REAL, Stage, World, ms, us};

/// When the next tick is due, in plain words.
fn expected_next(behavior: MissedTickBehavior, tick: &Tick, period: Duration) -> Instant {
    let late = tick.at - tick.scheduled;
    let was_missed = late > ms(5) || late >= period;
    match behavior {
        MissedTickBehavior::Delay if was_missed => tick.at + period,
        MissedTickBehavior::Skip if was_missed => {
            let mut next = tick.scheduled + period;
            while next <= tick.at {
                next += period;
            }
            next
        }
        _ => tick.scheduled + period,
    }
}

async fn follow(stage: Stage, behavior: MissedTickBehavior, period: Duration) {
    let builder = stage.driver.interval_builder(period).missed_tick_behavior(behavior);
    let mut beat = builder.build().unwrap();
    let mut due = None;
    // Work that takes less than a period, a bit more, exactly two, and much more.
    for (index, work) in [0, 3, 12, 20, 0, 0, 47, 10, 0, 0, 32, 0, 0, 0, 0].into_iter().enumerate()
    {
        stage.pass(period * work / 10).await;
        let tick = stage.finish(beat.next_tick()).await;
        assert!(tick.at >= tick.scheduled, "{tick:?} is early in {:?}", stage.world);
        assert_eq!(tick.index, index as u64);
        let overdue = (tick.at - tick.scheduled).as_nanos() / period.as_nanos();
        assert_eq!(u128::from(tick.missed), overdue);
        if let Some(due) = due {
            assert_eq!(tick.scheduled, due, "{behavior:?} in {:?}", stage.world);
        }
        due = Some(expected_next(behavior, &tick, period));
    }
}

#[test]
fn every_behavior_holds_on_every_clock() {
    use MissedTickBehavior::{Burst, Delay, Skip};
    for world in ALL {
        for behavior in [Burst, Delay, Skip] {
            for period in [ms(1), ms(10)] {
                world.run(|stage| follow(stage, behavior, period));
            }
        }
    }
}

#[test]
fn delay_that_slips_with_no_tick_missed() {
    for world in REAL {
        world.run(|stage| async move {
            let period = ms(1);
            let mut beat = stage
                .driver
                .interval_builder(period)
                .missed_tick_behavior(MissedTickBehavior::Delay)
                .build()
                .unwrap();
            let mut last = beat.next_tick().await;
            for _ in 0..300 {
                let tick = beat.next_tick().await;
                if last.missed == 0 {
                    assert_eq!(tick.scheduled - last.scheduled, period);
                }
                last = tick;
            }
        });
    }
}

#[test]
fn skip_at_an_exact_multiple() {
    World::Manual.run(|stage| async move {
        let start = stage.driver.now();
        let mut beat = stage.driver.interval(ms(100));
        beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
        beat.tick().await;
        stage.pass(ms(300)).await;
        assert_eq!(beat.tick().await - start, ms(100));
        // At 300 ms the tick of 300 ms is missed, not due again: the next one is at 400.
        assert_eq!(beat.remaining(), ms(100));
        stage.pass(ms(100)).await;
        assert_eq!(beat.tick().await - start, ms(400));
    });
}

#[tokio::test]
async fn a_catch_up_burst_that_starves_its_siblings() {
    let local = tokio::task::LocalSet::new();
    local
        .run_until(async {
            let turns = Rc::new(Cell::new(0));
            let counted = Rc::clone(&turns);
            let sibling = tokio::task::spawn_local(async move {
                loop {
                    counted.set(counted.get() + 1);
                    tokio::task::yield_now().await;
                }
            });
            let mut beat = interval(us(1));
            std::thread::sleep(ms(20)); // twenty thousand ticks behind
            for _ in 0..10_000 {
                beat.tick().await;
            }
            // Tokio's budget is 128 per turn; a burst without one leaves none.
            assert!(turns.get() >= 50, "{} turns in ten thousand ticks", turns.get());
            sibling.abort();
        })
        .await;
}

#[test]
fn a_new_period_begins_after_the_tick_waited_for() {
    World::Manual.run(|stage| async move {
        let start = stage.driver.now();
        let mut beat = stage.driver.interval(ms(100));
        beat.tick().await;
        beat.set_period(ms(30));
        assert_eq!(stage.finish(beat.tick()).await - start, ms(100));
        assert_eq!(stage.finish(beat.tick()).await - start, ms(130));
        assert_eq!(beat.period(), ms(30));
    });
}
