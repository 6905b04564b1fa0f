//! Names timers by the caller's own keys.

use core::borrow::Borrow;
use core::fmt;
use core::hash::Hash;
use core::time::Duration;
use std::collections::HashMap;

use alloc::vec::Vec;

use crate::advance::Earlier;
use crate::coarse::Coarse;
use crate::duration::DurationWheel;
use crate::key::Key;

/// Timers that are started and stopped by the caller's own keys, each with a value if wanted.
///
/// It stands on a [`DurationWheel`] and a hash map. Its time goes on by [`expire`](Self::expire), one
/// tick at a time, or by [`advance_to`](Self::advance_to). A timer that is started while a tick is in
/// progress counts from the end of that tick, so it never fires before its whole duration has passed,
/// and at most a tick later (in a coarse wheel, later by the stated share).
///
/// ```
/// use std::time::Duration;
/// use mainspring_wheel::{Coarse, KeyedWheel, Resolution};
///
/// let ms = Duration::from_millis;
/// let mut wheel = KeyedWheel::coarse(Coarse::of(&[Resolution::TenMs, Resolution::Sec]));
/// wheel.start("request 1", ms(20));
/// wheel.start("request 2", ms(20));
/// wheel.stop("request 2"); // it was answered
///
/// assert!(wheel.expire().is_empty()); // 10 ms
/// assert!(wheel.expire().is_empty()); // 20 ms: request 1 may have come late in the first tick
/// assert_eq!(wheel.expire(), [("request 1", ())]);
/// ```
pub struct KeyedWheel<K, T = ()> {
    timers: DurationWheel<(K, T)>,
    keys: HashMap<K, Key>,
}

impl<K: Eq + Hash + Clone> KeyedWheel<K> {
    /// Starts a timer, or starts it again if it is running: then the time it had left is forgotten.
    /// Says whether it was running.
    ///
    /// ```
    /// use std::time::Duration;
    /// use mainspring_wheel::KeyedWheel;
    ///
    /// let ms = Duration::from_millis;
    /// let mut wheel = KeyedWheel::new(ms(1));
    /// assert!(!wheel.start("session", ms(5)));
    /// assert!(wheel.start("session", ms(500))); // somebody is still there
    ///
    /// assert_eq!(wheel.advance_to(ms(500), |_, _| ()), Ok(0));
    /// assert_eq!(wheel.advance_to(ms(501), |_, _| ()), Ok(1));
    /// ```
    pub fn start(&mut self, key: K, duration: Duration) -> bool {
        self.start_with(key, duration, ()).is_some()
    }
}

impl<K: Eq + Hash + Clone, T> KeyedWheel<K, T> {
    /// Returns an empty exact wheel, at time zero.
    ///
    /// # Panics
    /// If a tick has no length, or one of more than `u64::MAX` nanoseconds, which are 584 years.
    pub fn new(tick: Duration) -> Self {
        Self::on(DurationWheel::new(tick))
    }

    /// Returns an empty coarse wheel, at time zero. A tick is as long as the finest resolution, or a
    /// millisecond if the wheel was described without any.
    pub fn coarse(coarse: Coarse) -> Self {
        Self::on(DurationWheel::coarse(coarse))
    }

    /// Names timers that are there by the keys they carry; the last of a name wins.
    pub(crate) fn on(mut timers: DurationWheel<(K, T)>) -> Self {
        let mut keys = HashMap::with_capacity(timers.len());
        let named: Vec<_> =
            timers.wheel().iter().map(|(key, _, (name, _))| (name.clone(), key)).collect();
        for (name, key) in named {
            if let Some(earlier) = keys.insert(name, key) {
                timers.cancel(earlier);
            }
        }
        Self { timers, keys }
    }

    /// Starts a timer with a value, or starts it again if it is running, and returns the value that it
    /// had then.
    pub fn start_with(&mut self, key: K, duration: Duration, value: T) -> Option<T> {
        if let Some(&running) = self.keys.get(&key) {
            self.timers.reschedule_after(running, duration);
            if let Some((_, old)) = self.timers.get_mut(running) {
                return Some(core::mem::replace(old, value));
            }
        }
        let timer = self.timers.insert_after(duration, (key.clone(), value));
        self.keys.insert(key, timer);
        None
    }

    /// Stops a timer and returns its value, or `None` if it is not running.
    pub fn stop<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<T>
    where
        K: Borrow<Q>,
    {
        let timer = self.keys.remove(key)?;
        self.timers.cancel(timer).map(|(_, value)| value)
    }

    /// Comes to the next tick, and returns the timers that have expired.
    pub fn expire(&mut self) -> Vec<(K, T)> {
        let due = self.timers.expire();
        for (key, _) in &due {
            self.keys.remove(key);
        }
        due
    }

    /// Comes to time `now`, counted from when the wheel was new, and calls `fire` for each timer that
    /// has expired; returns how many there were.
    ///
    /// # Errors
    /// If the wheel has come to a later tick; then nothing has changed.
    pub fn advance_to(
        &mut self,
        now: Duration,
        mut fire: impl FnMut(K, T),
    ) -> Result<usize, Earlier> {
        let keys = &mut self.keys;
        self.timers.advance_to(now, |_, (key, value)| {
            keys.remove(&key);
            fire(key, value);
        })
    }

    /// The value of a timer, or `None` if it is not running.
    pub fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&T>
    where
        K: Borrow<Q>,
    {
        self.timers.get(*self.keys.get(key)?).map(|(_, value)| value)
    }

    /// The value of a timer, to change, or `None` if it is not running.
    pub fn get_mut<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<&mut T>
    where
        K: Borrow<Q>,
    {
        self.timers.get_mut(*self.keys.get(key)?).map(|(_, value)| value)
    }

    /// The time that a timer was started for, or `None` if it is not running.
    pub fn deadline_of<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<Duration>
    where
        K: Borrow<Q>,
    {
        self.timers.deadline_of(*self.keys.get(key)?)
    }

    /// Whether a timer is running.
    pub fn is_running<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.keys.contains_key(key)
    }

    /// Returns the first time at which a timer will fire, or `None` if none ever will; see
    /// [`Wheel::next_deadline`](crate::Wheel::next_deadline).
    pub fn next_deadline(&mut self) -> Option<Duration> {
        self.timers.next_deadline()
    }

    /// Stops all timers and drops their values. The time stays, and so does the memory.
    pub fn clear(&mut self) {
        self.keys.clear();
        self.timers.clear();
    }
}

impl<K, T> KeyedWheel<K, T> {
    /// How many timers are running.
    pub fn len(&self) -> usize {
        self.timers.len()
    }

    /// Whether no timer is running.
    pub fn is_empty(&self) -> bool {
        self.timers.is_empty()
    }

    /// How long a tick is.
    pub fn tick(&self) -> Duration {
        self.timers.tick()
    }

    /// The time that the wheel has come to, a whole number of ticks.
    pub fn now(&self) -> Duration {
        self.timers.now()
    }

    /// The wheel inside, which holds keys and values.
    pub fn timers(&self) -> &DurationWheel<(K, T)> {
        &self.timers
    }
}

impl<K, T> fmt::Debug for KeyedWheel<K, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedWheel").field("timers", &self.timers).finish_non_exhaustive()
    }
}
