//! Looks at all timers of a wheel, or takes them all out.

use core::fmt;
use core::iter::FusedIterator;

use crate::key::Key;
use crate::wheel::Wheel;

impl<T> Wheel<T> {
    /// Looks at all timers, in no order that means anything.
    ///
    /// The cost is that of as many timers as there ever were at once.
    ///
    /// ```
    /// use mainspring_wheel::Wheel;
    ///
    /// let mut wheel = Wheel::new();
    /// let key = wheel.insert(7, "seven");
    /// assert_eq!(wheel.iter().collect::<Vec<_>>(), [(key, 7, &"seven")]);
    /// ```
    pub fn iter(&self) -> Iter<'_, T> {
        Iter { wheel: self, next: 0, left: self.len() }
    }

    /// Takes all timers out, whenever they are due, in no order that means anything.
    ///
    /// The tick stays, and so does the memory. Dropping the iterator takes out the rest.
    ///
    /// ```
    /// use mainspring_wheel::Wheel;
    ///
    /// let mut wheel = Wheel::new();
    /// wheel.insert(7, "seven");
    /// assert_eq!(wheel.drain().collect::<Vec<_>>(), [(7, "seven")]);
    /// assert!(wheel.is_empty());
    /// ```
    pub fn drain(&mut self) -> Drain<'_, T> {
        Drain { wheel: self, next: 0 }
    }
}

impl<'a, T> IntoIterator for &'a Wheel<T> {
    type Item = (Key, u64, &'a T);
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

/// Arms a timer for each deadline and value.
impl<T> Extend<(u64, T)> for Wheel<T> {
    fn extend<I: IntoIterator<Item = (u64, T)>>(&mut self, timers: I) {
        for (deadline, value) in timers {
            self.insert(deadline, value);
        }
    }
}

/// Key, deadline and value of each timer; made by [`Wheel::iter`].
pub struct Iter<'a, T> {
    wheel: &'a Wheel<T>,
    next: u32,
    left: usize,
}

impl<'a, T> Iterator for Iter<'a, T> {
    type Item = (Key, u64, &'a T);

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        self.left -= 1;
        let key = (self.next..self.wheel.end()).find_map(|id| self.wheel.key_at(id))?;
        self.next = key.id + 1;
        Some((key, self.wheel.deadline_of(key)?, self.wheel.get(key)?))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<T> ExactSizeIterator for Iter<'_, T> {}
impl<T> FusedIterator for Iter<'_, T> {}

impl<T> Clone for Iter<'_, T> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

impl<T> fmt::Debug for Iter<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter").field("left", &self.left).finish_non_exhaustive()
    }
}

/// Deadline and value of each timer, taken out; made by [`Wheel::drain`].
#[derive(Debug)]
pub struct Drain<'a, T> {
    wheel: &'a mut Wheel<T>,
    next: u32,
}

impl<T> Iterator for Drain<'_, T> {
    type Item = (u64, T);

    fn next(&mut self) -> Option<(u64, T)> {
        if self.wheel.is_empty() {
            return None;
        }
        let key = (self.next..self.wheel.end()).find_map(|id| self.wheel.key_at(id))?;
        self.next = key.id + 1;
        Some((self.wheel.deadline_of(key)?, self.wheel.cancel(key)?))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.wheel.len(), Some(self.wheel.len()))
    }
}

impl<T> Drop for Drain<'_, T> {
    fn drop(&mut self) {
        for timer in self.by_ref() {
            drop(timer);
        }
    }
}

impl<T> ExactSizeIterator for Drain<'_, T> {}
impl<T> FusedIterator for Drain<'_, T> {}
