//! Advances a wheel, and fires what is due on the way.

use core::fmt;
use core::iter::FusedIterator;

use crate::wheel::Wheel;

impl<T> Wheel<T> {
    /// Comes to tick `now`, calls `fire` with the deadline and the value of each timer that is due, and
    /// returns how many there were.
    ///
    /// Timers fire in the order of their deadlines, those that had passed when they were armed first.
    /// In a coarse wheel, the order is that of the ticks that the deadlines were rounded up to. Among
    /// timers of one tick the order is the same whenever the same is done to the wheel, but it is not
    /// the one they were armed in, and it may change with a version of this crate.
    ///
    /// The cost is that of the timers that fire or come to a finer level, however many ticks have
    /// passed. If `fire` panics, its timer has fired, and the others are there for the next advance.
    ///
    /// See [`advance_with`](Self::advance_with) for arming and cancelling timers in `fire`.
    ///
    /// ```
    /// use mainspring_wheel::{Earlier, Wheel};
    ///
    /// let mut wheel = Wheel::new();
    /// wheel.insert(u64::MAX, 'z');
    /// wheel.insert(1_000_000_000, 'a');
    ///
    /// assert_eq!(wheel.advance_to(999_999_999, |_, _| unreachable!("never early")), Ok(0));
    /// assert_eq!(wheel.advance_to(u64::MAX, |deadline, value| println!("{deadline} {value}")), Ok(2));
    ///
    /// let error = wheel.advance_to(5, |_, _| ()).unwrap_err();
    /// assert_eq!((error.asked(), error.now()), (5, u64::MAX));
    /// ```
    ///
    /// # Errors
    /// If the wheel has come further than `now`; then nothing has changed.
    pub fn advance_to(&mut self, now: u64, mut fire: impl FnMut(u64, T)) -> Result<usize, Earlier> {
        let mut fired = 0;
        for (deadline, value) in self.advance(now)? {
            fired += 1;
            fire(deadline, value);
        }
        Ok(fired)
    }

    /// Does what [`advance_to`](Self::advance_to) does, and lends the wheel to `fire`, which may arm,
    /// move and cancel timers.
    ///
    /// While `fire` runs, the wheel is at the tick of the timer that fires. A timer armed for a later
    /// tick up to `now` fires in this same advance, in its turn. One armed for that tick or an earlier
    /// one fires in the next advance, so that this one always ends.
    ///
    /// ```
    /// use mainspring_wheel::Wheel;
    ///
    /// let mut wheel = Wheel::new();
    /// wheel.insert(10, "tick");
    /// let victim = wheel.insert(25, "tock");
    ///
    /// let mut ticks = Vec::new();
    /// wheel.advance_with(40, |wheel, deadline, value| {
    ///     ticks.push(deadline);
    ///     wheel.insert(deadline + 10, value); // a period of 10
    ///     wheel.cancel(victim);
    /// })?;
    /// assert_eq!(ticks, [10, 20, 30, 40]);
    /// assert_eq!(wheel.next_deadline(), Some(50));
    /// # Ok::<(), mainspring_wheel::Earlier>(())
    /// ```
    ///
    /// # Errors
    /// If the wheel has come further than `now`; then nothing has changed.
    pub fn advance_with(
        &mut self,
        now: u64,
        mut fire: impl FnMut(&mut Self, u64, T),
    ) -> Result<usize, Earlier> {
        let mut fired = 0;
        let mut advance = self.advance(now)?;
        while let Some((deadline, value)) = advance.next() {
            fired += 1;
            fire(advance.wheel(), deadline, value);
        }
        Ok(fired)
    }

    /// Does what [`advance_to`](Self::advance_to) does, one timer at a time.
    ///
    /// The wheel has come to `now` when the iterator has returned `None`. If it is dropped before, the
    /// wheel is at the tick of the last timer that it returned, and the others are there for the next
    /// advance. Between two timers, [`Advance::wheel`] lends the wheel, as
    /// [`advance_with`](Self::advance_with) does.
    ///
    /// ```
    /// use mainspring_wheel::Wheel;
    ///
    /// let mut wheel = Wheel::new();
    /// for deadline in [3, 1, 2] {
    ///     wheel.insert(deadline, ());
    /// }
    /// let firsts: Vec<u64> = wheel.advance(10)?.take(2).map(|(deadline, ())| deadline).collect();
    /// assert_eq!(firsts, [1, 2]);
    /// assert_eq!((wheel.len(), wheel.now()), (1, 2));
    /// # Ok::<(), mainspring_wheel::Earlier>(())
    /// ```
    ///
    /// # Errors
    /// If the wheel has come further than `now`; then nothing has changed.
    pub fn advance(&mut self, now: u64) -> Result<Advance<'_, T>, Earlier> {
        self.begin(now)?;
        Ok(Advance { wheel: self, now })
    }
}

/// Fires the timers that are due, one at a time; made by [`Wheel::advance`].
#[derive(Debug)]
#[must_use = "an advance fires nothing unless it is iterated"]
pub struct Advance<'a, T> {
    wheel: &'a mut Wheel<T>,
    now: u64,
}

impl<T> Advance<'_, T> {
    /// Lends the wheel, to arm, move and cancel timers between two that fire.
    pub fn wheel(&mut self) -> &mut Wheel<T> {
        self.wheel
    }
}

impl<T> Iterator for Advance<'_, T> {
    type Item = (u64, T);

    #[inline]
    fn next(&mut self) -> Option<(u64, T)> {
        self.wheel.pop(self.now)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.wheel.len()))
    }
}

impl<T> FusedIterator for Advance<'_, T> {}

/// Says that a wheel was asked to go back; it stayed as it was.
///
/// Whether that is a mistake is for the caller to say: two threads that each read a clock may well
/// arrive in the other order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Earlier {
    pub(crate) asked: u64,
    pub(crate) now: u64,
}

impl Earlier {
    /// The tick that the wheel was asked to go to.
    pub fn asked(&self) -> u64 {
        self.asked
    }

    /// The tick that the wheel has come to.
    pub fn now(&self) -> u64 {
        self.now
    }
}

impl fmt::Display for Earlier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot go back to tick {}: the wheel is at tick {}", self.asked, self.now)
    }
}

impl core::error::Error for Earlier {}
