//! Stands still until a test turns it.
//!
//! # Ground rules
//! - Both clocks move only in `advance`, `advance_to`, `jump_*` and `set_wall`; the monotonic one
//!   only forward.
//! - Wakers are called after the lock is released: a waker may come back and ask the time.
//! - A wait that is dropped leaves nothing behind.

use std::collections::BTreeMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant, SystemTime};

use crate::{Clock, SystemClock, WallClock};

/// A clock for tests: it advances, drifts and jumps when it is told to, and wakes those who wait.
///
/// Clones share one clock. The distance between two of its instants is exact; where on the machine's
/// own axis they lie means nothing.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use mainspring_clock::{Clock, ManualClock, WallClock};
///
/// let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
/// let start = clock.now();
/// clock.set_drift_ppm(100); // the wall clock gains 100 µs a second
/// clock.advance(Duration::from_secs(10));
/// assert_eq!(clock.now() - start, Duration::from_secs(10));
/// assert_eq!(clock.wall_now(), SystemTime::UNIX_EPOCH + Duration::from_millis(10_001));
/// ```
#[derive(Clone)]
pub struct ManualClock {
    state: Arc<Mutex<State>>,
}

struct State {
    now: Instant,
    wall: SystemTime,
    drift_ppm: i32,
    /// Millionths of a nanosecond by which the drifting wall clock is ahead of `wall`, below 10⁶.
    rest: u64,
    /// Grows with each time the wall clock is set.
    settings: u64,
    next_id: u64,
    waits: BTreeMap<u64, Entry>,
}

struct Entry {
    until: Until,
    settings: u64,
    waker: Waker,
}

#[derive(Clone, Copy, Debug)]
enum Until {
    Instant(Instant),
    Wall(SystemTime),
}

/// Why a [`Wait`] has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woke {
    /// The moment has come.
    Due,
    /// The wall clock was set; the moment may have come or not. Waits for an [`Instant`] never say
    /// so.
    ClockSet,
}

impl ManualClock {
    /// A clock whose wall shows `wall` and whose drift is zero.
    pub fn new(wall: SystemTime) -> Self {
        let state = State {
            // Only a base: the type offers no other way to make an instant.
            now: SystemClock.now(),
            wall,
            drift_ppm: 0,
            rest: 0,
            settings: 0,
            next_id: 0,
            waits: BTreeMap::new(),
        };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    /// Lets `by` pass on both clocks, the wall clock drifting, and wakes whoever's moment has come.
    ///
    /// At the end of the representable time both clocks stop.
    pub fn advance(&self, by: Duration) {
        let mut state = self.lock();
        state.pass(by);
        wake_all(state);
    }

    /// Advances until the monotonic clock shows `instant`; does nothing if it is past that.
    pub fn advance_to(&self, instant: Instant) {
        let mut state = self.lock();
        let by = instant.saturating_duration_since(state.now);
        state.pass(by);
        wake_all(state);
    }

    /// From now on the wall clock gains `ppm` microseconds per second (loses, where negative).
    ///
    /// Clamped to ±999,999, so that the wall clock never stands still or runs backwards by drifting.
    pub fn set_drift_ppm(&self, ppm: i32) {
        self.lock().drift_ppm = ppm.clamp(-999_999, 999_999);
    }

    /// Sets the wall clock forward, or says that the machine slept: the monotonic clock stays.
    pub fn jump_forward(&self, by: Duration) {
        let wall = self.wall_now();
        self.set_wall(wall.checked_add(by).unwrap_or(wall));
    }

    /// Sets the wall clock back.
    pub fn jump_back(&self, by: Duration) {
        let wall = self.wall_now();
        self.set_wall(wall.checked_sub(by).unwrap_or(wall));
    }

    /// Sets the wall clock, and wakes everyone who waits on it.
    pub fn set_wall(&self, wall: SystemTime) {
        let mut state = self.lock();
        state.wall = wall;
        state.settings += 1;
        wake_all(state);
    }

    /// Waits until the monotonic clock has reached `deadline`.
    ///
    /// # Cancel safety
    /// Dropping the wait leaves nothing behind.
    pub fn wait_until(&self, deadline: Instant) -> Wait {
        self.wait(Until::Instant(deadline))
    }

    /// Waits until the wall clock shows `at` or later, or is set.
    ///
    /// # Cancel safety
    /// Dropping the wait leaves nothing behind.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use mainspring_clock::{ManualClock, WallClock, Woke};
    /// # use std::task::{Context, Poll, Waker};
    /// # use std::pin::pin;
    /// let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
    /// let mut wait = pin!(clock.wait_until_wall(SystemTime::UNIX_EPOCH + Duration::from_secs(60)));
    /// # let mut cx = Context::from_waker(Waker::noop());
    /// assert_eq!(wait.as_mut().poll(&mut cx), Poll::Pending);
    /// clock.advance(Duration::from_secs(60));
    /// assert_eq!(wait.as_mut().poll(&mut cx), Poll::Ready(Woke::Due));
    /// ```
    pub fn wait_until_wall(&self, at: SystemTime) -> Wait {
        self.wait(Until::Wall(at))
    }

    /// How many waits are alive that have been polled and have not ended.
    pub fn waiting(&self) -> usize {
        self.lock().waits.len()
    }

    /// The monotonic instant at which the next wait ends if the wall clock is left alone.
    ///
    /// `None` when nobody waits. A wall-clock time too far away to be an instant counts as nobody.
    pub fn next_deadline(&self) -> Option<Instant> {
        let state = self.lock();
        state.waits.values().filter_map(|entry| state.instant_of(entry.until)).min()
    }

    /// Advances by `span` from one deadline to the next, letting other tasks work at each.
    ///
    /// This is how a test runs a year in no time: every wait ends exactly at its moment, none is
    /// skipped. At each deadline the other tasks of the thread are let to run 32 times; work that
    /// needs more turns, or happens on other threads, is seen late. For single-threaded runtimes.
    ///
    /// # Cancel safety
    /// Dropping the future stops the clock where it is.
    pub async fn run_for(&self, span: Duration) {
        let start = self.now();
        let end = start.checked_add(span).unwrap_or(start);
        self.let_others_run().await;
        while let Some(deadline) = self.next_deadline().filter(|deadline| *deadline <= end) {
            self.advance_to(deadline);
            self.let_others_run().await;
        }
        self.advance_to(end);
        self.let_others_run().await;
    }

    async fn let_others_run(&self) {
        for _ in 0..32 {
            let mut yielded = false;
            poll_fn(|cx| {
                if std::mem::replace(&mut yielded, true) {
                    return Poll::Ready(());
                }
                cx.waker().wake_by_ref();
                Poll::Pending
            })
            .await;
        }
    }

    fn wait(&self, until: Until) -> Wait {
        let settings = self.lock().settings;
        Wait { clock: self.clone(), until, settings, id: None }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No user code runs under the lock, so a poisoned state is a whole one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Instant {
        self.lock().now
    }
}

impl WallClock for ManualClock {
    fn wall_now(&self) -> SystemTime {
        self.lock().wall
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("ManualClock")
            .field("wall", &state.wall)
            .field("drift_ppm", &state.drift_ppm)
            .field("waiting", &state.waits.len())
            .finish_non_exhaustive()
    }
}

impl State {
    fn pass(&mut self, by: Duration) {
        let millionths = by.as_nanos() * self.rate() + u128::from(self.rest);
        let moved = from_nanos(millionths / MILLION);
        let (Some(now), Some(wall)) =
            (self.now.checked_add(by), moved.and_then(|moved| self.wall.checked_add(moved)))
        else {
            return;
        };
        self.now = now;
        self.wall = wall;
        self.rest = (millionths % MILLION) as u64;
    }

    /// Millionths of a nanosecond of wall time per nanosecond of real time.
    fn rate(&self) -> u128 {
        u128::from(1_000_000_u32.saturating_add_signed(self.drift_ppm))
    }

    fn ended(&self, until: Until, settings: u64) -> Option<Woke> {
        match until {
            Until::Instant(deadline) => (deadline <= self.now).then_some(Woke::Due),
            Until::Wall(at) if at <= self.wall => Some(Woke::Due),
            Until::Wall(_) => (settings != self.settings).then_some(Woke::ClockSet),
        }
    }

    fn instant_of(&self, until: Until) -> Option<Instant> {
        match until {
            Until::Instant(deadline) => Some(deadline),
            Until::Wall(at) => {
                let left = at.duration_since(self.wall).unwrap_or_default();
                let millionths = (left.as_nanos() * MILLION).saturating_sub(u128::from(self.rest));
                self.now.checked_add(from_nanos(millionths.div_ceil(self.rate()))?)
            }
        }
    }
}

/// Takes out the wakers of all waits that have ended, unlocks, and calls them.
fn wake_all(mut state: MutexGuard<'_, State>) {
    let ended: Vec<u64> = state
        .waits
        .iter()
        .filter(|(_, entry)| state.ended(entry.until, entry.settings).is_some())
        .map(|(id, _)| *id)
        .collect();
    let wakers: Vec<Waker> =
        ended.iter().filter_map(|id| state.waits.remove(id)).map(|entry| entry.waker).collect();
    drop(state);
    for waker in wakers {
        waker.wake();
    }
}

const MILLION: u128 = 1_000_000;

fn from_nanos(nanos: u128) -> Option<Duration> {
    let seconds = u64::try_from(nanos / 1_000_000_000).ok()?;
    Some(Duration::new(seconds, (nanos % 1_000_000_000) as u32))
}

/// A wait on a [`ManualClock`]; it registers at its first poll.
#[derive(Debug)]
#[must_use = "a wait does nothing unless polled"]
pub struct Wait {
    clock: ManualClock,
    until: Until,
    settings: u64,
    id: Option<u64>,
}

impl Future for Wait {
    type Output = Woke;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Woke> {
        let this = &mut *self;
        let mut state = this.clock.lock();
        if let Some(woke) = state.ended(this.until, this.settings) {
            if let Some(id) = this.id.take() {
                state.waits.remove(&id);
            }
            return Poll::Ready(woke);
        }
        let id = *this.id.get_or_insert_with(|| {
            state.next_id += 1;
            state.next_id
        });
        let entry = Entry { until: this.until, settings: this.settings, waker: cx.waker().clone() };
        state.waits.insert(id, entry);
        Poll::Pending
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.clock.lock().waits.remove(&id);
        }
    }
}
