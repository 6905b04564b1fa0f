//! Counts the pieces that were worked off, and how late they started.

use std::sync::Mutex;
use std::time::Duration;

use crate::{Piece, stopwatch};

static LATE_US: Mutex<Vec<i64>> = Mutex::new(Vec::new());

/// Microseconds since 1970.
pub fn now() -> i64 {
    i64::try_from(stopwatch::since_epoch().as_micros()).unwrap_or(i64::MAX)
}

/// What every handler does, and all that it does.
pub fn ran(piece: &Piece) {
    let late = now() - piece.due;
    LATE_US.lock().expect("nobody panics").push(late);
}

/// Waits until so many have run.
pub async fn reached(count: usize) {
    while LATE_US.lock().expect("nobody panics").len() < count {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// How late they started, sorted.
pub fn late_us() -> Vec<i64> {
    let mut late = LATE_US.lock().expect("nobody panics").clone();
    late.sort_unstable();
    late
}
