//! Rules that produce times.

// The describer, which reads an expression back, is not there yet.
#[allow(dead_code)]
mod cron;
#[allow(dead_code)]
mod error;

pub use cron::{Cron, Dialect, Transition};
pub use error::Error;
