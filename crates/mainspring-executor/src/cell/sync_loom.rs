//! What the task cell shares between threads, as loom has it.

pub(crate) use loom::sync::atomic::{AtomicIsize, AtomicPtr, AtomicUsize, Ordering};
pub(crate) use loom::sync::{Mutex, MutexGuard};

pub(crate) use loom::cell::{Cell, UnsafeCell};

use std::sync::atomic::AtomicU64;

/// A number for the calling thread of the model: never zero, never used again for another one.
pub(crate) fn current_thread() -> u64 {
    loom::thread_local! {
        static NUMBER: std::cell::Cell<u64> = std::cell::Cell::new(0);
    }
    NUMBER.with(|number| match number.get() {
        0 => {
            // Only told apart, never ordered: loom need not know.
            static LAST: AtomicU64 = AtomicU64::new(0);
            number.set(LAST.fetch_add(1, Ordering::Relaxed) + 1);
            number.get()
        }
        set => set,
    })
}
