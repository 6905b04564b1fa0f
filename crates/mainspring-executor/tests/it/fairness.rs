//! Shares, latency and tails, on a simulated clock.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use mainspring_clock::{Clock, ManualClock};
use mainspring_executor::{Executor, RunnableFifo, yield_now};

use crate::rigging::{busy, on_manual_clock};

const US: Duration = Duration::from_micros(1);
const SECOND: Duration = Duration::from_secs(1);

/// One busy task per queue: weight and length of its polls.
fn saturated(queues: &[(u32, Duration)]) -> (ManualClock, Executor<usize>) {
    let (clock, mut builder) = on_manual_clock();
    for (key, (weight, _)) in queues.iter().enumerate() {
        builder = builder.queue(key, *weight, RunnableFifo::default());
    }
    let executor = builder.build().unwrap();
    for (key, (_, poll)) in queues.iter().enumerate() {
        executor.queue(key).unwrap().spawn(busy(clock.clone(), *poll)).detach();
    }
    (clock, executor)
}

fn run_for(executor: &Executor<usize>, clock: &ManualClock, span: Duration) {
    let end = clock.now() + span;
    executor
        .block_on(async {
            while clock.now() < end {
                yield_now().await;
            }
        })
        .unwrap();
}

/// The largest difference between the share that was asked for and the one that was got.
#[track_caller]
fn check_shares(queues: &[(u32, Duration)], error_max: f64) {
    let (clock, executor) = saturated(queues);
    run_for(&executor, &clock, SECOND);
    for queue in executor.stats().queues {
        let error = (queue.share_got - queue.share_asked).abs();
        assert!(
            error <= error_max,
            "queue {} asked for {} and got {}",
            queue.name,
            queue.share_asked,
            queue.share_got
        );
    }
}

#[test]
fn shares_over_a_second_of_equal_polls() {
    check_shares(&[(8, 20 * US), (1, 20 * US)], 0.005);
    check_shares(&[(8, 50 * US), (1, 50 * US)], 0.005);
    check_shares(&[(100, 20 * US), (10, 20 * US), (1, 20 * US)], 0.01);
    check_shares(&[(1, 70 * US); 20], 0.005);
}

#[test]
fn shares_over_a_second_of_polls_that_differ_a_hundredfold() {
    check_shares(&[(8, US), (1, 100 * US)], 0.03);
    check_shares(&[(8, 100 * US), (1, US)], 0.03);
    check_shares(&[(1, 1000 * US), (1, 10 * US)], 0.03);
}

#[test]
fn shares_hold_in_every_window_of_ten_milliseconds() {
    let (clock, executor) = saturated(&[(8, 20 * US), (1, 20 * US)]);
    let mut before = Duration::ZERO;
    for window in 0..100 {
        run_for(&executor, &clock, 10_000 * US);
        let runtime = executor.stats().queues[0].runtime;
        let share = (runtime - before).as_secs_f64() / 0.01;
        before = runtime;
        assert!((share - 8.0 / 9.0).abs() < 0.025, "window {window}: {share}");
    }
}

#[test]
fn lags_stay_bounded_at_every_pick() {
    // One slice of 100 µs and the poll that ends it: nobody is further ahead or behind.
    let (clock, executor) = saturated(&[(8, 30 * US), (3, 90 * US), (1, 7 * US), (1, 100 * US)]);
    let end = clock.now() + SECOND / 4;
    while clock.now() < end {
        executor.tick().unwrap();
        for queue in executor.stats().queues {
            assert!(queue.lag_ns.abs() <= 200_000, "{} lags by {} ns", queue.name, queue.lag_ns);
        }
    }
}

/// Spans from a wake to the end of the work, and the number of wakes.
fn foreground_beside_background(
    background_poll: Duration,
    background_tasks: usize,
) -> Vec<Duration> {
    let (clock, builder) = on_manual_clock();
    let executor = builder
        .queue(0, 8, RunnableFifo::default())
        .queue(1, 1, RunnableFifo::default())
        .build()
        .unwrap();
    for _ in 0..background_tasks {
        executor.queue(1).unwrap().spawn(busy(clock.clone(), background_poll)).detach();
    }
    let spans = Rc::new(RefCell::new(Vec::new()));
    let due: Rc<Cell<Option<Instant>>> = Rc::default();
    let (of_task, of_clock, of_due) = (spans.clone(), clock.clone(), due.clone());
    let waker: Rc<RefCell<Option<std::task::Waker>>> = Rc::default();
    let of_waker = waker.clone();
    executor
        .queue(0)
        .unwrap()
        .spawn(std::future::poll_fn(move |cx| {
            *of_waker.borrow_mut() = Some(cx.waker().clone());
            if let Some(since) = of_due.take() {
                of_clock.advance(20 * US);
                of_task.borrow_mut().push(of_clock.now() - since);
            }
            std::task::Poll::<()>::Pending
        }))
        .detach();
    executor.tick().unwrap();
    // A wake every millisecond, at any moment within a background poll.
    let mut next = clock.now() + 1000 * US;
    while spans.borrow().len() < 2000 {
        if clock.now() >= next && due.get().is_none() {
            // It came while a background poll was running: it counts from then.
            due.set(Some(next));
            next += 1037 * US;
            waker.borrow().as_ref().expect("it was polled").wake_by_ref();
        }
        executor.tick().unwrap();
    }
    spans.take()
}

#[test]
fn the_foregrounds_tail_is_one_background_poll_and_its_own_work() {
    for (poll, tasks) in [(50 * US, 1), (50 * US, 100), (200 * US, 8)] {
        let mut spans = foreground_beside_background(poll, tasks);
        spans.sort();
        let tail = spans[spans.len() * 999 / 1000];
        assert!(tail <= poll + 20 * US + 20 * US, "polls of {poll:?}: {tail:?}");
    }
}

#[test]
fn the_same_work_gives_the_same_order() {
    let run = || {
        let (clock, builder) = on_manual_clock();
        let executor = builder
            .queue(0, 5, RunnableFifo::default())
            .queue(1, 3, mainspring_executor::Las::default())
            .queue(2, 1, mainspring_executor::ArrivalFifo::default())
            .build()
            .unwrap();
        let order = Rc::new(RefCell::new(Vec::new()));
        let mut dice = 12345_u64;
        for i in 0..200 {
            let (clock, order) = (clock.clone(), order.clone());
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let length = US * (1 + (dice >> 40) as u32 % 300);
            executor
                .queue(i % 3)
                .unwrap()
                .spawn(async move {
                    for _ in 0..20 {
                        clock.advance(length);
                        order.borrow_mut().push(i);
                        yield_now().await;
                    }
                })
                .detach();
        }
        while executor.tick().unwrap() {}
        order.take()
    };
    assert_eq!(run(), run());
}
