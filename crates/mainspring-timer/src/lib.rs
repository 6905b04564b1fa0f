//! OS-native timers for async Rust: precise alone, precise by the million.
//!
//! | for | there is |
//! |---|---|
//! | one wait | [`sleep`], [`sleep_until`] |
//! | a limit on a future | [`timeout`], [`timeout_at`] |
//! | a beat | [`interval`], [`interval_at`]: the surface of `tokio::time::Interval`, to the letter |
//! | a beat that the kernel repeats | [`PeriodicInterval`] |
//! | a kernel timer as it is | [`KernelTimer`] |
//! | a time of day | [`Alarm`], and [`clock_changes`] |
//! | timers elsewhere: a thread, a clock turned by hand | [`Driver`] |
//! | a thread that is on time | [`isolated`] |
//!
//! ```
//! use std::time::Duration;
//! use mainspring_timer::{MissedTickBehavior, interval};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let mut beat = interval(Duration::from_micros(250));
//! beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
//! for _ in 0..4 {
//!     beat.tick().await;
//! }
//! # }
//! ```
//!
//! # One kernel timer
//!
//! All timers of a runtime share one kernel timer, which lives in the runtime's own I/O driver: there
//! is no task and no thread, and a million timers take one descriptor. [`Driver`] has the choices.
//!
//! # Precision
//!
//! Never early: a timer ends when its clock shows the deadline or later, whatever woke the task. How
//! late it ends is the kernel's doing, tens of microseconds on an idle machine; [`Precision`] makes up
//! for that, and `slack` gives some away to save wakes. A busy runtime is later than any timer: there
//! [`isolated`] helps.
//!
//! # Clocks
//!
//! Waits go by tokio's clock, so that `tokio::time::pause` and `advance` work in tests; instants are
//! tokio's [`Instant`], and [`now`] is the present one. A test that wants no runtime's clock turns its
//! own: [`Driver::manual`].
//!
//! # Cancel safety
//!
//! Every future here may be dropped at any moment: no tick is lost, and nothing is left behind.

mod alarm;
mod asleep;
mod clock;
mod counted;
mod driver;
mod interval;
mod isolate;
mod kernel;
#[cfg(feature = "histogram")]
mod lateness;
mod missed;
#[cfg(unix)]
mod os;
mod periodic;
mod precision;
mod sleep;
#[allow(unsafe_code, reason = "calls into the operating system; each block has its proof")]
mod sys;
mod timeout;

pub use alarm::{Alarm, ClockChanges, clock_changes};
pub use asleep::time_asleep;
pub use clock::now;
pub use driver::{Backend, Driver};
pub use interval::{
    Interval, IntervalBuilder, Tick, interval, interval_at, try_interval, try_interval_at,
};
pub use isolate::{Isolated, Isolation, isolate_this_thread, isolated};
pub use kernel::{ClockKind, KernelTimer, Setting, Start};
#[cfg(feature = "histogram")]
pub use lateness::{Lateness, Summary};
pub use missed::MissedTickBehavior;
pub use periodic::PeriodicInterval;
pub use precision::Precision;
pub use sleep::{Sleep, sleep, sleep_until, try_sleep, try_sleep_until};
pub use timeout::{Elapsed, Timeout, timeout, timeout_at, try_timeout, try_timeout_at};

pub use mainspring_clock::Woke;
pub use tokio::time::Instant;
