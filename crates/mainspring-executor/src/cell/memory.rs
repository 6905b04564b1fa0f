//! Keeps the memory of tasks that have ended for those to come.
//!
//! # Ground rules
//! - Memory comes and goes in classes of eight bytes, so that whoever frees a cell and whoever
//!   makes the next one agree on the layout. Cells beyond the largest class, or with a stricter
//!   alignment, are not kept.
//! - What is kept belongs to the owner's thread; on other threads cells come from, and go to, the
//!   allocator.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::cell::Cell;
use std::ptr::NonNull;

const CLASS: usize = 8;
const CLASSES: usize = 64;

/// The kept memory of one executor.
pub(super) struct Memory {
    /// The first piece of each class; a piece's first word leads to the next.
    pieces: [Cell<Option<NonNull<Piece>>>; CLASSES],
    /// How much more may be kept, in bytes.
    room: Cell<usize>,
}

struct Piece {
    next: Option<NonNull<Piece>>,
}

/// The layout that a cell is really made with.
pub(super) const fn padded(layout: Layout) -> Layout {
    match class_of(layout) {
        Some(class) => match Layout::from_size_align((class + 1) * CLASS, CLASS) {
            Ok(layout) => layout,
            Err(_) => layout,
        },
        None => layout,
    }
}

const fn class_of(layout: Layout) -> Option<usize> {
    if layout.align() > CLASS || layout.size() > CLASS * CLASSES || layout.size() == 0 {
        return None;
    }
    Some(layout.size().div_ceil(CLASS) - 1)
}

/// Memory of this layout, which is `padded`, from the allocator.
pub(super) fn fresh(layout: Layout) -> NonNull<u8> {
    // SAFETY: a cell has a header, so its size is not zero.
    let memory = unsafe { alloc(layout) };
    NonNull::new(memory).unwrap_or_else(|| handle_alloc_error(layout))
}

impl Memory {
    pub(super) fn new(room: usize) -> Self {
        Self { pieces: std::array::from_fn(|_| Cell::new(None)), room: Cell::new(room) }
    }

    /// Memory of this layout, which is `padded`.
    #[inline]
    pub(super) fn take(&self, layout: Layout) -> NonNull<u8> {
        let Some(class) = class_of(layout) else { return fresh(layout) };
        let Some(piece) = self.pieces[class].get() else { return fresh(layout) };
        // SAFETY: kept, so it is ours, and begins with what `give` wrote.
        let next = unsafe { piece.as_ref() }.next;
        self.pieces[class].set(next);
        self.room.set(self.room.get() + layout.size());
        piece.cast()
    }

    /// Keeps memory of this layout, which is `padded`, or gives it to the allocator.
    ///
    /// # Safety
    /// It came from `take` or `fresh` with the same layout, and nobody uses it any more.
    #[inline]
    pub(super) unsafe fn give(&self, memory: NonNull<u8>, layout: Layout) {
        let class = class_of(layout).filter(|_| self.room.get() >= layout.size());
        let Some(class) = class else {
            // SAFETY: as for this function.
            return unsafe { dealloc(memory.as_ptr(), layout) };
        };
        self.room.set(self.room.get() - layout.size());
        let piece = memory.cast::<Piece>();
        // SAFETY: ours, and a class is large and aligned enough for one word.
        unsafe { piece.write(Piece { next: self.pieces[class].get() }) };
        self.pieces[class].set(Some(piece));
    }

    /// Gives everything to the allocator, and keeps nothing from now on.
    pub(super) fn close(&self) {
        self.room.set(0);
        for (class, pieces) in self.pieces.iter().enumerate() {
            let layout = Layout::from_size_align((class + 1) * CLASS, CLASS);
            let Ok(layout) = layout else { continue };
            while let Some(piece) = pieces.get() {
                // SAFETY: kept, so it is ours, and begins with what `give` wrote.
                pieces.set(unsafe { piece.as_ref() }.next);
                // SAFETY: it came from the allocator with the layout of its class.
                unsafe { dealloc(piece.as_ptr().cast(), layout) };
            }
        }
    }
}
