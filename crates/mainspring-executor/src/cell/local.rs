//! The owner's part of what an executor shares with its tasks.
//!
//! # Ground rules
//! - Nothing here is borrowed while code of users runs.
//! - Lists are empty once the executor is closed, so it does not matter on which thread this is
//!   dropped.

use std::cell::{Cell, RefCell};
use std::ptr::NonNull;
use std::time::Instant;

use super::header::{Header, flags};
use super::list::TaskList;
use super::memory::Memory;
use super::meta::{Fields, NO_GROUP, NO_SLOT, TaskMeta};
use super::slab::Slab;
use super::task_ref::TaskRef;
use crate::Eevdf;

/// No queue is being served.
pub(crate) const NO_QUEUE: u32 = u32::MAX;

/// No driver is at work.
pub(crate) const NO_DRIVER: u32 = u32::MAX;

pub(crate) struct Local {
    /// Woken or spawned on this thread, and not yet shown to a policy.
    pub(crate) woken: TaskList,
    /// Spawned on other threads, and not yet shown to a policy.
    pub(crate) sent: TaskList,
    pub(crate) eevdf: RefCell<Eevdf>,
    /// When the executor was built: where its time begins.
    start: Instant,
    /// The clock as it was last read.
    pub(crate) now_ns: Cell<u64>,
    /// The queue being served.
    pub(crate) current: Cell<u32>,
    /// The slice is used up, or a more urgent queue woke.
    pub(crate) wants_yield: Cell<bool>,
    /// A more urgent queue woke.
    pub(crate) is_preempted: Cell<bool>,
    /// The number of the driver that is at work, and whether its future woke.
    pub(crate) driver: Cell<u32>,
    pub(crate) is_driver_woken: Cell<bool>,
    /// When the slice of the queue being served ends.
    pub(crate) slice_end_ns: Cell<u64>,
    /// New tasks are refused: the executor is to come to its end.
    pub(crate) is_draining: Cell<bool>,
    pub(super) is_parked: Cell<bool>,
    pub(super) is_closed: Cell<bool>,
    running: Cell<Option<NonNull<Header>>>,
    tasks: RefCell<Slab>,
    pub(super) memory: Memory,
    /// Cells made minus cells freed on this thread.
    cells: Cell<isize>,
    counts: Cell<bool>,
}

impl Local {
    pub(super) fn new(eevdf: Eevdf, start: Instant, room: usize) -> Self {
        Self {
            woken: TaskList::new(),
            sent: TaskList::new(),
            eevdf: RefCell::new(eevdf),
            start,
            now_ns: Cell::new(0),
            current: Cell::new(NO_QUEUE),
            wants_yield: Cell::new(false),
            is_preempted: Cell::new(false),
            driver: Cell::new(NO_DRIVER),
            is_driver_woken: Cell::new(false),
            slice_end_ns: Cell::new(u64::MAX),
            is_draining: Cell::new(false),
            is_parked: Cell::new(false),
            is_closed: Cell::new(false),
            running: Cell::new(None),
            tasks: RefCell::default(),
            memory: Memory::new(room),
            cells: Cell::new(0),
            counts: Cell::new(true),
        }
    }

    /// An instant in nanoseconds since the start: zero before it, and the end of time after that.
    #[inline]
    pub(crate) fn ns_of(&self, instant: Instant) -> u64 {
        let since = instant.saturating_duration_since(self.start);
        since.as_secs().saturating_mul(1_000_000_000).saturating_add(since.subsec_nanos().into())
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed.get()
    }

    /// Tasks alive.
    pub(crate) fn task_count(&self) -> usize {
        self.tasks.borrow().len()
    }

    /// Shows every living task. The visitor must not come back here.
    pub(crate) fn for_each_task(&self, mut visit: impl FnMut(TaskMeta<'_>)) {
        for cell in self.tasks.borrow().iter() {
            visit(TaskMeta { cell, life: std::marker::PhantomData });
        }
    }

    /// The task being polled, if any.
    pub(crate) fn running(&self) -> Option<TaskMeta<'_>> {
        let cell = self.running.get()?;
        Some(TaskMeta { cell, life: std::marker::PhantomData })
    }

    /// Remembers the task being polled; answers the one before.
    pub(super) fn set_running(&self, cell: Option<NonNull<Header>>) {
        self.running.set(cell);
    }

    /// Queues a task that has just become ready.
    #[inline]
    pub(super) fn ready(&self, task: TaskRef) {
        let queue = task.meta().queue();
        if queue != self.current.get() {
            if task.is_root() && task.meta().driver() == self.driver.get() {
                self.is_driver_woken.set(true);
                return;
            }
            self.consider(queue);
        }
        task.set_ready(self.now_ns.get());
        self.woken.put(task);
    }

    /// Asks for the thread if a queue that has just got work goes before the one being served.
    pub(crate) fn consider(&self, queue: u32) {
        let current = self.current.get();
        if queue == current || queue == NO_QUEUE || current == NO_QUEUE || self.is_preempted.get() {
            return;
        }
        if self.eevdf.borrow().would_preempt(queue as usize, current as usize) {
            self.wants_yield.set(true);
            self.is_preempted.set(true);
        }
    }

    /// The queues of the tasks that other threads have spawned lately.
    pub(crate) fn sent_queues(&self) -> Vec<u32> {
        self.sent.queues()
    }

    /// Takes a task into the list of those alive.
    #[inline]
    pub(super) fn enlist(&self, cell: NonNull<Header>) {
        let slot = self.tasks.borrow_mut().insert(cell);
        // SAFETY: the caller holds the executor's reference.
        let fields = unsafe { &cell.as_ref().fields };
        fields.slot.set(slot);
        fields.spawned_ns.set(self.now_ns.get());
    }

    /// Takes a task out of the list of those alive.
    #[inline]
    pub(super) fn strike(&self, fields: &Fields) {
        let slot = fields.slot.replace(NO_SLOT);
        if slot != NO_SLOT {
            self.tasks.borrow_mut().remove(slot);
        }
    }

    pub(super) fn take_any(&self) -> Option<NonNull<Header>> {
        let cell = self.tasks.borrow_mut().pop()?;
        // SAFETY: in the list, so the executor's reference keeps it alive.
        unsafe { &cell.as_ref().fields }.slot.set(NO_SLOT);
        Some(cell)
    }

    pub(super) fn count_cell(&self) -> bool {
        self.cells.set(self.cells.get() + isize::from(self.counts.get()));
        self.counts.get()
    }

    /// False if cells are no longer counted here.
    pub(super) fn forget_cell(&self) -> bool {
        self.cells.set(self.cells.get() - isize::from(self.counts.get()));
        self.counts.get()
    }

    pub(super) fn stop_counting(&self) -> isize {
        self.counts.set(false);
        self.cells.replace(0)
    }

    /// A new group for a task of this queue: the running task's, if it has one.
    #[inline]
    pub(crate) fn inherited(&self) -> Option<(u32, u32)> {
        let running = self.running()?;
        let group = running.group_or_none();
        let is_root = running.header().fields.flags.get() & flags::ROOT != 0;
        (group != NO_GROUP && !is_root).then_some((running.queue(), group))
    }
}
