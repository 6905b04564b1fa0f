//! Alarms on the wall clock, and clocks that are set under them.

use std::process::Command;
use std::time::{Duration, SystemTime};

use mainspring_clock::{Jump, ManualClock, SystemClock, WallClock};
use mainspring_timer::{Alarm, Driver, Woke, clock_changes};

use crate::worlds::{ms, poll_once, single};

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

/// Sets the machine's clock, in a process of its own: the kernel takes even its own reading for a
/// change. Without the privilege the kernel must refuse, and there is nothing to hear.
#[cfg(target_os = "linux")]
#[test]
fn a_clock_set_to_its_own_reading_is_reported() {
    const CHILD: &str = "MAINSPRING_TIMER_SETS_THE_CLOCK";
    if std::env::var_os(CHILD).is_none() {
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "alarm::a_clock_set_to_its_own_reading_is_reported"])
            .args(["--nocapture", "--test-threads=1"])
            .env(CHILD, "1")
            .status();
        assert!(status.unwrap().success());
        return;
    }
    single().block_on(async {
        let far = SystemClock.wall_now() + 10 * MINUTE;
        let mut alarm = Alarm::new(far).unwrap();
        let mut changes = clock_changes().unwrap();
        let hears = tokio::spawn(async move {
            let woke = alarm.wait().await.unwrap();
            (alarm, woke)
        });
        tokio::task::yield_now().await; // it waits now

        if !set_clock(Shift::Forward(Duration::ZERO)) {
            hears.abort();
            return;
        }
        let (mut alarm, woke) = hears.await.unwrap();
        assert_eq!(woke, Woke::ClockSet);
        let _ = changes.next().await.unwrap();

        // Forward, and back by as much, with nobody waiting at the time.
        set_clock(Shift::Forward(ms(20)));
        assert_eq!(alarm.wait().await.unwrap(), Woke::ClockSet);
        let jump = changes.next().await.unwrap();
        assert!(matches!(jump, Jump::Forward(by) if by >= ms(10)), "{jump:?}");
        set_clock(Shift::Back(ms(20)));
        assert_eq!(alarm.wait().await.unwrap(), Woke::ClockSet);
        let jump = changes.next().await.unwrap();
        assert!(matches!(jump, Jump::Back(by) if by >= ms(10)), "{jump:?}");

        // Set, and then another time asked for: still told.
        set_clock(Shift::Forward(Duration::ZERO));
        alarm.set(far + MINUTE).unwrap();
        assert_eq!(alarm.wait().await.unwrap(), Woke::ClockSet);
    });
}

#[cfg(target_os = "linux")]
enum Shift {
    Forward(Duration),
    Back(Duration),
}

/// `false` where the privilege is missing.
#[cfg(target_os = "linux")]
fn set_clock(shift: Shift) -> bool {
    use rustix::time::{ClockId, Timespec, clock_gettime, clock_settime};
    let now = clock_gettime(ClockId::Realtime);
    let now = Duration::new(now.tv_sec as u64, now.tv_nsec as u32);
    let new = match shift {
        Shift::Forward(by) => now + by,
        Shift::Back(by) => now - by,
    };
    let new = Timespec { tv_sec: new.as_secs() as i64, tv_nsec: new.subsec_nanos().into() };
    match clock_settime(ClockId::Realtime, new) {
        Ok(()) => true,
        Err(error) => {
            assert_eq!(error, rustix::io::Errno::PERM);
            eprintln!("setting the clock is not permitted here: nothing to hear");
            false
        }
    }
}
