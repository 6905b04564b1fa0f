//! What an executor shares with its tasks, and through them with other threads.
//!
//! # Ground rules
//! - `Local` is reached on the owner's thread alone; `local` looks which thread is asking.
//! - The memory lives as long as somebody may reach it: the executor, remotes, and every cell, done
//!   or not. Cells made and freed on the owner's thread are counted in `Local`, without atomics; the
//!   executor's share of `count` is so large that the rest cannot bring it to zero. `close` puts
//!   the two counts together.

use std::alloc::{Layout, dealloc};
use std::ops::Deref;
use std::ptr::NonNull;
use std::time::Instant;

use super::end::{deliver, end, publish};
use super::header::{Header, flags, free};
use super::inbox::{Chain, Inbox, Pushed};
use super::local::Local;
use super::park::Parked;
use super::sync::{AtomicIsize, Ordering, current_thread};
use super::task_ref::TaskRef;
use crate::{Eevdf, JoinError};

/// The executor's share of the count, until it is closed.
const OPEN: isize = 1 << (isize::BITS - 4);

pub(crate) struct Shared {
    owner: u64,
    count: AtomicIsize,
    inbox: Inbox,
    parked: Parked,
    local: Local,
}

/// A counted pointer to what an executor shares.
pub(crate) struct SharedRef(NonNull<Shared>);

// SAFETY: `local` gives the parts that are not for all threads to the owner's thread only, and the
// destructor of `Local` runs after `close` has emptied it, or finds it never used.
unsafe impl Send for SharedRef {}
// SAFETY: as above.
unsafe impl Sync for SharedRef {}

impl SharedRef {
    /// The calling thread becomes the owner.
    pub(crate) fn new(eevdf: Eevdf, start: Instant, room: usize) -> Self {
        let shared = Shared {
            owner: current_thread(),
            count: AtomicIsize::new(OPEN + 1),
            inbox: Inbox::new(),
            parked: Parked::new(),
            local: Local::new(eevdf, start, room),
        };
        Self(NonNull::from(Box::leak(Box::new(shared))))
    }

    pub(super) fn as_ptr(&self) -> NonNull<Shared> {
        self.0
    }
}

impl Clone for SharedRef {
    fn clone(&self) -> Self {
        // Relaxed: made from one that is held.
        self.count.fetch_add(1, Ordering::Relaxed);
        Self(self.0)
    }
}

impl Drop for SharedRef {
    fn drop(&mut self) {
        // SAFETY: this pointer was counted, and is not used after this.
        unsafe { Shared::discount(self.0) };
    }
}

impl Deref for SharedRef {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        // SAFETY: counted, so alive.
        unsafe { self.0.as_ref() }
    }
}

impl Shared {
    /// The owner's part, if the owner's thread is asking.
    pub(crate) fn local(&self) -> Option<&Local> {
        (current_thread() == self.owner).then_some(&self.local)
    }

    /// Whether other threads have put something in.
    pub(crate) fn has_mail(&self) -> bool {
        !self.inbox.is_empty()
    }

    /// Takes in what other threads have woken or spawned. For the owner's thread.
    pub(crate) fn take_mail(&self, local: &Local) {
        for cell in self.inbox.take() {
            // SAFETY: the inbox's reference keeps it alive.
            let header = unsafe { cell.as_ref() };
            let fields = &header.fields;
            let flags = fields.flags.get();
            let is_last = header.state.take_notice();
            if is_last {
                // SAFETY: that was the last reference.
                unsafe { free(cell) };
            } else if flags & flags::SENT != 0 {
                fields.flags.set(flags & !flags::SENT);
                local.enlist(cell);
                // SAFETY: the executor's reference is not in any other `TaskRef`: the task is new.
                local.sent.put(unsafe { TaskRef::hold(cell) });
            } else if flags & flags::DONE == 0 {
                // Alive still, although the inbox's reference is gone: the executor gives its own
                // up only after setting `DONE`, on this thread.
                self.wake_local(local, cell);
            }
        }
    }

    /// The host goes to sleep; the next wake calls this waker. False if there is work after all.
    /// For the owner's thread.
    pub(crate) fn park(&self, local: &Local, host: &std::task::Waker) -> bool {
        self.parked.add(host);
        let is_parked = self.inbox.park();
        local.is_parked.set(is_parked);
        is_parked
    }

    /// The host is awake. For the owner's thread.
    pub(crate) fn unpark(&self, local: &Local) {
        if local.is_parked.replace(false) {
            self.inbox.unpark();
        }
    }

    /// Wakes every host that sleeps, as the one who would look after all goes away.
    pub(crate) fn wake_hosts(&self) {
        self.parked.wake_all();
    }

    /// Readies a task on the owner's thread.
    pub(super) fn wake_local(&self, local: &Local, cell: NonNull<Header>) {
        // SAFETY: the caller holds a reference, or knows that the executor does.
        let header = unsafe { cell.as_ref() };
        let fields = &header.fields;
        let flags = fields.flags.get();
        if flags & (flags::HELD | flags::DONE) != 0 {
            if flags & flags::RUNNING != 0 {
                fields.flags.set(flags | flags::WOKEN);
            }
            return;
        }
        if local.is_closed.get() {
            return;
        }
        // SAFETY: not held so far, and not done, so the executor's reference is free to carry.
        let task = unsafe { TaskRef::hold(cell) };
        local.ready(task);
        self.wake_host(local);
    }

    /// The owner's thread has something to do.
    #[inline]
    pub(super) fn wake_host(&self, local: &Local) {
        if local.is_parked.get() {
            self.wake_parked_host(local);
        }
    }

    #[cold]
    fn wake_parked_host(&self, local: &Local) {
        local.is_parked.set(false);
        if self.inbox.unpark() {
            self.parked.wake_all();
        }
    }

    /// Hands a cell over to the owner from another thread, with the inbox's reference.
    pub(super) fn send(&self, cell: NonNull<Header>) -> Result<(), NonNull<Header>> {
        match self.inbox.push(cell) {
            Pushed::Seen => Ok(()),
            Pushed::WakeHost => {
                self.parked.wake_all();
                Ok(())
            }
            Pushed::Closed => Err(cell),
        }
    }

    /// The executor goes: every future is dropped, every handle resolved. Answers with the first
    /// panic on the way. For the owner's thread, once, when no `TaskRef` will be polled any more.
    pub(crate) fn close(&self, local: &Local) -> Option<super::header::Payload> {
        local.is_closed.set(true);
        self.refuse(local, self.inbox.close());
        while let Some(task) = local.woken.take().or_else(|| local.sent.take()) {
            drop(task);
        }
        let mut panic = None;
        while let Some(cell) = local.take_any() {
            // SAFETY: it was in the list, so the executor's reference keeps it alive.
            let header = unsafe { cell.as_ref() };
            // SAFETY: on the owner's thread, and the task was not done.
            let failed = unsafe { end(cell, JoinError::ExecutorDropped) };
            let flags = header.fields.flags.get();
            let published = if flags & flags::HELD == 0 {
                // SAFETY: the error is in place; no `TaskRef` carries the executor's reference.
                unsafe { deliver(cell) }
            } else {
                // A policy has put it aside somewhere. The handle shall not wait for that.
                // SAFETY: the error is in place.
                unsafe { publish(cell) }
            };
            panic = panic.or(failed).or(published);
        }
        local.memory.close();
        let counted = local.stop_counting();
        // The executor holds a `SharedRef` still, so this is not the end.
        self.count.fetch_add(counted - OPEN, Ordering::AcqRel);
        panic
    }

    fn refuse(&self, local: &Local, mail: Chain) {
        for cell in mail {
            // SAFETY: the inbox's reference keeps it alive.
            let header = unsafe { cell.as_ref() };
            let flags = header.fields.flags.get();
            if flags & flags::SENT != 0 {
                header.fields.flags.set(flags & !flags::SENT);
                local.enlist(cell);
            }
            if header.state.take_notice() {
                // SAFETY: that was the last reference.
                unsafe { free(cell) };
            }
        }
    }

    /// Counts a cell that is made on any thread but the owner's.
    pub(super) fn count_cell(&self) {
        // Relaxed: whoever makes it holds a pointer already.
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes a cell's memory back.
    ///
    /// # Safety
    /// The cell was counted and made with this layout; nobody uses it any more.
    pub(super) unsafe fn take_back(this: NonNull<Self>, memory: NonNull<u8>, layout: Layout) {
        // SAFETY: the cell was counted, so this is alive.
        let shared = unsafe { this.as_ref() };
        if let Some(local) = shared.local() {
            // SAFETY: as for this function.
            unsafe { local.memory.give(memory, layout) };
            if local.forget_cell() {
                return;
            }
        } else {
            // SAFETY: as for this function.
            unsafe { dealloc(memory.as_ptr(), layout) };
        }
        // SAFETY: as for this function.
        unsafe { Self::discount(this) };
    }

    /// # Safety
    /// The caller gives up something that was counted.
    unsafe fn discount(this: NonNull<Self>) {
        // SAFETY: what the caller gives up keeps it alive.
        let count = unsafe { &(*this.as_ptr()).count };
        if count.fetch_sub(1, Ordering::AcqRel) == 1 {
            // SAFETY: made from a box, and nobody refers to it any more.
            drop(unsafe { Box::from_raw(this.as_ptr()) });
        }
    }
}
