//! Counts what happens, where the feature `metrics` is on; where it is off, this is nothing at all.

#[cfg(not(feature = "metrics"))]
mod off;
#[cfg(feature = "metrics")]
mod on;

#[cfg(not(feature = "metrics"))]
pub(crate) use off::{LeaseMeters, Meters, Tally, metered};
#[cfg(feature = "metrics")]
pub(crate) use on::{LeaseMeters, Meters, Tally, metered};
