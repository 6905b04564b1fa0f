//! Orders within a queue.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use mainspring_clock::Clock;
use mainspring_executor::{
    ArrivalFifo, Edf, Executor, Las, LifoSlot, Policy, PolicyBox, Priority, RunnableFifo, TaskRef,
    Why, yield_now,
};

use crate::rigging::{Log, Parking, builder, busy, on_manual_clock, poll_once, settle};

const MS: Duration = Duration::from_millis(1);

fn one(policy: impl Into<PolicyBox>) -> Executor<&'static str> {
    builder().queue("q", 1, policy).build().unwrap()
}

#[test]
fn runnable_fifo_serves_in_the_order_of_readiness() {
    let executor = one(RunnableFifo::default());
    assert_eq!(three_yielding(&executor), ["a", "b", "c", "a", "b", "c"]);
}

#[test]
fn arrival_fifo_brings_old_work_to_an_end_first() {
    let executor = one(ArrivalFifo::default());
    assert_eq!(three_yielding(&executor), ["a", "a", "b", "b", "c", "c"]);
}

fn three_yielding(executor: &Executor<&'static str>) -> Vec<String> {
    let log = Log::default();
    for name in ["a", "b", "c"] {
        let log = log.clone();
        let task = async move {
            log.add(name);
            yield_now().await;
            log.add(name);
        };
        executor.queue("q").unwrap().spawn(task).detach();
    }
    settle(executor);
    log.take()
}

#[test]
fn priority_serves_the_most_urgent_first_and_equals_in_turn() {
    let executor = one(Priority::default());
    let log = Log::default();
    for (name, priority) in [("low", 0), ("high", 255), ("mid", 64), ("mid2", 64), ("top", 255)] {
        let log = log.clone();
        let task = async move {
            log.add(name);
            yield_now().await;
            log.add(name);
        };
        executor.queue("q").unwrap().task().priority(priority).spawn(task).detach();
    }
    settle(&executor);
    assert_eq!(
        log.take(),
        ["high", "top", "high", "top", "mid", "mid2", "mid", "mid2", "low", "low"]
    );
}

#[test]
fn edf_serves_the_earliest_deadline_first_and_none_last() {
    let (clock, builder) = on_manual_clock();
    let executor = builder.queue("q", 1, Edf::default()).build().unwrap();
    let queue = executor.queue("q").unwrap();
    let log = Log::default();
    let spawn = |name: &'static str, deadline: Option<Duration>| {
        let log = log.clone();
        let task = queue.task().name(name);
        let task = match deadline {
            Some(deadline) => task.deadline(clock.now() + deadline),
            None => task,
        };
        task.spawn(async move { log.add(name) }).detach();
    };
    spawn("never", None);
    spawn("late", Some(9 * MS));
    spawn("soon", Some(MS));
    spawn("whenever", None);
    spawn("middle", Some(5 * MS));
    settle(&executor);
    assert_eq!(log.take(), ["soon", "middle", "late", "never", "whenever"]);
}

#[test]
fn a_lifo_slot_runs_the_last_woken_first_and_starves_nobody() {
    let executor = one(LifoSlot::<RunnableFifo>::default());
    let queue = executor.queue("q").unwrap();
    let log = Log::default();
    let parked: Vec<Parking> = (0..3).map(|_| Parking::default()).collect();
    for (i, parking) in parked.iter().enumerate() {
        let (stay, log, first) = (parking.clone(), log.clone(), Cell::new(true));
        queue
            .spawn(std::future::poll_fn(move |cx| {
                let mut stay = std::pin::pin!(stay.clone().stay());
                assert!(stay.as_mut().poll(cx).is_pending());
                if !first.replace(false) {
                    log.add(i.to_string());
                }
                std::task::Poll::<()>::Pending
            }))
            .detach();
    }
    settle(&executor);
    parked.iter().for_each(|parking| parking.waker().wake());
    settle(&executor);
    assert_eq!(log.take(), ["2", "0", "1"]);

    // Two that wake each other for ever, and one that only waits for its turn.
    let waker: Rc<RefCell<Vec<std::task::Waker>>> = Rc::default();
    for i in 0..2 {
        let waker = waker.clone();
        queue
            .spawn(std::future::poll_fn(move |cx| {
                let mut waker = waker.borrow_mut();
                waker.resize(2, cx.waker().clone());
                waker[i] = cx.waker().clone();
                waker[1 - i].wake_by_ref();
                std::task::Poll::<()>::Pending
            }))
            .detach();
    }
    for _ in 0..20 {
        executor.tick().unwrap();
    }
    let waits = queue.spawn(async { "had its turn" });
    for _ in 0..20 {
        executor.tick().unwrap();
    }
    assert!(matches!(poll_once(waits), Some(Ok("had its turn"))));
}

#[test]
fn las_lets_short_work_overtake_long_work() {
    let (clock, builder) = on_manual_clock();
    let executor = builder.queue("q", 1, Las::default()).build().unwrap();
    let queue = executor.queue("q").unwrap();
    let long = queue.spawn(busy(clock.clone(), MS));
    for _ in 0..10 {
        executor.tick().unwrap();
    }
    // It has had ten milliseconds; the next three polls are the newcomer's.
    let of_clock = clock.clone();
    let short = queue.spawn(async move {
        for _ in 0..2 {
            of_clock.advance(MS);
            yield_now().await;
        }
    });
    for _ in 0..3 {
        executor.tick().unwrap();
    }
    assert!(short.is_finished());
    assert!(!long.is_finished());
}

#[test]
fn las_shares_fairly_between_tasks_whose_polls_differ() {
    let (clock, builder) = on_manual_clock();
    let executor = builder.queue("q", 1, Las::default()).build().unwrap();
    let queue = executor.queue("q").unwrap();
    let time: Rc<[Cell<Duration>; 3]> = Rc::default();
    for (i, length) in [MS / 100, MS / 10, MS].into_iter().enumerate() {
        let (clock, time) = (clock.clone(), time.clone());
        queue
            .spawn(async move {
                loop {
                    clock.advance(length);
                    time[i].set(time[i].get() + length);
                    yield_now().await;
                }
            })
            .detach();
    }
    let start = clock.now();
    while clock.now() - start < 3000 * MS {
        executor.tick().unwrap();
    }
    for time in &*time {
        let share = time.get().as_secs_f64() / 3.0;
        assert!((share - 1.0 / 3.0).abs() < 0.03, "a share of {share}");
    }
}

/// A policy that mixes up what it can.
struct Evil {
    kept: Rc<RefCell<Vec<TaskRef>>>,
    mood: u32,
}

impl Policy for Evil {
    fn push(&mut self, task: TaskRef, _: Why) {
        self.mood = self.mood.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        match self.mood >> 16 & 3 {
            0 => drop(task),
            _ => self.kept.borrow_mut().push(task),
        }
    }
    fn pop(&mut self) -> Option<TaskRef> {
        let mut kept = self.kept.borrow_mut();
        let at = kept.len().checked_sub(1)? / 2;
        Some(kept.swap_remove(at))
    }
    fn len(&self) -> usize {
        // A lie, sometimes.
        self.kept.borrow().len() + (self.mood >> 20 & 1) as usize
    }
}

#[test]
fn a_policy_that_loses_keeps_and_mixes_tasks_up_breaks_nothing() {
    let kept = Rc::new(RefCell::new(Vec::new()));
    // Two queues, and two executors, that share one heap of tasks.
    let make = || {
        builder()
            .queue(1, 1, Evil { kept: kept.clone(), mood: 1 })
            .queue(2, 1, Evil { kept: kept.clone(), mood: 2 })
            .build()
            .unwrap()
    };
    let (first, second) = (make(), make());
    let drops = crate::rigging::Drops::default();
    let mut handles = Vec::new();
    for i in 0..200 {
        let executor = if i % 2 == 0 { &first } else { &second };
        let witness = drops.witness();
        handles.push(executor.queue(1 + i / 2 % 2).unwrap().spawn(async move {
            for _ in 0..i % 5 {
                yield_now().await;
            }
            drop(witness);
            i
        }));
    }
    for round in 0..2000 {
        let executor = if round % 2 == 0 { &first } else { &second };
        executor.tick().unwrap();
    }
    drop(first);
    // What is left of it lies in the second's heap.
    for _ in 0..2000 {
        second.tick().unwrap();
    }
    drop(second);
    assert_eq!(drops.count(), 200);
    for (i, handle) in handles.into_iter().enumerate() {
        match poll_once(handle).expect("resolved") {
            Ok(output) => assert_eq!(output, i as i32),
            Err(error) => {
                assert!(matches!(error, mainspring_executor::JoinError::ExecutorDropped));
            }
        }
    }
    // Tasks that outlive their executors in the heap are empty shells.
    assert!(kept.borrow_mut().drain(..).count() < 200);
}
