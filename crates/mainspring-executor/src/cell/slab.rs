//! Lists the living tasks.

use std::ptr::{self, NonNull};

use super::header::Header;

/// One word per living task; the words of those that have ended lead to each other.
///
/// Pages do not move: growing copies no list of a million, and leaves no half of it empty.
#[derive(Default)]
#[expect(clippy::vec_box, reason = "more pages do not move those that are full")]
pub(super) struct Slab {
    pages: Vec<Box<[Entry; PAGE]>>,
    /// Entries in use, or vacant; the rest of the last page is neither.
    used: u32,
    /// The first vacant entry, plus one.
    vacant: u32,
    len: usize,
}

const PAGE: usize = 256;

/// A cell, or the number of the next vacant entry, plus one, shifted by one with the low bit set.
#[derive(Clone, Copy)]
struct Entry(*mut Header);

impl Slab {
    #[inline]
    pub(super) fn insert(&mut self, cell: NonNull<Header>) -> u32 {
        self.len += 1;
        let slot = match self.vacant.checked_sub(1) {
            Some(slot) => {
                self.vacant = (self.entry(slot).0.addr() >> 1) as u32;
                slot
            }
            None => {
                if self.used as usize == self.pages.len() * PAGE {
                    self.pages.push(Box::new([Entry(ptr::null_mut()); PAGE]));
                }
                self.used += 1;
                self.used - 1
            }
        };
        *self.entry(slot) = Entry(cell.as_ptr());
        slot
    }

    #[inline]
    pub(super) fn remove(&mut self, slot: u32) {
        self.len -= 1;
        *self.entry(slot) = Entry::vacant(self.vacant);
        self.vacant = slot + 1;
    }

    /// Takes any one out, for who takes all: nothing is put in any more.
    pub(super) fn pop(&mut self) -> Option<NonNull<Header>> {
        loop {
            self.used = self.used.checked_sub(1)?;
            if let Some(cell) = self.entry(self.used).cell() {
                self.len -= 1;
                return Some(cell);
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = NonNull<Header>> + '_ {
        let entries = self.pages.iter().flat_map(|page| page.iter());
        entries.take(self.used as usize).filter_map(|entry| entry.cell())
    }

    #[inline]
    fn entry(&mut self, slot: u32) -> &mut Entry {
        &mut self.pages[slot as usize / PAGE][slot as usize % PAGE]
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
