//! Waits for a task, and aborts it.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll};

use super::header::{Header, add_reference, is_ours_alone, release};
use super::meta::{TaskId, TaskMeta};
use super::waker::wake_cell;
use crate::JoinError;

/// A task's result, to be awaited on any thread and under any runtime.
///
/// Dropping the handle detaches the task: it runs on, and its output is dropped.
///
/// # Cancel safety
/// Awaiting `&mut handle` may be given up and taken up again; nothing is lost.
///
/// # Panics
/// When polled again after it was ready.
///
/// ```
/// use mainspring_executor::{Executor, RunnableFifo};
///
/// let executor = Executor::builder().queue("all", 1, RunnableFifo::default()).build()?;
/// let handle = executor.queue("all")?.spawn(async { 6 * 7 });
/// assert_eq!(executor.block_on(handle)??, 42);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "dropping the handle detaches the task; say so with `drop` or `detach`"]
pub struct JoinHandle<T> {
    cell: NonNull<Header>,
    is_taken: bool,
    output: PhantomData<T>,
}

/// Aborts a task from any thread.
#[derive(PartialEq, Eq)]
pub struct AbortHandle {
    cell: NonNull<Header>,
}

// SAFETY: through the handle the output moves to its thread, which `T: Send` allows; everything else
// that it reaches is `state`, which is atomic.
unsafe impl<T: Send> Send for JoinHandle<T> {}
// SAFETY: a shared handle reaches `state` alone.
unsafe impl<T: Send> Sync for JoinHandle<T> {}
// SAFETY: it reaches `state` alone, and wakes, which any thread may.
unsafe impl Send for AbortHandle {}
// SAFETY: as above.
unsafe impl Sync for AbortHandle {}

impl<T> Unpin for JoinHandle<T> {}

impl<T> JoinHandle<T> {
    /// # Safety
    /// The reference and the interest in the result are the caller's to give, and `T` is the output
    /// of the cell's future.
    pub(super) unsafe fn from_cell(cell: NonNull<Header>) -> Self {
        Self { cell, is_taken: false, output: PhantomData }
    }

    /// Asks for the task's end: its future is dropped instead of being polled again.
    ///
    /// The handle then resolves to [`JoinError::Cancelled`], after the future is gone. A task that
    /// has already finished, or finishes in the poll that is under way, has its result delivered.
    pub fn abort(&self) {
        // SAFETY: the handle's reference.
        unsafe { abort(self.cell) };
    }

    /// A handle that can only abort: `Send + Sync`, whatever the output.
    pub fn abort_handle(&self) -> AbortHandle {
        add_reference(self.header());
        AbortHandle { cell: self.cell }
    }

    /// Whether the result is there.
    pub fn is_finished(&self) -> bool {
        self.header().state.is_complete()
    }

    /// The task's number.
    pub fn id(&self) -> TaskId {
        self.header().fields.id
    }

    /// Lets the task run on by itself: the same as dropping the handle, but said.
    pub fn detach(self) {}

    fn header(&self) -> &Header {
        // SAFETY: the handle's reference keeps it alive.
        unsafe { self.cell.as_ref() }
    }

    fn take(&mut self) -> Result<T, JoinError> {
        self.is_taken = true;
        let mut result = MaybeUninit::<Result<T, JoinError>>::uninit();
        let take = self.header().vtable.take;
        // SAFETY: the task is complete and the handle has not taken before, so the result is there
        // and the handle's; its type is the one that `from_cell` was told.
        unsafe { take(self.cell, result.as_mut_ptr().cast()) };
        // SAFETY: `take` has just written it.
        unsafe { result.assume_init() }
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        assert!(!self.is_taken, "a join handle is polled after it was ready");
        let state = &self.header().state;
        if state.is_complete() {
            return Poll::Ready(self.take());
        }
        let slot = &self.header().join_waker;
        if state.has_join_waker() {
            let is_known = slot.with(|slot| {
                // SAFETY: while the bit is set nobody writes: the owner only reads, and this
                // handle, which is not shared, takes the bit back first.
                let known = unsafe { &*slot };
                known.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()))
            });
            if is_known {
                return Poll::Pending;
            }
            if state.reclaim_join_waker().is_err() {
                return Poll::Ready(self.take());
            }
        }
        let waker = cx.waker().clone();
        // SAFETY: the bit is not set, so the slot is this handle's alone.
        let old = slot.with_mut(|slot| unsafe { slot.replace(Some(waker)) });
        let offered = if is_ours_alone(self.header()) {
            state.place_join_waker();
            Ok(())
        } else {
            state.offer_join_waker()
        };
        drop(old);
        match offered {
            Ok(()) => Poll::Pending,
            Err(_) => Poll::Ready(self.take()),
        }
    }
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        let header = self.header();
        let mut outcome = Ok(());
        if !self.is_taken {
            if is_ours_alone(header) {
                header.state.forgo_interest();
            } else if header.state.drop_interest().is_err() {
                // SAFETY: the task is complete and nobody has taken the result, so it is the
                // handle's to drop, on this thread: the handle came here, so its output may.
                outcome = unsafe { (header.vtable.clear)(self.cell) };
            }
        }
        // SAFETY: the handle's reference, not used after this.
        unsafe { release(self.cell) };
        if let Err(panic) = outcome
            && !std::thread::panicking()
        {
            resume_unwind(panic);
        }
    }
}

impl AbortHandle {
    pub(super) fn of(task: TaskMeta<'_>) -> Self {
        add_reference(task.header());
        Self { cell: task.cell }
    }

    /// As [`JoinHandle::abort`].
    pub fn abort(&self) {
        // SAFETY: the handle's reference.
        unsafe { abort(self.cell) };
    }

    /// Whether the task has ended.
    pub fn is_finished(&self) -> bool {
        self.header().state.is_complete()
    }

    /// The task's number.
    pub fn id(&self) -> TaskId {
        self.header().fields.id
    }

    fn header(&self) -> &Header {
        // SAFETY: the handle's reference keeps it alive.
        unsafe { self.cell.as_ref() }
    }
}

impl Clone for AbortHandle {
    fn clone(&self) -> Self {
        add_reference(self.header());
        Self { cell: self.cell }
    }
}

impl Drop for AbortHandle {
    fn drop(&mut self) {
        // SAFETY: the handle's reference, not used after this.
        unsafe { release(self.cell) };
    }
}

/// # Safety
/// The caller holds a reference.
unsafe fn abort(cell: NonNull<Header>) {
    // SAFETY: the caller's reference keeps it alive.
    let header = unsafe { cell.as_ref() };
    if header.state.abort() {
        // Parked tasks too: nobody else would ever come to drop the future.
        // SAFETY: the caller's reference.
        unsafe { wake_cell(cell) };
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle")
            .field("id", &self.id())
            .field("is_finished", &self.is_finished())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for AbortHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbortHandle").field("id", &self.id()).finish_non_exhaustive()
    }
}
