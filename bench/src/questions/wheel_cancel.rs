//! What it costs to cancel timers: all of them, or all but one in a hundred.

use crate::harness::{Answer, Ask};
use crate::timers::{END, Filled, Random, TimerPeer, Watch, patiently, per_operation};

pub const CANCEL: &str = "wheel-cancel";
pub const CANCELLED: &str = "wheel-cancelled";

/// Arms so many, and cancels them in random order.
pub fn cancel<P: TimerPeer>(size: usize) -> Ask {
    if let Some(reason) = P::NO_CANCEL {
        return Answer::Cannot(reason.to_owned()).always();
    }
    let mut random = Random(3);
    let (aheads, order) = (random.aheads(size), random.order(size));
    patiently(size, move || {
        let mut filled = Filled::<P>::empty(size);
        let value = per_operation(size, || {
            filled.fill(0, &aheads);
            order.iter().for_each(|&number| filled.cancel(number as usize));
        });
        (value, None)
    })
}

/// Arms so many, cancels 99 of 100 in random order, and fires the rest.
pub fn cancelled<P: TimerPeer>(size: usize) -> Ask {
    if let Some(reason) = P::NO_CANCEL {
        return Answer::Cannot(reason.to_owned()).always();
    }
    let mut random = Random(4);
    let (aheads, order) = (random.aheads(size), random.order(size));
    let left = size / 100;
    patiently(size, move || {
        let mut filled = Filled::<P>::empty(size);
        let mut watch = Watch::at(END);
        let value = per_operation(size, || {
            filled.fill(0, &aheads);
            order[left..].iter().for_each(|&number| filled.cancel(number as usize));
            filled.peer.advance(END, |value| watch.see(value));
        });
        (value, watch.remark::<P>(left, false))
    })
}
