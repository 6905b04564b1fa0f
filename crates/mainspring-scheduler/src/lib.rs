//! Runs jobs when their schedules say so, on tokio.
//!
//! ```
//! use std::time::Duration;
//! use mainspring_scheduler::{Job, Scheduler};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let scheduler = Scheduler::new();
//! scheduler.add(
//!     Job::cron("0 9 * * MON-FRI")?
//!         .in_zone("Europe/Berlin")?
//!         .named("morning report")
//!         .run(|run| async move { println!("{} was due at {}", run.name(), run.due()) }),
//! )?;
//! # let stopper = scheduler.clone();
//! # scheduler.add(Job::every(Duration::from_millis(1)).run(move |_| {
//! #     stopper.shutdown(Duration::ZERO);
//! #     async {}
//! # }))?;
//! scheduler.run().await?; // until somebody calls `scheduler.shutdown(grace)`
//! # Ok(())
//! # }
//! ```
//!
//! The scheduler sleeps until the next instant at which anything is due, and never looks in between.
//! Handles are clones: jobs may be added and removed from any thread and from inside a job. Runs are
//! tasks of the runtime that [`Scheduler::run`] is called on; a run that fails or panics ends itself
//! and nothing else.
//!
//! It waits for the wall clock itself, and hears at once when that is set ([`Alarm`]); the time the
//! machine slept is time that passed. Tests turn a `ManualClock` of mainspring-clock, and live through a
//! year of jobs without sleeping: [`Scheduler::manual`].
//!
//! # Jobs that outlive the process
//! A [`Scheduler`]'s jobs are closures and live in memory. A [`StoreScheduler`] runs what a store keeps, in a
//! file or a database, by handlers with names: stored jobs over restarts, and a background queue, on one node or on
//! many.
//!
//! # Features
//! - `metrics`: runs, lateness, leases and calls of stores for a recorder of the `metrics` facade, and the
//!   module `metrics`, which lists them.
//!
//! [`Alarm`]: mainspring_timer::Alarm

mod attempt;
mod callbacks;
mod context;
mod control;
mod core;
mod driver;
mod due;
mod engine;
mod entry;
mod error;
mod event;
mod group;
mod handle;
mod handler;
mod job;
mod jobs;
mod last;
mod meters;
#[cfg(feature = "metrics")]
pub mod metrics;
mod runner;
mod scheduler;
mod shared;
mod span;
mod spawn;
mod stored;
mod timer;

pub use context::Context;
pub use error::Error;
pub use event::{Event, EventKind, Events, Lagged, Skip};
pub use handle::JobHandle;
pub use handler::{BoxError, IntoOutcome, Outcome};
pub use job::{Job, JobBuilder};
pub use runner::{Cut, Report};
pub use scheduler::{JobInfo, Scheduler, Tally};
pub use spawn::{Spawn, Task, TokioSpawn};
pub use stored::{Enqueue, StoreScheduler, StoreSchedulerBuilder, Upsert};

/// The code in the documentation of metrics is run as a test.
#[cfg(all(doctest, feature = "metrics"))]
#[doc = include_str!("../../../docs/observability.md")]
struct Observability;
