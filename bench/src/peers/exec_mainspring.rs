//! This project's executor: as it comes, without statistics, on the time stamp counter, with LAS, and
//! on tokio.

use std::future::Future;
use std::time::Duration;

use mainspring_executor::tokio::TokioHost;
use mainspring_executor::tsc::TscClock;
use mainspring_executor::{
    Builder, Executor, Las, PolicyBox, QueueHandle, RunnableFifo, Statistics,
};

use crate::exec::{Body, ExecPeer, Spawn};
use crate::harness::OURS;

/// On a thread of its own, first in, first out.
pub struct Alone;
/// As it comes, but for statistics: it keeps none.
pub struct Bare;
/// As it comes, but for the clock: it is the processor's counter.
pub struct OnCounter;
/// On a thread of its own, least attained service first.
pub struct WithLas;
/// On tokio's current-thread runtime.
pub struct OnTokio;

fn builder<P: Into<PolicyBox>>(weights: &[u32], policy: impl Fn() -> P) -> Builder<usize> {
    let queues = weights.iter().enumerate();
    queues.fold(Executor::builder(), |builder, (key, weight)| builder.queue(key, *weight, policy()))
}

fn spawner(executor: &Executor<usize>, weights: &[u32]) -> Queues {
    let queues = (0..weights.len()).map(|key| executor.queue(key).expect("just made"));
    Queues(queues.collect())
}

fn run_alone<B: Body>(builder: Builder<usize>, weights: &[u32], body: B) -> B::Output {
    let executor = builder.build().expect("there are queues");
    let spawn = spawner(&executor, weights);
    executor.block_on(body.run(spawn)).expect("nothing else runs it")
}

impl ExecPeer for Alone {
    const NAME: &'static str = OURS;
    const PACKAGE: &'static str = "mainspring-executor";
    const QUEUES_MOST: usize = usize::MAX;

    fn run<B: Body>(weights: &[u32], body: B) -> B::Output {
        run_alone(builder(weights, RunnableFifo::default), weights, body)
    }
}

impl ExecPeer for Bare {
    const NAME: &'static str = "mainspring, no stats";
    const PACKAGE: &'static str = "mainspring-executor";
    const QUEUES_MOST: usize = usize::MAX;

    fn run<B: Body>(weights: &[u32], body: B) -> B::Output {
        let builder = builder(weights, RunnableFifo::default).statistics(Statistics::Runtime);
        run_alone(builder, weights, body)
    }
}

impl ExecPeer for OnCounter {
    const NAME: &'static str = "mainspring, TSC";
    const PACKAGE: &'static str = "mainspring-executor";
    const QUEUES_MOST: usize = usize::MAX;

    fn run<B: Body>(weights: &[u32], body: B) -> B::Output {
        let builder = builder(weights, RunnableFifo::default).clock(TscClock::new());
        run_alone(builder, weights, body)
    }
}

impl ExecPeer for WithLas {
    const NAME: &'static str = "mainspring, LAS";
    const PACKAGE: &'static str = "mainspring-executor";
    const QUEUES_MOST: usize = usize::MAX;

    fn run<B: Body>(weights: &[u32], body: B) -> B::Output {
        run_alone(builder(weights, Las::default), weights, body)
    }
}

impl ExecPeer for OnTokio {
    const NAME: &'static str = "mainspring, tokio";
    const PACKAGE: &'static str = "mainspring-executor";
    const QUEUES_MOST: usize = usize::MAX;
    const HAS_TIMERS: bool = true;

    fn run<B: Body>(weights: &[u32], body: B) -> B::Output {
        super::exec_tokio::runtime().block_on(async {
            let builder = builder(weights, RunnableFifo::default).host(TokioHost);
            let executor = builder.build().expect("there are queues");
            let spawn = spawner(&executor, weights);
            executor.run_until(body.run(spawn)).await.expect("nothing else runs it")
        })
    }
}

#[derive(Clone)]
struct Queues(Vec<QueueHandle>);

impl Spawn for Queues {
    fn spawn<F>(&self, queue: usize, future: F) -> impl Future<Output = F::Output> + 'static
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let handle = self.0[queue].spawn(future);
        async move { handle.await.expect("it ends well") }
    }

    fn detach<F: Future<Output = ()> + 'static>(&self, queue: usize, future: F) {
        self.0[queue].spawn(future).detach();
    }

    fn sleep(&self, span: Duration) -> impl Future<Output = ()> + 'static {
        tokio::time::sleep(span)
    }
}
