//! Where other threads put tasks that they wake or spawn: a stack that the owner takes whole.
//!
//! The head is a cell, or one of three marks. *Empty* and *parked* both mean that nothing is there;
//! who pushes onto *parked* has to wake the host. As one word says both, a push and a park cannot
//! miss each other. *Closed*: the executor is gone, and nothing goes in any more.

use std::ptr::{self, NonNull};

use super::header::Header;
use super::sync::{AtomicPtr, Ordering};

pub(super) struct Inbox {
    head: AtomicPtr<Header>,
}

/// What became of a push.
pub(super) enum Pushed {
    /// The owner is at work and will look.
    Seen,
    /// The owner was parked. It is no longer, and the caller has to say so.
    WakeHost,
    /// Nobody will ever look: the cell is still the caller's.
    Closed,
}

const PARKED: *mut Header = ptr::without_provenance_mut(1);
const CLOSED: *mut Header = ptr::without_provenance_mut(2);

impl Inbox {
    pub(super) fn new() -> Self {
        Self { head: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Puts a cell in, and with it the reference that the inbox holds.
    pub(super) fn push(&self, cell: NonNull<Header>) -> Pushed {
        let mut head = self.head.load(Ordering::Relaxed);
        loop {
            if head == CLOSED {
                return Pushed::Closed;
            }
            let next = if head == PARKED { ptr::null_mut() } else { head };
            // SAFETY: the caller's reference keeps the cell alive.
            let header = unsafe { cell.as_ref() };
            // Only who has set `NOTIFIED` writes the link, and only until the cell is taken out.
            header.inbox_link.set(next);
            // Release: the link, and all that was done before the wake. Acquire: whatever the owner
            // did before it parked, its waker included.
            match self.head.compare_exchange_weak(
                head,
                cell.as_ptr(),
                Ordering::AcqRel,
                Ordering::Relaxed,
            ) {
                Ok(PARKED) => return Pushed::WakeHost,
                Ok(_) => return Pushed::Seen,
                Err(found) => head = found,
            }
        }
    }

    /// Whether a look inside is worth it. A push from elsewhere may be seen late, never for good.
    pub(super) fn is_empty(&self) -> bool {
        self.head.load(Ordering::Relaxed).addr() <= PARKED.addr()
    }

    /// Takes all out, the earliest first. Ends a park.
    pub(super) fn take(&self) -> Chain {
        let head = self.head.swap(ptr::null_mut(), Ordering::Acquire);
        debug_assert!(head != CLOSED, "a closed inbox is not taken from");
        Chain::reversed(head)
    }

    /// Ends all pushes, and takes out what came before.
    pub(super) fn close(&self) -> Chain {
        Chain::reversed(self.head.swap(CLOSED, Ordering::AcqRel))
    }

    /// From now on, a push wakes the host. False if there is something in here.
    pub(super) fn park(&self) -> bool {
        let empty = ptr::null_mut();
        // Release: the host's waker.
        match self.head.compare_exchange(empty, PARKED, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => true,
            Err(head) => head == PARKED,
        }
    }

    /// Ends a park. True if nobody has done so before.
    pub(super) fn unpark(&self) -> bool {
        let empty = ptr::null_mut();
        self.head.compare_exchange(PARKED, empty, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

/// Cells that were taken out, each with the inbox's reference.
pub(super) struct Chain {
    head: *mut Header,
}

impl Chain {
    fn reversed(mut from: *mut Header) -> Self {
        let mut head = ptr::null_mut();
        if from == PARKED || from == CLOSED {
            return Self { head };
        }
        while let Some(cell) = NonNull::new(from) {
            // SAFETY: the inbox's reference keeps the cell alive.
            let header = unsafe { cell.as_ref() };
            from = header.inbox_link.replace(head);
            head = cell.as_ptr();
        }
        Self { head }
    }
}

impl Iterator for Chain {
    type Item = NonNull<Header>;

    fn next(&mut self) -> Option<NonNull<Header>> {
        let cell = NonNull::new(self.head)?;
        // SAFETY: the inbox's reference keeps the cell alive; the link is read before it is given
        // away.
        let header = unsafe { cell.as_ref() };
        self.head = header.inbox_link.get();
        Some(cell)
    }
}
