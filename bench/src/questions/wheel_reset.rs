//! What it costs to move a timer: to anywhere, or always a span ahead as keep-alives do.

use crate::harness::{Answer, Ask};
use crate::timers::{Filled, Random, SPAN, TimerPeer, patiently, per_operation, value};

pub const RESET: &str = "wheel-reset";
pub const KEEP_ALIVE: &str = "wheel-keep-alive";

/// Moves each timer once, in random order, to a deadline at random.
pub fn reset<P: TimerPeer>(size: usize) -> Ask {
    if let Some(reason) = P::NO_CANCEL {
        return Answer::Cannot(reason.to_owned()).always();
    }
    let mut random = Random(8);
    let (aheads, order) = (random.aheads(size), random.order(size));
    let news = random.aheads(size);
    patiently(size, move || {
        let mut filled = Filled::<P>::with(&aheads);
        let value = per_operation(size, || {
            for (&number, &deadline) in order.iter().zip(&news) {
                let number = number as usize;
                let key = filled.keys[number].as_mut().expect("nothing has fired");
                filled.peer.reset(key, deadline, value(deadline, number));
            }
        });
        (value, None)
    })
}

/// Connections that each speak once in half a span, at random: each time one does, its timer moves to
/// a span ahead, and none ever fires.
pub fn keep_alive<P: TimerPeer>(size: usize) -> Ask {
    if let Some(reason) = P::NO_CANCEL {
        return Answer::Cannot(reason.to_owned()).always();
    }
    let order = Random(9).order(size);
    patiently(size, move || {
        let mut filled = Filled::<P>::with(&vec![SPAN; size]);
        let mut fired = 0;
        let value = per_operation(size, || {
            let mut now = 0;
            for (done, &number) in order.iter().enumerate() {
                let then = done as u64 * (SPAN / 2) / size as u64;
                if then > now {
                    now = then;
                    filled.peer.advance(now, |_| fired += 1);
                }
                let (number, deadline) = (number as usize, now + SPAN);
                let key = filled.keys[number].as_mut().expect("nothing has fired");
                filled.peer.reset(key, deadline, value(deadline, number));
            }
        });
        (value, (fired > 0).then(|| format!("fires {fired} of {size} that were moved")))
    })
}
