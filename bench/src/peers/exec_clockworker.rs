//! clockworker 0.2.6 and 0.1.1, on tokio's `LocalSet` as their documentation shows.
//!
//! 0.1.1 keeps its queue handles unnameable, so each spawn asks for one anew, which costs it a search
//! in a list of a few entries. A task of its cannot spawn, so the body is not one of its tasks. A
//! detached task is one whose handle is dropped.

use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use clockworker_0_1::{ArrivalFifo, LAS, Queue, RunnableFifo, Scheduler};
use tokio::task::{LocalSet, spawn_local};

use super::exec_tokio::runtime;
use crate::exec::{Body, ExecPeer, Spawn};

pub struct Current;
pub struct Las;
pub struct Runnable;
pub struct Arrival;

impl ExecPeer for Current {
    const NAME: &'static str = "clockworker 0.2";
    const PACKAGE: &'static str = "clockworker@0.2.6";
    const QUEUES_MOST: usize = 256;
    const HAS_TIMERS: bool = true;

    fn run<B: Body>(weights: &[u32], body: B) -> B::Output {
        LocalSet::new().block_on(&runtime(), async {
            let queues = weights.iter().enumerate();
            let builder = queues
                .fold(clockworker::ExecutorBuilder::new(), |builder, (key, weight)| {
                    builder.with_queue(key, (*weight).into())
                });
            let executor = builder.build().expect("there are queues");
            let queues = (0..weights.len()).map(|key| {
                executor.queue(key).unwrap_or_else(|_| unreachable!("queue {key} was just made"))
            });
            let spawn = Queues(Rc::new(queues.collect()));
            executor.run_until(body.run(spawn)).await
        })
    }
}

struct Queues(Rc<Vec<clockworker::QueueHandle<usize>>>);

impl Clone for Queues {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl Spawn for Queues {
    fn spawn<F>(&self, queue: usize, future: F) -> impl Future<Output = F::Output> + 'static
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let handle = self.0[queue].spawn(future);
        async move { handle.await.unwrap_or_else(|_| unreachable!("it ends well")) }
    }

    fn detach<F: Future<Output = ()> + 'static>(&self, queue: usize, future: F) {
        self.0[queue].spawn_detached(future);
    }

    fn sleep(&self, span: Duration) -> impl Future<Output = ()> + 'static {
        tokio::time::sleep(span)
    }
}

macro_rules! first_generation {
    ($peer:ident, $name:literal, $policy:expr) => {
        impl ExecPeer for $peer {
            const NAME: &'static str = $name;
            const PACKAGE: &'static str = "clockworker@0.1.1";
            const QUEUES_MOST: usize = usize::MAX;
            const HAS_TIMERS: bool = true;

            fn run<B: Body>(weights: &[u32], body: B) -> B::Output {
                run_first_generation(weights, || Box::new($policy), body)
            }
        }
    };
}

first_generation!(Las, "clockworker 0.1 LAS", LAS::new());
first_generation!(Runnable, "clockworker 0.1 runnable", RunnableFifo::new());
first_generation!(Arrival, "clockworker 0.1 arrival", ArrivalFifo::new());

fn run_first_generation<B: Body>(
    weights: &[u32],
    policy: impl Fn() -> Box<dyn Scheduler>,
    body: B,
) -> B::Output {
    LocalSet::new().block_on(&runtime(), async {
        let queues = weights.iter().enumerate();
        let queues = queues.map(|(key, weight)| Queue::new(key, (*weight).into(), policy()));
        let executor = clockworker_0_1::Executor::new(Default::default(), queues.collect());
        let executor = executor.unwrap_or_else(|error| panic!("{error}"));
        let runs = executor.clone();
        let runs = spawn_local(async move { runs.run().await });
        let output = body.run(FirstGeneration(executor)).await;
        runs.abort();
        output
    })
}

struct FirstGeneration(Rc<clockworker_0_1::Executor<usize>>);

impl Clone for FirstGeneration {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl Spawn for FirstGeneration {
    fn spawn<F>(&self, queue: usize, future: F) -> impl Future<Output = F::Output> + 'static
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let queue = self.0.queue(queue).unwrap_or_else(|_| unreachable!("queue {queue} was made"));
        let handle = queue.spawn(future);
        async move { handle.await.unwrap_or_else(|_| unreachable!("it ends well")) }
    }

    fn detach<F: Future<Output = ()> + 'static>(&self, queue: usize, future: F) {
        let queue = self.0.queue(queue).unwrap_or_else(|_| unreachable!("queue {queue} was made"));
        drop(queue.spawn(future));
    }

    fn sleep(&self, span: Duration) -> impl Future<Output = ()> + 'static {
        tokio::time::sleep(span)
    }
}
