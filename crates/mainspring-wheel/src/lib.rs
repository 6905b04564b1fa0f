//! Timer wheels: they hold millions of deadlines, cheap to arm, to move and to cancel.
//!
//! A wheel is told the time and gives back what is due. It has no clock, waits for nothing and needs
//! no other crate; with `default-features = false` it needs `alloc` alone.
//!
//! ```
//! use mainspring_wheel::Wheel;
//!
//! let mut wheel = Wheel::new();
//! let answer = wheel.insert(5_000, "give up waiting for an answer");
//! wheel.insert(2_000, "ask again");
//!
//! // Whoever waits knows how long: nobody has to tick.
//! assert_eq!(wheel.next_deadline(), Some(2_000));
//! wheel.advance_to(2_003, |due, what| println!("{what}, due at {due}"))?;
//!
//! // The answer has come.
//! assert_eq!(wheel.cancel(answer), Some("give up waiting for an answer"));
//! assert_eq!(wheel.next_deadline(), None);
//! # Ok::<(), mainspring_wheel::Earlier>(())
//! ```
//!
//! # Which one
//!
//! | | time is | timers are named by |
//! |---|---|---|
//! | [`Wheel`] | ticks, `u64` | the [`Key`] that arming returns |
//! | [`DurationWheel`] | `Duration` since an origin, rounded up to ticks | the same |
//! | `KeyedWheel` (feature `std`) | `Duration`, counted from now | the caller's own keys |
//!
//! Each is exact by `new`, or by `coarse` may fire a timer late by a share of its length:
//!
//! | | exact | [`Coarse`] |
//! |---|---|---|
//! | a timer fires | at its tick | up to 1/n of its length later |
//! | on its way it moves | from level to level, at most ten times; for a minute in milliseconds, twice | never |
//! | [`next_deadline`](Wheel::next_deadline) | the first deadline | the tick at which the first timer fires |
//! | for | most | many timers that only some of which live to fire, and nobody minds when exactly |
//!
//! # What is promised
//!
//! - **Never early.** Deadlines are rounded up, the present time is rounded down.
//! - **On time and in order.** An exact wheel fires each timer at its tick, in the order of deadlines.
//!   Timers of one tick fire in an order that is the same whenever the same is done, and means nothing.
//! - **Any deadline.** One that has passed fires in the next advance. None is too far away.
//! - **No cost of standing still.** An advance costs what it fires and moves, not the ticks it passes.
//! - **The callback is free** to arm, move and cancel ([`Wheel::advance_with`]) and to panic: then its
//!   timer has fired, and the others are there for the next advance.
//! - **Time does not go back.** An advance to an earlier tick changes nothing and says so ([`Earlier`]).
//! - **A stale key finds nothing**, never another timer: its generation is never used again.
//! - **Memory is bounded** by the most timers there ever were at once, and is given back by
//!   [`shrink_to_fit`](Wheel::shrink_to_fit).
//!
//! # What it takes
//!
//! A timer takes its value and 16 bytes, in pages of 1,024. A deadline 2³² ticks away or more makes it
//! 20 in its page. Beside that, each ring or level of 64 slots takes 2 KiB once it is used.
//!
//! # How it is made
//!
//! Levels of 64 slots, each level's slots 64 times as wide as the last one's, and a bit per slot: the
//! next slot that holds anything is one instruction away, so that idle time costs nothing. When
//! millions of timers are alive, waiting for memory is all that counts. So a timer is one cache line;
//! and a slot is eight lists instead of one, worked off in turn with the next of each fetched ahead,
//! so that eight of those waits run at once.
//!
//! # Features
//!
//! - `std` (default): `KeyedWheel`.
//! - `serde`: all wheels serialise what they hold, to be rebuilt after a restart. Keys are not kept.
//!
//! `--cfg mainspring_safe` in `RUSTFLAGS` builds the crate without unsafe code: the same, but a value
//! takes the room of an `Option`.

#![no_std]
#![cfg_attr(mainspring_safe, forbid(unsafe_code))]

extern crate alloc;
#[cfg(any(feature = "std", test))]
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
