//! Alarms on the wall clock, and clocks that are set under them.

use std::time::{Duration, SystemTime};

use mainspring_clock::{Jump, ManualClock, SystemClock, WallClock};
use mainspring_timer::{Alarm, Driver, Woke};

use crate::worlds::{ms, poll_once};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_manual_clock_is_waited_for_and_heard() {
    let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
    let noon = clock.wall_now() + 720 * MINUTE;
    let mut alarm = Driver::manual(&clock).alarm(noon);
    assert!(poll_once(&mut Box::pin(alarm.wait())).await.is_none());

    clock.jump_forward(10 * MINUTE);
    assert_eq!(alarm.wait().await.unwrap(), Woke::ClockSet);
    assert!(poll_once(&mut Box::pin(alarm.wait())).await.is_none()); // told once

    clock.jump_back(20 * MINUTE);
    clock.advance(MINUTE);
    assert_eq!(alarm.wait().await.unwrap(), Woke::ClockSet); // not lost while nobody waited

    clock.advance(800 * MINUTE);
    assert_eq!(alarm.wait().await.unwrap(), Woke::Due);
    assert_eq!(alarm.wait().await.unwrap(), Woke::Due); // and it stays due

    let later = clock.wall_now() + MINUTE;
    clock.jump_back(MINUTE);
    alarm.set(later).unwrap(); // a change that nobody was told of yet
    assert_eq!(alarm.wait().await.unwrap(), Woke::ClockSet);
    clock.advance(2 * MINUTE);
    assert_eq!((alarm.wait().await.unwrap(), alarm.at()), (Woke::Due, later));
}

#[tokio::test]
async fn a_clock_set_beyond_the_time_is_due() {
    let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
    let mut alarm = Driver::manual(&clock).alarm(clock.wall_now() + MINUTE);
    clock.jump_forward(2 * MINUTE);
    assert_eq!(alarm.wait().await.unwrap(), Woke::Due);
}

#[tokio::test]
async fn changes_of_a_manual_clock_are_told_with_their_size() {
    let clock = ManualClock::new(SystemTime::UNIX_EPOCH + 600 * MINUTE);
    let mut changes = Driver::manual(&clock).clock_changes();
    assert!(poll_once(&mut Box::pin(changes.next())).await.is_none());
    clock.jump_forward(MINUTE);
    assert_eq!(changes.next().await.unwrap(), Jump::Forward(MINUTE));
    clock.advance(MINUTE);
    assert!(poll_once(&mut Box::pin(changes.next())).await.is_none());
    clock.jump_back(3 * MINUTE);
    assert_eq!(changes.next().await.unwrap(), Jump::Back(3 * MINUTE));
}

/// Another test, or the machine, may set the clock at any moment.
async fn until_due(mut alarm: Alarm) -> Alarm {
    while alarm.wait().await.unwrap() == Woke::ClockSet {}
    alarm
}

#[tokio::test]
async fn an_alarm_of_the_machine_is_not_early() {
    let at = SystemClock.wall_now() + ms(15);
    let mut alarm = until_due(Alarm::new(at).unwrap()).await;
    assert!(SystemClock.wall_now() >= at);
    let at = SystemClock.wall_now() + ms(10);
    alarm.set(at).unwrap();
    until_due(alarm).await;
    assert!(SystemClock.wall_now() >= at);
    until_due(Alarm::new(SystemTime::UNIX_EPOCH).unwrap()).await; // it has passed
}

#[tokio::test]
async fn an_alarm_by_comparison_is_not_early() {
    let driver = Driver::thread().unwrap();
    let at = SystemClock.wall_now() + ms(15);
    until_due(driver.alarm(at)).await;
    assert!(SystemClock.wall_now() >= at);
    assert!(poll_once(&mut Box::pin(driver.clock_changes().next())).await.is_none());
}
