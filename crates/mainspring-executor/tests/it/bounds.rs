//! Many tasks, and what they cost.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use mainspring_executor::{JoinHandle, yield_now};

use crate::rigging::simple;

struct Counting;

thread_local! {
    /// Bytes that this thread has asked for and not given back.
    static BYTES: Cell<isize> = const { Cell::new(0) };
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[expect(unsafe_code, reason = "the allocator's interface is")]
// SAFETY: everything is passed on as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.set(BYTES.get() + layout.size() as isize);
        // SAFETY: as for this function.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        BYTES.set(BYTES.get() - layout.size() as isize);
        // SAFETY: as for this function.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[test]
fn a_million_tasks_alive() {
    const TASKS: usize = 1_000_000;
    let executor = simple();
    let queue = executor.queue("q").unwrap();
    let before = BYTES.get();
    for i in 0..TASKS as u64 {
        queue
            .spawn(async move {
                yield_now().await;
                if i % 2 == 1 {
                    std::future::pending::<()>().await;
                }
            })
            .detach();
    }
    assert_eq!(executor.task_count(), TASKS);
    let per_task = (BYTES.get() - before) as f64 / TASKS as f64;
    assert!(per_task <= 168.0, "{per_task} bytes per task");
    let all = executor.block_on(async {
        while executor.task_count() > TASKS / 2 {
            yield_now().await;
        }
        executor.task_count()
    });
    assert_eq!(all.unwrap(), TASKS / 2);
    assert_eq!(executor.abort_all(), TASKS / 2);
    executor.block_on(yield_now()).unwrap();
    while executor.tick().unwrap() {}
    assert_eq!(executor.task_count(), 0);
}

#[test]
fn nothing_is_left_behind() {
    let round = || {
        let executor = simple();
        let queue = executor.queue("q").unwrap();
        let handles: Vec<JoinHandle<Vec<u8>>> = (0..100)
            .map(|i| {
                queue.group(i % 5).spawn(async move {
                    yield_now().await;
                    if i % 3 == 0 {
                        std::future::pending::<()>().await;
                    }
                    vec![1; 1000]
                })
            })
            .collect();
        while executor.tick().unwrap() {}
        handles.iter().step_by(6).for_each(JoinHandle::abort);
        drop(executor);
        drop(handles);
    };
    // What is allocated once per thread or process.
    round();
    let before = BYTES.get();
    round();
    assert_eq!(BYTES.get(), before);
}
