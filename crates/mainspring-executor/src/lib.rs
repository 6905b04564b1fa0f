//! A fair, single-threaded executor: queues with weights, policies within them, on any runtime.

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
mod policy;
mod queue;
mod run;
mod stall;
mod stats;
mod time;
#[cfg(feature = "tokio")]
pub mod tokio;
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
