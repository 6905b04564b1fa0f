//! Timer wheels that hold millions of deadlines.
#![no_std]
#![cfg_attr(mainspring_safe, forbid(unsafe_code))]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod advance;
mod coarse;
mod exact;
mod iter;
mod key;
mod lists;
#[cfg_attr(not(mainspring_safe), allow(unsafe_code, reason = "values without Option around them"))]
mod pages;
mod resolution;
mod slab;
mod wheel;

pub use advance::{Advance, Earlier};
pub use coarse::Coarse;
pub use iter::{Drain, Iter};
pub use key::Key;
pub use resolution::Resolution;
pub use wheel::Wheel;
