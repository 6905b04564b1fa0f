//! Finds jobs by their number, by their name, and by where they are kept.
//!
//! # Ground rules
//! - What is due is found by its slot, with no search; the tables hold slots, four bytes a job.
//! - A job that was given no name has none in the table: `job-7` is read as a number.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;
use mainspring_job::JobId;

use crate::core::default_name;
use crate::entry::Entry;

/// Where a job is kept. It is another's when the job has gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Slot(u32);

#[derive(Default)]
pub(crate) struct Jobs {
    slots: Vec<Option<Entry>>,
    free: Vec<Slot>,
    by_id: HashTable<Slot>,
    /// Of jobs that were given one.
    by_name: HashTable<Slot>,
    names: RandomState,
}

impl Jobs {
    /// Where the next job will be kept.
    pub(crate) fn next_slot(&self) -> Slot {
        let end = u32::try_from(self.slots.len()).expect("memory holds fewer than 2³² jobs");
        self.free.last().copied().unwrap_or(Slot(end))
    }

    /// Keeps a job in [`next_slot`](Self::next_slot). Nobody else has its number or its name.
    pub(crate) fn insert(&mut self, entry: Entry) {
        let (slots, hasher) = (&self.slots, &self.names);
        let slot = entry.core.slot();
        let id_of = |slot: &Slot| entry_at(slots, *slot).map_or(0, |entry| spread(entry.core.id()));
        self.by_id.insert_unique(spread(entry.core.id()), slot, id_of);
        if entry.core.is_named() {
            let hash = |entry: &Entry| hasher.hash_one(entry.core.name().as_str());
            let name_of = |slot: &Slot| entry_at(slots, *slot).map_or(0, hash);
            self.by_name.insert_unique(hash(&entry), slot, name_of);
        }
        match self.free.pop() {
            Some(Slot(index)) => self.slots[index as usize] = Some(entry),
            None => self.slots.push(Some(entry)),
        }
    }

    pub(crate) fn remove(&mut self, id: JobId) -> Option<Entry> {
        let slots = &self.slots;
        let is_it = |slot: &Slot| has_id(slots, *slot, id);
        let (slot, _) = self.by_id.find_entry(spread(id), is_it).ok()?.remove();
        let entry = self.slots[slot.0 as usize].take()?;
        if entry.core.is_named() {
            let hash = self.names.hash_one(entry.core.name().as_str());
            if let Ok(named) = self.by_name.find_entry(hash, |named| *named == slot) {
                named.remove();
            }
        }
        self.free.push(slot);
        Some(entry)
    }

    pub(crate) fn get(&self, id: JobId) -> Option<&Entry> {
        self.at(self.slot_of(id)?)
    }

    pub(crate) fn get_mut(&mut self, id: JobId) -> Option<&mut Entry> {
        self.at_mut(self.slot_of(id)?)
    }

    /// The job that is kept there now.
    pub(crate) fn at(&self, slot: Slot) -> Option<&Entry> {
        entry_at(&self.slots, slot)
    }

    /// The job that is kept there now.
    pub(crate) fn at_mut(&mut self, slot: Slot) -> Option<&mut Entry> {
        self.slots.get_mut(slot.0 as usize)?.as_mut()
    }

    pub(crate) fn find(&self, name: &str) -> Option<JobId> {
        let is_it = |slot: &Slot| {
            entry_at(&self.slots, *slot).is_some_and(|entry| entry.core.name().as_str() == name)
        };
        if let Some(slot) = self.by_name.find(self.names.hash_one(name), is_it) {
            return self.at(*slot).map(|entry| entry.core.id());
        }
        let id = JobId::from_u64(name.strip_prefix("job-")?.parse().ok()?);
        // `job-07` is no number's name.
        (default_name(id) == name && !self.get(id)?.core.is_named()).then_some(id)
    }

    /// Whether any job was given a name.
    pub(crate) fn has_names(&self) -> bool {
        !self.by_name.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.slots.iter().flatten()
    }

    /// The numbers of all jobs, in the order they were added.
    pub(crate) fn ids(&self) -> Vec<JobId> {
        let mut ids: Vec<_> = self.iter().map(|entry| entry.core.id()).collect();
        ids.sort_unstable();
        ids
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Where the job is kept.
    pub(crate) fn slot_of(&self, id: JobId) -> Option<Slot> {
        self.by_id.find(spread(id), |slot| has_id(&self.slots, *slot, id)).copied()
    }
}

fn entry_at(slots: &[Option<Entry>], slot: Slot) -> Option<&Entry> {
    slots.get(slot.0 as usize)?.as_ref()
}

fn has_id(slots: &[Option<Entry>], slot: Slot, id: JobId) -> bool {
    entry_at(slots, slot).is_some_and(|entry| entry.core.id() == id)
}

/// Spreads numbers that are handed out here one after another, so that nobody can choose them to
/// collide: Knuth's multiplicative hashing, by the golden ratio's fraction of 2⁶⁴.
fn spread(id: JobId) -> u64 {
    id.as_u64().wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32)
}
