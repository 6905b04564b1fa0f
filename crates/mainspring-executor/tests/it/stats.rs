//! Every number that is shown is really measured.

use std::time::Duration;

use mainspring_executor::{Las, QueueSpec, RunnableFifo, Statistics, yield_now};

use crate::rigging::{Parking, builder, on_manual_clock, settle};

const MS: Duration = Duration::from_millis(1);

#[test]
fn every_field_moves() {
    let (clock, builder) = on_manual_clock();
    let executor = builder
        .queue_with("fore", QueueSpec::new(3).policy(Las::default()).slice(MS))
        .queue_with("back", QueueSpec::new(1).slice(10 * MS))
        .host_interval(5 * MS)
        .build()
        .unwrap();
    let (fore, back) = (executor.queue("fore").unwrap(), executor.queue("back").unwrap());
    let before = executor.stats();
    assert_eq!((before.tasks, before.parks, before.busy), (0, 0, Duration::ZERO));

    let parking = Parking::default();
    fore.group(1).spawn(parking.clone().stay()).detach();
    let of_clock = clock.clone();
    fore.spawn(async move { of_clock.advance(3 * MS) }).detach();
    let of_clock = clock.clone();
    back.spawn(async move {
        for round in 0..20 {
            of_clock.advance(2 * MS);
            if round == 3 {
                // The foreground is more urgent, so this turn ends early.
                parking.waker().wake();
            }
            yield_now().await;
        }
    })
    .detach();

    let mut drive = Box::pin(executor.run());
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    while executor.stats().parks == 0 {
        assert!(drive.as_mut().poll(&mut cx).is_pending());
        // The host has its turn.
        clock.advance(MS);
    }
    // Asleep.
    clock.advance(7 * MS);
    assert!(drive.as_mut().poll(&mut cx).is_pending());
    drop(drive);

    let stats = executor.stats();
    assert_eq!(stats.busy, 43 * MS);
    assert_eq!(stats.idle, 8 * MS);
    assert!(stats.host_turns >= 4, "{}", stats.host_turns);
    assert_eq!(stats.host, MS * stats.host_turns as u32);
    assert_eq!(stats.parks, 2);
    assert_eq!(stats.tasks, 1);
    let [fore, back] = &stats.queues[..] else { panic!("two queues") };

    assert_eq!((&*fore.name, &*back.name), ("fore", "back"));
    assert_eq!((fore.weight, back.weight), (3, 1));
    assert_eq!((fore.share_asked, back.share_asked), (0.75, 0.25));
    assert_eq!((fore.runtime, back.runtime), (3 * MS, 40 * MS));
    assert!(
        (fore.share_got - 3.0 / 43.0).abs() < 1e-9 && (back.share_got - 40.0 / 43.0).abs() < 1e-9
    );
    assert_ne!(fore.lag_ns, back.lag_ns);
    assert_eq!((fore.tasks, back.tasks), (1, 0));
    assert_eq!((fore.groups, back.groups), (1, 0));
    assert_eq!((fore.spawned, back.spawned), (2, 1));
    assert_eq!((fore.finished, back.finished), (1, 1));
    assert_eq!((fore.polls, back.polls), (3, 21));
    assert!(fore.turns >= 2 && back.turns >= 2, "{} {}", fore.turns, back.turns);
    assert_eq!(back.poll_time.count(), 21);
    assert_eq!(back.poll_time.max(), 2 * MS);
    assert_eq!(fore.poll_time.max(), 3 * MS);
    assert_eq!(fore.wake_to_run.count(), 3);
    // The one that was woken within a poll of the background's waited for its end.
    assert!(fore.wake_to_run.max() >= 2 * MS, "{:?}", fore.wake_to_run.max());
    assert_eq!(fore.longest_wait, fore.wake_to_run.max());
    assert!(back.longest_wait > Duration::ZERO);
    assert_eq!((fore.overruns, back.overruns), (1, 0));
    assert_eq!((fore.preemptions, back.preemptions), (0, 1));
}

#[test]
fn statistics_can_be_left_out_but_for_fairness() {
    let (clock, builder) = on_manual_clock();
    let executor = builder
        .statistics(Statistics::Runtime)
        .queue("q", 1, RunnableFifo::default())
        .build()
        .unwrap();
    executor.queue("q").unwrap().spawn(async move { clock.advance(MS) }).detach();
    settle(&executor);
    let stats = executor.stats();
    assert_eq!(stats.queues[0].runtime, MS);
    assert_eq!((stats.queues[0].polls, stats.queues[0].poll_time.count()), (0, 0));
}

#[test]
fn tasks_are_listed_with_all_that_is_known_of_them() {
    let (clock, builder) = on_manual_clock();
    let executor = builder.queue_with("q", QueueSpec::new(1).name("the queue")).build().unwrap();
    let queue = executor.queue("q").unwrap();
    settle(&executor);
    queue.task().name("first").spawn(std::future::pending::<()>()).detach();
    let line = line!() + 1;
    let unnamed = queue.group(4).spawn(std::future::pending::<()>());
    settle(&executor);
    clock.advance(5 * MS);
    let mut tasks = executor.tasks();
    tasks.sort_by_key(|task| task.id);
    let [first, second] = &tasks[..] else { panic!("{tasks:?}") };
    assert_eq!((first.name.as_deref(), second.name.as_deref()), (Some("first"), None));
    assert_eq!(&*first.queue, "the queue");
    assert_eq!((first.group, second.group), (None, Some(4)));
    assert_eq!(first.age, 5 * MS);
    assert_eq!((second.location.file(), second.location.line()), (file!(), line));
    assert_eq!(second.id, unnamed.id());
    unnamed.abort();
    settle(&executor);
    assert_eq!(executor.tasks().len(), 1);
}

#[cfg(feature = "serde")]
#[test]
fn snapshots_can_be_serialized() {
    let (clock, builder) = on_manual_clock();
    let executor: mainspring_executor::Executor<u8> =
        builder.queue(1, 1, RunnableFifo::default()).build().unwrap();
    executor.queue(1).unwrap().spawn(async move { clock.advance(MS) }).detach();
    settle(&executor);
    let json = serde_json::to_value(executor.stats()).unwrap();
    assert_eq!(json["queues"][0]["name"], "1");
    assert_eq!(json["queues"][0]["polls"], 1);
    assert_eq!(json["queues"][0]["runtime"]["nanos"], 1_000_000);
}

#[test]
fn snapshots_can_be_taken_from_inside() {
    let executor =
        std::rc::Rc::new(builder().queue(1, 1, RunnableFifo::default()).build().unwrap());
    let inner = executor.clone();
    let handle = executor
        .queue(1)
        .unwrap()
        .spawn(async move { (inner.stats().tasks, inner.tasks().len(), format!("{inner:?}")) });
    let (tasks, listed, debug) = executor.block_on(handle).unwrap().unwrap();
    assert_eq!((tasks, listed), (1, 1));
    assert_eq!(debug, "Executor { queues: [1], tasks: 1, .. }");
}

#[cfg(feature = "metrics")]
#[test]
fn a_recorder_of_metrics_is_shown_the_same_numbers() {
    use mainspring_executor::metrics::{ALL, record};

    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let (clock, builder) = on_manual_clock();
    let executor =
        builder.queue_with("fore", QueueSpec::new(3)).queue_with("back", QueueSpec::new(1));
    let executor = executor.build().unwrap();
    let fore = executor.queue("fore").unwrap();
    let works = [clock.clone(), clock.clone()]
        .map(|clock| fore.spawn(async move { clock.advance(4 * MS) }));
    // Told twice, the numbers are what they are, and not twice as much.
    metrics::with_local_recorder(&recorder, || record(&executor.stats()));
    for work in works {
        executor.block_on(work).unwrap().unwrap();
    }
    metrics::with_local_recorder(&recorder, || {
        record(&executor.stats());
        record(&executor.stats());
    });
    let text = recorder.handle().render();
    for line in [
        "mainspring_executor_tasks 0",
        "mainspring_executor_queue_share_asked_ratio{queue=\"fore\"} 0.75",
        "mainspring_executor_queue_share_got_ratio{queue=\"fore\"} 1",
        "mainspring_executor_queue_runtime_seconds{queue=\"fore\"} 0.008",
        "mainspring_executor_queue_polls_total{queue=\"fore\"} 2",
        "mainspring_executor_queue_polls_total{queue=\"back\"} 0",
        "mainspring_executor_queue_delay_seconds{queue=\"fore\",quantile=\"1\"} 0.004",
    ] {
        assert!(text.lines().any(|told| told == line), "{line}:\n{text}");
    }
    for (name, help) in ALL {
        assert!(text.contains(&format!("# HELP {name} {help}\n")), "{name}");
        assert!(
            text.contains(&format!("\n{name} ")) || text.contains(&format!("\n{name}{{")),
            "{name}"
        );
    }
}
