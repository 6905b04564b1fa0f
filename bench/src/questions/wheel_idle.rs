//! What it costs to advance when nothing is due.

use crate::harness::Ask;
use crate::timers::{TimerPeer, patiently, per_operation, value};

pub const NAME: &str = "wheel-idle";

/// How far the ten timers and the advance go.
const FAR: u64 = 1_000_000_000;

/// One advance over so many ticks, with ten timers alive that are due behind it.
pub fn idle<P: TimerPeer>(ticks: usize) -> Ask {
    patiently(1, move || {
        let mut peer = P::new();
        // Kept: some timers live only as long as their keys.
        let keys: Vec<P::Key> = (1..=10)
            .map(|i| peer.insert(FAR + i * FAR / 10, value(FAR + i * FAR / 10, i as usize)))
            .collect();
        let mut fired = 0;
        let value = per_operation(1, || peer.advance(ticks as u64, |_| fired += 1));
        drop(keys);
        (value, (fired > 0).then(|| format!("fires {fired} of 10 that are not due")))
    })
}
