//! One allocation for a header, a future and its result, and what depends on their types.

use std::alloc::Layout;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::ptr::{self, NonNull};
use std::task::{Context, Poll};

use super::header::{Header, Payload, Polled, Vtable, flags};
use super::memory::padded;
use super::meta::{Extras, Fields, NO_SLOT, Origin, TaskId};
use super::shared::SharedRef;
use super::state::State;
use super::sync::{Cell, UnsafeCell};
use crate::JoinError;

/// One allocation: the header first, so that its address is the cell's.
#[repr(C)]
pub(super) struct Task<F: Future, X> {
    header: Header,
    extras: X,
    stage: UnsafeCell<Stage<F>>,
}

enum Stage<F: Future> {
    Future(F),
    Result(Result<F::Output, JoinError>),
    Panic(Payload),
    Empty,
}

/// How a cell begins.
pub(super) struct Birth {
    pub(super) state: State,
    /// Counted on the owner's thread.
    pub(super) references: i32,
    pub(super) flags: u16,
}

/// What a task may carry beyond its future.
pub(crate) trait MaybeExtras: 'static {
    fn extras(&self) -> Option<&Extras>;
}

impl MaybeExtras for () {
    fn extras(&self) -> Option<&Extras> {
        None
    }
}

impl MaybeExtras for Extras {
    fn extras(&self) -> Option<&Extras> {
        Some(self)
    }
}

impl<F: Future, X: MaybeExtras> Task<F, X> {
    pub(super) const LAYOUT: Layout = padded(Layout::new::<Self>());

    const VTABLE: Vtable = Vtable {
        poll: Self::poll,
        clear: Self::clear,
        take_panic: Self::take_panic,
        set_error: Self::set_error,
        take: Self::take,
        drop_rest: Self::drop_rest,
        layout: Self::LAYOUT,
        extras: Self::extras,
    };

    /// Writes a cell.
    ///
    /// # Safety
    /// The memory is of the cell's layout, and the caller's.
    #[inline]
    pub(super) unsafe fn write(
        memory: NonNull<u8>,
        birth: Birth,
        shared: &SharedRef,
        future: F,
        origin: Origin,
        extras: X,
    ) -> NonNull<Header> {
        let Birth { state, references, flags } = birth;
        let fields = Fields {
            id: TaskId::next(),
            spawned_ns: Cell::new(0),
            ready_ns: Cell::new(0),
            word: Cell::new(0),
            references: Cell::new(references),
            slot: Cell::new(NO_SLOT),
            group: Cell::new(origin.group),
            // The builder takes no more queues than that; the last number means none.
            queue: origin.queue.try_into().unwrap_or(u16::MAX),
            flags: Cell::new(if origin.catches { flags | flags::CATCHES } else { flags }),
        };
        let header = Header {
            state,
            vtable: &Self::VTABLE,
            shared: shared.as_ptr(),
            link: Cell::new(None),
            inbox_link: Cell::new(ptr::null_mut()),
            join_waker: UnsafeCell::new(None),
            location: origin.location,
            fields,
        };
        let task = Self { header, extras, stage: UnsafeCell::new(Stage::Future(future)) };
        let cell = memory.cast::<Self>();
        // SAFETY: as for this function.
        unsafe { cell.write(task) };
        cell.cast()
    }

    unsafe fn poll(cell: NonNull<Header>, cx: &mut Context<'_>) -> Polled {
        // SAFETY: alive, and of this type.
        let stage = unsafe { Self::stage(cell) };
        let polled = stage.with_mut(|stage| {
            // SAFETY: the owner's thread, and nobody else is at it before it is published.
            let Stage::Future(future) = (unsafe { &mut *stage }) else {
                unreachable!("a task is polled after its end")
            };
            // SAFETY: the cell does not move, and the future is dropped where it is.
            let future = unsafe { Pin::new_unchecked(future) };
            catch_unwind(AssertUnwindSafe(|| future.poll(cx)))
        });
        let output = match polled {
            Ok(Poll::Pending) => return Polled::Pending,
            Ok(Poll::Ready(output)) => output,
            // SAFETY: the owner's thread.
            Err(panic) => return unsafe { Self::panicked(cell, panic) },
        };
        // SAFETY: the owner's thread.
        match unsafe { Self::clear(cell) } {
            Ok(()) => {
                // SAFETY: empty, and the owner's.
                stage.with_mut(|stage| unsafe { stage.write(Stage::Result(Ok(output))) });
                Polled::Ready
            }
            Err(panic) => {
                // An output whose destructor panics as well has nothing new to say.
                let _ = catch_unwind(AssertUnwindSafe(|| drop(output)));
                // SAFETY: the owner's thread.
                unsafe { Self::panicked(cell, panic) }
            }
        }
    }

    /// Drops the future, if it is there still, and leaves the payload in its place. A second panic
    /// on the way has nothing new to say.
    ///
    /// # Safety
    /// The owner's thread.
    #[cold]
    unsafe fn panicked(cell: NonNull<Header>, panic: Payload) -> Polled {
        // SAFETY: the owner's thread.
        let _ = unsafe { Self::clear(cell) };
        // SAFETY: alive, and of this type.
        let stage = unsafe { Self::stage(cell) };
        // SAFETY: empty, and the owner's.
        stage.with_mut(|stage| unsafe { stage.write(Stage::Panic(panic)) });
        Polled::Panicked
    }

    unsafe fn take_panic(cell: NonNull<Header>) -> Payload {
        // SAFETY: alive, and of this type.
        let stage = unsafe { Self::stage(cell) };
        // SAFETY: the caller's.
        let stage = stage.with_mut(|stage| unsafe { stage.replace(Stage::Empty) });
        let Stage::Panic(panic) = stage else { unreachable!("no poll has left a panic") };
        panic
    }

    unsafe fn clear(cell: NonNull<Header>) -> Result<(), Payload> {
        // SAFETY: alive, and of this type.
        let stage = unsafe { Self::stage(cell) };
        stage.with_mut(|stage| {
            // SAFETY: the caller's; it is written over below without being dropped again.
            let outcome = catch_unwind(AssertUnwindSafe(|| unsafe { ptr::drop_in_place(stage) }));
            // SAFETY: the caller's, and nothing in it is left to be dropped.
            unsafe { stage.write(Stage::Empty) };
            outcome
        })
    }

    unsafe fn set_error(cell: NonNull<Header>, error: JoinError) {
        // SAFETY: alive, and of this type.
        let stage = unsafe { Self::stage(cell) };
        // SAFETY: the caller's, and empty.
        stage.with_mut(|stage| unsafe { stage.write(Stage::Result(Err(error))) });
    }

    unsafe fn take(cell: NonNull<Header>, into: *mut ()) {
        // SAFETY: alive, and of this type.
        let stage = unsafe { Self::stage(cell) };
        // SAFETY: the result is the caller's, who takes it once.
        let stage = stage.with_mut(|stage| unsafe { stage.replace(Stage::Empty) });
        let Stage::Result(result) = stage else { unreachable!("a result is taken twice") };
        // SAFETY: the caller gives room for just this type.
        unsafe { into.cast::<Result<F::Output, JoinError>>().write(result) };
    }

    unsafe fn drop_rest(cell: NonNull<Header>) {
        // SAFETY: of this type; nobody else refers to it, nor will use it again.
        unsafe { cell.cast::<Self>().drop_in_place() };
    }

    unsafe fn extras(cell: NonNull<Header>) -> Option<NonNull<Extras>> {
        let task = cell.cast::<Self>().as_ptr();
        // SAFETY: the cell is alive and of this type; extras never change.
        let extras = unsafe { &(*task).extras };
        extras.extras().map(NonNull::from)
    }

    /// # Safety
    /// The cell is alive for as long as the answer is used, and of this type.
    unsafe fn stage<'a>(cell: NonNull<Header>) -> &'a UnsafeCell<Stage<F>> {
        let task = cell.cast::<Self>().as_ptr();
        // SAFETY: as for this function.
        unsafe { &(*task).stage }
    }
}
