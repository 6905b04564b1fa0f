//! Spawn, join, abort, detach: clockworker's and async-executor's own tests, told again.

use std::cell::Cell;
use std::rc::Rc;

use mainspring_executor::{
    AbortHandle, ArrivalFifo, Executor, JoinError, JoinHandle, Remote, RunnableFifo, yield_now,
};

use crate::rigging::{Drops, Log, Parking, builder, poll_once, settle, simple};

#[test]
fn a_task_runs_and_its_handle_has_the_output() {
    let executor = simple();
    let handle = executor.queue("q").unwrap().spawn(async { 6 * 7 });
    assert!(!handle.is_finished());
    assert_eq!(executor.block_on(handle).unwrap().unwrap(), 42);
    assert_eq!(executor.task_count(), 0);
}

#[test]
fn a_task_may_borrow_nothing_but_own_what_is_not_send() {
    let executor = simple();
    let shared = Rc::new(Cell::new(1));
    let of_task = shared.clone();
    let handle = executor.queue("q").unwrap().spawn(async move {
        of_task.set(2);
        of_task
    });
    assert_eq!(executor.block_on(handle).unwrap().unwrap().get(), 2);
}

#[test]
fn tasks_run_in_the_order_of_their_spawning() {
    let executor = simple();
    let log = Log::default();
    for i in 0..5 {
        let log = log.clone();
        executor.queue("q").unwrap().spawn(async move { log.add(i.to_string()) }).detach();
    }
    settle(&executor);
    assert_eq!(log.take(), ["0", "1", "2", "3", "4"]);
}

#[test]
fn a_yield_lets_the_others_go_first() {
    let executor = simple();
    let log = Log::default();
    for name in ["a", "b", "c"] {
        let log = log.clone();
        let task = async move {
            for step in 0..3 {
                log.add(format!("{name}{step}"));
                yield_now().await;
            }
        };
        executor.queue("q").unwrap().spawn(task).detach();
    }
    settle(&executor);
    assert_eq!(log.take(), ["a0", "b0", "c0", "a1", "b1", "c1", "a2", "b2", "c2"]);
}

#[test]
fn an_abort_before_the_first_poll_drops_the_future_unpolled() {
    let executor = simple();
    let drops = Drops::default();
    let witness = drops.witness();
    let polled = Rc::new(Cell::new(false));
    let of_task = polled.clone();
    let mut handle = executor.queue("q").unwrap().spawn(async move {
        let _witness = witness;
        of_task.set(true);
    });
    handle.abort();
    assert!(poll_once(&mut handle).is_none(), "cancelled is said after the drop, not before");
    assert_eq!(drops.count(), 0);
    settle(&executor);
    assert_eq!(drops.count(), 1);
    assert!(!polled.get());
    assert!(matches!(poll_once(&mut handle), Some(Err(JoinError::Cancelled))));
}

#[test]
fn an_abort_after_the_end_changes_nothing() {
    let executor = simple();
    let mut handle = executor.queue("q").unwrap().spawn(async { 7 });
    settle(&executor);
    handle.abort();
    handle.abort();
    settle(&executor);
    assert!(matches!(poll_once(&mut handle), Some(Ok(7))));
}

#[test]
fn a_task_that_aborts_itself_ends_after_its_poll() {
    let executor = simple();
    let log = Log::default();
    let abort: Rc<Cell<Option<AbortHandle>>> = Rc::default();
    let (of_task, log_of_task) = (abort.clone(), log.clone());
    let handle = executor.queue("q").unwrap().spawn(async move {
        of_task.take().expect("it was put there").abort();
        log_of_task.add("still here");
        yield_now().await;
        log_of_task.add("never here");
    });
    abort.set(Some(handle.abort_handle()));
    assert!(executor.block_on(handle).unwrap().unwrap_err().is_cancelled());
    assert_eq!(log.take(), ["still here"]);
}

#[test]
fn the_output_wins_over_an_abort_in_the_same_poll() {
    let executor = simple();
    let abort: Rc<Cell<Option<AbortHandle>>> = Rc::default();
    let of_task = abort.clone();
    let handle = executor.queue("q").unwrap().spawn(async move {
        of_task.take().expect("it was put there").abort();
        5
    });
    abort.set(Some(handle.abort_handle()));
    assert_eq!(executor.block_on(handle).unwrap().unwrap(), 5);
}

#[test]
fn a_dropped_handle_detaches() {
    let executor = simple();
    let drops = Drops::default();
    let (witness, output) = (drops.witness(), drops.witness());
    drop(executor.queue("q").unwrap().spawn(async move {
        yield_now().await;
        drop(witness);
        output
    }));
    settle(&executor);
    assert_eq!(drops.count(), 2, "the future ran, and the output nobody wanted is dropped");
}

#[test]
fn a_handle_outlives_its_executor() {
    let executor = simple();
    let queue = executor.queue("q").unwrap();
    let done = queue.spawn(async { "done" });
    settle(&executor);
    let pending = queue.spawn(std::future::pending::<()>());
    let abort = pending.abort_handle();
    drop(executor);
    assert!(matches!(poll_once(done), Some(Ok("done"))));
    assert!(matches!(poll_once(pending), Some(Err(JoinError::ExecutorDropped))));
    abort.abort();
    assert!(abort.is_finished());
}

#[test]
fn a_spawn_after_the_end_is_refused_through_the_handle() {
    let executor = simple();
    let queue = executor.queue("q").unwrap();
    let remote = queue.remote();
    drop(executor);
    let drops = Drops::default();
    let witness = drops.witness();
    let handle = queue.spawn(async move { drop(witness) });
    assert_eq!(drops.count(), 1);
    assert!(matches!(poll_once(handle), Some(Err(JoinError::ExecutorDropped))));
    let handle = remote.spawn(async {});
    assert!(matches!(poll_once(handle), Some(Err(JoinError::ExecutorDropped))));
}

#[test]
fn a_closed_executor_brings_its_tasks_to_their_end_and_takes_no_more() {
    let executor = simple();
    let queue = executor.queue("q").unwrap();
    let log = Log::default();
    let of_task = log.clone();
    queue
        .spawn(async move {
            yield_now().await;
            of_task.add("to the end");
        })
        .detach();
    let remote = queue.remote();
    executor.close();
    let refused = queue.spawn(async {});
    assert!(matches!(poll_once(refused), Some(Err(JoinError::Cancelled))));
    let mut refused = remote.spawn(async {});
    executor.block_on(async { executor.tick().unwrap_err() }).unwrap();
    executor.block_on(async {}).unwrap();
    assert_eq!(smol::block_on(executor.run()), Ok(()));
    assert!(matches!(poll_once(&mut refused), Some(Err(JoinError::Cancelled))));
    assert_eq!(log.take(), ["to the end"]);
    // Also when it is run for the first time, or again, after that.
    assert_eq!(smol::block_on(executor.run()), Ok(()));
}

#[test]
fn abort_all_ends_those_that_would_never_end() {
    let executor = simple();
    let queue = executor.queue("q").unwrap();
    let drops = Drops::default();
    for _ in 0..3 {
        let (witness, parking) = (drops.witness(), Parking::default());
        queue
            .spawn(async move {
                let _witness = witness;
                parking.stay().await;
            })
            .detach();
    }
    settle(&executor);
    executor.close();
    assert_eq!(poll_once(executor.run()), None);
    assert_eq!(executor.abort_all(), 3);
    assert_eq!(smol::block_on(executor.run()), Ok(()));
    assert_eq!(drops.count(), 3);
}

#[test]
fn two_executors_serve_each_other() {
    let (first, second) = (simple(), simple());
    let on_second = second.queue("q").unwrap().spawn(async {
        yield_now().await;
        11
    });
    let on_first = first.queue("q").unwrap().spawn(async move { on_second.await.unwrap() + 1 });
    let output = first.block_on(async {
        second.block_on(async {}).unwrap();
        settle(&second);
        on_first.await
    });
    assert_eq!(output.unwrap().unwrap(), 12);
}

#[test]
fn an_executor_runs_inside_of_a_task_of_another() {
    let outer = simple();
    let handle = outer.queue("q").unwrap().spawn(async {
        let inner = simple();
        let handle = inner.queue("q").unwrap().spawn(async {
            yield_now().await;
            3
        });
        inner.run_until(handle).await.unwrap().unwrap()
    });
    assert_eq!(outer.block_on(handle).unwrap().unwrap(), 3);
}

#[test]
fn futures_and_outputs_of_all_sizes_and_alignments() {
    #[repr(align(128))]
    struct Wide([u8; 256]);
    let executor = builder().queue(1, 1, RunnableFifo::default()).build().unwrap();
    let queue = executor.queue(1).unwrap();
    let wide = queue.spawn(async {
        let wide = Wide([7; 256]);
        yield_now().await;
        assert_eq!((&raw const wide).addr() % 128, 0, "the future does not move");
        wide
    });
    let large = queue.spawn(async {
        let large = [1u8; 10_000];
        yield_now().await;
        large.iter().map(|&byte| u64::from(byte)).sum::<u64>()
    });
    assert_eq!(executor.block_on(wide).unwrap().unwrap().0[255], 7);
    assert_eq!(executor.block_on(large).unwrap().unwrap(), 10_000);
}

#[test]
fn kept_memory_is_used_again_and_given_back() {
    let executor = Executor::builder()
        .queue("q", 1, ArrivalFifo::default())
        .memory_kept(4096)
        .build()
        .unwrap();
    let queue = executor.queue("q").unwrap();
    for round in 0..50_u64 {
        let handles: Vec<_> = (0..100)
            .map(|i| {
                queue.spawn(async move {
                    yield_now().await;
                    vec![round; i % 7]
                })
            })
            .collect();
        for (i, handle) in handles.into_iter().enumerate() {
            assert_eq!(executor.block_on(handle).unwrap().unwrap(), vec![round; i % 7]);
        }
    }
}

#[test]
fn handles_are_as_send_as_they_should_be() {
    fn send_and_sync<T: Send + Sync>() {}
    fn unpin<T: Unpin>() {}
    send_and_sync::<JoinHandle<u8>>();
    send_and_sync::<AbortHandle>();
    send_and_sync::<Remote>();
    unpin::<JoinHandle<std::marker::PhantomPinned>>();
}
