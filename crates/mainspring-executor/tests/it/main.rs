//! Tries the executor as its users do.
//!
//! Real time is only asked for where a real host or the watchdog is tried; all else happens on a
//! manual clock or on none.

mod basics;
mod bounds;
mod differential;
mod fairness;
mod faults;
mod groups;
mod host;
mod panics;
mod policies;
mod queues;
mod races;
mod rigging;
mod runtimes;
mod scenarios;
mod stall;
mod stats;
