//! Hangs timers in the lists of slots, and keeps a bit per slot that is not empty.
//!
//! A slot is eight doubly linked lists, its lanes. Emptying a slot takes from its lanes in turn, so
//! that eight cache misses are under way at once where one list would wait for each before it knew
//! the next.
//!
//! # Ground rules
//! - The first of a list has, in place of a previous id, the number of its list with the top bit
//!   set. So a timer leaves its list without anybody knowing where it was due.
//! - A slot's bit is set exactly while one of its lanes holds a timer.
//! - Slots [`LATE`] and [`DUE`] belong to no level; a layout's slots start at [`FIRST`], and 64 of
//!   them share a word of bits.

use alloc::vec::Vec;

use crate::pages::{Links, NONE, Pages};
use crate::slab::{LANES, lane};

/// Timers whose deadline had passed when they were armed: they wait for the next advance.
pub(crate) const LATE: u32 = 0;
/// Timers that are due, and that the present advance has taken over from `LATE`.
pub(crate) const DUE: u32 = 1;
/// The first slot of the layout.
pub(crate) const FIRST: u32 = 2;

const HEAD: u32 = 1 << 31;

pub(crate) struct Lists {
    /// The first timer of each lane of each slot, as far as slots have been used.
    heads: Vec<u32>,
    occupied: Vec<u64>,
}

impl Lists {
    pub(crate) const fn new() -> Self {
        Self { heads: Vec::new(), occupied: Vec::new() }
    }

    pub(crate) fn is_occupied(&self, slot: u32) -> bool {
        let (word, bit) = bit(slot);
        self.occupied.get(word).is_some_and(|bits| bits & bit != 0)
    }

    /// The bits of the layout's slots, 64 to a word, as far as slots have been used.
    pub(crate) fn layout_bits(&self) -> &[u64] {
        self.occupied.get(1..).unwrap_or(&[])
    }

    /// Puts the timer first in its lane of the slot, and returns what its links are to be.
    #[inline(always)]
    pub(crate) fn enter<T>(
        &mut self,
        pages: &mut Pages<T>,
        slot: u32,
        id: u32,
        due_low: u32,
    ) -> Links {
        let list = slot as usize * LANES + lane(id);
        if list >= self.heads.len() {
            self.grow(slot);
        }
        let next = core::mem::replace(&mut self.heads[list], id);
        if next != NONE {
            pages[next].prev = id;
        }
        let (word, bit) = bit(slot);
        self.occupied[word] |= bit;
        Links { next, prev: HEAD | list as u32, due_low }
    }

    /// Takes the timer that had these links out of its list.
    #[inline(always)]
    pub(crate) fn leave<T>(&mut self, pages: &mut Pages<T>, links: Links) {
        if links.next != NONE {
            pages[links.next].prev = links.prev;
        }
        if links.prev & HEAD == 0 {
            pages[links.prev].next = links.next;
            return;
        }
        let list = links.prev & !HEAD;
        self.heads[list as usize] = links.next;
        if links.next == NONE {
            self.note_empty(list / LANES as u32);
        }
    }

    /// A timer of the slot, from the lane whose `turn` it is or one after it.
    #[inline(always)]
    pub(crate) fn first(&self, slot: u32, turn: &mut usize) -> Option<u32> {
        let heads = self.heads(slot);
        for _ in 0..heads.len() {
            let id = heads[*turn % LANES];
            *turn = turn.wrapping_add(1);
            if id != NONE {
                return Some(id);
            }
        }
        None
    }

    /// Empties the slot at once, and returns the first of each lane.
    pub(crate) fn detach(&mut self, slot: u32) -> [u32; LANES] {
        let first = slot as usize * LANES;
        let Some(heads) = self.heads.get_mut(first..first + LANES) else { return [NONE; LANES] };
        let mut taken = [NONE; LANES];
        taken.swap_with_slice(heads);
        self.note_empty(slot);
        taken
    }

    pub(crate) fn shrink_to_fit(&mut self) {
        let used = self.occupied.iter().rposition(|&bits| bits != 0).map_or(0, |word| word + 1);
        self.occupied.truncate(used);
        self.occupied.shrink_to_fit();
        self.heads.truncate(first_slot(used) as usize * LANES);
        self.heads.shrink_to_fit();
    }

    /// The first of each lane, or nothing if the slot has never been used.
    #[inline]
    pub(crate) fn heads(&self, slot: u32) -> &[u32] {
        self.heads.as_chunks::<LANES>().0.get(slot as usize).map_or(&[], |lanes| lanes)
    }

    fn note_empty(&mut self, slot: u32) {
        let first = slot as usize * LANES;
        if self.heads[first..first + LANES].iter().all(|&head| head == NONE) {
            let (word, bit) = bit(slot);
            self.occupied[word] &= !bit;
        }
    }

    #[cold]
    fn grow(&mut self, slot: u32) {
        let words = bit(slot).0 + 1;
        self.occupied.resize(words, 0);
        self.heads.resize(first_slot(words) as usize * LANES, NONE);
    }
}

/// The word and the bit of a slot: the first word has the two slots that belong to no level.
#[inline]
fn bit(slot: u32) -> (usize, u64) {
    let place = slot + 64 - FIRST;
    (place as usize / 64, 1 << (place % 64))
}

/// The first slot whose bit is in this word or a later one.
fn first_slot(word: usize) -> u32 {
    (word as u32 * 64).saturating_sub(64 - FIRST)
}
