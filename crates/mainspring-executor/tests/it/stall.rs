//! Polls that take too long are told of: afterwards, and while they last.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::mpsc;
use std::time::Duration;

use mainspring_executor::{QueueSpec, RunnableFifo, StallReport, yield_now};

use crate::rigging::{builder, on_manual_clock, settle};

const MS: Duration = Duration::from_millis(1);

#[test]
fn a_stall_is_told_of_after_the_poll() {
    let reports: Rc<RefCell<Vec<StallReport>>> = Rc::default();
    let of_callback = reports.clone();
    let (clock, builder) = on_manual_clock();
    let executor = builder
        .queue_with("q", QueueSpec::new(1).name("work"))
        .on_stall(10 * MS, move |report| of_callback.borrow_mut().push(report))
        .build()
        .unwrap();
    let queue = executor.queue("q").unwrap();
    for length in [MS, 10 * MS, 9 * MS, 25 * MS] {
        let clock = clock.clone();
        let task = async move {
            yield_now().await;
            clock.advance(length);
            yield_now().await;
        };
        queue.task().name("lengthy").spawn(task).detach();
    }
    settle(&executor);
    let reports = reports.borrow();
    let durations: Vec<_> = reports.iter().map(|report| report.duration).collect();
    assert_eq!(durations, [10 * MS, 25 * MS]);
    let report = &reports[0];
    assert_eq!((report.name.as_deref(), &*report.queue), (Some("lengthy"), "work"));
    assert_eq!(report.location.file(), file!());
    assert!(!report.is_stuck);
    let text = report.to_string();
    assert!(text.contains("`lengthy` on queue work") && text.contains("ran for 10ms"), "{text}");
}

#[test]
fn the_watchdog_tells_of_a_poll_that_is_stuck() {
    let (tell, told) = mpsc::channel();
    let executor = builder()
        .queue_with("q", QueueSpec::new(1).name("work"))
        .watchdog(Duration::from_millis(5), move |report| tell.send(report).unwrap())
        .build()
        .unwrap();
    let queue = executor.queue("q").unwrap();
    // It blocks the thread until the watchdog has barked: if it did not, this would last for ever.
    let stuck = queue.task().name("stuck").spawn(async move { told.recv().unwrap() });
    queue.spawn(async {}).detach();
    let report = executor.block_on(stuck).unwrap().unwrap();
    assert_eq!((report.name.as_deref(), &*report.queue), (Some("stuck"), "work"));
    assert_eq!(report.location.file(), file!());
    assert!(report.is_stuck);
    assert!(report.to_string().contains("has been running for 5ms"), "{report}");
}

#[test]
fn the_watchdog_sleeps_while_nothing_runs_and_wakes_again() {
    let (tell, told) = mpsc::channel();
    let executor = builder()
        .queue(0, 1, RunnableFifo::default())
        .watchdog(Duration::from_micros(100), move |report| tell.send(report).unwrap())
        .build()
        .unwrap();
    let queue = executor.queue(0).unwrap();
    let told = Rc::new(told);
    for _ in 0..3 {
        let of_task = told.clone();
        let handle = queue.spawn(async move { of_task.recv().unwrap().id });
        let id = handle.id();
        assert_eq!(executor.block_on(handle).unwrap().unwrap(), id);
        // Long enough for several looks at nothing.
        std::thread::park_timeout(Duration::from_millis(3));
        assert!(told.try_recv().is_err(), "one report per poll");
    }
}
