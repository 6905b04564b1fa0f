//! Speaks `Duration` where the wheel speaks ticks; every deadline is rounded up.

use core::fmt;
use core::time::Duration;

use crate::advance::Earlier;
use crate::coarse::Coarse;
use crate::key::Key;
use crate::wheel::Wheel;

/// Converts between `Duration` and ticks of one length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tick {
    nanos: u64,
}

/// The tick that no advance comes to: where deadlines stand that are too far away for any tick.
const NEVER: u64 = u64::MAX;

impl Tick {
    fn new(length: Duration) -> Option<Self> {
        let nanos = u64::try_from(length.as_nanos()).ok()?;
        (nanos > 0).then_some(Self { nanos })
    }

    /// The first tick that does not begin before `at`.
    fn up(self, at: Duration) -> u64 {
        match u64::try_from(at.as_nanos()) {
            Ok(nanos) => nanos.div_ceil(self.nanos),
            Err(_) => u64::try_from(at.as_nanos().div_ceil(self.nanos.into())).unwrap_or(NEVER),
        }
    }

    /// The last tick that has begun by `at`.
    fn down(self, at: Duration) -> u64 {
        match u64::try_from(at.as_nanos()) {
            Ok(nanos) => nanos / self.nanos,
            Err(_) => u64::try_from(at.as_nanos() / u128::from(self.nanos)).unwrap_or(NEVER),
        }
        .min(NEVER - 1)
    }

    /// When this tick begins.
    fn begin(self, tick: u64) -> Duration {
        let nanos = u128::from(tick) * u128::from(self.nanos);
        const SECOND: u128 = 1_000_000_000;
        match u64::try_from(nanos / SECOND) {
            Ok(secs) => Duration::new(secs, (nanos % SECOND) as u32),
            Err(_) => Duration::MAX,
        }
    }
}

/// A [`Wheel`] that speaks `Duration`: the time since an origin that the caller chooses, in ticks of
/// a length that the caller chooses.
///
/// The origin may be the start of the program, as long as it is the same in all calls. A deadline is
/// rounded up to the next tick and the present time down, so that no timer is early; rounding makes
/// one late by less than a tick. What is too far away to be counted in ticks never fires.
///
/// ```
/// use std::time::Duration;
/// use mainspring_wheel::DurationWheel;
///
/// let ms = Duration::from_millis;
/// let mut wheel = DurationWheel::new(ms(10));
/// let key = wheel.insert(ms(25), "between two ticks");
///
/// assert_eq!(wheel.deadline_of(key), Some(ms(30)));
/// assert_eq!(wheel.advance_to(ms(29), |_, _| ()), Ok(0));
/// assert_eq!(wheel.advance_to(ms(30), |_, _| ()), Ok(1));
/// ```
pub struct DurationWheel<T> {
    wheel: Wheel<T>,
    tick: Tick,
}

impl<T> DurationWheel<T> {
    /// Returns an empty exact wheel, at time zero.
    ///
    /// # Panics
    /// If a tick has no length, or one of more than `u64::MAX` nanoseconds, which are 584 years.
    pub fn new(tick: Duration) -> Self {
        Self::with_tick(Wheel::new(), tick)
    }

    /// Returns an empty coarse wheel, at time zero. A tick is as long as the finest resolution, or a
    /// millisecond if the wheel was described without any.
    ///
    /// ```
    /// use std::time::Duration;
    /// use mainspring_wheel::{Coarse, DurationWheel, Resolution};
    ///
    /// let mut wheel = DurationWheel::coarse(Coarse::of(&[Resolution::TenMs, Resolution::Sec]));
    /// wheel.insert(Duration::from_millis(1_300), "at the next full second");
    /// assert_eq!(wheel.next_deadline(), Some(Duration::from_secs(2)));
    /// ```
    pub fn coarse(coarse: Coarse) -> Self {
        let tick = coarse.tick().unwrap_or(Duration::from_millis(1));
        Self::with_tick(Wheel::coarse(coarse), tick)
    }

    pub(crate) fn with_tick(wheel: Wheel<T>, length: Duration) -> Self {
        let tick = Tick::new(length).expect("a tick of 1 to u64::MAX nanoseconds");
        Self { wheel, tick }
    }

    /// How long a tick is.
    pub fn tick(&self) -> Duration {
        Duration::from_nanos(self.tick.nanos)
    }

    /// The time that the wheel has come to: the last one it was told, rounded down to a tick.
    pub fn now(&self) -> Duration {
        self.tick.begin(self.wheel.now())
    }

    /// How many timers are armed.
    pub fn len(&self) -> usize {
        self.wheel.len()
    }

    /// Whether no timer is armed.
    pub fn is_empty(&self) -> bool {
        self.wheel.is_empty()
    }

    /// Arms a timer for the first tick that does not begin before `at`.
    ///
    /// # Panics
    /// If 2³¹ timers are armed.
    pub fn insert(&mut self, at: Duration, value: T) -> Key {
        self.wheel.insert(self.tick.up(at), value)
    }

    /// Disarms a timer and returns its value, or `None` if it is armed no more.
    pub fn cancel(&mut self, key: Key) -> Option<T> {
        self.wheel.cancel(key)
    }

    /// Moves a timer to another time, and says whether it was still armed.
    pub fn reschedule(&mut self, key: Key, at: Duration) -> bool {
        self.wheel.reschedule(key, self.tick.up(at))
    }

    /// Returns a timer's value, or `None` if it is armed no more.
    pub fn get(&self, key: Key) -> Option<&T> {
        self.wheel.get(key)
    }

    /// Returns a timer's value to change, or `None` if it is armed no more.
    pub fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        self.wheel.get_mut(key)
    }

    /// Returns a timer's time, rounded up to the tick, or `None` if it is armed no more.
    pub fn deadline_of(&self, key: Key) -> Option<Duration> {
        self.wheel.deadline_of(key).map(|tick| self.tick.begin(tick))
    }

    /// Whether this timer is still armed.
    pub fn contains(&self, key: Key) -> bool {
        self.wheel.contains(key)
    }

    /// Returns the first time at which a timer will fire, or `None` if none ever will; see
    /// [`Wheel::next_deadline`].
    pub fn next_deadline(&mut self) -> Option<Duration> {
        let next = self.wheel.next_deadline().filter(|&tick| tick < NEVER)?;
        Some(self.tick.begin(next))
    }

    /// Comes to time `now` and fires what is due, as [`Wheel::advance_to`] does.
    ///
    /// # Errors
    /// If the wheel has come to a later tick; then nothing has changed.
    pub fn advance_to(
        &mut self,
        now: Duration,
        mut fire: impl FnMut(Duration, T),
    ) -> Result<usize, Earlier> {
        let tick = self.tick;
        self.wheel.advance_to(tick.down(now), |deadline, value| fire(tick.begin(deadline), value))
    }

    /// Does what [`advance_to`](Self::advance_to) does, and lends the wheel to `fire`, as
    /// [`Wheel::advance_with`] does.
    ///
    /// # Errors
    /// If the wheel has come to a later tick; then nothing has changed.
    pub fn advance_with(
        &mut self,
        now: Duration,
        mut fire: impl FnMut(&mut Self, Duration, T),
    ) -> Result<usize, Earlier> {
        let now = self.tick.down(now);
        let mut fired = 0;
        self.wheel.begin(now)?;
        while let Some((deadline, value)) = self.wheel.pop(now) {
            fired += 1;
            let at = self.tick.begin(deadline);
            fire(self, at, value);
        }
        Ok(fired)
    }

    /// Disarms all timers and drops their values. The time stays, and so does the memory.
    pub fn clear(&mut self) {
        self.wheel.clear();
    }

    /// The wheel inside, which speaks ticks.
    pub fn wheel(&self) -> &Wheel<T> {
        &self.wheel
    }

    /// Arms a timer `after` the end of the present tick, and so never before `after` has passed,
    /// however late in that tick it is.
    #[cfg(feature = "std")]
    pub(crate) fn insert_after(&mut self, after: Duration, value: T) -> Key {
        self.wheel.insert(self.tick_after(after), value)
    }

    /// Moves a timer to where `insert_after` would arm one.
    #[cfg(feature = "std")]
    pub(crate) fn reschedule_after(&mut self, key: Key, after: Duration) -> bool {
        self.wheel.reschedule(key, self.tick_after(after))
    }

    #[cfg(feature = "std")]
    fn tick_after(&self, after: Duration) -> u64 {
        self.wheel.now().saturating_add(1).saturating_add(self.tick.up(after))
    }

    /// Comes to the next tick and returns the values of the timers that are due.
    #[cfg(feature = "std")]
    pub(crate) fn expire(&mut self) -> alloc::vec::Vec<T> {
        let mut due = alloc::vec::Vec::new();
        let next = self.wheel.now().saturating_add(1).min(NEVER - 1);
        self.wheel.advance_to(next, |_, value| due.push(value)).expect("not back");
        due
    }
}

impl<T> fmt::Debug for DurationWheel<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DurationWheel")
            .field("tick", &self.tick())
            .field("now", &self.now())
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}
