//! Puts the ready tasks of one queue in order.

mod arrival_fifo;
mod edf;
mod las;
mod lifo_slot;
mod priority;
mod runnable_fifo;
mod slot;

pub use arrival_fifo::ArrivalFifo;
pub use edf::Edf;
pub use las::Las;
pub use lifo_slot::LifoSlot;
pub use priority::Priority;
pub use runnable_fifo::RunnableFifo;
pub(crate) use slot::Slot;

use std::any::Any;

use crate::{GroupIndex, TaskMeta, TaskRef};

/// Which task of a queue goes next.
///
/// A policy belongs to one queue and is called from the executor's loop alone, never while a task
/// runs. It should not call the executor. Whatever it does, no task is run twice for one wake and
/// nothing dangles; a policy that drops a [`TaskRef`] makes that task miss one wake.
///
/// The order of calls for one poll is `pop`, the poll itself, `charge`, and then `push` if the task
/// woke meanwhile, or `finished` if it has ended.
///
/// ```
/// use mainspring_executor::{Executor, Policy, TaskList, TaskRef, Why};
///
/// /// Last in, first out.
/// #[derive(Default)]
/// struct Stack(TaskList);
///
/// impl Policy for Stack {
///     fn push(&mut self, task: TaskRef, _: Why) {
///         self.0.push_front(task);
///     }
///     fn pop(&mut self) -> Option<TaskRef> {
///         self.0.pop_front()
///     }
///     fn len(&self) -> usize {
///         self.0.len()
///     }
/// }
///
/// let executor = Executor::builder().queue("stack", 1, Stack::default()).build()?;
/// # let _ = executor;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Policy {
    /// Takes a ready task in.
    fn push(&mut self, task: TaskRef, why: Why);

    /// Takes the next one out. `None` puts the queue to sleep until the next `push`.
    fn pop(&mut self) -> Option<TaskRef>;

    /// Number of ready tasks.
    fn len(&self) -> usize;

    /// Whether no task is ready.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The task has run for `ns` nanoseconds.
    ///
    /// Between two readings of the clock the time is spread evenly over the polls, unless
    /// [`needs_every_poll`](Policy::needs_every_poll) says otherwise.
    fn charge(&mut self, task: TaskMeta<'_>, ns: u64) {
        let _ = (task, ns);
    }

    /// The task has ended.
    fn finished(&mut self, task: TaskMeta<'_>) {
        let _ = task;
    }

    /// The last task of the group has ended; its index will be given to another group.
    fn group_gone(&mut self, group: GroupIndex) {
        let _ = group;
    }

    /// Whether the clock is to be read around every single poll, so that `charge` is exact.
    fn needs_every_poll(&self) -> bool {
        false
    }
}

/// Why a task is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// It is new.
    Spawned,
    /// Something that it waited for has happened.
    Woken,
    /// It woke while it ran: it has yielded, most likely.
    Yielded,
}

/// A queue's policy: one of this crate's, or any other.
pub struct PolicyBox(pub(crate) Slot);

impl Default for PolicyBox {
    /// [`RunnableFifo`].
    fn default() -> Self {
        Self(Slot::Fifo(RunnableFifo::default()))
    }
}

impl<P: Policy + 'static> From<P> for PolicyBox {
    fn from(policy: P) -> Self {
        let mut policy = Some(policy);
        let known = (&mut policy as &mut dyn Any).downcast_mut::<Option<RunnableFifo>>();
        match (known.and_then(Option::take), policy) {
            (Some(fifo), _) => Self(Slot::Fifo(fifo)),
            (None, Some(other)) => Self(Slot::Other(Box::new(other))),
            (None, None) => Self::default(),
        }
    }
}

impl std::fmt::Debug for PolicyBox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PolicyBox").finish_non_exhaustive()
    }
}
