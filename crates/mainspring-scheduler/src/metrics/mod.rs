//! Counts runs, leases and calls of stores for whoever records metrics (feature `metrics`).
//!
//! Schedulers offer their numbers to the [facade](::metrics) of the crate `metrics` when they arise, so that
//! none is lost to a listener that is too slow. Whoever wants them installs a recorder of that facade
//! **before** the first scheduler is made: Prometheus' or any other. Without one, a run costs two looks at
//! the clock more than without the feature.
//!
//! [`ALL`] lists every metric with its unit, its labels and what it says, and [`Buckets::bounds`] the
//! buckets that its histogram should have.
//!
//! # Why no label says which job
//! Each value of a label is another set of numbers that the recorder keeps, sends and stores for ever. Jobs
//! are the users' data: there may be a hundred thousand, and more tomorrow. Labels here have a handful of
//! values each, whatever is scheduled. What happened to one job, its events and spans tell, and its store.
//!
//! # Several schedulers in one process
//! Their numbers add up, gauges too.

mod list;
mod store;

pub use list::*;
pub use store::MeteredStore;
