//! One body of tests under every host: alone, tokio in three ways, smol, monoio.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use mainspring_executor::{Executor, Las, RunnableFifo, yield_now};

use crate::rigging::{Drops, builder};

type Queues = Executor<u8>;

fn executor() -> Queues {
    builder().queue(0, 8, RunnableFifo::default()).queue(1, 1, Las::default()).build().unwrap()
}

/// Runs the body, which drives the executor itself, under every host.
fn everywhere<F: Future<Output = ()>>(body: impl Fn(Rc<Queues>) -> F) {
    // Alone.
    let alone = Rc::new(executor());
    Executor::block_on(&executor(), body(alone)).unwrap();
    smol::block_on(body(Rc::new(executor())));
    let local = smol::LocalExecutor::new();
    smol::block_on(local.run(body(Rc::new(executor()))));
    on_tokio(&body);
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    monoio::RuntimeBuilder::<monoio::LegacyDriver>::new()
        .build()
        .unwrap()
        .block_on(body(Rc::new(executor())));
}

#[cfg(not(feature = "tokio"))]
fn on_tokio<F: Future<Output = ()>>(body: &impl Fn(Rc<Queues>) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(body(Rc::new(executor())));
}

#[cfg(feature = "tokio")]
fn on_tokio<F: Future<Output = ()>>(body: &impl Fn(Rc<Queues>) -> F) {
    use mainspring_executor::tokio::TokioHost;
    let executor = || {
        let builder = builder().queue(0, 8, RunnableFifo::default()).queue(1, 1, Las::default());
        Rc::new(builder.host(TokioHost).build().unwrap())
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(body(executor()));
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, body(executor()));
    // Plain self-wakes work as well, if not as well.
    runtime.block_on(body(Rc::new(self::executor())));
}

/// A channel of one thread.
struct Channel<T> {
    items: RefCell<VecDeque<T>>,
    waiting: Cell<Option<Waker>>,
}

impl<T> Default for Channel<T> {
    fn default() -> Self {
        Self { items: RefCell::default(), waiting: Cell::default() }
    }
}

impl<T> Channel<T> {
    fn send(&self, item: T) {
        self.items.borrow_mut().push_back(item);
        if let Some(waker) = self.waiting.take() {
            waker.wake();
        }
    }

    async fn receive(&self) -> T {
        poll_fn(|cx| match self.items.borrow_mut().pop_front() {
            Some(item) => Poll::Ready(item),
            None => {
                self.waiting.set(Some(cx.waker().clone()));
                Poll::Pending
            }
        })
        .await
    }
}

#[test]
fn tasks_hand_messages_to_each_other() {
    everywhere(|executor| async move {
        let (there, back) = (Rc::new(Channel::default()), Rc::new(Channel::default()));
        let (of_there, of_back) = (there.clone(), back.clone());
        let echo = executor.queue(1).unwrap().spawn(async move {
            for _ in 0..1000 {
                of_back.send(of_there.receive().await + 1);
            }
        });
        let sum = executor.queue(0).unwrap().spawn(async move {
            let mut sum = 0;
            for i in 0..1000 {
                there.send(i);
                sum += back.receive().await;
            }
            sum
        });
        let sum = executor.run_until(async {
            echo.await.unwrap();
            sum.await.unwrap()
        });
        assert_eq!(sum.await.unwrap(), (1..=1000).sum::<i32>());
    });
}

#[test]
fn other_threads_wake_and_spawn() {
    everywhere(|executor| async move {
        let (sender, receiver) = smol::channel::unbounded::<u32>();
        let remote = executor.queue(1).unwrap().remote();
        let threads: Vec<_> = (0..3)
            .map(|thread| {
                let (sender, remote) = (sender.clone(), remote.clone());
                std::thread::spawn(move || {
                    for i in 0..100 {
                        let sender = sender.clone();
                        if i % 2 == 0 {
                            sender.try_send(thread * 100 + i).unwrap();
                        } else {
                            let number = thread * 100 + i;
                            remote
                                .spawn(async move { sender.send(number).await.unwrap() })
                                .detach();
                        }
                    }
                })
            })
            .collect();
        drop(sender);
        let received = executor.queue(0).unwrap().spawn(async move {
            let mut received = Vec::new();
            while let Ok(number) = receiver.recv().await {
                received.push(number);
            }
            received
        });
        let mut received = executor.run_until(received).await.unwrap().unwrap();
        received.sort();
        assert_eq!(received, (0..300).collect::<Vec<_>>());
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn a_run_that_is_given_up_goes_on_later() {
    everywhere(|executor| async move {
        let drops = Drops::default();
        let steps = Rc::new(Cell::new(0));
        let (witness, of_task) = (drops.witness(), steps.clone());
        let handle = executor.queue(0).unwrap().spawn(async move {
            let _witness = witness;
            for _ in 0..10 {
                of_task.set(of_task.get() + 1);
                yield_now().await;
            }
        });
        let seen = steps.clone();
        let at_three = poll_fn(|cx| {
            cx.waker().wake_by_ref();
            if seen.get() >= 3 { Poll::Ready(()) } else { Poll::Pending }
        });
        executor.run_until(at_three).await.unwrap();
        assert!(steps.get() < 10);
        assert_eq!(drops.count(), 0);
        executor.run_until(handle).await.unwrap().unwrap();
        assert_eq!((steps.get(), drops.count()), (10, 1));
    });
}

#[test]
fn two_drivers_side_by_side() {
    everywhere(|executor| async move {
        let channel = Rc::new(Channel::default());
        let (of_first, of_second) = (channel.clone(), channel);
        let queue = executor.queue(0).unwrap();
        let receives = queue.spawn(async move { of_first.receive().await });
        let first = executor.run_until(receives);
        let second = executor.run_until(async move {
            for _ in 0..5 {
                yield_now().await;
            }
            of_second.send(17);
        });
        let (received, sent) = smol::future::zip(first, second).await;
        assert_eq!(received.unwrap().unwrap(), 17);
        sent.unwrap();
    });
}

#[test]
fn a_driver_that_yields_for_ever_does_not_starve_the_tasks() {
    everywhere(|executor| async move {
        let handle = executor.queue(1).unwrap().spawn(async {
            for _ in 0..100 {
                yield_now().await;
            }
        });
        let driver = async {
            while !handle.is_finished() {
                yield_now().await;
            }
        };
        executor.run_until(driver).await.unwrap();
    });
}

#[test]
fn run_ends_when_a_closed_executor_is_empty() {
    everywhere(|executor| async move {
        let of_task = executor.clone();
        let handle = executor.queue(0).unwrap().spawn(async move {
            for _ in 0..10 {
                yield_now().await;
            }
            of_task.close();
            yield_now().await;
            "closed it"
        });
        executor.run().await.unwrap();
        assert_eq!(handle.await.unwrap(), "closed it");
    });
}
