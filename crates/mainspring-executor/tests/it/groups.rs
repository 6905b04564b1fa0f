//! Groups share fairly, are inherited, and are forgotten.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use mainspring_clock::Clock;
use mainspring_executor::{Las, QueueHandle, RunnableFifo, yield_now};

use crate::rigging::{Parking, builder, on_manual_clock, settle};

const MS: Duration = Duration::from_millis(1);

#[test]
fn groups_share_fairly_however_many_tasks_they_have() {
    let (clock, builder) = on_manual_clock();
    let executor = builder.queue("q", 1, Las::default()).build().unwrap();
    let queue = executor.queue("q").unwrap();
    let time: Rc<[Cell<Duration>; 3]> = Rc::default();
    for (group, tasks, length) in [(0, 1, MS), (1, 10, MS / 2), (2, 100, MS / 10)] {
        for _ in 0..tasks {
            let (clock, time) = (clock.clone(), time.clone());
            let task = async move {
                loop {
                    clock.advance(length);
                    time[group].set(time[group].get() + length);
                    yield_now().await;
                }
            };
            queue.group(group as u64).spawn(task).detach();
        }
    }
    let start = clock.now();
    while clock.now() - start < 3000 * MS {
        executor.tick().unwrap();
    }
    for (group, time) in time.iter().enumerate() {
        let share = time.get().as_secs_f64() / 3.0;
        assert!((share - 1.0 / 3.0).abs() < 0.03, "group {group} had a share of {share}");
    }
}

#[test]
fn a_group_that_slept_does_not_take_over() {
    let (clock, builder) = on_manual_clock();
    let executor = builder.queue("q", 1, Las::default()).build().unwrap();
    let queue = executor.queue("q").unwrap();
    let time: Rc<[Cell<Duration>; 2]> = Rc::default();
    let work = |group: usize| {
        let (clock, time) = (clock.clone(), time.clone());
        async move {
            loop {
                clock.advance(MS);
                time[group].set(time[group].get() + MS);
                yield_now().await;
            }
        }
    };
    // The sleeper exists all the time: its account is not forgotten, it is just low.
    let sleeper = Parking::default();
    queue.group(1).spawn(sleeper.stay()).detach();
    queue.group(0).spawn(work(0)).detach();
    for _ in 0..1000 {
        executor.tick().unwrap();
    }
    time[0].set(Duration::ZERO);
    queue.group(1).spawn(work(1)).detach();
    for _ in 0..200 {
        executor.tick().unwrap();
    }
    let share = time[1].get().as_secs_f64() / 0.2;
    assert!((0.45..0.65).contains(&share), "who slept had a share of {share}");
}

#[test]
fn children_belong_to_the_group_of_their_parent() {
    let executor = builder()
        .queue("a", 1, Las::default())
        .queue("b", 1, RunnableFifo::default())
        .build()
        .unwrap();
    let (a, b) = (executor.queue("a").unwrap(), executor.queue("b").unwrap());
    let spawn_all = |a: QueueHandle, b: QueueHandle| async move {
        a.spawn(std::future::pending::<()>()).detach();
        b.spawn(std::future::pending::<()>()).detach();
        a.group(9).spawn(std::future::pending::<()>()).detach();
        a.task().name("named").spawn(std::future::pending::<()>()).detach();
    };
    a.group(7).spawn(spawn_all(a.clone(), b.clone())).detach();
    settle(&executor);
    let mut groups: Vec<_> =
        executor.tasks().into_iter().map(|task| (task.queue.to_string(), task.group)).collect();
    groups.sort();
    let in_a = |group| ("a".to_owned(), Some(group));
    assert_eq!(groups, [in_a(7), in_a(7), in_a(9), ("b".to_owned(), Some(7))]);
    let stats = executor.stats();
    assert_eq!((stats.queues[0].groups, stats.queues[1].groups), (2, 1));
    executor.abort_all();
    settle(&executor);
    let stats = executor.stats();
    assert_eq!((stats.queues[0].groups, stats.queues[1].groups), (0, 0));
}

#[test]
fn a_group_travels_with_a_remote() {
    let executor = builder().queue("q", 1, Las::default()).build().unwrap();
    let remote = executor.queue("q").unwrap().remote().group(5);
    let handle =
        std::thread::spawn(move || remote.spawn_named("far", std::future::pending::<()>()));
    handle.join().unwrap().detach();
    assert!(executor.tick().unwrap());
    let task = &executor.tasks()[0];
    assert_eq!((task.group, task.name.as_deref()), (Some(5), Some("far")));
}
