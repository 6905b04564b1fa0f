//! Time-driven work for async Rust: the right work, at the right moment.
//!
//! One dependency for the whole; features pick the parts, and each part is a crate that stands alone.
//!
//! | module | crate | what it does | feature |
//! |---|---|---|---|
//! | [`clock`] | mainspring-clock | clocks that are passed in, manual ones for tests | |
//! | [`schedule`] | mainspring-schedule | rules that produce times: cron, one-shot, cycle | |
//! | `dashboard` | mainspring-dashboard | shows jobs and runs on a page, in any axum application | `dashboard` |
//! | `executor` | mainspring-executor | shares one thread among queues of tasks, by weight | `executor` |
//! | `job` | mainspring-job | what a job and a run are | `scheduler` (default) |
//! | `postgres` | mainspring-postgres | keeps jobs and runs for many nodes | `postgres` |
//! | `scheduler` | mainspring-scheduler | runs jobs when their schedules say so | `scheduler` (default) |
//! | `sqlite` | mainspring-sqlite | keeps jobs and runs in a file | `sqlite` |
//! | `timer` | mainspring-timer | sleeps, time-outs, intervals and alarms on the kernel's timers | `timer` |
//!
//! The names that most programs need stand at the root.
//!
//! ```
//! use mainspring::Schedule;
//!
//! let schedule: Schedule = "every weekday at 9:30 in Europe/Berlin".parse()?;
//! let friday_evening = "2026-03-27T20:00:00Z".parse()?;
//! // Monday, 09:30 in Berlin; over the weekend the clocks went forward.
//! assert_eq!(schedule.next_after(friday_evening), Some("2026-03-30T07:30:00Z".parse()?));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use mainspring_clock as clock;
#[cfg(feature = "dashboard")]
pub use mainspring_dashboard as dashboard;
#[cfg(feature = "executor")]
pub use mainspring_executor as executor;
#[cfg(feature = "scheduler")]
pub use mainspring_job as job;
#[cfg(feature = "postgres")]
pub use mainspring_postgres as postgres;
pub use mainspring_schedule as schedule;
#[cfg(feature = "scheduler")]
pub use mainspring_scheduler as scheduler;
#[cfg(feature = "sqlite")]
pub use mainspring_sqlite as sqlite;
#[cfg(feature = "timer")]
pub use mainspring_timer as timer;

pub use mainspring_schedule::Schedule;
#[cfg(feature = "scheduler")]
pub use mainspring_scheduler::{Context, Job, Scheduler, StoreScheduler};

#[cfg(all(doc, feature = "executor", feature = "sqlite", feature = "timer"))]
pub mod _documentation;

/// The README's code is run as tests.
#[cfg(all(doctest, feature = "scheduler"))]
#[doc = include_str!("../../../README.md")]
struct Readme;
