//! A manual clock advances, drifts, jumps, and wakes exactly those whose moment has come.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, SystemTime};

use mainspring_clock::{Clock, ManualClock, Wait, WallClock, Woke};

const SECOND: Duration = Duration::from_secs(1);

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Count {
    fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

fn clock() -> ManualClock {
    ManualClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000))
}

fn poll(wait: Pin<&mut Wait>, count: &Arc<Count>) -> Poll<Woke> {
    let waker = Waker::from(count.clone());
    wait.poll(&mut Context::from_waker(&waker))
}

#[test]
fn a_wait_wakes_at_its_instant_and_not_a_nanosecond_before() {
    let (clock, count) = (clock(), Arc::default());
    let mut wait = pin!(clock.wait_until(clock.now() + SECOND));
    assert_eq!(poll(wait.as_mut(), &count), Poll::Pending);
    clock.advance(SECOND - Duration::from_nanos(1));
    assert_eq!(count.get(), 0);
    assert_eq!(poll(wait.as_mut(), &count), Poll::Pending);
    clock.advance(Duration::from_nanos(1));
    assert_eq!(count.get(), 1);
    assert_eq!(poll(wait.as_mut(), &count), Poll::Ready(Woke::Due));
    assert_eq!(clock.waiting(), 0);
}

#[test]
fn a_wall_wait_hears_of_every_setting() {
    let (clock, count) = (clock(), Arc::default());
    let at = clock.wall_now() + 10 * SECOND;
    let mut wait = pin!(clock.wait_until_wall(at));
    assert_eq!(poll(wait.as_mut(), &count), Poll::Pending);
    clock.jump_back(60 * SECOND);
    assert_eq!(count.get(), 1);
    assert_eq!(poll(wait.as_mut(), &count), Poll::Ready(Woke::ClockSet));

    let mut wait = pin!(clock.wait_until_wall(at));
    assert_eq!(poll(wait.as_mut(), &count), Poll::Pending);
    clock.jump_forward(3600 * SECOND);
    assert_eq!(poll(wait.as_mut(), &count), Poll::Ready(Woke::Due));
}

#[test]
fn an_instant_wait_does_not_care_about_the_wall() {
    let (clock, count) = (clock(), Arc::default());
    let mut wait = pin!(clock.wait_until(clock.now() + SECOND));
    assert_eq!(poll(wait.as_mut(), &count), Poll::Pending);
    clock.jump_forward(3600 * SECOND);
    assert_eq!(count.get(), 0);
    assert_eq!(poll(wait.as_mut(), &count), Poll::Pending);
}

#[test]
fn a_dropped_wait_leaves_nothing_behind() {
    let (clock, count) = (clock(), Arc::default());
    {
        let mut wait = pin!(clock.wait_until(clock.now() + SECOND));
        assert_eq!(poll(wait.as_mut(), &count), Poll::Pending);
        assert_eq!(clock.waiting(), 1);
    }
    assert_eq!(clock.waiting(), 0);
    assert_eq!(clock.next_deadline(), None);
    clock.advance(2 * SECOND);
    assert_eq!(count.get(), 0);
}

#[test]
fn the_last_waker_counts() {
    let clock = clock();
    let (first, second) = (Arc::default(), Arc::default());
    let mut wait = pin!(clock.wait_until(clock.now() + SECOND));
    assert_eq!(poll(wait.as_mut(), &first), Poll::Pending);
    assert_eq!(poll(wait.as_mut(), &second), Poll::Pending);
    clock.advance(SECOND);
    assert_eq!((first.get(), second.get()), (0, 1));
}

#[test]
fn drift_moves_the_wall_alone_and_the_next_deadline_knows() {
    for ppm in [-500_000, -37, 0, 123, 250_000] {
        let (clock, count) = (clock(), Arc::default());
        clock.set_drift_ppm(ppm);
        let at = clock.wall_now() + 7 * SECOND;
        let mut wait = pin!(clock.wait_until_wall(at));
        assert_eq!(poll(wait.as_mut(), &count), Poll::Pending);
        let deadline = clock.next_deadline().expect("somebody waits");
        clock.advance(deadline - clock.now() - Duration::from_nanos(2));
        assert_eq!(count.get(), 0, "{ppm} ppm: early");
        clock.advance_to(deadline);
        assert_eq!(count.get(), 1, "{ppm} ppm: late");
        assert!(clock.wall_now() >= at);
    }
}

#[test]
fn the_end_of_time_is_a_stop_not_a_panic() {
    let clock = clock();
    let before = clock.now();
    clock.advance(Duration::MAX);
    clock.jump_forward(Duration::MAX);
    clock.jump_back(Duration::MAX);
    clock.set_drift_ppm(i32::MAX);
    clock.advance(Duration::MAX);
    assert_eq!(clock.now(), before);
    clock.advance_to(before);
    clock.set_drift_ppm(i32::MIN);
    let mut wait =
        pin!(clock.wait_until_wall(clock.wall_now() + Duration::from_secs(u64::MAX / 4)));
    assert_eq!(poll(wait.as_mut(), &Arc::default()), Poll::Pending);
    assert_eq!(clock.next_deadline(), None);
}
