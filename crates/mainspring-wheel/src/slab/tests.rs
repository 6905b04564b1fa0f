//! Places, generations and high halves, from inside.

use std::vec::Vec;

use super::{PAGE, Slab};
use crate::pages::{Links, NONE, Pages};

const NOWHERE: Links = Links { next: NONE, prev: NONE, due_low: 0 };

fn fill(slab: &mut Slab<u64>, deadline: u64) -> crate::Key {
    let id = slab.next_place();
    slab.fill(id, Links { due_low: deadline as u32, ..NOWHERE }, deadline, deadline)
}

#[test]
fn a_timer_takes_24_bytes() {
    let bytes = if cfg!(mainspring_safe) { 32 } else { 24 };
    assert_eq!(Pages::<u64>::bytes_per_place(), bytes);
}

#[test]
fn a_place_whose_generations_are_used_up_is_never_used_again() {
    let mut slab = Slab::new();
    let first = fill(&mut slab, 1);
    slab.empty(first.id);
    slab.pages.age(first.id, u32::MAX - 1);

    let last = fill(&mut slab, 2);
    assert_eq!((last.id, last.generation.get()), (first.id, u32::MAX));
    slab.empty(last.id);

    for deadline in 0..3 * PAGE as u64 {
        assert_ne!(fill(&mut slab, deadline).id, last.id);
    }
    assert!(!slab.contains(first) && !slab.contains(last));

    // Not even after its page might have been dropped and made anew.
    for id in 1..slab.end() {
        slab.empty(id);
    }
    slab.shrink_to_fit();
    assert_eq!(slab.capacity(), PAGE - 1);
    let keys: Vec<_> = (0..PAGE as u64).map(|deadline| fill(&mut slab, deadline)).collect();
    assert!(keys.iter().all(|key| key.id != last.id));
}

#[test]
fn keys_stay_stale_when_their_page_is_dropped_and_made_anew() {
    let mut slab = Slab::new();
    let mut stale = Vec::new();
    for _ in 0..4 {
        let keys: Vec<_> = (0..2 * PAGE as u64).map(|deadline| fill(&mut slab, deadline)).collect();
        assert!(stale.iter().all(|&key| !slab.contains(key)));
        for key in &keys {
            slab.empty(key.id);
        }
        stale.extend(keys);
        slab.shrink_to_fit();
        assert_eq!(slab.capacity(), 0);
    }
}

#[test]
fn high_halves_are_kept_only_where_they_differ() {
    let mut slab = Slab::new();
    let near: Vec<_> = (0..PAGE as u64).map(|deadline| fill(&mut slab, deadline)).collect();
    assert!(slab.highs.is_empty());

    let far = fill(&mut slab, 7 << 32 | 5);
    let beside = fill(&mut slab, 6);
    assert!(slab.highs[0].is_none() && slab.highs[1].is_some());
    assert_eq!(slab.deadline(near[3].id), 3);
    assert_eq!(slab.deadline(far.id), 7 << 32 | 5);
    assert_eq!(slab.deadline(beside.id), 6);

    for id in 0..slab.end() {
        slab.empty(id);
    }
    let new = fill(&mut slab, 9 << 32);
    assert!(slab.highs.is_empty(), "the first of an empty slab sets the high half for all");
    assert_eq!(slab.deadline(new.id), 9 << 32);
}
