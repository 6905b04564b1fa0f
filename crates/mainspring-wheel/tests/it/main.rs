//! What the wheel promises, seen from outside.

mod coarse;
mod delay_queue;
mod duration;
mod ferris;
mod keyed;
mod model;
mod promises;
mod random;
#[cfg(feature = "serde")]
mod serial;
mod steps;
