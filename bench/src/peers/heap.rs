//! The standard library's `BinaryHeap`, where cancelling leaves the entry to be skipped when it is due.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::timers::TimerPeer;

/// An entry of the heap is alive if its generation is the place's.
pub struct Heap {
    heap: BinaryHeap<Reverse<(u64, u32, u32)>>,
    places: Vec<(u32, u64)>,
    free: Vec<u32>,
}

impl Heap {
    fn release(&mut self, place: u32) -> u64 {
        let (generation, value) = &mut self.places[place as usize];
        *generation += 1;
        self.free.push(place);
        *value
    }

    fn is_alive(&self, place: u32, generation: u32) -> bool {
        self.places[place as usize].0 == generation
    }
}

impl TimerPeer for Heap {
    const NAME: &'static str = "BinaryHeap";
    const PACKAGE: &'static str = "std";
    type Key = (u32, u32);

    fn new() -> Self {
        Self { heap: BinaryHeap::new(), places: Vec::new(), free: Vec::new() }
    }

    fn insert(&mut self, deadline: u64, value: u64) -> (u32, u32) {
        let place = self.free.pop().unwrap_or_else(|| {
            self.places.push((0, 0));
            self.places.len() as u32 - 1
        });
        let (generation, kept) = &mut self.places[place as usize];
        *kept = value;
        self.heap.push(Reverse((deadline, place, *generation)));
        (place, *generation)
    }

    fn cancel(&mut self, (place, generation): (u32, u32)) {
        if self.is_alive(place, generation) {
            self.release(place);
        }
    }

    fn reset(&mut self, key: &mut (u32, u32), deadline: u64, value: u64) {
        self.cancel(*key);
        *key = self.insert(deadline, value);
    }

    fn advance(&mut self, now: u64, mut fired: impl FnMut(u64)) {
        while let Some(&Reverse((deadline, place, generation))) = self.heap.peek() {
            if deadline > now {
                return;
            }
            self.heap.pop();
            if self.is_alive(place, generation) {
                fired(self.release(place));
            }
        }
    }

    fn next_deadline(&mut self) -> Option<u64> {
        while let Some(&Reverse((deadline, place, generation))) = self.heap.peek() {
            if self.is_alive(place, generation) {
                return Some(deadline);
            }
            self.heap.pop();
        }
        None
    }
}
