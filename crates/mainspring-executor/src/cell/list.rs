//! A first-in-first-out list of ready tasks that allocates nothing.

use std::cell::Cell;
use std::fmt;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

use super::header::Header;
use super::task_ref::TaskRef;

/// Tasks in a row, linked through themselves: no allocation, one pointer each way.
///
/// The building block for policies.
#[derive(Default)]
pub struct TaskList {
    /// The references of the `TaskRef`s put in; linked by `Header::link`.
    head: Cell<Option<NonNull<Header>>>,
    tail: Cell<Option<NonNull<Header>>>,
    len: Cell<usize>,
}

impl TaskList {
    /// An empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of tasks in the list.
    #[inline]
    pub fn len(&self) -> usize {
        self.len.get()
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.head.get().is_none()
    }

    /// Puts a task at the end.
    #[inline]
    pub fn push_back(&mut self, task: TaskRef) {
        self.put(task);
    }

    /// Puts a task at the beginning.
    pub fn push_front(&mut self, task: TaskRef) {
        let cell = ManuallyDrop::new(task).cell();
        // SAFETY: the `TaskRef`'s reference, now the list's, keeps it alive.
        unsafe { cell.as_ref() }.link.set(self.head.get());
        self.head.set(Some(cell));
        if self.tail.get().is_none() {
            self.tail.set(Some(cell));
        }
        self.len.set(self.len.get() + 1);
    }

    /// Takes the first one out.
    #[inline]
    pub fn pop_front(&mut self) -> Option<TaskRef> {
        self.take()
    }

    /// Moves all tasks of another list to the end of this one.
    pub fn append(&mut self, other: &mut Self) {
        let Some(head) = other.head.take() else { return };
        match self.tail.get() {
            // SAFETY: in the list, so alive.
            Some(tail) => unsafe { tail.as_ref() }.link.set(Some(head)),
            None => self.head.set(Some(head)),
        }
        self.tail.set(other.tail.take());
        self.len.set(self.len.get() + other.len.take());
    }

    /// As `push_back`, for a list that is shared on this thread.
    #[inline]
    pub(super) fn put(&self, task: TaskRef) {
        let cell = ManuallyDrop::new(task).cell();
        // SAFETY: the `TaskRef`'s reference, now the list's, keeps it alive.
        unsafe { cell.as_ref() }.link.set(None);
        match self.tail.replace(Some(cell)) {
            // SAFETY: in the list, so alive.
            Some(tail) => unsafe { tail.as_ref() }.link.set(Some(cell)),
            None => self.head.set(Some(cell)),
        }
        self.len.set(self.len.get() + 1);
    }

    /// As `pop_front`, for a list that is shared on this thread.
    #[inline]
    pub(crate) fn take(&self) -> Option<TaskRef> {
        let cell = self.head.get()?;
        // SAFETY: in the list, so alive.
        let next = unsafe { cell.as_ref() }.link.get();
        self.head.set(next);
        match next {
            // The one after this will be wanted soon, and is likely far from any cache.
            Some(next) => prefetch(next),
            None => self.tail.set(None),
        }
        self.len.set(self.len.get() - 1);
        // SAFETY: the reference that came in by a `TaskRef`; the list has forgotten it.
        Some(unsafe { TaskRef::from_cell(cell) })
    }

    /// The queues of the tasks, in order.
    pub(super) fn queues(&self) -> Vec<u32> {
        let mut queues = Vec::new();
        let mut at = self.head.get();
        while let Some(cell) = at {
            // SAFETY: in the list, so alive.
            let header = unsafe { cell.as_ref() };
            queues.push(header.fields.queue());
            at = header.link.get();
        }
        queues
    }
}

impl Drop for TaskList {
    fn drop(&mut self) {
        while let Some(task) = self.pop_front() {
            drop(task);
        }
    }
}

impl fmt::Debug for TaskList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskList").field("len", &self.len()).finish_non_exhaustive()
    }
}

#[inline]
fn prefetch(cell: NonNull<Header>) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // What a poll needs begins behind the rest of the header, and ends in the future.
        let address = cell.as_ptr().cast::<i8>().wrapping_add(64);
        // SAFETY: a hint; it reads nothing and takes any address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address) };
        // SAFETY: as above.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.wrapping_add(64)) };
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = cell;
}
