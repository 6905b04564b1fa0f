//! How much memory a timer takes, fresh and after a while; the caller's keys are not counted.

use crate::allocated::kept_by;
use crate::harness::{Answer, Ask};
use crate::timers::{Filled, Random, TimerPeer, value};

pub const FRESH: &str = "wheel-bytes";
pub const CHURNED: &str = "wheel-bytes-churn";

/// Bytes kept for each timer that was just armed.
pub fn fresh<P: TimerPeer>(size: usize) -> Ask {
    let aheads = Random(10).aheads(size);
    Box::new(move || bytes_of::<P>(&aheads, 0))
}

/// The same when each has been cancelled and armed anew five times, on average.
pub fn churned<P: TimerPeer>(size: usize) -> Ask {
    if let Some(reason) = P::NO_CANCEL {
        return Answer::Cannot(reason.to_owned()).always();
    }
    let aheads = Random(11).aheads(size);
    Box::new(move || bytes_of::<P>(&aheads, 5))
}

fn bytes_of<P: TimerPeer>(aheads: &[u64], times: usize) -> Answer {
    let size = aheads.len();
    let mut random = Random(12);
    let mut keys: Vec<Option<P::Key>> = Vec::with_capacity(size);
    let (filled, bytes) = kept_by(|| {
        let mut filled = Filled { peer: P::new(), keys: std::mem::take(&mut keys) };
        filled.fill(0, aheads);
        for _ in 0..times * size {
            let number = random.below(size as u64) as usize;
            let deadline = random.ahead();
            filled.cancel(number);
            filled.keys[number] = Some(filled.peer.insert(deadline, value(deadline, number)));
        }
        filled
    });
    drop(filled);
    Answer::Measured { value: bytes as f64 / size as f64, remark: None }
}
