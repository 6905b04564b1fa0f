//! What all task cells begin with, whatever their future.

use std::any::Any;
use std::panic::Location;
use std::ptr::NonNull;
use std::task::{Context, Waker};

use super::meta::{Extras, Fields};
use super::shared::Shared;
use super::state::State;
use super::sync::{Cell, UnsafeCell};
use crate::JoinError;

pub(super) type Payload = Box<dyn Any + Send>;

/// The owner's flags, in `Fields::flags`.
pub(super) mod flags {
    /// A `TaskRef` exists, and carries the executor's reference.
    pub(crate) const HELD: u8 = 1;
    /// Being polled right now.
    pub(crate) const RUNNING: u8 = 1 << 1;
    /// Woken while being polled.
    pub(crate) const WOKEN: u8 = 1 << 2;
    /// The future is gone; a wake means nothing any more.
    pub(crate) const DONE: u8 = 1 << 3;
    /// Never queued so far.
    pub(crate) const FRESH: u8 = 1 << 4;
    /// Stands for the future that drives the executor.
    pub(crate) const ROOT: u8 = 1 << 5;
    /// Sent from another thread and not taken in so far.
    pub(crate) const SENT: u8 = 1 << 6;
    /// Panics end with the handle; they do not go on through the executor.
    pub(crate) const CATCHES: u8 = 1 << 7;
}

pub(crate) struct Header {
    pub(super) state: State,
    pub(super) vtable: &'static Vtable,
    /// Alive as long as this cell is: see `shared`.
    pub(super) shared: NonNull<Shared>,
    /// The next one in the `TaskList` that this cell is in. The owner's.
    pub(super) link: Cell<Option<NonNull<Header>>>,
    /// The next one in the inbox. Written by who set `NOTIFIED`, read by who takes it out.
    pub(super) inbox_link: Cell<*mut Header>,
    /// The join handle's while `JOIN_WAKER` is not set; then, read-only, everybody's.
    pub(super) join_waker: UnsafeCell<Option<Waker>>,
    pub(super) location: &'static Location<'static>,
    pub(super) fields: Fields,
}

/// What depends on the future's type. All take the address of a live cell of that type.
pub(super) struct Vtable {
    /// Polls the future; on the owner's thread, while it is there. Does not unwind.
    pub(super) poll: unsafe fn(NonNull<Header>, &mut Context<'_>) -> Polled,
    /// Drops future or result, whichever is there, where it is. By whoever it belongs to. Does not
    /// unwind.
    pub(super) clear: unsafe fn(NonNull<Header>) -> Result<(), Payload>,
    /// Puts the error where future and result were. By whoever the cell belongs to.
    pub(super) set_error: unsafe fn(NonNull<Header>, JoinError),
    /// Moves the result to `*mut Result<T, JoinError>`. By whoever it belongs to, once.
    pub(super) take: unsafe fn(NonNull<Header>, *mut ()),
    /// Frees the cell, which nobody else refers to. Future and result are gone.
    pub(super) free: unsafe fn(NonNull<Header>),
    pub(super) extras: unsafe fn(NonNull<Header>) -> Option<NonNull<Extras>>,
}

/// What a poll came to.
pub(super) enum Polled {
    Pending,
    /// The future is dropped, its output in place.
    Ready,
    /// The future is dropped, its place empty.
    Panicked(Payload),
}

/// Gives up a reference, and frees the cell if it was the last one.
///
/// # Safety
/// The caller holds a reference, and does not use it after this.
pub(super) unsafe fn release(cell: NonNull<Header>) {
    // SAFETY: the caller's reference keeps the cell alive.
    let header = unsafe { cell.as_ref() };
    if header.state.drop_reference() {
        // SAFETY: that was the last reference.
        unsafe { free(cell) };
    }
}

/// Frees a cell.
///
/// # Safety
/// The last reference was given up by the caller.
pub(super) unsafe fn free(cell: NonNull<Header>) {
    // SAFETY: not yet freed.
    let header = unsafe { cell.as_ref() };
    let (free, shared) = (header.vtable.free, header.shared);
    // SAFETY: nobody else refers to it. The future is gone: the executor, whose reference was
    // dropped, has dropped it before. So is the result: its owner has taken or dropped it.
    unsafe { free(cell) };
    // SAFETY: the cell was counted, and this is its only discount.
    unsafe { Shared::forget_cell(shared) };
}
