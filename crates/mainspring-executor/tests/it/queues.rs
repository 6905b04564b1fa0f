//! Queues come, go, and change while the executor runs.

use std::time::Duration;

use mainspring_executor::{JoinError, QueueError, QueueSpec, RunnableFifo, yield_now};

use crate::rigging::{Drops, builder, busy, on_manual_clock, poll_once, settle};

const SLICE: Duration = Duration::from_micros(50);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Name {
    Fore,
    Back,
    Extra,
}

#[test]
fn keys_are_enums_integers_or_names() {
    let by_enum = builder().queue(Name::Fore, 1, RunnableFifo::default()).build().unwrap();
    let handle = by_enum.queue(Name::Fore).unwrap().spawn(async { 1 });
    assert_eq!(by_enum.block_on(handle).unwrap().unwrap(), 1);
    let by_number = builder().queue((1_u8, 2_u64), 1, RunnableFifo::default()).build().unwrap();
    let handle = by_number.queue((1, 2)).unwrap().spawn(async { 2 });
    assert_eq!(by_number.block_on(handle).unwrap().unwrap(), 2);
}

#[test]
fn a_queue_is_added_from_inside_of_a_task() {
    let executor =
        std::rc::Rc::new(builder().queue(Name::Fore, 8, RunnableFifo::default()).build().unwrap());
    let of_task = executor.clone();
    let handle = executor.queue(Name::Fore).unwrap().spawn(async move {
        of_task.add_queue(Name::Extra, QueueSpec::new(1).name("extra")).unwrap();
        let queue = of_task.queue(Name::Extra).unwrap();
        queue.spawn(async { "ran at once" }).await.unwrap()
    });
    assert_eq!(executor.block_on(handle).unwrap().unwrap(), "ran at once");
    assert_eq!(
        executor.add_queue(Name::Extra, QueueSpec::new(1)),
        Err(QueueError::DuplicateKey { queue: "Extra".to_owned() })
    );
    assert_eq!(executor.stats().queues[1].name, "extra");
}

#[test]
fn a_removed_queue_drops_its_tasks_and_frees_its_key() {
    let executor = builder()
        .queue(Name::Fore, 1, RunnableFifo::default())
        .queue(Name::Back, 1, RunnableFifo::default())
        .build()
        .unwrap();
    let drops = Drops::default();
    let back = executor.queue(Name::Back).unwrap();
    let remote = back.remote();
    let mut handles = Vec::new();
    for _ in 0..3 {
        let witness = drops.witness();
        handles.push(back.spawn(async move {
            let _witness = witness;
            std::future::pending::<()>().await;
        }));
    }
    settle(&executor);
    executor.remove_queue(Name::Back).unwrap();
    assert!(executor.queue(Name::Back).is_err());
    assert!(executor.remove_queue(Name::Back).is_err());
    // What comes too late is refused, here and from elsewhere.
    let mut late = back.spawn(async {});
    assert!(matches!(poll_once(&mut late), Some(Err(JoinError::Cancelled))));
    let mut later = remote.spawn(async {});
    // The key can be used again at once.
    executor.add_queue(Name::Back, QueueSpec::new(2)).unwrap();
    settle(&executor);
    assert_eq!(drops.count(), 3);
    for handle in handles {
        assert!(matches!(poll_once(handle), Some(Err(JoinError::Cancelled))));
    }
    assert!(matches!(poll_once(&mut later), Some(Err(JoinError::Cancelled))));
    let handle = executor.queue(Name::Back).unwrap().spawn(async { 2 });
    assert_eq!(executor.block_on(handle).unwrap().unwrap(), 2);
    assert_eq!(executor.stats().queues.len(), 2);
}

#[test]
fn queues_that_come_and_go_leave_nothing_behind() {
    let executor = builder().queue(0, 1, RunnableFifo::default()).build().unwrap();
    for round in 1..200 {
        executor.add_queue(round, QueueSpec::new(round)).unwrap();
        let handle = executor.queue(round).unwrap().spawn(yield_now());
        executor.block_on(handle).unwrap().unwrap();
        executor.remove_queue(round).unwrap();
    }
    assert_eq!(executor.stats().queues.len(), 1);
    assert_eq!(executor.task_count(), 0);
}

#[test]
fn a_queue_removes_itself() {
    let executor = std::rc::Rc::new(
        builder()
            .queue(Name::Fore, 1, RunnableFifo::default())
            .queue(Name::Back, 1, RunnableFifo::default())
            .build()
            .unwrap(),
    );
    let of_task = executor.clone();
    let handle = executor.queue(Name::Back).unwrap().spawn(async move {
        of_task.remove_queue(Name::Back).unwrap();
        yield_now().await;
        unreachable!("it is aborted");
    });
    let told: Result<(), JoinError> = executor.block_on(handle).unwrap();
    assert!(told.unwrap_err().is_cancelled());
    settle(&executor);
    assert_eq!(executor.stats().queues.len(), 1);
}

#[test]
fn a_new_weight_counts_from_now_on() {
    let (clock, builder) = on_manual_clock();
    let executor = builder
        .queue("a", 1, RunnableFifo::default())
        .queue("b", 1, RunnableFifo::default())
        .build()
        .unwrap();
    for name in ["a", "b"] {
        executor.queue(name).unwrap().spawn(busy(clock.clone(), SLICE)).detach();
    }
    let share_of_a = |executor: &mainspring_executor::Executor<&'static str>| {
        let before = executor.stats();
        for _ in 0..8000 {
            executor.tick().unwrap();
        }
        let after = executor.stats();
        let got = |i: usize| (after.queues[i].runtime - before.queues[i].runtime).as_secs_f64();
        got(0) / (got(0) + got(1))
    };
    assert!((share_of_a(&executor) - 0.5).abs() < 0.005);
    executor.set_weight("a", 7).unwrap();
    assert!((share_of_a(&executor) - 7.0 / 8.0).abs() < 0.005);
    assert_eq!(executor.stats().queues[0].weight, 7);
    executor.set_weight("a", 1).unwrap();
    executor.set_slice("a", Duration::from_millis(5)).unwrap();
    assert!((share_of_a(&executor) - 0.5).abs() < 0.02, "a slice is not a share");
    assert!(executor.set_weight("a", 0).is_err());
    assert!(executor.set_weight("z", 1).is_err());
}

#[test]
fn a_thousand_queues() {
    let mut builder = builder();
    for key in 0..1000 {
        builder = builder.queue(key, 1 + key % 7, RunnableFifo::default());
    }
    let executor = builder.build().unwrap();
    let handles: Vec<_> = (0..1000)
        .map(|key| {
            executor.queue(key).unwrap().spawn(async move {
                for _ in 0..5 {
                    yield_now().await;
                }
                key
            })
        })
        .collect();
    for (key, handle) in handles.into_iter().enumerate() {
        assert_eq!(executor.block_on(handle).unwrap().unwrap(), key as u32);
    }
}
