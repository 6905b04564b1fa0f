//! Hangs timers in the lists of slots, and keeps a bit per slot that is not empty.
//!
//! A slot is eight doubly linked lists, its lanes. Emptying a slot takes from its lanes in turn, so
//! that eight cache misses are under way at once where one list would wait for each before it knew
//! the next.
//!
//! # Ground rules
//! - The first of a list has, in place of a previous id, its slot and lane with the top bit set. So a timer leaves its list without anybody knowing where it was due.
//! - A lane's bit is set exactly while it holds a timer, a slot's while one of its lanes does.
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
const LANE_BITS: u32 = LANES.trailing_zeros();

pub(crate) struct Lists {
    /// The first timer of each lane of each slot, as far as slots have been used.
    heads: Vec<[u32; LANES]>,
    /// A bit for each lane of each slot that holds a timer.
    lanes: Vec<u8>,
    /// A bit for each slot that holds a timer.
    occupied: Vec<u64>,
}

impl Lists {
    pub(crate) const fn new() -> Self {
        Self { heads: Vec::new(), lanes: Vec::new(), occupied: Vec::new() }
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
        let lane = lane(id);
        if slot as usize >= self.heads.len() {
            self.grow(slot);
        }
        let next = core::mem::replace(&mut self.heads[slot as usize][lane], id);
        if next != NONE {
            pages[next].prev = id;
        }
        self.lanes[slot as usize] |= 1 << lane;
        let (word, bit) = bit(slot);
        self.occupied[word] |= bit;
        Links { next, prev: HEAD | slot << LANE_BITS | lane as u32, due_low }
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
        let slot = (links.prev & !HEAD) >> LANE_BITS;
        let lane = links.prev as usize % LANES;
        self.heads[slot as usize][lane] = links.next;
        if links.next == NONE {
            self.lanes[slot as usize] &= !(1 << lane);
            if self.lanes[slot as usize] == 0 {
                let (word, bit) = bit(slot);
                self.occupied[word] &= !bit;
            }
        }
    }

    /// A timer of the slot, from the lane whose `turn` it is or the next one after it.
    #[inline(always)]
    pub(crate) fn first(&self, slot: u32, turn: &mut u32) -> Option<u32> {
        let lanes = *self.lanes.get(slot as usize)?;
        if lanes == 0 {
            return None;
        }
        let lane = (*turn + lanes.rotate_right(*turn).trailing_zeros()) % LANES as u32;
        *turn = (lane + 1) % LANES as u32;
        Some(self.heads[slot as usize][lane as usize])
    }

    /// The slot's timer, if there is just one.
    pub(crate) fn only<T>(&self, pages: &Pages<T>, slot: u32) -> Option<u32> {
        let lanes = *self.lanes.get(slot as usize)?;
        if !lanes.is_power_of_two() {
            return None;
        }
        let id = self.heads[slot as usize][lanes.trailing_zeros() as usize];
        (pages[id].next == NONE).then_some(id)
    }

    /// The first of each lane.
    pub(crate) fn heads(&self, slot: u32) -> [u32; LANES] {
        self.heads.get(slot as usize).copied().unwrap_or([NONE; LANES])
    }

    /// Empties the slot at once, and returns the first of each lane.
    pub(crate) fn detach(&mut self, slot: u32) -> [u32; LANES] {
        let Some(heads) = self.heads.get_mut(slot as usize) else { return [NONE; LANES] };
        self.lanes[slot as usize] = 0;
        let (word, bit) = bit(slot);
        self.occupied[word] &= !bit;
        core::mem::replace(heads, [NONE; LANES])
    }

    pub(crate) fn shrink_to_fit(&mut self) {
        let used = self.occupied.iter().rposition(|&bits| bits != 0).map_or(0, |word| word + 1);
        self.resize(used);
        self.heads.shrink_to_fit();
        self.lanes.shrink_to_fit();
        self.occupied.shrink_to_fit();
    }

    #[cold]
    fn grow(&mut self, slot: u32) {
        self.resize(bit(slot).0 + 1);
    }

    fn resize(&mut self, words: usize) {
        let slots = (words * 64).saturating_sub(64 - FIRST as usize);
        self.heads.resize(slots, [NONE; LANES]);
        self.lanes.resize(slots, 0);
        self.occupied.resize(words, 0);
    }
}

/// The word and the bit of a slot: the first word has the two slots that belong to no level.
#[inline]
fn bit(slot: u32) -> (usize, u64) {
    let place = slot + 64 - FIRST;
    (place as usize / 64, 1 << (place % 64))
}
