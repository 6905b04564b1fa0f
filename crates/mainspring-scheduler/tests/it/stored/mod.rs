//! Runs what a store keeps, on a manual clock: what is due, what may fail, what many nodes do.

mod clock;
mod flaky;
mod limits;
mod lives;
mod nodes;
mod outages;
mod shutdown;
mod work;
pub(crate) mod world;
