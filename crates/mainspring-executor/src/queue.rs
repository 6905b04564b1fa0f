//! Spawns tasks: from the executor's thread, and from others.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::Instant;

use crate::cell::{Extras, MaybeExtras, NO_GROUP, Origin, SharedRef, spawn, spawn_remote};
use crate::core::{Core, QueueInfo};
use crate::{JoinError, JoinHandle};

/// A queue of an executor, to spawn tasks on.
///
/// It does not keep the executor alive, so a task may hold one. Once the executor is gone, or the
/// queue removed, what is spawned is dropped at once and its handle says so.
#[derive(Clone)]
pub struct QueueHandle {
    core: Weak<Core>,
    shared: SharedRef,
    index: u32,
    life: u32,
    catches: bool,
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
    pub(crate) fn new(core: &Rc<Core>, index: u32, info: &QueueInfo) -> Self {
        Self {
            core: Rc::downgrade(core),
            shared: core.shared.clone(),
            index,
            life: info.life,
            catches: info.catches,
            group: None,
        }
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
        self.spawn_with(future, 0, (), Location::caller())
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
        let Self { index, life, catches, group, .. } = *self;
        Remote { shared: self.shared.clone(), index, life, catches, group }
    }

    fn spawn_with<F, X>(
        &self,
        future: F,
        priority: u8,
        extras: X,
        location: &'static Location<'static>,
    ) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        X: MaybeExtras,
    {
        let local =
            self.shared.local().expect("a `QueueHandle` stays on its thread: it is not `Send`");
        let core = self.core.upgrade();
        let info = core.as_ref().and_then(|core| core.queue(self.index));
        let info = info.filter(|info| info.life == self.life && !info.is_removed.get());
        match (&core, &info) {
            (Some(core), Some(info)) if !core.is_draining.get() && !local.is_closed() => {
                let origin = core.admit(self.index, info, self.group, priority, location);
                spawn(&self.shared, local, future, origin, extras, None)
            }
            _ => {
                let (queue, catches) = (self.index, self.catches);
                let origin = Origin { queue, group: NO_GROUP, priority, catches, location };
                spawn(&self.shared, local, future, origin, extras, Some(JoinError::Cancelled))
            }
        }
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
        let origin = Origin { queue, group: NO_GROUP, priority: 0, catches, location };
        let extras = Extras { name, deadline_ns: None, group: self.group, queue_life: self.life };
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
        if name.is_none() && deadline.is_none() {
            return queue.spawn_with(future, priority, (), Location::caller());
        }
        let deadline_ns = deadline.and_then(|deadline| {
            let core = queue.core.upgrade()?;
            Some(core.time.ns_of(deadline))
        });
        let extras = Extras { name, deadline_ns, group: None, queue_life: queue.life };
        queue.spawn_with(future, priority, extras, Location::caller())
    }
}

impl fmt::Debug for QueueHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let core = self.core.upgrade();
        let name = core.and_then(|core| core.queue(self.index)).map(|info| info.name.clone());
        f.debug_struct("QueueHandle")
            .field("name", &name)
            .field("group", &self.group)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("group", &self.group).finish_non_exhaustive()
    }
}
