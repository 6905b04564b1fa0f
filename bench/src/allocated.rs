//! Counts the bytes that this thread allocates, while somebody wants to know.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

thread_local! {
    /// Bytes allocated and not freed since somebody wants to know.
    static BYTES: Cell<Option<i64>> = const { Cell::new(None) };
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: it hands every call on to the system's allocator as it came, and only counts beside it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 1);
        // SAFETY: the caller's promises are those that the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 1);
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(layout.size(), -1);
        // SAFETY: as above.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(layout.size(), -1);
        count(size, 1);
        // SAFETY: as above.
        unsafe { System.realloc(block, layout, size) }
    }
}

fn count(bytes: usize, sign: i64) {
    BYTES.with(|counted| {
        if let Some(before) = counted.get() {
            counted.set(Some(before + sign * bytes as i64));
        }
    });
}

/// What `make` returns, and how many bytes it has allocated and kept.
pub fn kept_by<T>(make: impl FnOnce() -> T) -> (T, i64) {
    count_from_here();
    let made = make();
    (made, counted())
}

/// Begins to count, for what cannot be done within one call; [`counted`] ends it.
pub fn count_from_here() {
    BYTES.set(Some(0));
}

/// Bytes allocated and not freed since [`count_from_here`].
pub fn counted() -> i64 {
    BYTES.take().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::kept_by;

    #[test]
    fn what_is_dropped_or_grows_is_counted_once() {
        const MIB: i64 = 1 << 20;
        let (kept, bytes) = kept_by(|| {
            drop(vec![1_u8; 100 * MIB as usize]);
            let mut kept = vec![1_u8; 5 * MIB as usize];
            kept.reserve_exact(5 * MIB as usize);
            kept
        });
        assert_eq!((bytes, kept.len()), (10 * MIB, 5 << 20));
    }
}
