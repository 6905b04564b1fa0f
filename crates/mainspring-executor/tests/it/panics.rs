//! Panics propagate, or are caught: in polls, in destructors, in outputs that nobody wants.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::rc::Rc;

use mainspring_executor::{Executor, JoinError, OnPanic, QueueSpec, RunnableFifo, yield_now};

use crate::rigging::{Log, Parking, builder, panic_of, poll_once, settle, simple};

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("the bomb went off");
    }
}

fn catching() -> Executor<&'static str> {
    let spec = QueueSpec::new(1).policy(RunnableFifo::default()).on_panic(OnPanic::Catch);
    builder().queue_with("q", spec).build().unwrap()
}

#[track_caller]
fn message(error: &JoinError) -> &str {
    match error {
        JoinError::Panic(panic) => panic.message().expect("it has a message"),
        other => panic!("not a panic: {other:?}"),
    }
}

#[test]
fn a_panic_goes_on_after_the_handle_was_told() {
    let executor = simple();
    let queue = executor.queue("q").unwrap();
    let mut handle = queue.spawn(async { panic!("as planned") });
    let after = queue.spawn(async { "went on" });
    assert_eq!(panic_of(|| settle(&executor)), "as planned");
    let told: Result<(), JoinError> = poll_once(&mut handle).expect("told first");
    let error = told.unwrap_err();
    assert_eq!(message(&error), "as planned");
    assert_eq!(error.to_string(), "the task panicked: as planned");
    // The executor is whole.
    assert_eq!(executor.block_on(after).unwrap().unwrap(), "went on");
}

#[test]
fn the_original_payload_goes_on() {
    #[derive(Debug, PartialEq)]
    struct Payload(u32);
    let executor = simple();
    executor.queue("q").unwrap().spawn(async { panic_any(Payload(77)) }).detach();
    let payload = catch_unwind(AssertUnwindSafe(|| settle(&executor))).unwrap_err();
    assert_eq!(*payload.downcast::<Payload>().unwrap(), Payload(77));
}

#[test]
fn a_caught_panic_stays_with_the_handle_payload_and_all() {
    let executor = catching();
    let queue = executor.queue("q").unwrap();
    let handle = queue.spawn(async {
        yield_now().await;
        panic_any(78_u32);
    });
    let told: Result<(), JoinError> = executor.block_on(handle).unwrap();
    let error = told.unwrap_err();
    let JoinError::Panic(panic) = error else { panic!("not a panic: {error:?}") };
    assert_eq!(panic.message(), None);
    assert_eq!(*panic.into_payload().downcast::<u32>().unwrap(), 78);
    // One that nobody waits for ends there.
    queue.spawn(async { panic!("unheard") }).detach();
    settle(&executor);
}

#[test]
fn a_panic_in_the_destructor_of_an_aborted_future() {
    for (executor, goes_on) in [(simple(), true), (catching(), false)] {
        let queue = executor.queue("q").unwrap();
        let mut handle = queue.spawn(async {
            let _bomb = Bomb;
            std::future::pending::<()>().await;
        });
        settle(&executor);
        handle.abort();
        let outcome = catch_unwind(AssertUnwindSafe(|| settle(&executor)));
        assert_eq!(outcome.is_err(), goes_on);
        let error = poll_once(&mut handle).expect("told").unwrap_err();
        assert_eq!(message(&error), "the bomb went off");
        executor.block_on(queue.spawn(async {})).unwrap().unwrap();
    }
}

#[test]
fn a_panic_in_the_destructor_of_a_finished_future() {
    struct Ready(Bomb);
    impl Future for Ready {
        type Output = u8;
        fn poll(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<u8> {
            std::task::Poll::Ready(1)
        }
    }
    let executor = catching();
    let handle = executor.queue("q").unwrap().spawn(Ready(Bomb));
    let error = executor.block_on(handle).unwrap().unwrap_err();
    assert_eq!(message(&error), "the bomb went off");
}

#[test]
fn a_panic_in_the_destructor_after_a_panic_in_the_poll_does_not_abort() {
    struct Both;
    impl Future for Both {
        type Output = ();
        fn poll(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<()> {
            panic!("first");
        }
    }
    impl Drop for Both {
        fn drop(&mut self) {
            panic!("second");
        }
    }
    let executor = catching();
    let handle = executor.queue("q").unwrap().spawn(Both);
    let error = executor.block_on(handle).unwrap().unwrap_err();
    assert_eq!(message(&error), "first");
}

#[test]
fn a_panic_in_the_destructor_of_an_output_that_nobody_wants() {
    let executor = simple();
    executor.queue("q").unwrap().spawn(async { Bomb }).detach();
    assert_eq!(panic_of(|| settle(&executor)), "the bomb went off");
    let executor = catching();
    executor.queue("q").unwrap().spawn(async { Bomb }).detach();
    settle(&executor);
}

#[test]
fn panics_on_the_way_out_do_not_keep_the_others_from_being_dropped() {
    let executor = simple();
    let queue = executor.queue("q").unwrap();
    let log = Log::default();
    struct Last(Log);
    impl Drop for Last {
        fn drop(&mut self) {
            self.0.add("dropped");
        }
    }
    let mut handles = Vec::new();
    for i in 0..6 {
        let (last, parking) = (Last(log.clone()), Parking::default());
        handles.push(queue.spawn(async move {
            let _last = last;
            let _bomb = (i % 2 == 0).then(|| Bomb);
            parking.stay().await;
        }));
    }
    settle(&executor);
    assert_eq!(panic_of(|| drop(executor)), "the bomb went off");
    assert_eq!(log.take().len(), 6);
    for (i, handle) in handles.into_iter().enumerate() {
        let error = poll_once(handle).expect("resolved").unwrap_err();
        assert_eq!(error.is_panic(), i % 2 == 0, "{error:?}");
    }
}

#[test]
fn a_panic_of_the_driving_future_leaves_the_executor_whole() {
    let executor = simple();
    let queue = executor.queue("q").unwrap();
    let ran = Rc::new(Cell::new(0));
    for _ in 0..3 {
        let ran = ran.clone();
        queue.spawn(async move { ran.set(ran.get() + 1) }).detach();
    }
    let text = panic_of(|| {
        executor.block_on(async {
            yield_now().await;
            panic!("the driver");
        })
    });
    assert_eq!(text, "the driver");
    settle(&executor);
    assert_eq!(ran.get(), 3);
}
