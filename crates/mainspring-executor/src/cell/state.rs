//! The one word of a task that threads share: flags below, a count of references above.
//!
//! Until `COMPLETE` the count is only that of references made on other threads than the owner's,
//! less those given up there, and may be below zero; it wraps. With `COMPLETE` it is that of all.
//!
//! | bit | set by | means |
//! |---|---|---|
//! | `NOTIFIED` | whoever wakes from another thread | the cell is in the inbox, or about to be |
//! | `ABORTED` | whoever aborts | the owner shall drop the future instead of polling it |
//! | `COMPLETE` | the owner | the result is there, and the join handle's to take |
//! | `JOIN_INTEREST` | at birth | a join handle exists; it clears the bit when it goes early |
//! | `JOIN_WAKER` | the join handle | `join_waker` is the owner's to read, not the handle's to write |

use super::sync::{AtomicUsize, Ordering};

const NOTIFIED: usize = 1;
const ABORTED: usize = 1 << 1;
const COMPLETE: usize = 1 << 2;
const JOIN_INTEREST: usize = 1 << 3;
const JOIN_WAKER: usize = 1 << 4;
const REFERENCE: usize = 1 << 6;

pub(super) struct State(AtomicUsize);

/// What `complete` found.
pub(super) struct Joiner {
    pub(super) is_interested: bool,
    pub(super) has_waker: bool,
}

/// The task was complete before.
pub(super) struct Complete;

impl State {
    /// Born on the owner's thread, where its references are counted.
    pub(super) fn local(has_handle: bool) -> Self {
        Self(AtomicUsize::new(if has_handle { JOIN_INTEREST } else { 0 }))
    }

    /// Born on another thread, with a handle, on its way into the inbox: three references.
    pub(super) fn sent() -> Self {
        Self(AtomicUsize::new(JOIN_INTEREST | NOTIFIED | (3 * REFERENCE)))
    }

    pub(super) fn is_aborted(&self) -> bool {
        // Acquire: what the aborting thread did before is seen by the future's destructor.
        self.0.load(Ordering::Acquire) & ABORTED != 0
    }

    pub(super) fn is_complete(&self) -> bool {
        // Acquire: pairs with `complete`, so that the result can be read.
        self.0.load(Ordering::Acquire) & COMPLETE != 0
    }

    /// All references, of which so many are counted on the owner's thread, who is asking.
    ///
    /// Nobody may have more than this says: who makes one on another thread has one, and it counts.
    pub(super) fn references(&self, here: i32) -> isize {
        // Acquire: what others did before they gave theirs up.
        let elsewhere = self.0.load(Ordering::Acquire) as isize >> REFERENCE.trailing_zeros();
        elsewhere + here as isize
    }

    /// Makes a reference, on another thread than the owner's or after the end.
    pub(super) fn add_reference(&self) {
        // Relaxed: a new reference is made from one that is held, so nothing can be gone.
        let before = self.0.fetch_add(REFERENCE, Ordering::Relaxed);
        if before & COMPLETE != 0 && before > usize::MAX / 2 {
            // As `Arc`: leaked clones must not wrap the count into a use after free.
            std::process::abort();
        }
    }

    /// Gives a reference up, on another thread than the owner's or after the end. True if it was the
    /// last one of all: the cell is the caller's to free.
    pub(super) fn drop_reference(&self) -> bool {
        // Who holds the only reference is alone with the cell: nobody can make a second one. The
        // load's Acquire sees what the others did before they let go.
        if is_last(self.0.load(Ordering::Acquire)) {
            return true;
        }
        is_last(self.0.fetch_sub(REFERENCE, Ordering::AcqRel))
    }

    /// Takes note of a wake from another thread. True if the caller has to put the cell into the
    /// inbox.
    pub(super) fn notify(&self) -> bool {
        if self.is_complete() {
            return false;
        }
        // Release: what was done before the wake is seen by the poll that follows it, also when the
        // cell is in the inbox already: the bit is cleared by a read-modify-write that acquires.
        self.0.fetch_or(NOTIFIED, Ordering::AcqRel) & NOTIFIED == 0
    }

    /// Out of the inbox: clears the note and gives up the inbox's reference. True if it was the
    /// last one.
    pub(super) fn take_notice(&self) -> bool {
        let before = self.0.fetch_sub(NOTIFIED | REFERENCE, Ordering::AcqRel);
        debug_assert!(before & NOTIFIED != 0, "what is in the inbox is notified");
        is_last(before)
    }

    /// Asks for the end. False if it has come already, or was asked for before.
    pub(super) fn abort(&self) -> bool {
        if self.is_complete() {
            return false;
        }
        self.0.fetch_or(ABORTED, Ordering::AcqRel) & (ABORTED | COMPLETE) == 0
    }

    /// The result is in place. From now on it is the join handle's, if there is one, and all
    /// references are counted here: `references` come over from the owner's thread.
    pub(super) fn complete(&self, references: i32) -> Joiner {
        let change = COMPLETE.wrapping_add(REFERENCE.wrapping_mul(references as usize));
        // Release: the result. Acquire: the join handle's waker.
        let before = self.0.fetch_add(change, Ordering::AcqRel);
        Joiner { is_interested: before & JOIN_INTEREST != 0, has_waker: before & JOIN_WAKER != 0 }
    }

    /// As `complete`, giving one reference up in the same breath. That is only possible while nobody
    /// waits: otherwise nothing is done, and the answer is no.
    pub(super) fn complete_and_leave(&self, references: i32) -> bool {
        // The handle holds one of those that stay.
        let change =
            COMPLETE.wrapping_add(REFERENCE.wrapping_mul(references.wrapping_sub(1) as usize));
        let mut now = self.0.load(Ordering::Acquire);
        loop {
            if now & (JOIN_INTEREST | JOIN_WAKER) != JOIN_INTEREST {
                return false;
            }
            let next = now.wrapping_add(change);
            match self.0.compare_exchange_weak(now, next, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return true,
                Err(found) => now = found,
            }
        }
    }

    /// The join handle goes. `Err`: the result is there, and the handle has to drop it.
    pub(super) fn drop_interest(&self) -> Result<(), Complete> {
        let mut now = self.0.load(Ordering::Acquire);
        loop {
            if now & COMPLETE != 0 {
                return Err(Complete);
            }
            // The waker stays where it is; it goes with the cell, unless the owner calls it before.
            let next = now & !(JOIN_INTEREST | JOIN_WAKER);
            match self.0.compare_exchange_weak(now, next, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Ok(()),
                Err(found) => now = found,
            }
        }
    }

    /// As `drop_interest`, of a task that is not complete, while nobody else can be at this word.
    pub(super) fn forgo_interest(&self) {
        // Relaxed: whoever comes to this word after this has got a reference from this thread.
        let now = self.0.load(Ordering::Relaxed);
        self.0.store(now & !(JOIN_INTEREST | JOIN_WAKER), Ordering::Relaxed);
    }

    /// Whether `join_waker` is set and may be compared, but not written, by the join handle.
    pub(super) fn has_join_waker(&self) -> bool {
        self.0.load(Ordering::Acquire) & JOIN_WAKER != 0
    }

    /// Hands `join_waker` to the owner.
    pub(super) fn offer_join_waker(&self) -> Result<(), Complete> {
        self.change_unless_complete(|now| now | JOIN_WAKER)
    }

    /// As `offer_join_waker`, of a task that is not complete, while nobody else can be at this word.
    pub(super) fn place_join_waker(&self) {
        // Relaxed: as in `forgo_interest`.
        let now = self.0.load(Ordering::Relaxed);
        self.0.store(now | JOIN_WAKER, Ordering::Relaxed);
    }

    /// Takes `join_waker` back, to write another one.
    pub(super) fn reclaim_join_waker(&self) -> Result<(), Complete> {
        self.change_unless_complete(|now| now & !JOIN_WAKER)
    }

    fn change_unless_complete(&self, change: impl Fn(usize) -> usize) -> Result<(), Complete> {
        let mut now = self.0.load(Ordering::Acquire);
        loop {
            if now & COMPLETE != 0 {
                return Err(Complete);
            }
            match self.0.compare_exchange_weak(
                now,
                change(now),
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => return Ok(()),
                Err(found) => now = found,
            }
        }
    }
}

/// Whether this is the end but for one reference.
fn is_last(state: usize) -> bool {
    state & COMPLETE != 0 && state / REFERENCE == 1
}
