//! Wakes tasks: on the owner's thread without an atomic read-modify-write, from elsewhere through
//! the inbox.

use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::task::{RawWaker, RawWakerVTable, Waker};

use super::header::{Header, add_reference, release};

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop_waker);

/// A waker that lends the caller's reference: it must not be dropped.
///
/// # Safety
/// The caller's reference outlives the waker.
#[inline]
pub(super) unsafe fn lend(cell: NonNull<Header>) -> ManuallyDrop<Waker> {
    let raw = RawWaker::new(cell.as_ptr().cast::<()>().cast_const(), &VTABLE);
    // SAFETY: the functions below keep `RawWaker`'s contract for a live cell; they do so from any
    // thread, as `wake` tells threads apart.
    ManuallyDrop::new(unsafe { Waker::from_raw(raw) })
}

/// Wakes a task from any thread.
///
/// # Safety
/// The caller holds a reference.
pub(super) unsafe fn wake_cell(cell: NonNull<Header>) {
    // SAFETY: the caller's reference keeps it alive.
    let header = unsafe { cell.as_ref() };
    // SAFETY: every cell keeps what its executor shares alive.
    let shared = unsafe { header.shared.as_ref() };
    if let Some(local) = shared.local() {
        shared.wake_local(local, cell);
    } else if header.state.notify() {
        // From another thread, so it is counted there.
        header.state.add_reference();
        if shared.send(cell).is_err() {
            // SAFETY: the inbox is closed and did not take the reference just made, on this thread.
            unsafe { release(cell) };
        }
    }
}

unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: the waker's reference keeps it alive.
    let header = unsafe { cell_of(data).as_ref() };
    add_reference(header);
    RawWaker::new(data, &VTABLE)
}

unsafe fn wake(data: *const ()) {
    // SAFETY: the waker's reference.
    unsafe { wake_by_ref(data) };
    // SAFETY: the waker is consumed.
    unsafe { drop_waker(data) };
}

unsafe fn wake_by_ref(data: *const ()) {
    // SAFETY: the waker's reference.
    unsafe { wake_cell(cell_of(data)) };
}

unsafe fn drop_waker(data: *const ()) {
    // SAFETY: the waker's reference, which goes with it.
    unsafe { release(cell_of(data)) };
}

fn cell_of(data: *const ()) -> NonNull<Header> {
    // SAFETY: wakers are made in `lend` alone, from a `NonNull`.
    unsafe { NonNull::new_unchecked(data.cast_mut().cast()) }
}
