//! Gives places to timers, takes them back, and knows their full deadlines.
//!
//! # Ground rules
//! - Freed places hang in eight lists, by `id / 8`, and are given out in turn: taking a place reads
//!   its link, and eight lists let eight such reads be under way at once.
//! - A place whose generations are used up is never given out again, so no stale key can ever match.
//! - A place keeps the low half of its deadline. The high half is `home` unless the place's page has
//!   a list of its own, made when the first deadline with another high half comes to that page.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::key::Key;
use crate::pages::{Links, NONE, PAGE, Pages};

/// How many lists share the places of one slot, and the free ones.
pub(crate) const LANES: usize = 8;

/// Places that are next to each other in memory share a lane, so that they are near in lists too.
pub(crate) fn lane(id: u32) -> usize {
    (id / 8) as usize % LANES
}

pub(crate) struct Slab<T> {
    pub(crate) pages: Pages<T>,
    /// The first free place of each lane.
    free: [u32; LANES],
    free_count: u32,
    /// The lane that gives the next place.
    turn: usize,
    /// Places from here on have never been used.
    fresh: u32,
    /// Places that are never to be used again.
    used_up: u32,
    /// The generation that new pages start with: none that a dropped page has given out.
    first_generation: u32,
    home: u32,
    highs: Vec<Option<Box<[u32]>>>,
}

impl<T> Slab<T> {
    /// Ids have 31 bits: the links use the last one.
    pub(crate) const MAX: usize = 1 << 31;

    pub(crate) const fn new() -> Self {
        Self {
            pages: Pages::new(),
            free: [NONE; LANES],
            free_count: 0,
            turn: 0,
            fresh: 0,
            used_up: 0,
            first_generation: 0,
            home: 0,
            highs: Vec::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        (self.fresh - self.free_count - self.used_up) as usize
    }

    /// How many timers fit without another page.
    pub(crate) fn capacity(&self) -> usize {
        let unused = self.pages.count() * PAGE - self.fresh as usize;
        self.len() + self.free_count as usize + unused
    }

    pub(crate) fn reserve(&mut self, additional: usize) {
        let wanted = self.len() + additional;
        assert!(wanted <= Self::MAX, "a wheel holds at most 2^31 timers");
        while self.capacity() < wanted {
            self.pages.grow(self.first_generation);
        }
    }

    /// One more than the highest id ever given out.
    pub(crate) fn end(&self) -> u32 {
        self.fresh
    }

    pub(crate) fn key(&self, id: u32) -> Option<Key> {
        let generation = self.pages.generation(id)?;
        Some(Key { id, generation })
    }

    #[inline]
    pub(crate) fn contains(&self, key: Key) -> bool {
        self.pages.generation(key.id) == Some(key.generation)
    }

    /// The place that is filled next.
    #[inline]
    pub(crate) fn next_place(&mut self) -> u32 {
        if self.free_count == 0 {
            if self.fresh as usize == self.pages.count() * PAGE {
                self.grow();
            }
            return self.fresh;
        }
        loop {
            let id = self.free[self.turn % LANES];
            self.turn = self.turn.wrapping_add(1);
            if id != NONE {
                return id;
            }
        }
    }

    /// Puts a value into the place that `next_place` has told.
    #[inline]
    pub(crate) fn fill(&mut self, id: u32, links: Links, deadline: u64, value: T) -> Key {
        let filled = self.pages.fill(id, links, value);
        if id == self.fresh {
            self.fresh += 1;
        } else {
            self.free[lane(id)] = filled.next;
            self.free_count -= 1;
            if filled.next != NONE {
                self.pages.touch(filled.next); // it is eight places ahead
            }
        }
        self.note_high(id, deadline);
        Key { id, generation: filled.generation }
    }

    /// Takes a value out; its place is free again, and its links tell which list it has to leave.
    #[inline]
    pub(crate) fn empty(&mut self, id: u32) -> (T, Links) {
        let lane = lane(id);
        let left = self.pages.empty(id, self.free[lane]);
        if left.generation == 0 {
            self.used_up += 1;
        } else {
            self.free[lane] = id;
            self.free_count += 1;
        }
        (left.value, left.links)
    }

    pub(crate) fn deadline(&self, id: u32) -> u64 {
        self.full(id, self.pages[id].due_low)
    }

    /// The deadline of a place, whose low half is known.
    #[inline]
    pub(crate) fn full(&self, id: u32, due_low: u32) -> u64 {
        let high = match self.highs.get(id as usize / PAGE) {
            Some(Some(highs)) => highs[id as usize % PAGE],
            _ => self.home,
        };
        u64::from(high) << 32 | u64::from(due_low)
    }

    /// Keeps the high half of a place's deadline.
    #[inline]
    pub(crate) fn note_high(&mut self, id: u32, deadline: u64) {
        let high = (deadline >> 32) as u32;
        if high != self.home || !self.highs.is_empty() {
            self.keep_high(id, high);
        }
    }

    #[cold]
    fn keep_high(&mut self, id: u32, high: u32) {
        if self.len() == 1 {
            self.home = high;
            self.highs.clear();
            return;
        }
        let page = id as usize / PAGE;
        if self.highs.len() <= page {
            if high == self.home {
                return;
            }
            self.highs.resize_with(page + 1, || None);
        }
        let own = &mut self.highs[page];
        if own.is_none() && high == self.home {
            return;
        }
        let home = self.home;
        own.get_or_insert_with(|| alloc::vec![home; PAGE].into())[id as usize % PAGE] = high;
    }

    /// Drops every page at the end that no timer lives in, and all that was kept for growing.
    pub(crate) fn shrink_to_fit(&mut self) {
        loop {
            let first = (self.pages.count().saturating_sub(1) * PAGE) as u32;
            let fresh = self.fresh;
            // A used-up place has generation 0 again, and must stay to be known as such.
            let may = |i: usize, generation: u32| generation != 0 || first + i as u32 >= fresh;
            let Some(newest) = self.pages.shrink(may) else { break };
            self.first_generation = self.first_generation.max(newest);
            self.fresh = self.fresh.min(first);
        }
        self.pages.shrink_table();
        self.highs.truncate(self.pages.count());
        self.highs.shrink_to_fit();

        self.free = [NONE; LANES];
        self.free_count = 0;
        for id in (0..self.fresh).rev() {
            if self.pages.free_generation(id).is_some_and(|generation| generation != 0) {
                self.pages[id].next = self.free[lane(id)];
                self.free[lane(id)] = id;
                self.free_count += 1;
            }
        }
    }

    #[cold]
    fn grow(&mut self) {
        assert!((self.fresh as usize) < Self::MAX, "a wheel holds at most 2^31 timers");
        self.pages.grow(self.first_generation);
    }
}

#[cfg(test)]
mod tests;
