//! What clockworker and async-executor test in their own ways, where no other file asks it.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use mainspring_executor::{JoinError, RunnableFifo, TaskRef, Why, yield_now};

use crate::rigging::{Drops, Log, Parking, builder, poll_once, settle, simple};

#[test]
fn a_close_before_the_first_run() {
    let executor = simple();
    let ran = Rc::new(Cell::new(false));
    let of_task = ran.clone();
    let handle = executor.queue("q").unwrap().spawn(async move { of_task.set(true) });
    executor.close();
    assert_eq!(smol::block_on(executor.run()), Ok(()));
    assert!(ran.get(), "what was spawned before the close runs to its end");
    assert!(matches!(poll_once(handle), Some(Ok(()))));
}

#[test]
fn a_close_without_tasks() {
    let executor = simple();
    executor.close();
    executor.close();
    assert_eq!(smol::block_on(executor.run()), Ok(()));
    assert_eq!(executor.abort_all(), 0);
}

#[test]
fn a_drain_that_takes_too_long_is_cut_short() {
    // A time-out is a future like others: whoever wins, the executor is left in order.
    let executor = simple();
    let queue = executor.queue("q").unwrap();
    let (log, drops) = (Log::default(), Drops::default());
    let (of_quick, witness) = (log.clone(), drops.witness());
    queue
        .spawn(async move {
            yield_now().await;
            of_quick.add("quick");
        })
        .detach();
    let endless = queue.spawn(async move {
        let _witness = witness;
        loop {
            yield_now().await;
        }
    });
    executor.close();
    let time_out = async {
        for _ in 0..10 {
            yield_now().await;
        }
    };
    executor.block_on(time_out).unwrap();
    assert_eq!((log.take(), drops.count()), (vec!["quick".to_owned()], 0));
    assert_eq!(executor.abort_all(), 1);
    assert_eq!(smol::block_on(executor.run()), Ok(()));
    assert_eq!(drops.count(), 1);
    assert!(matches!(poll_once(endless), Some(Err(JoinError::Cancelled))));
}

#[test]
fn a_detached_crowd_runs_to_its_end() {
    let executor = simple();
    let queue = executor.queue("q").unwrap();
    let ended = Rc::new(Cell::new(0));
    for i in 0..2000 {
        let ended = ended.clone();
        queue
            .spawn(async move {
                for _ in 0..i % 4 {
                    yield_now().await;
                }
                ended.set(ended.get() + 1);
            })
            .detach();
    }
    settle(&executor);
    assert_eq!(ended.get(), 2000);
}

#[test]
fn a_policy_of_ones_own_decides() {
    /// Odd numbers of spawning first, by a word that it keeps with the task.
    #[derive(Default)]
    struct OddFirst {
        spawned: u64,
        ready: Vec<TaskRef>,
    }

    impl mainspring_executor::Policy for OddFirst {
        fn push(&mut self, task: TaskRef, why: Why) {
            if why == Why::Spawned {
                self.spawned += 1;
                task.meta().set_word(self.spawned);
            }
            self.ready.push(task);
        }
        fn pop(&mut self) -> Option<TaskRef> {
            let odd = self.ready.iter().position(|task| task.meta().word() % 2 == 1);
            (!self.ready.is_empty()).then(|| self.ready.remove(odd.unwrap_or(0)))
        }
        fn len(&self) -> usize {
            self.ready.len()
        }
    }

    let executor = builder().queue("q", 1, OddFirst::default()).build().unwrap();
    let log = Log::default();
    for name in ["1", "2", "3", "4"] {
        let log = log.clone();
        executor.queue("q").unwrap().spawn(async move { log.add(name) }).detach();
    }
    settle(&executor);
    assert_eq!(log.take(), ["1", "3", "2", "4"]);
}

#[test]
fn an_executor_that_is_dropped_cancels_everything_and_its_wakers_do_no_harm() {
    let executor = simple();
    let (drops, kept) = (Drops::default(), Rc::new(Cell::new(None::<Waker>)));
    let (witness, keep) = (drops.witness(), kept.clone());
    let handle = executor.queue("q").unwrap().spawn(async move {
        let _witness = witness;
        std::future::poll_fn(|cx| {
            keep.set(Some(cx.waker().clone()));
            Poll::<()>::Pending
        })
        .await;
    });
    assert!(executor.tick().unwrap());
    assert_eq!(drops.count(), 0);
    drop(executor);
    assert_eq!(drops.count(), 1);
    assert!(matches!(poll_once(handle), Some(Err(JoinError::ExecutorDropped))));
    kept.take().expect("the task was polled").wake();
    assert_eq!(drops.count(), 1);
}

#[test]
fn a_leaked_executor_leaks_its_tasks_and_nothing_worse() {
    // The waker goes to another thread, where it is used when nobody runs the executor any more.
    static DROPS: AtomicUsize = AtomicUsize::new(0);
    struct Counted;
    impl Drop for Counted {
        fn drop(&mut self) {
            DROPS.fetch_add(1, Ordering::Relaxed);
        }
    }
    let executor = simple();
    let kept = Arc::new(Mutex::new(None::<Waker>));
    let keep = kept.clone();
    let handle = executor.queue("q").unwrap().spawn(async move {
        let _counted = Counted;
        std::future::poll_fn(|cx| {
            *keep.lock().unwrap() = Some(cx.waker().clone());
            Poll::<()>::Pending
        })
        .await;
    });
    assert!(executor.tick().unwrap());
    std::mem::forget(executor);
    let waker = kept.lock().unwrap().take().expect("the task was polled");
    std::thread::spawn(move || waker.wake()).join().unwrap();
    assert!(poll_once(handle).is_none(), "nobody runs it, and nobody has ended it");
    assert_eq!(DROPS.load(Ordering::Relaxed), 0);
}

#[test]
fn a_finished_task_and_its_executor_are_dropped_in_either_order() {
    for executor_first in [true, false] {
        let drops = Drops::default();
        let executor = simple();
        let (witness, output) = (drops.witness(), drops.witness());
        let handle = executor.queue("q").unwrap().spawn(async move {
            let _witness = witness;
            output
        });
        assert!(executor.tick().unwrap());
        assert_eq!(drops.count(), 1, "the future is gone, its output is not");
        if executor_first {
            drop(executor);
            assert_eq!(drops.count(), 1);
            drop(handle);
        } else {
            drop(handle);
            assert_eq!(drops.count(), 2);
            drop(executor);
        }
        assert_eq!(drops.count(), 2);
    }
}

#[test]
fn a_task_hops_from_one_executor_to_another_between_polls() {
    // Each executor's own task waits for the other's; whoever runs wakes across.
    let executors = [simple(), simple()];
    let parkings = [Parking::default(), Parking::default()];
    let log = Log::default();
    for (number, executor) in executors.iter().enumerate() {
        let (own, log) = (parkings[number].clone(), log.clone());
        executor
            .queue("q")
            .unwrap()
            .spawn(async move {
                let mut stay = Box::pin(own.stay());
                std::future::poll_fn(move |cx| {
                    log.add(number.to_string());
                    stay.as_mut().poll(cx)
                })
                .await;
            })
            .detach();
    }
    executors.iter().for_each(settle);
    for _ in 0..2 {
        // The second executor's task is woken while the first one runs, and waits until its own does.
        let waker = parkings[1].waker();
        executors[0].block_on(async move { waker.wake() }).unwrap();
        assert!(!executors[0].tick().unwrap());
        assert!(executors[1].tick().unwrap());
    }
    assert_eq!(log.take(), ["0", "1", "1", "1"]);
}

#[test]
fn a_queue_is_served_again_after_it_was_empty() {
    let executor = builder()
        .queue("a", 3, RunnableFifo::default())
        .queue("b", 1, RunnableFifo::default())
        .build()
        .unwrap();
    let log = Log::default();
    for _ in 0..3 {
        for name in ["a", "b"] {
            let log = log.clone();
            executor.queue(name).unwrap().spawn(async move { log.add(name) }).detach();
        }
        settle(&executor);
        let mut ran = log.take();
        ran.sort();
        assert_eq!(ran, ["a", "b"]);
        assert!(!executor.tick().unwrap());
    }
}
