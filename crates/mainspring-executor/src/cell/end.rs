//! Ends a task: drops its future, and shows its result.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::task::Waker;

use super::header::{Header, Payload, flags, free, release};
use crate::JoinError;

/// Drops the future, if it is there still, and puts the error in its place; or, in the error's, a
/// panic of the last poll or of the future's destructor.
///
/// Answers with the panic that has to go on, if panics of this task do.
///
/// # Safety
/// The owner's thread, or a cell that no other thread has seen. The caller holds a reference. The
/// task is neither done nor published.
pub(super) unsafe fn end(cell: NonNull<Header>, error: JoinError) -> Option<Payload> {
    // SAFETY: the caller's reference keeps it alive.
    let header = unsafe { cell.as_ref() };
    let (flags, vtable) = (&header.fields.flags, header.vtable);
    let has_panicked = flags.get() & flags::PANICKED != 0;
    // Whatever the destructors wake, it is not this task.
    flags.set(flags.get() | flags::DONE);
    // SAFETY: the cell is the caller's, and a panicked poll has left its payload.
    let panic = has_panicked.then(|| unsafe { (vtable.take_panic)(cell) });
    // SAFETY: the cell is the caller's.
    let dropped = unsafe { (vtable.clear)(cell) };
    let (error, goes_on) = match panic.or(dropped.err()) {
        None => (error, None),
        Some(panic) if flags.get() & flags::CATCHES != 0 => (JoinError::panic(panic), None),
        Some(panic) => (JoinError::panic_of(&*panic), Some(panic)),
    };
    // SAFETY: the cell is the caller's, and empty.
    unsafe { (vtable.set_error)(cell, error) };
    goes_on
}

/// Shows the result to the join handle, or drops it if there is none, and gives the caller's
/// reference up.
///
/// Answers with the panic that has to go on, if panics of this task do.
///
/// # Safety
/// The result is in place, and was not published before. The caller's reference is not used after
/// this.
pub(super) unsafe fn deliver(cell: NonNull<Header>) -> Option<Payload> {
    // SAFETY: the caller's reference keeps it alive.
    let header = unsafe { cell.as_ref() };
    let fields = &header.fields;
    // Before the cell may be gone. Nothing is counted between here and there.
    fields.flags.set(fields.flags.get() | flags::PUBLISHED);
    if header.state.references(fields.references.get()) == 1 {
        // Nobody is left to be told.
        // SAFETY: the handle went without the result, so it stays with the owner.
        let outcome = unsafe { (header.vtable.clear)(cell) };
        let panic = outcome.err().filter(|_| fields.flags.get() & flags::CATCHES == 0);
        // SAFETY: the caller's reference was the last one.
        unsafe { free(cell) };
        return panic;
    }
    if header.state.complete_and_leave(fields.references.get()) {
        return None;
    }
    // SAFETY: as for this function.
    let panic = unsafe { publish(cell) };
    // SAFETY: as for this function.
    unsafe { release(cell) };
    panic
}

/// Shows the result to the join handle, or drops it if there is none.
///
/// Answers with the panic that has to go on, if panics of this task do.
///
/// # Safety
/// The result is in place, and was not published before. The caller holds a reference.
pub(super) unsafe fn publish(cell: NonNull<Header>) -> Option<Payload> {
    // SAFETY: the caller's reference keeps it alive.
    let header = unsafe { cell.as_ref() };
    let fields = &header.fields;
    fields.flags.set(fields.flags.get() | flags::PUBLISHED);
    let joiner = header.state.complete(fields.references.get());
    let outcome = if !joiner.is_interested {
        // SAFETY: the handle went without the result, so it stays with the owner.
        unsafe { (header.vtable.clear)(cell) }
    } else if joiner.has_waker {
        header.join_waker.with(|slot| {
            // SAFETY: the bit was set when the task became complete, so nobody writes again.
            let waker = unsafe { &*slot };
            let wake = || waker.iter().for_each(Waker::wake_by_ref);
            catch_unwind(AssertUnwindSafe(wake))
        })
    } else {
        return None;
    };
    outcome.err().filter(|_| header.fields.flags.get() & flags::CATCHES == 0)
}
