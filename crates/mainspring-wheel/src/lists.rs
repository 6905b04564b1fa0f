//! Hangs timers in the lists of slots, and keeps a bit per slot that is not empty.
//!
//! A slot is eight doubly linked lists, its lanes. Emptying a slot takes from its lanes in turn, so
//! that eight cache misses are under way at once where one list would wait for each before it knew
//! the next.
//!
//! # Ground rules
//! - The first of a list has, in place of a previous id, its slot and lane with the top bit set. So a timer leaves its list without anybody knowing where it was due.
//! - A lane's bit is set exactly while it holds a timer, a slot's while one of its lanes does.
//! - Slots come in blocks of 64, the width of a bitmap. Block 0 has two slots that belong to no level,
//!   [`LATE`] and [`DUE`]; the layout's begin at [`FIRST`].

use alloc::vec::Vec;

use crate::pages::{Links, NONE, Pages};
use crate::slab::{LANES, lane};

/// Timers whose deadline had passed when they were armed: they wait for the next advance.
pub(crate) const LATE: u32 = 0;
/// Timers that are due, and that the present advance has taken over from `LATE`.
pub(crate) const DUE: u32 = 1;
/// The first slot of the layout.
pub(crate) const FIRST: u32 = BLOCK;

/// Slots per block.
const BLOCK: u32 = 64;
const HEAD: u32 = 1 << 31;
const LANE_BITS: u32 = LANES.trailing_zeros();

pub(crate) struct Lists {
    /// As far as slots have been used.
    blocks: Vec<Block>,
}

struct Block {
    /// A bit for each slot that holds a timer.
    occupied: u64,
    /// A bit for each lane of each slot that holds a timer.
    lanes: [u8; BLOCK as usize],
    /// The first timer of each lane of each slot.
    heads: [[u32; LANES]; BLOCK as usize],
}

impl Block {
    const EMPTY: Self =
        Self { occupied: 0, lanes: [0; BLOCK as usize], heads: [[NONE; LANES]; BLOCK as usize] };
}

impl Lists {
    pub(crate) const fn new() -> Self {
        Self { blocks: Vec::new() }
    }

    /// The bits of the layout's slots, 64 at a time, as far as slots have been used.
    pub(crate) fn layout_bits(&self) -> impl Iterator<Item = u64> {
        self.blocks.iter().skip(1).map(|block| block.occupied)
    }

    /// The same from one of those blocks on; 0 where none has been used.
    pub(crate) fn bits(&self, block: u32) -> u64 {
        self.blocks.get(block as usize + 1).map_or(0, |block| block.occupied)
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
        if (slot / BLOCK) as usize >= self.blocks.len() {
            self.grow(slot);
        }
        let (block, i) = self.block(slot);
        block.occupied |= 1 << i;
        block.lanes[i] |= 1 << lane;
        let next = core::mem::replace(&mut block.heads[i][lane], id);
        if next != NONE {
            pages[next].prev = id;
        }
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
        let lane = links.prev as usize % LANES;
        let (block, i) = self.block((links.prev & !HEAD) >> LANE_BITS);
        block.heads[i][lane] = links.next;
        if links.next == NONE {
            block.lanes[i] &= !(1 << lane);
            if block.lanes[i] == 0 {
                block.occupied &= !(1 << i);
            }
        }
    }

    /// A timer of the slot, from the lane whose `turn` it is or the next one after it.
    #[inline(always)]
    pub(crate) fn first(&self, slot: u32, turn: &mut u32) -> Option<u32> {
        let block = self.blocks.get((slot / BLOCK) as usize)?;
        let i = (slot % BLOCK) as usize;
        let lanes = block.lanes[i];
        if lanes == 0 {
            return None;
        }
        let lane = (*turn + lanes.rotate_right(*turn).trailing_zeros()) % LANES as u32;
        *turn = (lane + 1) % LANES as u32;
        Some(block.heads[i][lane as usize])
    }

    /// The slot's timer, if there is just one.
    pub(crate) fn only<T>(&self, pages: &Pages<T>, slot: u32) -> Option<u32> {
        let block = self.blocks.get((slot / BLOCK) as usize)?;
        let i = (slot % BLOCK) as usize;
        if !block.lanes[i].is_power_of_two() {
            return None;
        }
        let id = block.heads[i][block.lanes[i].trailing_zeros() as usize];
        (pages[id].next == NONE).then_some(id)
    }

    /// The first of each lane.
    pub(crate) fn heads(&self, slot: u32) -> [u32; LANES] {
        let block = self.blocks.get((slot / BLOCK) as usize);
        block.map_or([NONE; LANES], |block| block.heads[(slot % BLOCK) as usize])
    }

    /// Empties the slot at once, and returns the first of each lane.
    pub(crate) fn detach(&mut self, slot: u32) -> [u32; LANES] {
        if (slot / BLOCK) as usize >= self.blocks.len() {
            return [NONE; LANES];
        }
        let (block, i) = self.block(slot);
        block.occupied &= !(1 << i);
        block.lanes[i] = 0;
        core::mem::replace(&mut block.heads[i], [NONE; LANES])
    }

    pub(crate) fn shrink_to_fit(&mut self) {
        let used = self.blocks.iter().rposition(|block| block.occupied != 0);
        self.blocks.truncate(used.map_or(0, |block| block + 1));
        self.blocks.shrink_to_fit();
    }

    /// The block of a slot that has been used, and the slot's place there.
    #[inline(always)]
    fn block(&mut self, slot: u32) -> (&mut Block, usize) {
        (&mut self.blocks[(slot / BLOCK) as usize], (slot % BLOCK) as usize)
    }

    #[cold]
    fn grow(&mut self, slot: u32) {
        let blocks = (slot / BLOCK) as usize + 1;
        self.blocks.reserve_exact(blocks - self.blocks.len());
        self.blocks.resize_with(blocks, || Block::EMPTY);
    }
}
