//! Runs what a store keeps: stored jobs by their schedules, and enqueued work, by handlers with names.
//!
//! [`StoreScheduler`] is one node of any number that share a store. There is no leader: each node moves
//! due jobs on (`planner`), claims runs (`claimer`), executes them (`run`), records how they ended in
//! batches (`recorder`), renews its leases (`keeper`), and takes runs away from nodes that fell silent
//! (`janitor`). These loops wait; what they do is decided by `step` (a job that is due), `board` (what
//! this node has claimed), `ending` (what is said of an attempt) and `backoff`, which are pure.

mod backoff;
mod board;
mod claimer;
mod driver;
mod ending;
mod enqueue;
mod janitor;
mod keeper;
mod node;
mod planner;
mod recorder;
mod registry;
mod run;
mod scheduler;
mod settings;
mod step;
mod upsert;

pub(crate) use board::Board;
pub use enqueue::Enqueue;
pub use scheduler::StoreScheduler;
pub use settings::StoreSchedulerBuilder;
pub use upsert::Upsert;
