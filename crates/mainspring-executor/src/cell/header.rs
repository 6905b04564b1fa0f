//! What all task cells begin with, whatever their future.

use std::alloc::Layout;
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
    pub(crate) const HELD: u16 = 1;
    /// Being polled right now.
    pub(crate) const RUNNING: u16 = 1 << 1;
    /// Woken while being polled.
    pub(crate) const WOKEN: u16 = 1 << 2;
    /// The future is gone; a wake means nothing any more.
    pub(crate) const DONE: u16 = 1 << 3;
    /// Never queued so far.
    pub(crate) const FRESH: u16 = 1 << 4;
    /// Stands for the future that drives the executor.
    pub(crate) const ROOT: u16 = 1 << 5;
    /// Sent from another thread and not taken in so far.
    pub(crate) const SENT: u16 = 1 << 6;
    /// Panics end with the handle; they do not go on through the executor.
    pub(crate) const CATCHES: u16 = 1 << 7;
    /// The result was shown to the join handle, or dropped. From here on references are counted in
    /// `state` alone.
    pub(crate) const PUBLISHED: u16 = 1 << 8;
    /// The last poll panicked, and the payload waits to be told.
    pub(crate) const PANICKED: u16 = 1 << 9;
}

/// What a poll needs comes last, beside the future: one line of the cache less among many tasks.
#[repr(C)]
pub(crate) struct Header {
    /// The next one in the inbox. Written by who set `NOTIFIED`, read by who takes it out.
    pub(super) inbox_link: Cell<*mut Header>,
    /// The join handle's while `JOIN_WAKER` is not set; then, read-only, everybody's.
    pub(super) join_waker: UnsafeCell<Option<Waker>>,
    pub(super) location: &'static Location<'static>,
    pub(super) fields: Fields,
    pub(super) state: State,
    pub(super) vtable: &'static Vtable,
    /// Alive as long as this cell is: see `shared`.
    pub(super) shared: NonNull<Shared>,
    /// The next one in the `TaskList` that this cell is in. The owner's.
    pub(super) link: Cell<Option<NonNull<Header>>>,
}

/// What depends on the future's type. All take the address of a live cell of that type.
pub(super) struct Vtable {
    /// Polls the future, and drops it when it is ready; on the owner's thread, while it is there.
    /// Does not unwind.
    pub(super) poll: unsafe fn(NonNull<Header>, &mut Context<'_>) -> Polled,
    /// Drops future or result, whichever is there, where it is. By whoever it belongs to. Does not
    /// unwind.
    pub(super) clear: unsafe fn(NonNull<Header>) -> Result<(), Payload>,
    /// Takes the payload out that a poll has left; after one that panicked.
    pub(super) take_panic: unsafe fn(NonNull<Header>) -> Payload,
    /// Puts the error where future and result were. By whoever the cell belongs to.
    pub(super) set_error: unsafe fn(NonNull<Header>, JoinError),
    /// Moves the result to `*mut Result<T, JoinError>`. By whoever it belongs to, once.
    pub(super) take: unsafe fn(NonNull<Header>, *mut ()),
    /// Drops what is left of the cell, which nobody else refers to. Future and result are gone.
    pub(super) drop_rest: unsafe fn(NonNull<Header>),
    /// What the cell was made with.
    pub(super) layout: Layout,
    pub(super) extras: unsafe fn(NonNull<Header>) -> Option<NonNull<Extras>>,
}

/// What a poll came to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Polled {
    Pending,
    /// The future is dropped, its output in place.
    Ready,
    /// The future is dropped, the payload in place.
    Panicked,
}

/// Makes a reference from one that the caller holds.
#[inline]
pub(super) fn add_reference(header: &Header) {
    if owner_counts(header) {
        let references = &header.fields.references;
        // As `Arc`: leaked clones must not wrap the count into a use after free.
        references.set(references.get().checked_add(1).unwrap_or_else(|| std::process::abort()));
    } else {
        header.state.add_reference();
    }
}

/// Whether this thread is the owner, and counts references in a plain number.
#[inline]
fn owner_counts(header: &Header) -> bool {
    // SAFETY: every cell keeps what its executor shares alive.
    let shared = unsafe { header.shared.as_ref() };
    shared.local().is_some() && header.fields.flags.get() & flags::PUBLISHED == 0
}

/// Whether this thread is the owner, the task lives, and the caller has the only reference beside
/// the executor's: nobody else can be at `state` then, and to change it takes no atomic
/// read-modify-write.
#[inline]
pub(super) fn is_ours_alone(header: &Header) -> bool {
    owner_counts(header) && header.state.references(header.fields.references.get()) == 2
}

/// Gives up a reference, and frees the cell if it was the last one.
///
/// # Safety
/// The caller holds a reference, and does not use it after this.
pub(super) unsafe fn release(cell: NonNull<Header>) {
    // SAFETY: the caller's reference keeps the cell alive.
    let header = unsafe { cell.as_ref() };
    if owner_counts(header) {
        // Not the last one: that is the executor's until the result is published.
        header.fields.references.set(header.fields.references.get() - 1);
    } else if header.state.drop_reference() {
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
    let (vtable, shared) = (header.vtable, header.shared);
    // SAFETY: nobody else refers to it. The future is gone: the executor, whose reference was
    // dropped, has dropped it before. So is the result: its owner has taken or dropped it.
    unsafe { (vtable.drop_rest)(cell) };
    // SAFETY: made with this layout, counted, and given back only here.
    unsafe { Shared::take_back(shared, cell.cast(), vtable.layout) };
}
