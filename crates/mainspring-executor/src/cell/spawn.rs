//! Spawns tasks: on the owner's thread, and from any other.

use std::future::Future;
use std::panic::resume_unwind;

use super::end::{deliver, end};
use super::header::{flags, release};
use super::join::JoinHandle;
use super::local::Local;
use super::memory::fresh;
use super::meta::{Extras, Origin};
use super::shared::SharedRef;
use super::state::State;
use super::task::{Birth, MaybeExtras, Task};
use super::task_ref::TaskRef;
use crate::JoinError;

/// Spawns on the owner's thread. The task is ready, and new; or, if it is refused, ended.
pub(crate) fn spawn<F, X>(
    shared: &SharedRef,
    local: &Local,
    future: F,
    origin: Origin,
    extras: X,
    refusal: Option<JoinError>,
) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    X: MaybeExtras,
{
    if !local.count_cell() {
        shared.count_cell();
    }
    let memory = local.memory.take(Task::<F, X>::LAYOUT);
    let birth = Birth { state: State::local(true), references: 2, flags: flags::FRESH };
    // SAFETY: fresh memory of that layout.
    let cell = unsafe { Task::write(memory, birth, shared, future, origin, extras) };
    // SAFETY: made with interest in the result and a reference for the handle.
    let handle = unsafe { JoinHandle::from_cell(cell) };
    let refusal = if local.is_closed() { Some(JoinError::ExecutorDropped) } else { refusal };
    if let Some(error) = refusal {
        // SAFETY: on the owner's thread, and the future is there.
        let panic = unsafe { end(cell, error) };
        // SAFETY: the error is in place; the reference is the executor's, which will never take it.
        let published = unsafe { deliver(cell) };
        if let Some(panic) = panic.or(published) {
            resume_unwind(panic);
        }
    } else {
        local.enlist(cell);
        // SAFETY: new, so the executor's reference is free to carry.
        local.ready(unsafe { TaskRef::hold(cell) });
        shared.wake_host(local);
    }
    handle
}

/// Spawns from any thread, through the inbox.
pub(crate) fn spawn_remote<F>(
    shared: &SharedRef,
    future: F,
    origin: Origin,
    extras: Extras,
) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    shared.count_cell();
    let memory = fresh(Task::<F, Extras>::LAYOUT);
    let flags = flags::FRESH | flags::SENT;
    let birth = Birth { state: State::sent(), references: 0, flags };
    // SAFETY: fresh memory of that layout.
    let cell = unsafe { Task::write(memory, birth, shared, future, origin, extras) };
    // SAFETY: made with interest in the result and a reference for the handle.
    let handle = unsafe { JoinHandle::from_cell(cell) };
    if shared.send(cell).is_err() {
        // SAFETY: the inbox is closed, so the cell was seen by this thread alone, and its future may
        // be dropped here: it would have been sent.
        let panic = unsafe { end(cell, JoinError::ExecutorDropped) };
        // SAFETY: the inbox's reference, which it did not take.
        unsafe { release(cell) };
        // SAFETY: the error is in place; the reference is the executor's, which will never take it.
        let published = unsafe { deliver(cell) };
        if let Some(panic) = panic.or(published) {
            resume_unwind(panic);
        }
    }
    handle
}
