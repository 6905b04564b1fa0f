//! The executor, as its users see it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::panic::resume_unwind;
use std::rc::Rc;
use std::time::Duration;

use crate::builder::Key;
use crate::core::Core;
use crate::stats::{QueueStats, Stats, TaskInfo};
use crate::time::ns;
use crate::{Builder, QueueError, QueueHandle, QueueSpec, RunError, run};

/// Runs futures on one thread, and shares it between queues by their weights.
///
/// It does nothing unless it is driven: by [`run`](Self::run) or [`run_until`](Self::run_until)
/// inside of any runtime, by [`block_on`](Self::block_on) on a thread of its own, or by
/// [`tick`](Self::tick).
///
/// Dropping it drops every task and resolves every handle; a panic on the way goes on when that is
/// done.
///
/// ```
/// use mainspring_executor::{Executor, RunnableFifo};
///
/// #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
/// enum Queue { Foreground, Background }
///
/// let executor = Executor::builder()
///     .queue(Queue::Foreground, 8, RunnableFifo::default())
///     .queue(Queue::Background, 1, RunnableFifo::default())
///     .build()?;
/// let sum = executor.queue(Queue::Background)?.spawn(async { (1..=100).sum::<u64>() });
/// let reply = executor.queue(Queue::Foreground)?.spawn(async { "at once" });
/// executor.block_on(async {
///     assert_eq!(reply.await?, "at once");
///     assert_eq!(sum.await?, 5050);
///     Ok::<(), mainspring_executor::JoinError>(())
/// })??;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Executor<K: Key> {
    pub(crate) core: Rc<Core>,
    pub(crate) keys: RefCell<HashMap<K, u32>>,
}

/// A task keeps the number of its queue in sixteen bits, and the last means none.
const QUEUES_MAX: usize = u16::MAX as usize;

impl<K: Key> Executor<K> {
    /// A new executor, in the making.
    pub fn builder() -> Builder<K> {
        Builder::new()
    }

    /// The queue of this key.
    ///
    /// # Errors
    /// If there is none.
    pub fn queue(&self, key: K) -> Result<QueueHandle, QueueError> {
        let index = self.index(key)?;
        let info = self.core.queue(index).ok_or_else(|| unknown(key))?;
        Ok(QueueHandle::new(&self.core.shared, index, info))
    }

    /// Adds a queue, also while the executor runs.
    ///
    /// # Errors
    /// If the key is taken, the weight zero, or the number of queues 65,535.
    pub fn add_queue(&self, key: K, spec: QueueSpec) -> Result<(), QueueError> {
        if self.keys.borrow().contains_key(&key) {
            return Err(QueueError::DuplicateKey { queue: format!("{key:?}") });
        }
        spec.check(key)?;
        if self.keys.borrow().len() >= QUEUES_MAX {
            return Err(QueueError::TooMany { queue: format!("{key:?}") });
        }
        let index = self.core.add_queue(spec.plan(key));
        self.keys.borrow_mut().insert(key, index);
        Ok(())
    }

    /// Removes a queue, also while the executor runs: its tasks are aborted.
    ///
    /// The key is free at once. The tasks' futures are dropped in turn, within the queue's share of
    /// time.
    ///
    /// # Errors
    /// If there is no such queue.
    pub fn remove_queue(&self, key: K) -> Result<(), QueueError> {
        let index = self.index(key)?;
        self.keys.borrow_mut().remove(&key);
        self.core.remove_queue(index);
        Ok(())
    }

    /// Changes a queue's weight, also while the executor runs. What the queue is owed, or owes, is
    /// not changed by that.
    ///
    /// # Errors
    /// If there is no such queue, or the weight is zero.
    pub fn set_weight(&self, key: K, weight: u32) -> Result<(), QueueError> {
        let index = self.index(key)?;
        if weight == 0 {
            return Err(QueueError::ZeroWeight { queue: format!("{key:?}") });
        }
        let info = self.core.queue(index).ok_or_else(|| unknown(key))?;
        info.weight.set(weight);
        self.core.local().eevdf.borrow_mut().set_weight(index as usize, weight);
        Ok(())
    }

    /// Changes a queue's slice, from its next one on.
    ///
    /// # Errors
    /// If there is no such queue.
    pub fn set_slice(&self, key: K, slice: Duration) -> Result<(), QueueError> {
        let index = self.index(key)?;
        let info = self.core.queue(index).ok_or_else(|| unknown(key))?;
        info.slice_ns.set(ns(slice).max(1));
        self.core.local().eevdf.borrow_mut().set_slice(index as usize, ns(slice));
        Ok(())
    }

    /// Runs tasks until the executor is [closed](Self::close) and the last task has ended.
    ///
    /// # Cancel safety
    /// Dropping the future only stops the running. Tasks stay as they are, and go on when the
    /// executor is run again.
    ///
    /// # Errors
    /// If the executor runs already: called from one of its own tasks.
    ///
    /// # Panics
    /// With the panic of a task, if its queue [says so](crate::OnPanic::Propagate).
    pub async fn run(&self) -> Result<(), RunError> {
        run::run(&self.core).await
    }

    /// Runs tasks until the future is ready; it is polled between tasks whenever it woke.
    ///
    /// Two of these may be awaited side by side, in one task or in several.
    ///
    /// # Cancel safety
    /// Dropping this future drops the one given. Tasks stay as they are, and go on when the executor
    /// is run again.
    ///
    /// # Errors
    /// If the executor runs already: called from one of its own tasks.
    ///
    /// # Panics
    /// With the panic of a task, if its queue [says so](crate::OnPanic::Propagate).
    pub async fn run_until<F: Future>(&self, future: F) -> Result<F::Output, RunError> {
        run::run_until(&self.core, future).await
    }

    /// Runs tasks on this thread until the future is ready. The thread sleeps when there is nothing
    /// to do.
    ///
    /// # Errors
    /// If the executor runs already: called from one of its own tasks.
    ///
    /// # Panics
    /// With the panic of a task, if its queue [says so](crate::OnPanic::Propagate).
    pub fn block_on<F: Future>(&self, future: F) -> Result<F::Output, RunError> {
        run::block_on(self.run_until(future))
    }

    /// Polls one task, if one is ready. False if none was.
    ///
    /// # Errors
    /// If the executor runs already: called from one of its own tasks.
    ///
    /// # Panics
    /// With the panic of a task, if its queue [says so](crate::OnPanic::Propagate).
    pub fn tick(&self) -> Result<bool, RunError> {
        run::tick(&self.core)
    }

    /// Takes no new tasks: what is spawned from now on is dropped at once, its handle says
    /// cancelled. [`run`](Self::run) ends when the tasks have.
    ///
    /// So `close` and `run` bring the work to its end; with [`abort_all`](Self::abort_all) after a
    /// time-out, in time.
    pub fn close(&self) {
        self.core.local().is_draining.set(true);
        self.core.shared.wake_hosts();
    }

    /// Aborts all tasks; answers how many there were.
    pub fn abort_all(&self) -> usize {
        self.core.abort_tasks(|_| true)
    }

    /// Number of tasks alive. Those spawned from other threads count once they are taken in.
    pub fn task_count(&self) -> usize {
        self.core.local().task_count()
    }

    /// All tasks alive, in no particular order.
    pub fn tasks(&self) -> Vec<TaskInfo> {
        let now_ns = self.core.read_clock(self.core.local());
        let mut tasks = Vec::new();
        self.core.local().for_each_task(|task| {
            let Some(info) = self.core.queue(task.queue()) else { return };
            tasks.push(TaskInfo {
                id: task.id(),
                name: task.name(),
                queue: info.name.clone(),
                group: info.groups.borrow().id(task.group_or_none()),
                age: Duration::from_nanos(now_ns.saturating_sub(task.spawned_at())),
                location: task.location(),
            });
        });
        tasks
    }

    /// What was measured so far.
    pub fn stats(&self) -> Stats {
        let totals = &self.core.totals;
        let queues = self.core.queues.borrow();
        let alive = || queues.iter().enumerate().filter_map(|(i, info)| Some((i, info.as_ref()?)));
        let weights: u64 = alive().map(|(_, info)| u64::from(info.weight.get())).sum();
        let runtimes: u64 = alive().map(|(_, info)| info.counters.runtime_ns.get()).sum();
        let eevdf = self.core.local().eevdf.borrow();
        let of = |part: u64, all: u64| if all == 0 { 0.0 } else { part as f64 / all as f64 };
        let queues = alive().map(|(index, info)| {
            let counters = &info.counters;
            let poll_time = counters.poll_time.snapshot();
            QueueStats {
                name: info.name.to_string(),
                weight: info.weight.get(),
                share_asked: of(info.weight.get().into(), weights),
                share_got: of(counters.runtime_ns.get(), runtimes),
                runtime: Duration::from_nanos(counters.runtime_ns.get()),
                lag_ns: eevdf.lag_ns(index),
                tasks: info.tasks.get(),
                groups: info.groups.borrow().len(),
                spawned: counters.spawned.get(),
                finished: counters.finished.get(),
                polls: poll_time.count(),
                turns: counters.turns.get(),
                poll_time,
                wake_to_run: counters.wake_to_run.snapshot(),
                longest_wait: Duration::from_nanos(counters.longest_wait_ns.get()),
                overruns: counters.overruns.get(),
                preemptions: counters.preemptions.get(),
            }
        });
        Stats {
            busy: Duration::from_nanos(totals.busy_ns.get()),
            idle: Duration::from_nanos(totals.idle_ns.get()),
            host: Duration::from_nanos(totals.host_ns.get()),
            host_turns: totals.host_turns.get(),
            parks: totals.parks.get(),
            tasks: self.task_count(),
            queues: queues.collect(),
        }
    }

    fn index(&self, key: K) -> Result<u32, QueueError> {
        self.keys.borrow().get(&key).copied().ok_or_else(|| unknown(key))
    }
}

fn unknown<K: Key>(key: K) -> QueueError {
    QueueError::Unknown { queue: format!("{key:?}") }
}

impl<K: Key> Drop for Executor<K> {
    fn drop(&mut self) {
        if let Some(panic) = self.core.close()
            && !std::thread::panicking()
        {
            resume_unwind(panic);
        }
    }
}

impl<K: Key> fmt::Debug for Executor<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executor")
            .field("queues", &self.keys.borrow().keys())
            .field("tasks", &self.task_count())
            .finish_non_exhaustive()
    }
}
