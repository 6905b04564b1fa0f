//! The seam to the host: it gets its turns, and tokio's traps are not stepped into.

use std::cell::Cell;
use std::rc::Rc;
use std::task::Context;
use std::time::Duration;

use mainspring_executor::{Host, RunnableFifo, yield_now};

use crate::rigging::on_manual_clock;

const MS: Duration = Duration::from_millis(1);

struct Counting {
    comes_back: Rc<Cell<u32>>,
    wants: Rc<Cell<bool>>,
}

impl Host for Counting {
    fn wants_thread(&mut self) -> bool {
        self.wants.get()
    }

    fn come_back(&mut self, cx: &mut Context<'_>) {
        self.comes_back.set(self.comes_back.get() + 1);
        self.wants.set(false);
        cx.waker().wake_by_ref();
    }
}

#[test]
fn the_host_has_its_turn_after_the_interval_or_when_it_asks() {
    let (comes_back, wants) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(false)));
    let (clock, builder) = on_manual_clock();
    let executor = builder
        .queue("q", 1, RunnableFifo::default())
        .host_interval(5 * MS)
        .host(Counting { comes_back: comes_back.clone(), wants: wants.clone() })
        .build()
        .unwrap();
    let (of_task, seen) = (clock.clone(), comes_back.clone());
    let handle = executor.queue("q").unwrap().spawn(async move {
        for _ in 0..4 {
            of_task.advance(MS);
            yield_now().await;
        }
        assert_eq!(seen.get(), 0, "the interval is not over");
        of_task.advance(MS);
        yield_now().await;
        assert_eq!(seen.get(), 1);
        wants.set(true);
        yield_now().await;
        assert_eq!(seen.get(), 2, "it asked");
    });
    executor.block_on(handle).unwrap().unwrap();
}

#[cfg(feature = "tokio")]
mod on_tokio {
    use std::rc::Rc;
    use std::time::Duration;

    use mainspring_clock::{Clock, SystemClock};
    use mainspring_executor::tokio::TokioHost;
    use mainspring_executor::{Executor, RunnableFifo, yield_now};

    use crate::rigging::builder;

    fn executor() -> Executor<u8> {
        builder()
            .queue(0, 8, RunnableFifo::default())
            .queue(1, 1, RunnableFifo::default())
            .host(TokioHost)
            .build()
            .unwrap()
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
    }

    /// Polls of a bystander while another task of ours moves so many messages through tokio's
    /// channel.
    #[test]
    fn one_task_that_uses_up_tokios_budget_does_not_slow_all() {
        runtime().block_on(async {
            let executor = executor();
            let queue = executor.queue(0).unwrap();
            let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
            for i in 0..100_000_u32 {
                sender.send(i).unwrap();
            }
            drop(sender);
            let polls = Rc::new(std::cell::Cell::new(0_u64));
            let of_task = polls.clone();
            let greedy = queue.spawn(async move {
                let mut receive = std::pin::pin!(async {
                    let mut sum = 0;
                    while let Some(i) = receiver.recv().await {
                        sum += u64::from(i);
                    }
                    sum
                });
                std::future::poll_fn(|cx| {
                    of_task.set(of_task.get() + 1);
                    receive.as_mut().poll(cx)
                })
                .await
            });
            let sum = executor.run_until(greedy).await.unwrap().unwrap();
            assert_eq!(sum, (0..100_000).sum::<u64>());
            // 128 operations per poll of tokio's. Without new budgets it would be polled over and
            // over for nothing: sixteen times between two looks at the host, and more.
            assert!(polls.get() < 100_000 / 128 * 3, "{} polls", polls.get());
        });
    }

    /// How late a timer of a millisecond is, at best of some, beside a task that never waits.
    async fn lateness(executor: Executor<u8>) -> Duration {
        executor
            .queue(1)
            .unwrap()
            .spawn(async {
                loop {
                    yield_now().await;
                }
            })
            .detach();
        let handle = executor.queue(0).unwrap().spawn(async {
            let mut best = Duration::MAX;
            for _ in 0..20 {
                let due = SystemClock.now() + Duration::from_millis(1);
                tokio::time::sleep(Duration::from_millis(1)).await;
                let now = SystemClock.now();
                assert!(now >= due, "early by {:?}", due - now);
                best = best.min(now - due);
            }
            best
        });
        executor.run_until(handle).await.unwrap().unwrap()
    }

    #[test]
    fn timers_are_not_late_under_spawn_local() {
        let runtime = runtime();
        let local = tokio::task::LocalSet::new();
        let best = local.block_on(&runtime, async {
            tokio::task::spawn_local(lateness(executor())).await.unwrap()
        });
        // The fault made it 14 to 30 ms, each time.
        assert!(best < Duration::from_millis(8), "at best {best:?} late");
    }

    #[test]
    fn sockets_are_served_beside_a_task_that_never_waits() {
        use tokio::net::UdpSocket;
        runtime().block_on(async {
            let executor = executor();
            let busy = async {
                loop {
                    yield_now().await;
                }
            };
            executor.queue(1).unwrap().spawn(busy).detach();
            let echo = executor.queue(0).unwrap().spawn(async {
                let (a, b) = (
                    UdpSocket::bind("127.0.0.1:0").await.unwrap(),
                    UdpSocket::bind("127.0.0.1:0").await.unwrap(),
                );
                let mut buffer = [0; 4];
                for i in 0..50_u32 {
                    a.send_to(&i.to_le_bytes(), b.local_addr().unwrap()).await.unwrap();
                    b.recv_from(&mut buffer).await.unwrap();
                    assert_eq!(u32::from_le_bytes(buffer), i);
                }
            });
            executor.run_until(echo).await.unwrap().unwrap();
        });
    }
}
