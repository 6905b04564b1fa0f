//! What a job and a run are: names, states and their transitions, and what a late wake means.
//!
//! A **job** is named work with a [`Schedule`](mainspring_schedule::Schedule). A **run** is one
//! execution of it, identified by the job and the instant at which it was *due*: whatever races, one
//! due instant is one run. Nothing here waits, spawns or reads a clock: each function is given the
//! instant it is to judge.
//!
//! ```
//! use std::time::Duration;
//! use mainspring_job::{Misfire, RunState};
//! use mainspring_schedule::Schedule;
//!
//! // A run never ends twice.
//! assert!(RunState::Running.may_become(RunState::Failed));
//! assert!(!RunState::Failed.may_become(RunState::Succeeded));
//!
//! // The machine slept from 11:59 to 15:30: of four hourly instants the last stands for all.
//! let hourly: Schedule = "0 * * * *".parse()?;
//! let (due, now) = ("2026-03-01T12:00:00Z".parse()?, "2026-03-01T15:30:00Z".parse()?);
//! let mut runs = Vec::new();
//! let onward = Misfire::default().judge(&hourly, due, now, |due| runs.push(due));
//! assert_eq!(runs, ["2026-03-01T15:00:00Z".parse()?]);
//! assert_eq!(onward.missed, 3);
//! assert_eq!(onward.next, Some("2026-03-01T16:00:00Z".parse()?));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod id;
mod misfire;
mod name;
mod overlap;
mod policy;
mod policy_text;
mod retry;
mod run;
mod state;
pub mod store;

pub use id::{JobId, RunId};
pub use misfire::{Misfire, Onward};
pub use name::{JobName, NameError};
pub use overlap::{Admission, Overlap, WAITING_MAX};
pub use policy::Policy;
pub use policy_text::PolicyError;
pub use retry::Retry;
pub use run::Run;
pub use state::RunState;
