//! What a long life costs: cancel one, arm one, and time goes on; with and without asking what is next.

use std::hint::black_box;

use crate::harness::{Answer, Ask};
use crate::timers::{Filled, Random, SPAN, TimerPeer, patiently, per_operation, value};

pub const MIX: &str = "wheel-mix";
pub const MIX_NEXT: &str = "wheel-mix-next";

/// One operation cancels a timer at random, if it has not fired, and arms another in its place. While
/// each place is come to once, on average, a third of the span passes.
pub fn mix<P: TimerPeer>(size: usize) -> Ask {
    ask::<P>(size, |_| ())
}

/// The same, asking for the next deadline after each operation.
pub fn mix_next<P: TimerPeer>(size: usize) -> Ask {
    if let Some(reason) = P::NO_NEXT {
        return Answer::Cannot(reason.to_owned()).always();
    }
    ask::<P>(size, |peer| {
        black_box(peer.next_deadline());
    })
}

fn ask<P: TimerPeer>(size: usize, after_each: fn(&mut P)) -> Ask {
    if let Some(reason) = P::NO_CANCEL {
        return Answer::Cannot(reason.to_owned()).always();
    }
    let mut random = Random(7);
    let aheads = random.aheads(size);
    let work: Vec<(u32, u64)> =
        (0..size).map(|_| (random.below(size as u64) as u32, random.ahead())).collect();
    patiently(size, move || {
        let mut filled = Filled::<P>::with(&aheads);
        let value = per_operation(size, || {
            let mut now = 0;
            for (done, &(number, ahead)) in work.iter().enumerate() {
                let (number, deadline) = (number as usize, now + ahead);
                filled.cancel(number);
                filled.keys[number] = Some(filled.peer.insert(deadline, value(deadline, number)));
                after_each(&mut filled.peer);
                let then = done as u64 * (SPAN / 3) / size as u64;
                if then > now {
                    now = then;
                    filled.advance(now);
                }
            }
        });
        (value, None)
    })
}
