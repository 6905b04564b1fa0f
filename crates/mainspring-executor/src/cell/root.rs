//! Stands for a future that drives the executor.

use std::future::Future;
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll, Waker};

use super::end::{deliver, end};
use super::header::{Header, flags};
use super::local::{Local, NO_QUEUE};
use super::meta::{NO_GROUP, Origin};
use super::shared::SharedRef;
use super::state::State;
use super::task::{Birth, Task};
use super::waker::lend;
use crate::JoinError;

/// Stands for a future that drives the executor: wakes for it come the way that all wakes come.
pub(crate) struct Root {
    cell: NonNull<Header>,
    _shared: SharedRef,
}

/// Never polled.
struct Nothing;

impl Future for Nothing {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

impl Root {
    #[track_caller]
    pub(crate) fn new(shared: &SharedRef, local: &Local, slot: u32) -> Self {
        if !local.count_cell() {
            shared.count_cell();
        }
        let location = std::panic::Location::caller();
        let origin = Origin { queue: NO_QUEUE, group: NO_GROUP, catches: true, location };
        let memory = local.memory.take(Task::<Nothing, ()>::LAYOUT);
        let birth = Birth { state: State::local(false), references: 1, flags: flags::ROOT };
        // SAFETY: fresh memory of that layout.
        let cell = unsafe { Task::write(memory, birth, shared, Nothing, origin, ()) };
        // SAFETY: just made.
        unsafe { cell.as_ref() }.fields.word.set(slot.into());
        Self { cell, _shared: shared.clone() }
    }

    /// A waker for the future.
    pub(crate) fn waker(&self) -> Waker {
        // SAFETY: this root's reference outlives the borrowed waker.
        let waker = unsafe { lend(self.cell) };
        Waker::clone(&waker)
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        // SAFETY: this root's reference.
        let header = unsafe { self.cell.as_ref() };
        let flags = header.fields.flags.get();
        // SAFETY: the owner's thread: whatever drives an executor stays there.
        let panic = unsafe { end(self.cell, JoinError::Cancelled) };
        debug_assert!(panic.is_none(), "nothing has no destructor");
        if flags & flags::HELD == 0 {
            // SAFETY: an error is in place; no `TaskRef` carries the reference, so it ends here.
            let _ = unsafe { deliver(self.cell) };
        }
    }
}
