//! Timer wheels that hold millions of deadlines.
#![no_std]
#![cfg_attr(mainspring_safe, forbid(unsafe_code))]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod advance;
mod coarse;
mod duration;
mod exact;
mod iter;
mod key;
#[cfg(feature = "std")]
mod keyed;
mod lists;
#[cfg_attr(not(mainspring_safe), allow(unsafe_code, reason = "values without Option around them"))]
mod pages;
mod resolution;
#[cfg(feature = "serde")]
mod serial;
mod slab;
mod wheel;

pub use advance::{Advance, Earlier};
pub use coarse::Coarse;
pub use duration::DurationWheel;
pub use iter::{Drain, Iter};
pub use key::Key;
#[cfg(feature = "std")]
pub use keyed::KeyedWheel;
pub use resolution::Resolution;
pub use wheel::Wheel;
