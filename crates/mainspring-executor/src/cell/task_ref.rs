//! A task that is ready: polls it, and takes note of what came of it.

use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::task::Context;

use super::end::{deliver, end};
use super::header::{Header, Payload, Polled, flags, release};
use super::local::Local;
use super::meta::TaskMeta;
use super::shared::SharedRef;
use super::waker::lend;
use crate::JoinError;

/// A task that is ready to run: what a policy puts in order.
///
/// There is one per ready task. A policy that drops it loses the wake, as if it had never come: the
/// task sleeps on until the next one.
pub struct TaskRef {
    cell: NonNull<Header>,
}

/// What one poll came to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Pending,
    /// The future has ended, or is to be ended: by `finish`.
    Over,
}

impl TaskRef {
    /// What is known of the task.
    pub fn meta(&self) -> TaskMeta<'_> {
        TaskMeta { cell: self.cell, life: PhantomData }
    }

    /// Takes the executor's reference up.
    ///
    /// # Safety
    /// No other `TaskRef` carries it, and the executor has not given it up.
    pub(super) unsafe fn hold(cell: NonNull<Header>) -> Self {
        let task = Self { cell };
        let flags = &task.header().fields.flags;
        debug_assert!(flags.get() & flags::HELD == 0, "one `TaskRef` per task");
        flags.set(flags.get() | flags::HELD);
        task
    }

    /// # Safety
    /// The cell was a `TaskRef` before, and is none any more.
    #[inline]
    pub(super) unsafe fn from_cell(cell: NonNull<Header>) -> Self {
        Self { cell }
    }

    #[inline]
    pub(super) fn cell(&self) -> NonNull<Header> {
        self.cell
    }

    pub(crate) fn set_ready(&self, now_ns: u64) {
        self.header().fields.ready_ns.set(now_ns);
    }

    /// Whether it is one of this executor's.
    #[inline]
    pub(crate) fn belongs_to(&self, shared: &SharedRef) -> bool {
        self.header().shared == shared.as_ptr()
    }

    /// Whether it stands for a future that drives the executor.
    #[inline]
    pub(crate) fn is_root(&self) -> bool {
        self.header().fields.flags.get() & flags::ROOT != 0
    }

    /// Whether it has never been queued; says so once.
    #[inline]
    pub(crate) fn take_fresh(&self) -> bool {
        let flags = &self.header().fields.flags;
        let before = flags.get();
        flags.set(before & !flags::FRESH);
        before & flags::FRESH != 0
    }

    pub(crate) fn set_group(&self, group: u32) {
        self.header().fields.group.set(group);
    }

    /// Polls the task, unless it was aborted. Does not unwind.
    #[inline]
    pub(crate) fn run(&self, local: &Local) -> Step {
        let header = self.header();
        let flags = &header.fields.flags;
        debug_assert!(flags.get() & flags::DONE == 0, "a task that is done is not queued");
        if header.state.is_aborted() || flags.get() & flags::PANICKED != 0 {
            return Step::Over;
        }
        flags.set((flags.get() | flags::RUNNING) & !flags::WOKEN);
        local.set_running(Some(self.cell));
        // SAFETY: this `TaskRef`'s reference outlives the poll, and the waker is not dropped.
        let waker = unsafe { lend(self.cell) };
        // SAFETY: the owner's thread, as a `TaskRef` never leaves it; not done, so the future is
        // there.
        let polled = unsafe { (header.vtable.poll)(self.cell, &mut Context::from_waker(&waker)) };
        local.set_running(None);
        match polled {
            // An abort wakes, so there is nothing to be seen without that.
            Polled::Pending if flags.get() & flags::WOKEN != 0 && header.state.is_aborted() => {
                Step::Over
            }
            Polled::Pending => Step::Pending,
            Polled::Ready => {
                flags.set(flags.get() | flags::DONE);
                Step::Over
            }
            Polled::Panicked => {
                flags.set(flags.get() | flags::PANICKED);
                Step::Over
            }
        }
    }

    /// After a poll that was pending: the task again if it was woken meanwhile.
    #[inline]
    pub(crate) fn woken_again(self, now_ns: u64) -> Option<Self> {
        let task = ManuallyDrop::new(self);
        let fields = &task.header().fields;
        let flags = fields.flags.get();
        if flags & flags::WOKEN == 0 {
            // As `let_go`, for one that is known not to be done.
            fields.flags.set(flags & !(flags::RUNNING | flags::HELD));
            return None;
        }
        fields.flags.set(flags & !(flags::RUNNING | flags::WOKEN));
        fields.ready_ns.set(now_ns);
        Some(ManuallyDrop::into_inner(task))
    }

    /// After the last poll: drops the future, if need be, shows the result, and forgets the task.
    /// Answers with the panic that has to go on.
    #[inline]
    pub(crate) fn finish(self) -> Option<Payload> {
        let flags = self.header().fields.flags.get();
        let mut panic = None;
        if flags & flags::DONE == 0 {
            // SAFETY: the owner's thread, and neither done nor published.
            panic = unsafe { end(self.cell, JoinError::Cancelled) };
        }
        let task = ManuallyDrop::new(self);
        // SAFETY: it is not dropped, nor used after this.
        match unsafe { task.let_go() } {
            Ok(_) => panic,
            Err(published) => panic.or(published),
        }
    }

    /// Ends a task that was never polled.
    pub(crate) fn refuse(self, error: JoinError) -> Option<Payload> {
        // SAFETY: on the owner's thread, and the future is there.
        let panic = unsafe { end(self.cell, error) };
        let published = self.finish();
        panic.or(published)
    }

    /// Back to where it came from: for one that turned up at the wrong place.
    pub(crate) fn rewake(self) {
        let task = ManuallyDrop::new(self);
        // SAFETY: it is not dropped, nor used after this.
        let cell = unsafe { task.let_go() };
        if let Ok(cell) = cell {
            // SAFETY: not done, so the executor's reference keeps it alive.
            unsafe { super::waker::wake_cell(cell) };
        }
    }

    /// Leaves the executor's reference to the executor; or, after the task's end, shows the result
    /// and gives the reference up.
    ///
    /// # Safety
    /// The `TaskRef` is forgotten.
    #[inline]
    unsafe fn let_go(&self) -> Result<NonNull<Header>, Option<Payload>> {
        let fields = &self.header().fields;
        let flags = fields.flags.get();
        fields.flags.set(flags & !flags::HELD);
        if flags & flags::DONE == 0 {
            return Ok(self.cell);
        }
        // SAFETY: every cell keeps what its executor shares alive.
        let shared = unsafe { self.header().shared.as_ref() };
        if let Some(local) = shared.local() {
            local.strike(fields);
        }
        if flags & flags::PUBLISHED == 0 {
            // SAFETY: done and not published, so the result is in place; the reference is the
            // executor's, and as the task is not listed any more, nobody else will give it up.
            Err(unsafe { deliver(self.cell) })
        } else {
            // SAFETY: as above.
            unsafe { release(self.cell) };
            Err(None)
        }
    }

    #[inline]
    fn header(&self) -> &Header {
        // SAFETY: the reference that this carries keeps it alive.
        unsafe { self.cell.as_ref() }
    }
}

impl Drop for TaskRef {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: this is the end of it. A panic that comes out only here has nobody to go to.
        let _ = unsafe { self.let_go() };
    }
}

impl fmt::Debug for TaskRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TaskRef").field(&self.meta()).finish()
    }
}
