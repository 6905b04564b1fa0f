//! Clocks that are passed in, so that whoever decides never asks the time by itself.
//!
//! Two questions, two traits: [`Clock`] answers "how long?" and never goes back; [`WallClock`]
//! answers "what o'clock?" and may be set by anybody at any moment. [`SystemClock`] asks the
//! machine. [`ManualClock`] stands still until a test turns it: it can advance, drift and jump, and
//! tasks that wait on it wake when their moment has come. [`JumpDetector`] compares the two clocks
//! and tells when the wall clock was set or the machine slept.
//!
//! ```
//! use std::time::{Duration, SystemTime};
//! use mainspring_clock::{Clock, JumpDetector, Jump, ManualClock, WallClock};
//!
//! let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
//! let mut detector = JumpDetector::new(clock.now(), clock.wall_now());
//!
//! clock.advance(Duration::from_secs(3600)); // both clocks move: nothing jumped
//! assert_eq!(detector.observe(clock.now(), clock.wall_now()), None);
//!
//! clock.jump_back(Duration::from_secs(60)); // somebody set the wall clock
//! assert_eq!(
//!     detector.observe(clock.now(), clock.wall_now()),
//!     Some(Jump::Back(Duration::from_secs(60))),
//! );
//! ```
//!
//! This crate is the only one of the workspace that may call `Instant::now` and `SystemTime::now`.

mod clock;
mod jump;
mod manual;
mod system;

pub use clock::{Clock, WallClock};
pub use jump::{Jump, JumpDetector};
pub use manual::{ManualClock, Wait, Woke};
pub use system::SystemClock;
