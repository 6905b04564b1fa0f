//! Says where runs go: tokio's tasks unless somebody has a better place.

use std::future::Future;
use std::pin::Pin;

/// A run on its way.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where runs are executed.
///
/// Open for implementation: a queue of another executor is one `impl` away. Set for all jobs with
/// [`Scheduler::spawn_on`](crate::Scheduler::spawn_on), for one with
/// [`JobBuilder::spawn_on`](crate::JobBuilder::spawn_on).
///
/// ```
/// use mainspring_scheduler::{Job, Scheduler, Spawn, Task};
///
/// /// Runs on one runtime, whichever runtime drives the scheduler.
/// struct On(tokio::runtime::Handle);
///
/// impl Spawn for On {
///     fn spawn(&self, task: Task) {
///         self.0.spawn(task);
///     }
///
///     fn spawn_blocking(&self, work: Box<dyn FnOnce() + Send>) {
///         self.0.spawn_blocking(work);
///     }
/// }
/// # let runtime = tokio::runtime::Runtime::new().unwrap();
/// let scheduler = Scheduler::new().spawn_on(On(runtime.handle().clone()));
/// ```
pub trait Spawn: Send + Sync + 'static {
    /// Polls `task` to its end. Dropping it instead counts as cancelling the run.
    fn spawn(&self, task: Task);

    /// Calls `work`, which may block, on a thread where that does no harm.
    fn spawn_blocking(&self, work: Box<dyn FnOnce() + Send>);
}

/// Tasks of the tokio runtime that [`Scheduler::run`](crate::Scheduler::run) is called on, and its
/// threads for blocking work.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokioSpawn;

impl Spawn for TokioSpawn {
    fn spawn(&self, task: Task) {
        tokio::spawn(task);
    }

    fn spawn_blocking(&self, work: Box<dyn FnOnce() + Send>) {
        tokio::task::spawn_blocking(work);
    }
}
