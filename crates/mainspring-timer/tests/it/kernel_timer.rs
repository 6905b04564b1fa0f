//! The kernel's timer, and its stand-in by arithmetic, set and counted.

use std::time::{Duration, SystemTime};

use mainspring_clock::{ManualClock, SystemClock, WallClock};
use mainspring_timer::{ClockKind, Driver, KernelTimer, PeriodicInterval, now};

use crate::worlds::{ms, single, us};

const HAS_TIMERFD: bool = cfg!(all(
    any(target_os = "linux", target_os = "android"),
    not(any(mainspring_force_fallback, mainspring_kqueue_shim))
));

const S: Duration = Duration::from_secs(1);

#[tokio::test]
async fn sixty_seconds_of_work_on_a_timer_of_five() {
    let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
    let mut timer = KernelTimer::on(&Driver::manual(&clock));
    timer.arm(5 * S, 5 * S).unwrap();
    clock.advance(60 * S);
    assert_eq!(timer.expirations().await.unwrap(), 12);
    assert_eq!(timer.try_expirations().unwrap(), 0);
    assert_eq!(timer.remaining().unwrap().remaining, Some(5 * S));
    let next = tokio::spawn(async move { timer.expirations().await.unwrap() });
    clock.run_for(5 * S).await;
    assert_eq!(next.await.unwrap(), 1);
}

#[tokio::test]
async fn work_is_counted_by_the_kernel_too() {
    let mut timer = KernelTimer::new(ClockKind::Monotonic).unwrap();
    let start = now();
    timer.arm(ms(5), ms(5)).unwrap();
    std::thread::sleep(ms(61));
    let count = timer.expirations().await.unwrap();
    assert!(count >= 12, "{count}");
    // One, unless the machine is late; none of them counted twice.
    let next = timer.expirations().await.unwrap();
    let most = (now() - start).as_millis() as u64 / 5;
    assert!(next >= 1 && count + next <= most, "{count} and {next} of {most}");
}

#[tokio::test]
async fn arming_returns_the_setting_before() {
    let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
    let timers =
        [KernelTimer::new(ClockKind::Monotonic).unwrap(), KernelTimer::on(&Driver::manual(&clock))];
    for mut timer in timers {
        let before = timer.arm(60 * S, 5 * S).unwrap();
        assert_eq!((before.remaining, before.interval), (None, None));
        let before = timer.arm(now() + 90 * S, None).unwrap();
        assert_eq!(before.interval, Some(5 * S));
        let remaining = before.remaining.unwrap();
        assert!(59 * S < remaining && remaining <= 60 * S, "{remaining:?}");
        let before = timer.disarm().unwrap();
        assert_eq!(before.interval, None);
        assert!(before.remaining.is_some());
        assert_eq!(timer.remaining().unwrap().remaining, None);
        assert_eq!(timer.try_expirations().unwrap(), 0);
    }
}

#[tokio::test]
async fn every_clock_that_there_is() {
    let mut missing = 0;
    for kind in [ClockKind::Monotonic, ClockKind::Realtime, ClockKind::Boottime] {
        let mut timer = match KernelTimer::new(kind) {
            Ok(timer) => timer,
            Err(error) => {
                assert_eq!(error.kind(), std::io::ErrorKind::Unsupported, "{error}");
                assert!(error.to_string().contains(&kind.to_string()), "{error}");
                missing += 1;
                continue;
            }
        };
        let deadline = now() + ms(3);
        timer.arm(deadline, None).unwrap();
        assert_eq!(timer.expirations().await.unwrap(), 1);
        assert!(now() >= deadline || kind == ClockKind::Realtime);
        timer.arm(us(300), None).unwrap();
        assert_eq!(timer.expirations().await.unwrap(), 1);
        timer.arm(now(), None).unwrap(); // it has passed
        assert_eq!(timer.expirations().await.unwrap(), 1);
    }
    assert_eq!(missing, if HAS_TIMERFD { 0 } else { 2 });
}

#[tokio::test]
async fn a_wall_clock_time_needs_the_wall_clock() {
    let soon = SystemClock.wall_now() + ms(5);
    let mut monotonic = KernelTimer::new(ClockKind::Monotonic).unwrap();
    let error = monotonic.arm(soon, None).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    assert!(error.to_string().contains("wall clock"), "{error}");
    if let Ok(mut realtime) = KernelTimer::new(ClockKind::Realtime) {
        realtime.arm(soon, None).unwrap();
        assert_eq!(realtime.expirations().await.unwrap(), 1);
        assert!(SystemClock.wall_now() >= soon);
    }
}

#[tokio::test]
async fn a_zero_interval_is_refused() {
    let mut timer = KernelTimer::new(ClockKind::Monotonic).unwrap();
    let error = timer.arm(S, Duration::ZERO).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    let error = PeriodicInterval::new(Duration::ZERO).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
}

#[tokio::test]
async fn the_longest_times_are_accepted() {
    let mut timer = KernelTimer::new(ClockKind::Monotonic).unwrap();
    timer.arm(Duration::MAX, Duration::MAX).unwrap();
    assert!(timer.remaining().unwrap().remaining.unwrap() > 1_000_000 * S);
    PeriodicInterval::new(Duration::MAX).unwrap();
}

#[tokio::test]
async fn a_disarmed_timer_waits_for_ever() {
    let mut timer = KernelTimer::new(ClockKind::Monotonic).unwrap();
    let waited = tokio::time::timeout(ms(5), timer.expirations()).await;
    assert!(waited.is_err());
    timer.arm(ms(1), None).unwrap();
    std::thread::sleep(ms(3));
    timer.disarm().unwrap(); // what has expired is forgotten with it
    assert_eq!(timer.try_expirations().unwrap(), 0);
}

#[test]
fn a_periodic_interval_is_not_early_and_counts_what_was_missed() {
    single().block_on(async {
        let start = now();
        let mut kernel = PeriodicInterval::new(ms(2)).unwrap();
        let mut counted = PeriodicInterval::on(&Driver::current().unwrap(), ms(2)).unwrap();
        for beat in [&mut kernel, &mut counted] {
            std::thread::sleep(ms(11));
            let ticks = beat.tick().await.unwrap();
            assert!(ticks >= 5, "{ticks}");
            assert!(ticks <= (now() - start).as_millis() as u64 / 2);
            assert_eq!(beat.period(), ms(2));
        }
        let mut slow = PeriodicInterval::new(ms(20)).unwrap();
        let start = now();
        slow.tick().await.unwrap();
        assert!(now() - start >= ms(19));
    });
}

#[cfg(unix)]
#[tokio::test]
async fn the_descriptor_is_there_where_there_is_one() {
    use std::os::fd::AsRawFd;
    let timer = KernelTimer::new(ClockKind::Monotonic).unwrap();
    assert_eq!(timer.fd().is_some(), HAS_TIMERFD);
    assert!(timer.fd().is_none_or(|fd| fd.as_raw_fd() >= 0));
}
