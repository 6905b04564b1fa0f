//! Rules that produce times.

mod error;

pub use error::Error;
