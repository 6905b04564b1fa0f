//! What it costs to arm a timer, in new memory and in memory that was used before.

use crate::harness::Ask;
use crate::timers::{END, Filled, Random, TimerPeer, patiently, per_operation};

pub const INSERT: &str = "wheel-insert";
pub const REFILL: &str = "wheel-refill";

/// Arms so many timers on an empty peer.
pub fn insert<P: TimerPeer>(size: usize) -> Ask {
    let aheads = Random(1).aheads(size);
    patiently(size, move || {
        let mut filled = Filled::<P>::empty(size);
        (per_operation(size, || filled.fill(0, &aheads)), None)
    })
}

/// Arms as many again when all have fired.
pub fn refill<P: TimerPeer>(size: usize) -> Ask {
    let aheads = Random(2).aheads(size);
    patiently(size, move || {
        let mut filled = Filled::<P>::with(&aheads);
        filled.advance(END);
        filled.keys.clear();
        (per_operation(size, || filled.fill(END, &aheads)), None)
    })
}
