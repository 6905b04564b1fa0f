//! Spawns tasks: from the executor's thread, and from others.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use crate::cell::{Extras, Local, MaybeExtras, NO_GROUP, Origin, SharedRef, spawn, spawn_remote};
use crate::core::QueueInfo;
use crate::run::at_work;
use crate::{JoinError, JoinHandle};

/// A queue of an executor, to spawn tasks on.
///
/// It does not keep the executor alive, so a task may hold one. Once the executor is gone, or the
/// queue removed, what is spawned is dropped at once and its handle says so.
#[derive(Clone)]
pub struct QueueHandle {
    shared: SharedRef,
    info: Rc<QueueInfo>,
    index: u32,
    group: Option<u64>,
}

/// A queue, to spawn tasks on from other threads.
///
/// ```
/// use mainspring_executor::{Executor, RunnableFifo};
///
/// let executor = Executor::builder().queue("all", 1, RunnableFifo::default()).build()?;
/// let remote = executor.queue("all")?.remote();
/// let thread = std::thread::spawn(move || remote.spawn(async { 6 * 7 }));
/// let handle = thread.join().unwrap();
/// assert_eq!(executor.block_on(handle)??, 42);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Remote {
    shared: SharedRef,
    index: u32,
    life: u32,
    catches: bool,
    group: Option<u64>,
}

/// A task in the making: with a name, a priority, or a deadline.
///
/// ```
/// use mainspring_executor::{Executor, Priority};
///
/// let executor = Executor::builder().queue("all", 1, Priority::default()).build()?;
/// let handle = executor.queue("all")?.task().name("sweep").priority(7).spawn(async { "swept" });
/// assert_eq!(executor.tasks()[0].name.as_deref(), Some("sweep"));
/// assert_eq!(executor.block_on(handle)??, "swept");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a task is made by `spawn`"]
pub struct TaskBuilder<'a> {
    queue: &'a QueueHandle,
    name: Option<Arc<str>>,
    priority: u8,
    deadline: Option<Instant>,
}

impl QueueHandle {
    pub(crate) fn new(shared: &SharedRef, index: u32, info: Rc<QueueInfo>) -> Self {
        Self { shared: shared.clone(), info, index, group: None }
    }

    /// Spawns a task. It runs once the executor does.
    ///
    /// A task that is spawned by a task that is in a group joins that group.
    ///
    /// # Panics
    /// If the executor or the queue is gone, panics of the future's destructor come out here.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
    {
        self.spawn_with(future, (), Location::caller())
    }

    /// A task with a name, a priority or a deadline.
    pub fn task(&self) -> TaskBuilder<'_> {
        TaskBuilder { queue: self, name: None, priority: 0, deadline: None }
    }

    /// The same queue, for tasks of this group.
    ///
    /// Policies such as [`Las`](crate::Las) share between groups, however many tasks each has. Tasks
    /// spawned by a group's tasks belong to it as well, on every queue. Nothing is kept of a group
    /// without tasks.
    pub fn group(&self, id: u64) -> Self {
        Self { group: Some(id), ..self.clone() }
    }

    /// The same queue and group, for other threads.
    pub fn remote(&self) -> Remote {
        Remote {
            shared: self.shared.clone(),
            index: self.index,
            life: self.info.life,
            catches: self.info.catches,
            group: self.group,
        }
    }

    fn spawn_with<F, X>(
        &self,
        future: F,
        extras: X,
        location: &'static Location<'static>,
    ) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        X: MaybeExtras,
    {
        let local = self.local();
        let is_refused = local.is_draining.get() || self.info.is_removed.get();
        let group = if is_refused || local.is_closed() { NO_GROUP } else { self.admit(local) };
        let (queue, catches) = (self.index, self.info.catches);
        let origin = Origin { queue, group, catches, location };
        let refusal = is_refused.then_some(JoinError::Cancelled);
        spawn(&self.shared, local, future, origin, extras, refusal)
    }

    /// Counts a new task in; answers its group.
    #[inline]
    fn admit(&self, local: &Local) -> u32 {
        self.info.admit();
        match (self.group, local.inherited()) {
            (Some(id), _) => self.info.groups.borrow_mut().join(id),
            (None, None) => NO_GROUP,
            (None, Some((queue, group))) if queue == self.index => {
                self.info.groups.borrow_mut().join_again(group)
            }
            (None, Some((queue, group))) => {
                // The same group on another queue. Whoever runs there is at work.
                let id = at_work(|core| core.group_id(queue, group)).flatten();
                id.map_or(NO_GROUP, |id| self.info.groups.borrow_mut().join(id))
            }
        }
    }

    fn local(&self) -> &Local {
        self.shared.local().expect("a `QueueHandle` stays on its thread: it is not `Send`")
    }
}

impl Remote {
    /// Spawns a task from any thread.
    ///
    /// # Panics
    /// If the executor is gone, panics of the future's destructor come out here.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send,
    {
        self.spawn_as(None, future)
    }

    /// As [`spawn`](Self::spawn), with a name.
    ///
    /// # Panics
    /// As `spawn`.
    #[track_caller]
    pub fn spawn_named<F>(&self, name: impl Into<Arc<str>>, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send,
    {
        self.spawn_as(Some(name.into()), future)
    }

    #[track_caller]
    fn spawn_as<F>(&self, name: Option<Arc<str>>, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send,
    {
        let location = Location::caller();
        let (queue, catches) = (self.index, self.catches);
        let origin = Origin { queue, group: NO_GROUP, catches, location };
        let (group, queue_life) = (self.group, self.life);
        let extras = Extras { name, group, queue_life, ..Extras::default() };
        spawn_remote(&self.shared, future, origin, extras)
    }

    /// The same queue, for tasks of this group.
    pub fn group(&self, id: u64) -> Self {
        Self { group: Some(id), ..self.clone() }
    }
}

impl TaskBuilder<'_> {
    /// What the task is called in [`Executor::tasks`](crate::Executor::tasks) and in reports.
    pub fn name(self, name: impl Into<Arc<str>>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// For [`Priority`](crate::Priority): the more, the more urgent; 0 unless set.
    pub fn priority(self, priority: u8) -> Self {
        Self { priority, ..self }
    }

    /// For [`Edf`](crate::Edf): when the task should be done.
    pub fn deadline(self, deadline: Instant) -> Self {
        Self { deadline: Some(deadline), ..self }
    }

    /// Spawns the task; see [`QueueHandle::spawn`].
    ///
    /// # Panics
    /// As `QueueHandle::spawn`.
    #[track_caller]
    pub fn spawn<F>(self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
    {
        let Self { queue, name, priority, deadline } = self;
        if name.is_none() && deadline.is_none() && priority == 0 {
            return queue.spawn_with(future, (), Location::caller());
        }
        let deadline_ns = deadline.map(|deadline| queue.local().ns_of(deadline));
        let extras = Extras { name, priority, deadline_ns, ..Extras::default() };
        queue.spawn_with(future, extras, Location::caller())
    }
}

impl fmt::Debug for QueueHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueueHandle")
            .field("name", &self.info.name)
            .field("group", &self.group)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("group", &self.group).finish_non_exhaustive()
    }
}
