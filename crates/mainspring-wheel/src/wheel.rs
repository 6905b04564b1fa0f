//! The wheel itself: arms timers, moves them, takes them back, and says which comes next.
//!
//! # Ground rules
//! - A timer hangs in `LATE` if its deadline had passed when it was armed or moved, otherwise in a
//!   slot of the layout.
//! - `now` moves in `turn` alone, and never while `firing`, the slot being emptied, holds a timer. No
//!   timer comes to that slot in the meantime, as what is armed then is either late or due later.
//! - Nothing is due, or has to move, before `quiet_until`. It is 0 while a timer waits in `LATE` or in
//!   the slot that is being emptied.
//! - `earliest`, if known, is the smallest deadline of all. Whatever may make it wrong forgets it.

use core::fmt;

use crate::advance::Earlier;
use crate::coarse::{Coarse, Rings};
use crate::exact;
use crate::key::Key;
use crate::lists::{DUE, LATE, Lists};
use crate::pages::{Links, NONE};
use crate::slab::{LANES, Slab};

/// Holds many deadlines, each with a value, and gives back those that have passed.
///
/// Time is a number of ticks, as long as the caller likes; the wheel never asks a clock, it is told by
/// [`advance_to`](Self::advance_to). It begins at tick 0. To arm a timer, to move one and to cancel
/// one cost the same however many there are.
///
/// ```
/// use mainspring_wheel::Wheel;
///
/// let mut wheel = Wheel::new();
/// wheel.insert(30, "write");
/// let read = wheel.insert(20, "read");
/// let idle = wheel.insert(1_000_000_000_000, "idle");
///
/// assert_eq!(wheel.next_deadline(), Some(20));
/// assert_eq!(wheel.cancel(read), Some("read"));
/// assert!(wheel.reschedule(idle, 25));
///
/// let mut fired = Vec::new();
/// wheel.advance_to(30, |deadline, value| fired.push((deadline, value)))?;
/// assert_eq!(fired, [(25, "idle"), (30, "write")]);
/// # Ok::<(), mainspring_wheel::Earlier>(())
/// ```
pub struct Wheel<T> {
    now: u64,
    earliest: Option<u64>,
    quiet_until: u64,
    firing: u32,
    /// The lane that the next timer is fired from.
    lane: u32,
    layout: Layout,
    lists: Lists,
    slab: Slab<T>,
}

/// How slots are laid out over time.
enum Layout {
    Exact,
    Coarse(Rings),
}

impl<T> Wheel<T> {
    /// Returns an empty wheel at tick 0, which fires each timer exactly at its tick.
    ///
    /// It allocates with the first timer.
    pub const fn new() -> Self {
        Self::with_layout(Layout::Exact)
    }

    /// Returns an empty wheel at tick 0, which may fire a timer late by a share of its length.
    pub fn coarse(coarse: Coarse) -> Self {
        Self::with_layout(Layout::Coarse(Rings::new(coarse)))
    }

    /// Returns an empty exact wheel at tick 0, with room for so many timers.
    ///
    /// # Panics
    /// If `capacity` is above 2³¹, the most that a wheel holds.
    pub fn with_capacity(capacity: usize) -> Self {
        let mut wheel = Self::new();
        wheel.reserve(capacity);
        wheel
    }

    const fn with_layout(layout: Layout) -> Self {
        Self {
            now: 0,
            earliest: None,
            quiet_until: u64::MAX,
            firing: DUE,
            lane: 0,
            layout,
            lists: Lists::new(),
            slab: Slab::new(),
        }
    }

    /// The tick that the wheel has come to.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// How many timers are armed.
    pub fn len(&self) -> usize {
        self.slab.len()
    }

    /// Whether no timer is armed.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many timers the wheel can hold before it allocates again.
    pub fn capacity(&self) -> usize {
        self.slab.capacity()
    }

    /// What the wheel was made from, if it is a coarse one.
    pub fn coarseness(&self) -> Option<&Coarse> {
        match &self.layout {
            Layout::Exact => None,
            Layout::Coarse(rings) => Some(&rings.described),
        }
    }

    /// Makes room for so many timers more than there are.
    ///
    /// # Panics
    /// If that makes more than 2³¹, the most that a wheel holds.
    pub fn reserve(&mut self, additional: usize) {
        self.slab.reserve(additional);
    }

    /// Gives back memory behind the last timer that is armed.
    ///
    /// Timers do not move, so one that lives far back keeps what is before it. Keys stay valid, and
    /// stale ones stay stale.
    pub fn shrink_to_fit(&mut self) {
        self.slab.shrink_to_fit();
        self.lists.shrink_to_fit();
    }

    /// Arms a timer.
    ///
    /// It fires in the first advance to its deadline or beyond. Any deadline will do: one that has
    /// passed, or is the tick that the wheel has come to, fires in the next advance, and there is none
    /// too far away.
    ///
    /// # Panics
    /// If 2³¹ timers are armed.
    #[inline]
    pub fn insert(&mut self, deadline: u64, value: T) -> Key {
        let id = self.slab.next_place();
        let links = self.enter(id, deadline);
        self.slab.fill(id, links, deadline, value)
    }

    /// Disarms a timer and returns its value, or `None` if it is armed no more.
    #[inline]
    pub fn cancel(&mut self, key: Key) -> Option<T> {
        self.contains(key).then(|| self.take(key.id).1)
    }

    /// Moves a timer to another deadline, and says whether it was still armed.
    ///
    /// The key stays valid. In a coarse wheel, the length counts anew from the wheel's tick.
    ///
    /// ```
    /// use mainspring_wheel::Wheel;
    ///
    /// let mut wheel = Wheel::new();
    /// let idle = wheel.insert(60, "connection 7");
    /// assert!(wheel.reschedule(idle, 90)); // it spoke at 30
    ///
    /// assert_eq!(wheel.advance_to(89, |_, _| ()), Ok(0));
    /// assert_eq!(wheel.advance_to(90, |_, _| ()), Ok(1));
    /// assert!(!wheel.reschedule(idle, 120));
    /// ```
    #[inline]
    pub fn reschedule(&mut self, key: Key, deadline: u64) -> bool {
        if !self.contains(key) {
            return false;
        }
        let links = self.slab.pages[key.id];
        self.leave(key.id, links);
        self.slab.pages[key.id] = self.enter(key.id, deadline);
        self.slab.note_high(key.id, deadline);
        true
    }

    /// Returns a timer's value, or `None` if it is armed no more.
    pub fn get(&self, key: Key) -> Option<&T> {
        self.contains(key).then(|| self.slab.pages.value(key.id))
    }

    /// Returns a timer's value to change, or `None` if it is armed no more.
    pub fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        self.contains(key).then(|| self.slab.pages.value_mut(key.id))
    }

    /// Returns the deadline that a timer was armed for or moved to, or `None` if it is armed no more.
    pub fn deadline_of(&self, key: Key) -> Option<u64> {
        self.contains(key).then(|| self.slab.deadline(key.id))
    }

    /// Whether this timer is still armed.
    #[inline]
    pub fn contains(&self, key: Key) -> bool {
        self.slab.contains(key)
    }

    /// Returns the first tick at which a timer will fire, or `None` if there is no timer.
    ///
    /// In an exact wheel, that is the smallest deadline of all, also when it has passed. In a coarse
    /// one, it is the tick that the first deadline was rounded up to. An advance to any earlier tick
    /// fires nothing; an advance to this one does.
    ///
    /// # Cost
    /// If a timer is due in the present block of 64 ticks, or the wheel is coarse, that of a look at
    /// the bitmaps. Otherwise, of a look at every timer in the first slot that is not empty; the answer
    /// is kept until that timer fires, moves or is cancelled.
    pub fn next_deadline(&mut self) -> Option<u64> {
        if self.is_empty() {
            return None;
        }
        if self.earliest.is_none() {
            self.earliest = [LATE, self.firing].into_iter().filter_map(|s| self.first_of(s)).min();
        }
        if self.earliest.is_some() {
            return self.earliest;
        }
        let (slot, tick) = self.next_slot()?;
        if matches!(self.layout, Layout::Coarse(_)) {
            return Some(tick);
        }
        self.earliest = if exact::is_finest(slot) { Some(tick) } else { self.first_of(slot) };
        self.earliest
    }

    /// Disarms all timers and drops their values. The tick stays, and so does the memory.
    pub fn clear(&mut self) {
        drop(self.drain());
    }

    /// Begins an advance: what was late until now is due.
    pub(crate) fn begin(&mut self, now: u64) -> Result<(), Earlier> {
        if now < self.now {
            return Err(Earlier { asked: now, now: self.now });
        }
        if now < self.quiet_until {
            return Ok(());
        }
        for mut id in self.lists.detach(LATE) {
            while id != NONE {
                let links = self.slab.pages[id];
                self.hang(id, self.firing, links.due_low);
                id = links.next;
            }
        }
        Ok(())
    }

    /// Takes out the next timer that is due by `now`; when there is none, the wheel has come there.
    #[inline]
    pub(crate) fn pop(&mut self, now: u64) -> Option<(u64, T)> {
        if now < self.quiet_until {
            self.now = self.now.max(now);
            return None;
        }
        loop {
            if let Some(id) = self.lists.first(self.firing, &mut self.lane) {
                return Some(self.take(id));
            }
            if !self.turn(now) {
                return None;
            }
        }
    }

    /// Turns to the next slot that is due by `now`, or, if there is none, to `now`.
    fn turn(&mut self, now: u64) -> bool {
        let (slot, tick) = self.next_slot().unwrap_or((DUE, u64::MAX));
        if tick > now || slot == DUE {
            self.now = self.now.max(now);
            self.firing = DUE;
            // What was armed late meanwhile waits for the next advance.
            let late = self.lists.heads(LATE) != [NONE; LANES];
            self.quiet_until = if late { 0 } else { tick };
            return false;
        }
        self.quiet_until = 0;
        self.now = tick;
        self.firing = slot;
        if matches!(self.layout, Layout::Exact) && !exact::is_finest(slot) {
            // A timer by itself is what comes next: it need not move to fire.
            if let Some(id) = self.lists.only(&self.slab.pages, slot) {
                self.now = self.slab.deadline(id).min(now);
                if self.now == self.slab.deadline(id) {
                    return true;
                }
            }
            self.cascade(slot);
            self.firing = exact::slot(self.now, self.now).0;
        }
        true
    }

    /// Spreads the timers of a slot that has begun over the finer levels.
    fn cascade(&mut self, slot: u32) {
        let mut lanes = self.lists.detach(slot);
        loop {
            let mut left = false;
            for first in &mut lanes {
                let id = *first;
                if id == NONE {
                    continue;
                }
                let links = self.slab.pages[id];
                *first = links.next;
                if links.next != NONE {
                    left = true;
                    self.slab.pages.touch(links.next); // it is eight timers ahead
                }
                let (slot, _) = exact::slot(self.now, self.slab.full(id, links.due_low));
                self.hang(id, slot, links.due_low);
            }
            if !left {
                return;
            }
        }
    }

    fn next_slot(&self) -> Option<(u32, u64)> {
        match &self.layout {
            Layout::Exact => exact::next(self.lists.layout_bits(), self.now),
            Layout::Coarse(rings) => rings.next(&self.lists, self.now),
        }
    }

    /// The smallest deadline in a slot.
    fn first_of(&self, slot: u32) -> Option<u64> {
        let mut lanes = self.lists.heads(slot);
        let mut first = u64::MAX;
        let mut found = false;
        // In turn, as everywhere: eight misses under way at once.
        loop {
            let mut left = false;
            for id in lanes.iter_mut().filter(|id| **id != NONE) {
                left = true;
                let links = self.slab.pages[*id];
                first = first.min(self.slab.full(*id, links.due_low));
                *id = links.next;
            }
            if !left {
                return found.then_some(first);
            }
            found = true;
        }
    }

    /// Finds the slot for a deadline, and returns the links for the timer to come.
    #[inline(always)]
    fn enter(&mut self, id: u32, deadline: u64) -> Links {
        let (slot, tick) = match &self.layout {
            _ if deadline <= self.now => (LATE, 0),
            Layout::Exact => exact::slot(self.now, deadline),
            Layout::Coarse(rings) => rings.slot(self.now, deadline),
        };
        self.quiet_until = self.quiet_until.min(tick);
        match self.earliest {
            Some(earliest) if earliest > deadline => self.earliest = Some(deadline),
            _ => {}
        }
        self.lists.enter(&mut self.slab.pages, slot, id, deadline as u32)
    }

    /// Takes a timer that had these links out of its slot.
    #[inline(always)]
    fn leave(&mut self, id: u32, links: Links) {
        if let Some(earliest) = self.earliest
            && earliest == self.slab.full(id, links.due_low)
        {
            self.earliest = None;
        }
        self.lists.leave(&mut self.slab.pages, links);
    }

    /// Takes out a timer that is armed.
    #[inline(always)]
    fn take(&mut self, id: u32) -> (u64, T) {
        let (value, links) = self.slab.empty(id);
        let deadline = self.slab.full(id, links.due_low);
        self.leave(id, links);
        (deadline, value)
    }

    /// Hangs a timer that has left its list into another slot.
    #[inline(always)]
    fn hang(&mut self, id: u32, slot: u32, due_low: u32) {
        self.slab.pages[id] = self.lists.enter(&mut self.slab.pages, slot, id, due_low);
    }

    /// The key of the timer in this place, if there is one.
    pub(crate) fn key_at(&self, id: u32) -> Option<Key> {
        self.slab.key(id)
    }

    /// One more than the last place that was ever used.
    pub(crate) fn end(&self) -> u32 {
        self.slab.end()
    }
}

impl<T> Default for Wheel<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for Wheel<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wheel")
            .field("now", &self.now)
            .field("len", &self.len())
            .field("coarse", &self.coarseness())
            .finish_non_exhaustive()
    }
}
