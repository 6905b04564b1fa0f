//! Where executors of this kind have gone wrong: one test, or a few, for each fault.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use mainspring_executor::{
    BuildError, Executor, GroupIndex, JoinError, JoinHandle, Las, Policy, QueueError, QueueHandle,
    QueueSpec, RunError, RunnableFifo, StallReport, Stats, TaskMeta, TaskRef, Why, should_yield,
    yield_maybe, yield_now,
};

use crate::rigging::{
    Drops, Log, Parking, builder, busy, on_manual_clock, panic_of, poll_once, settle, simple,
};

const MS: Duration = Duration::from_millis(1);

#[test]
fn an_aborted_parked_task_is_dropped() {
    let executor = simple();
    let (drops, parking) = (Drops::default(), Parking::default());
    let (witness, stay) = (drops.witness(), parking.clone());
    let mut handle = executor.queue("q").unwrap().spawn(async move {
        let _witness = witness;
        stay.stay().await;
    });
    settle(&executor);
    handle.abort();
    settle(&executor);
    assert_eq!(drops.count(), 1);
    assert!(matches!(poll_once(&mut handle), Some(Err(JoinError::Cancelled))));
    assert_eq!(executor.task_count(), 0);
    // The waker that somebody has kept is harmless.
    parking.waker().wake();
    settle(&executor);
}

#[test]
fn a_task_holding_its_queues_handle_does_not_leak_the_executor() {
    let executor = simple();
    let drops = Drops::default();
    let (queue, witness) = (executor.queue("q").unwrap(), drops.witness());
    let of_task: QueueHandle = queue.clone();
    queue
        .spawn(async move {
            let _witness = witness;
            let _queue = of_task;
            std::future::pending::<()>().await;
        })
        .detach();
    settle(&executor);
    drop(queue);
    drop(executor);
    assert_eq!(drops.count(), 1);
}

#[test]
fn a_handle_does_not_hang_after_the_executor_is_dropped() {
    let executor = simple();
    let queue = executor.queue("q").unwrap();
    let other = simple();
    // Somebody waits already, on another executor.
    let handle = queue.spawn(std::future::pending::<()>());
    let waits = other.queue("q").unwrap().spawn(handle);
    settle(&executor);
    settle(&other);
    drop(executor);
    let outcome = other.block_on(waits).unwrap().unwrap();
    assert!(matches!(outcome, Err(JoinError::ExecutorDropped)));
}

#[test]
fn a_handle_does_not_hang_after_a_propagated_panic() {
    let executor = simple();
    let queue = executor.queue("q").unwrap();
    let mut panics = queue.spawn(async { panic!("through the roof") });
    let mut bystander = queue.spawn(std::future::pending::<()>());
    assert_eq!(panic_of(|| executor.block_on(std::future::pending::<()>())), "through the roof");
    let outcome: Option<Result<(), _>> = poll_once(&mut panics);
    assert!(outcome.expect("resolved").unwrap_err().is_panic());
    drop(executor);
    assert!(matches!(poll_once(&mut bystander), Some(Err(JoinError::ExecutorDropped))));
}

/// Counts wakes.
#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn both_of_two_waiters_wake() {
    // Two futures drive the executor by turns, and both sleep.
    let executor = simple();
    let queue = executor.queue("q").unwrap();
    let parking = Parking::default();
    let (first, second) = (Rc::new(Cell::new(false)), Rc::new(Cell::new(false)));
    let waits = |flag: Rc<Cell<bool>>, parking: Parking| async move {
        queue_until(&flag, &parking).await;
    };
    let (first_parking, second_parking) = (parking.clone(), Parking::default());
    let mut first_drive = Box::pin(executor.run_until(waits(first.clone(), first_parking.clone())));
    let mut second_drive =
        Box::pin(executor.run_until(waits(second.clone(), second_parking.clone())));
    let (first_bell, second_bell) = (Arc::new(Bell::default()), Arc::new(Bell::default()));
    let (first_waker, second_waker) =
        (Waker::from(first_bell.clone()), Waker::from(second_bell.clone()));
    let mut first_cx = Context::from_waker(&first_waker);
    let mut second_cx = Context::from_waker(&second_waker);
    assert!(first_drive.as_mut().poll(&mut first_cx).is_pending());
    assert!(second_drive.as_mut().poll(&mut second_cx).is_pending());

    // A task readies both; only one of the drivers runs it.
    let (wake_first, wake_second) = (first_parking.waker(), second_parking.waker());
    queue
        .spawn(async move {
            first.set(true);
            second.set(true);
            wake_first.wake();
            wake_second.wake();
        })
        .detach();
    assert_eq!((ring(&first_bell), ring(&second_bell)), (1, 1), "both may run it");
    assert_eq!(second_drive.as_mut().poll(&mut second_cx), Poll::Ready(Ok(())));
    // The first was not polled since: its host has been told, or will be by now.
    assert!(ring(&first_bell) >= 1);
    assert_eq!(first_drive.as_mut().poll(&mut first_cx), Poll::Ready(Ok(())));
}

fn ring(bell: &Bell) -> usize {
    bell.0.load(Ordering::Relaxed)
}

async fn queue_until(flag: &Cell<bool>, parking: &Parking) {
    let mut stay = Box::pin(parking.clone().stay());
    std::future::poll_fn(|cx| {
        if flag.get() {
            return Poll::Ready(());
        }
        assert!(stay.as_mut().poll(cx).is_pending());
        Poll::Pending
    })
    .await;
}

#[test]
fn the_last_of_a_handles_pollers_wakes() {
    let executor = simple();
    let mut handle = executor.queue("q").unwrap().spawn(yield_now());
    let (first, second) = (Arc::new(Bell::default()), Arc::new(Bell::default()));
    for bell in [&first, &second] {
        let waker = Waker::from(bell.clone());
        let poll = std::pin::Pin::new(&mut handle).poll(&mut Context::from_waker(&waker));
        assert!(poll.is_pending());
    }
    settle(&executor);
    assert_eq!((ring(&first), ring(&second)), (0, 1));
}

#[test]
fn a_spawn_inside_a_task_does_not_panic() {
    let executor = simple();
    let queue = executor.queue("q").unwrap();
    let of_task = queue.clone();
    let handle = queue.spawn(async move {
        let inner = of_task.clone();
        let nested = of_task.spawn(async move { inner.spawn(async { 3 }).await.unwrap() + 1 });
        nested.await.unwrap() + 1
    });
    assert_eq!(executor.block_on(handle).unwrap().unwrap(), 5);
}

#[test]
fn a_stale_waker_polls_nobody_whom_nobody_woke() {
    let executor = simple();
    let queue = executor.queue("q").unwrap();
    let parking = Parking::default();
    let first = queue.spawn(parking.clone().stay());
    settle(&executor);
    let stale = parking.waker();
    first.abort();
    settle(&executor);
    // The next task takes over whatever place, number or memory the first one had.
    let polls = Rc::new(Cell::new(0));
    let of_task = polls.clone();
    queue
        .spawn(std::future::poll_fn(move |_| {
            of_task.set(of_task.get() + 1);
            Poll::<()>::Pending
        }))
        .detach();
    settle(&executor);
    stale.wake_by_ref();
    stale.wake();
    settle(&executor);
    assert_eq!(polls.get(), 1);
}

#[test]
fn a_reentrant_run_until_is_refused_and_loses_no_task() {
    let executor = Rc::new(simple());
    let queue = executor.queue("q").unwrap();
    let (of_task, ran) = (executor.clone(), Rc::new(Cell::new(0)));
    for _ in 0..3 {
        let ran = ran.clone();
        queue
            .spawn(async move {
                yield_now().await;
                ran.set(ran.get() + 1);
            })
            .detach();
    }
    let handle = queue.spawn(async move {
        assert_eq!(of_task.tick(), Err(RunError::Reentered));
        assert_eq!(of_task.block_on(async {}), Err(RunError::Reentered));
        assert_eq!(of_task.run_until(yield_now()).await, Err(RunError::Reentered));
        assert_eq!(of_task.run().await, Err(RunError::Reentered));
    });
    executor.block_on(handle).unwrap().unwrap();
    let inner = executor.clone();
    executor.block_on(async move { inner.tick().unwrap_err() }).unwrap();
    settle(&executor);
    assert_eq!(ran.get(), 3);
}

#[test]
fn a_panic_in_drop_does_not_escape_as_the_loops_own() {
    // Where panics are caught, one in a destructor ends with the handle, as one in a poll does.
    struct Bad;
    impl Drop for Bad {
        fn drop(&mut self) {
            panic!("in drop");
        }
    }
    let spec = QueueSpec::new(1).on_panic(mainspring_executor::OnPanic::Catch);
    let executor = builder().queue_with("q", spec).build().unwrap();
    let queue = executor.queue("q").unwrap();
    let mut aborted = queue.spawn(async {
        let _bad = Bad;
        std::future::pending::<()>().await;
    });
    let bystander = queue.spawn(yield_now());
    assert!(executor.tick().unwrap());
    aborted.abort();
    settle(&executor);
    let outcome = poll_once(&mut aborted).expect("resolved");
    assert!(outcome.unwrap_err().is_panic());
    assert!(bystander.is_finished());
}

/// A policy that can be looked at while it is in use.
#[derive(Clone, Default)]
struct Spied(Rc<RefCell<Las>>);

impl Policy for Spied {
    fn push(&mut self, task: TaskRef, why: Why) {
        self.0.borrow_mut().push(task, why);
    }
    fn pop(&mut self) -> Option<TaskRef> {
        self.0.borrow_mut().pop()
    }
    fn len(&self) -> usize {
        self.0.borrow().len()
    }
    fn charge(&mut self, task: TaskMeta<'_>, ns: u64) {
        self.0.borrow_mut().charge(task, ns);
    }
    fn finished(&mut self, task: TaskMeta<'_>) {
        self.0.borrow_mut().finished(task);
    }
    fn group_gone(&mut self, group: GroupIndex) {
        self.0.borrow_mut().group_gone(group);
    }
    fn needs_every_poll(&self) -> bool {
        self.0.borrow().needs_every_poll()
    }
}

#[test]
fn las_counts_no_phantom_runnables() {
    let las = Spied::default();
    let (clock, builder) = on_manual_clock();
    let executor = builder.queue("q", 1, las.clone()).build().unwrap();
    let queue = executor.queue("q").unwrap();
    let parking = Parking::default();
    for group in 0..3 {
        queue.group(group).spawn(parking.clone().stay()).detach();
        let clock = clock.clone();
        queue
            .group(group)
            .spawn(async move {
                clock.advance(MS);
                yield_now().await;
            })
            .detach();
    }
    settle(&executor);
    assert_eq!(las.len(), 0);
    assert!(las.is_empty());
    assert!(!executor.tick().unwrap(), "nobody is ready");
    parking.waker().wake();
    parking.waker().wake();
    assert!(executor.tick().unwrap());
    assert_eq!(las.len(), 0);
}

#[test]
fn las_ages() {
    // An old tenant that has had a second, against newcomers without end.
    let (clock, builder) = on_manual_clock();
    let executor = builder.queue("q", 1, Las::default()).build().unwrap();
    let queue = executor.queue("q").unwrap();
    let old_polls = Rc::new(Cell::new(0));
    let (of_old, of_clock) = (old_polls.clone(), clock.clone());
    queue
        .spawn(async move {
            loop {
                of_clock.advance(MS);
                of_old.set(of_old.get() + 1);
                yield_now().await;
            }
        })
        .detach();
    for _ in 0..1000 {
        executor.tick().unwrap();
    }
    assert_eq!(old_polls.replace(0), 1000);
    for _ in 0..4000 {
        let clock = clock.clone();
        queue.spawn(async move { clock.advance(MS) }).detach();
        executor.tick().unwrap();
    }
    let polls = old_polls.get();
    assert!((20..2000).contains(&polls), "the old tenant had {polls} of 4000 polls");
}

#[test]
fn las_forgets_a_tenant() {
    let las = Spied::default();
    let executor = builder().queue("q", 1, las.clone()).build().unwrap();
    let queue = executor.queue("q").unwrap();
    for tenant in 0..1000 {
        for _ in 0..2 {
            queue.group(tenant).spawn(yield_now()).detach();
        }
        settle(&executor);
        assert_eq!(las.0.borrow().group_count(), 0, "tenant {tenant} is remembered");
    }
    assert_eq!(executor.stats().queues[0].groups, 0);
}

#[test]
fn a_waking_queues_debt_is_kept() {
    // A debtor works off 10 ms at once, sleeps, and comes back at once.
    let (clock, builder) = on_manual_clock();
    let executor = builder
        .queue("debtor", 1, RunnableFifo::default())
        .queue("other", 1, RunnableFifo::default())
        .build()
        .unwrap();
    executor.queue("other").unwrap().spawn(busy(clock.clone(), MS)).detach();
    let (parking, of_clock, log) = (Parking::default(), clock.clone(), Log::default());
    let (stay, of_task) = (parking.clone(), log.clone());
    executor
        .queue("debtor")
        .unwrap()
        .spawn(async move {
            let mut turns = 0;
            std::future::poll_fn(|cx| {
                turns += 1;
                of_task.add("debtor");
                of_clock.advance(10 * MS);
                let mut stay = std::pin::pin!(stay.clone().stay());
                assert!(stay.as_mut().poll(cx).is_pending());
                if turns < 2 { Poll::Pending } else { Poll::Ready(()) }
            })
            .await;
        })
        .detach();
    let start = clock_ns(&clock);
    while log.take().is_empty() {
        executor.tick().unwrap();
    }
    parking.waker().wake();
    // The other one is owed ten milliseconds first.
    let mut waited = 0;
    while log.take().is_empty() {
        executor.tick().unwrap();
        waited += 1;
        assert!(waited < 50, "the debtor starves");
    }
    assert!(waited >= 9, "the debtor came back after {waited} polls of the other, with no debt");
    assert!(clock_ns(&clock) > start);
}

fn clock_ns(clock: &mainspring_clock::ManualClock) -> std::time::Instant {
    mainspring_clock::Clock::now(clock)
}

#[test]
fn a_waking_queues_credit_is_bounded() {
    // A queue that slept for a second does not make up for it: it is served at once, but then shares.
    let (clock, builder) = on_manual_clock();
    let executor = builder
        .queue("sleeper", 1, RunnableFifo::default())
        .queue("other", 1, RunnableFifo::default())
        .build()
        .unwrap();
    let slice = Duration::from_micros(50);
    executor.queue("other").unwrap().spawn(busy(clock.clone(), slice)).detach();
    for _ in 0..20_000 {
        executor.tick().unwrap();
    }
    executor.queue("sleeper").unwrap().spawn(busy(clock, slice)).detach();
    for _ in 0..200 {
        executor.tick().unwrap();
    }
    let polls = executor.stats().queues[0].polls;
    assert!((99..=103).contains(&polls), "{polls} of 200 polls were the sleeper's");
}

#[test]
fn the_clock_is_looked_at_within_every_slice() {
    // Polls that are longer than a slice: with equal weights, never two in a row of one queue.
    let (clock, builder) = on_manual_clock();
    let executor = builder
        .queue("a", 1, RunnableFifo::default())
        .queue("b", 1, RunnableFifo::default())
        .build()
        .unwrap();
    let log = Log::default();
    for name in ["a", "b"] {
        let (clock, log) = (clock.clone(), log.clone());
        executor
            .queue(name)
            .unwrap()
            .spawn(async move {
                loop {
                    clock.advance(MS);
                    log.add(name);
                    yield_now().await;
                }
            })
            .detach();
    }
    for _ in 0..100 {
        executor.tick().unwrap();
    }
    let polls = log.take();
    assert!(polls.windows(2).all(|pair| pair[0] != pair[1]), "{polls:?}");
}

#[test]
fn the_clock_is_looked_at_often_enough_also_when_it_is_not_read_at_every_poll() {
    // Short polls have made the loop trustful. Then one queue's polls get long.
    let clock = mainspring_clock::ManualClock::new(std::time::SystemTime::UNIX_EPOCH);
    let executor = builder()
        .clock(clock.clone())
        .queue("a", 1, RunnableFifo::default())
        .queue("b", 1, RunnableFifo::default())
        .build()
        .unwrap();
    let log = Log::default();
    let is_long = Rc::new(Cell::new(false));
    for name in ["a", "b"] {
        let (clock, log, is_long) = (clock.clone(), log.clone(), is_long.clone());
        executor
            .queue(name)
            .unwrap()
            .spawn(async move {
                loop {
                    clock.advance(if is_long.get() { MS } else { Duration::from_nanos(50) });
                    log.add(name);
                    yield_now().await;
                }
            })
            .detach();
    }
    let run = |polls: u64| {
        let start = executor.stats().queues.iter().map(|queue| queue.polls).sum::<u64>();
        let until = || executor.stats().queues.iter().map(|queue| queue.polls).sum::<u64>() - start;
        executor
            .block_on(async {
                while until() < polls {
                    yield_now().await;
                }
            })
            .unwrap();
    };
    run(10_000);
    log.take();
    is_long.set(true);
    run(2_000);
    let polls = log.take();
    let mut longest = 0;
    for run in polls.chunk_by(|a, b| a == b).skip(1) {
        longest = longest.max(run.len());
    }
    assert!(longest <= 20, "{longest} polls of a millisecond in a row");
    // Once it was noticed, the queues alternate.
    let settled = &polls[polls.len() - 50..];
    assert!(settled.chunk_by(|a, b| a == b).all(|run| run.len() <= 2), "{settled:?}");
}

#[test]
fn yield_maybe_heeds_preemption() {
    let (clock, builder) = on_manual_clock();
    let executor = builder
        .queue_with("fore", QueueSpec::new(8).slice(100 * MS))
        .queue_with("back", QueueSpec::new(1).slice(100 * MS))
        .build()
        .unwrap();
    let (log, parking) = (Log::default(), Parking::default());
    let (of_fore, stay, first) = (log.clone(), parking.clone(), Cell::new(true));
    executor
        .queue("fore")
        .unwrap()
        .spawn(std::future::poll_fn(move |cx| {
            let mut stay = std::pin::pin!(stay.clone().stay());
            assert!(stay.as_mut().poll(cx).is_pending());
            if !first.replace(false) {
                of_fore.add("fore");
            }
            Poll::<()>::Pending
        }))
        .detach();
    settle(&executor);
    let (of_back, of_clock) = (log.clone(), clock.clone());
    executor
        .queue("back")
        .unwrap()
        .spawn(async move {
            yield_maybe().await;
            assert!(!should_yield(), "nobody else wants the thread");
            of_back.add("before");
            of_clock.advance(10 * MS);
            parking.waker().wake();
            assert!(should_yield(), "the slice is not over, but the foreground woke");
            yield_maybe().await;
            of_back.add("after");
        })
        .detach();
    settle(&executor);
    assert_eq!(log.take(), ["before", "fore", "after"]);
}

#[test]
fn should_yield_heeds_the_slice_and_wakes_from_other_threads() {
    let (clock, builder) = on_manual_clock();
    let executor = builder
        .queue_with("fore", QueueSpec::new(8))
        .queue_with("back", QueueSpec::new(1).slice(MS))
        .host_interval(100 * MS)
        .build()
        .unwrap();
    let remote = executor.queue("fore").unwrap().remote();
    assert!(!should_yield(), "outside of a task");
    let handle = executor.queue("back").unwrap().spawn(async move {
        let asked = (1..).find(|_| {
            clock.advance(MS / 4);
            should_yield()
        });
        assert!(asked <= Some(16), "the clock was read after {asked:?} questions");
        yield_now().await;
        assert!(!should_yield());
        std::thread::spawn(move || remote.spawn(async {}).detach()).join().unwrap();
        should_yield()
    });
    assert!(executor.block_on(handle).unwrap().unwrap());
}

#[test]
fn errors_have_names() {
    let none: BuildError = Executor::<u8>::builder().build().unwrap_err();
    assert_eq!(none, BuildError::NoQueue);
    let zero = builder().queue("a", 0, RunnableFifo::default()).build().unwrap_err();
    assert_eq!(zero, BuildError::Queue(QueueError::ZeroWeight { queue: "\"a\"".to_owned() }));
    assert_eq!(zero.to_string(), "queue \"a\" has weight 0 and would never run; the least is 1");
    let twice = builder()
        .queue(7, 1, RunnableFifo::default())
        .queue(7, 1, RunnableFifo::default())
        .build()
        .unwrap_err();
    assert_eq!(twice.to_string(), "there are two queues with the key 7");
    let unknown: QueueError = simple().queue("z").unwrap_err();
    assert_eq!(unknown.to_string(), "there is no queue with the key \"z\"");
    // Everything that a signature shows can be written down.
    struct Kept {
        _queue: QueueHandle,
        _handle: JoinHandle<u8>,
        _stats: Stats,
        _report: Option<StallReport>,
    }
    let executor = simple();
    let queue = executor.queue("q").unwrap();
    let _kept = Kept {
        _handle: queue.spawn(async { 1 }),
        _queue: queue,
        _stats: executor.stats(),
        _report: None,
    };
}
