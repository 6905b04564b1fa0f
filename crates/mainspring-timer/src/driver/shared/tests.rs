//! What a driver asks of its backend: seldom more than one arming a tick.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use mainspring_clock::ManualClock;

use super::{Shared, Source};
use crate::Sleep;
use crate::driver::Driver;
use crate::sys::{self, Armed};

/// A backend that counts how often it is armed.
struct Counting {
    timer: sys::turned::TurnedTimer,
    armed: Arc<AtomicUsize>,
}

impl sys::Backend for Counting {
    fn arm(&mut self, deadline: std::time::Instant) -> io::Result<Armed> {
        self.armed.fetch_add(1, Ordering::Relaxed);
        self.timer.arm(deadline)
    }

    fn rest(&mut self) -> io::Result<()> {
        self.timer.rest()
    }
}

struct Stage {
    clock: ManualClock,
    driver: Driver,
    armed: Arc<AtomicUsize>,
}

fn stage() -> Stage {
    let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
    let armed = Arc::new(AtomicUsize::new(0));
    let shared = Shared::new(Source::Manual(clock.clone()), |waker| {
        let timer = sys::turned::TurnedTimer::new(clock.clone(), waker);
        Ok(Box::new(Counting { timer, armed: Arc::clone(&armed) }))
    });
    let driver = Driver { shared: shared.unwrap() };
    Stage { clock, driver, armed }
}

impl Stage {
    fn armed(&self) -> usize {
        self.armed.load(Ordering::Relaxed)
    }

    fn is_pending(&self, sleep: &mut Sleep) -> bool {
        Pin::new(sleep).poll(&mut Context::from_waker(Waker::noop())).is_pending()
    }
}

const MS: Duration = Duration::from_millis(1);

/// The other call is the runtime's own wait. A timer that is due later must not cost a third.
#[test]
fn three_system_calls_per_tick_where_two_suffice() {
    for is_beside_another in [false, true] {
        let stage = stage();
        let mut other = stage.driver.sleep(1_000_000 * MS);
        if is_beside_another {
            assert!(stage.is_pending(&mut other));
        }
        let mut beat = stage.driver.interval(MS);
        let mut cx = Context::from_waker(Waker::noop());
        assert!(beat.poll_tick(&mut cx).is_ready());
        for _ in 0..100 {
            assert!(beat.poll_tick(&mut cx).is_pending());
            stage.clock.advance(MS);
            assert!(beat.poll_tick(&mut cx).is_ready());
        }
        assert!(stage.armed() <= 102, "{} armings in 100 ticks", stage.armed());
    }
}

#[test]
fn an_eager_reset() {
    let stage = stage();
    let mut sleep = stage.driver.sleep(10 * MS);
    assert!(stage.is_pending(&mut sleep));
    let mut beat = stage.driver.interval(50 * MS);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(beat.poll_tick(&mut cx).is_ready());
    assert!(beat.poll_tick(&mut cx).is_pending());
    let armed = stage.armed();
    for step in 0..1000 {
        Pin::new(&mut sleep).reset(stage.driver.now() + (20 + step) * MS);
        beat.reset();
        assert!(stage.is_pending(&mut sleep));
        assert!(beat.poll_tick(&mut cx).is_pending());
    }
    assert_eq!(stage.armed(), armed, "putting a deadline off arms nothing");
    assert_eq!(stage.driver.waiting(), 2);
    stage.clock.advance(20 * MS); // the old deadlines pass, nothing ends
    assert!(stage.is_pending(&mut sleep));
    stage.clock.advance(1000 * MS);
    assert!(!stage.is_pending(&mut sleep));
}

#[test]
fn timeouts_that_never_fire_arm_once() {
    let stage = stage();
    for _ in 0..1000 {
        let mut sleep = stage.driver.sleep(100 * MS);
        assert!(stage.is_pending(&mut sleep));
        drop(sleep);
        stage.clock.advance(MS / 100);
    }
    assert_eq!(stage.armed(), 1);
    assert_eq!(stage.driver.waiting(), 0);
}

#[test]
fn deadlines_that_come_together_are_one_arming() {
    let stage = stage();
    let mut sleeps: Vec<_> = (0..1000).map(|_| stage.driver.sleep(5 * MS)).collect();
    for sleep in &mut sleeps {
        assert!(stage.is_pending(sleep));
    }
    assert_eq!(stage.armed(), 1);
    stage.clock.advance(5 * MS);
    assert_eq!(stage.driver.waiting(), 0);
    for sleep in &mut sleeps {
        assert!(matches!(
            Pin::new(sleep).poll(&mut Context::from_waker(Waker::noop())),
            Poll::Ready(())
        ));
    }
    // Once more for each 256 that were woken together.
    assert!(stage.armed() <= 4, "{} armings", stage.armed());
}
