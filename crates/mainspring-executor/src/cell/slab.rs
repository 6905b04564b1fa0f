//! Lists the living tasks.

use std::ptr::{self, NonNull};

use super::header::Header;

/// One word per living task; the words of those that have ended lead to each other.
#[derive(Default)]
pub(super) struct Slab {
    entries: Vec<Entry>,
    /// The first vacant entry, plus one.
    vacant: u32,
    len: usize,
}

/// A cell, or the number of the next vacant entry, plus one, shifted by one with the low bit set.
#[derive(Clone, Copy)]
struct Entry(*mut Header);

impl Slab {
    #[inline]
    pub(super) fn insert(&mut self, cell: NonNull<Header>) -> u32 {
        self.len += 1;
        let entry = Entry(cell.as_ptr());
        match self.vacant.checked_sub(1) {
            Some(slot) => {
                let vacant = std::mem::replace(&mut self.entries[slot as usize], entry);
                self.vacant = (vacant.0.addr() >> 1) as u32;
                slot
            }
            None => {
                self.entries.push(entry);
                self.entries.len() as u32 - 1
            }
        }
    }

    #[inline]
    pub(super) fn remove(&mut self, slot: u32) {
        self.len -= 1;
        self.entries[slot as usize] = Entry::vacant(self.vacant);
        self.vacant = slot + 1;
    }

    /// Takes any one out, for who takes all.
    pub(super) fn pop(&mut self) -> Option<NonNull<Header>> {
        loop {
            if let Some(cell) = self.entries.pop()?.cell() {
                self.len -= 1;
                return Some(cell);
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = NonNull<Header>> + '_ {
        self.entries.iter().filter_map(|entry| entry.cell())
    }
}

impl Entry {
    fn vacant(next: u32) -> Self {
        Self(ptr::without_provenance_mut((next as usize) << 1 | 1))
    }

    fn cell(self) -> Option<NonNull<Header>> {
        if self.0.addr() & 1 == 1 { None } else { NonNull::new(self.0) }
    }
}
