//! The standard library's `BTreeMap`, from deadline and number to value.

use std::collections::BTreeMap;

use crate::timers::TimerPeer;

pub struct BTree {
    map: BTreeMap<(u64, u64), u64>,
    next: u64,
}

impl TimerPeer for BTree {
    const NAME: &'static str = "BTreeMap";
    const PACKAGE: &'static str = "std";
    type Key = (u64, u64);

    fn new() -> Self {
        Self { map: BTreeMap::new(), next: 0 }
    }

    fn insert(&mut self, deadline: u64, value: u64) -> (u64, u64) {
        let key = (deadline, self.next);
        self.next += 1;
        self.map.insert(key, value);
        key
    }

    fn cancel(&mut self, key: (u64, u64)) {
        self.map.remove(&key);
    }

    fn reset(&mut self, key: &mut (u64, u64), deadline: u64, value: u64) {
        self.cancel(*key);
        *key = self.insert(deadline, value);
    }

    fn advance(&mut self, now: u64, mut fired: impl FnMut(u64)) {
        while let Some(entry) = self.map.first_entry() {
            if entry.key().0 > now {
                return;
            }
            fired(entry.remove());
        }
    }

    fn next_deadline(&mut self) -> Option<u64> {
        self.map.keys().next().map(|&(deadline, _)| deadline)
    }
}
