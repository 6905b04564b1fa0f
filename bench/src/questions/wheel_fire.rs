//! What it costs to fire timers, in one jump or tick by tick, and whether all fire, and when.

use crate::harness::Ask;
use crate::timers::{END, Filled, Random, TimerPeer, Watch, patiently, per_operation};

pub const JUMP: &str = "wheel-fire-jump";
pub const TICKS: &str = "wheel-fire-ticks";

/// Fires all in one advance.
pub fn jump<P: TimerPeer>(size: usize) -> Ask {
    let aheads = Random(5).aheads(size);
    patiently(size, move || {
        let mut filled = Filled::<P>::with(&aheads);
        let mut watch = Watch::at(END);
        let value = per_operation(size, || filled.peer.advance(END, |value| watch.see(value)));
        (value, watch.remark::<P>(size, false))
    })
}

/// Fires all by an advance for each tick; what those cost that fire nothing is part of it.
pub fn ticks<P: TimerPeer>(size: usize) -> Ask {
    let aheads = Random(6).aheads(size);
    patiently(size, move || {
        let mut filled = Filled::<P>::with(&aheads);
        let mut watch = Watch::default();
        let value = per_operation(size, || {
            for now in 1..=END {
                watch.now = now;
                filled.peer.advance(now, |value| watch.see(value));
            }
        });
        (value, watch.remark::<P>(size, true))
    })
}
