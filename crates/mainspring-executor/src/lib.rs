//! A fair executor: many queues on one thread, each with its share.
//!
//! Foreground and background work share a processor badly when all tasks stand in one line: a request
//! waits behind a hundred steps of a compaction. Here every kind of work has a *queue* with a *weight*.
//! Between queues, time is shared by weight, measured as it is used, whatever the number of tasks and
//! the length of their polls; a queue that wakes with time to its credit goes next. Within a queue, a
//! *policy* decides: first come first served, least service first, priorities, deadlines, or one of
//! your own.
//!
//! It is an executor and nothing else: timers and sockets are those of whatever runtime drives it.
//!
//! ```
//! use mainspring_executor::{Executor, RunnableFifo, yield_now};
//!
//! let executor = Executor::builder()
//!     .queue("requests", 8, RunnableFifo::default())
//!     .queue("compaction", 1, RunnableFifo::default())
//!     .build()?;
//! executor.queue("compaction")?.spawn(async {
//!     for _block in 0..1000 {
//!         // … a few microseconds of work …
//!         yield_now().await;
//!     }
//! }).detach();
//! let reply = executor.queue("requests")?.spawn(async { "at once" });
//! assert_eq!(executor.block_on(reply)??, "at once");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Driving it
//! - [`Executor::run`] and [`Executor::run_until`] are futures, to be awaited in any runtime: tokio
//!   (with [`tokio::TokioHost`], feature `tokio`), smol, monoio, or a plain `block_on`. The executor
//!   gives the thread back when it has nothing to do, and in between as its [`Host`] wants it.
//! - [`Executor::block_on`] makes do with a thread of its own; [`Executor::tick`] polls one task.
//! - Other threads spawn through a [`Remote`], and may wake, abort and await.
//!
//! # Fairness
//! Queues are picked by *earliest eligible virtual deadline first* (Stoica and Abdel-Wahab, 1995). Of
//! the time that all queues with work use, each gets its weight's part, to within one slice and one
//! poll. A queue that sleeps keeps its debt, and at most one slice of credit. A poll is never cut
//! short: the longest one bounds everybody's latency, so long computations should ask
//! [`should_yield`] or await [`yield_maybe`] in their loops. [`Builder::on_stall`] and
//! [`Builder::watchdog`] find those that do not.
//!
//! # Panics and ends
//! A panic of a task goes on through whoever drives the executor, or ends with the task's handle:
//! [`QueueSpec::on_panic`]. Dropping the executor drops every task, exactly once, and resolves every
//! handle. A handle that says *cancelled* says so after the future has been dropped.
//!
//! # Features
//! - `tokio`: [`tokio::TokioHost`].
//! - `metrics`: [`metrics::record`], which shows [`Stats`] to a recorder of metrics.
//! - `tsc`: [`tsc::TscClock`], a clock that is cheaper to read.
//! - `serde`: `Serialize` for [`Stats`].

mod builder;
mod cell;
mod core;
mod eevdf;
mod engine;
mod error;
mod executor;
mod groups;
mod histogram;
mod host;
mod join_error;
#[cfg(feature = "metrics")]
pub mod metrics;
mod policy;
mod queue;
mod run;
mod stall;
mod stats;
mod time;
#[cfg(feature = "tokio")]
pub mod tokio;
#[cfg(feature = "tsc")]
pub mod tsc;
mod yielding;

#[cfg(test)]
#[path = "cell/modelled.rs"]
#[allow(clippy::duplicate_mod, reason = "that is the point: the same cell on loom's atomics")]
mod modelled;

pub use builder::{Builder, Key, OnPanic, QueueSpec};
pub use cell::{AbortHandle, GroupIndex, JoinHandle, TaskId, TaskList, TaskMeta, TaskRef};
pub use error::{BuildError, QueueError, RunError};
pub use executor::Executor;
pub use histogram::Histogram;
pub use host::{Host, SelfWake};
pub use join_error::{JoinError, Panic};
pub use policy::{ArrivalFifo, Edf, Las, LifoSlot, Policy, PolicyBox, Priority, RunnableFifo, Why};
pub use queue::{QueueHandle, Remote, TaskBuilder};
pub use stall::StallReport;
pub use stats::{QueueStats, Statistics, Stats, TaskInfo};
pub use time::ClockReads;
pub use yielding::{YieldNow, should_yield, yield_maybe, yield_now};

use eevdf::Eevdf;
