//! async-executor, futures' `LocalPool`, glommio and monoio, each as its documentation shows first.

use std::future::Future;
use std::rc::Rc;

use async_executor::LocalExecutor;
use futures::executor::{LocalPool, LocalSpawner};
use futures::task::LocalSpawnExt;

use crate::exec::{Body, ExecPeer, Spawn};

pub struct AsyncExecutor;
pub struct Futures;
pub struct Glommio;
pub struct Monoio;

impl ExecPeer for AsyncExecutor {
    const NAME: &'static str = "async-executor";
    const PACKAGE: &'static str = "async-executor";

    fn run<B: Body>(_: &[u32], body: B) -> B::Output {
        let executor = Rc::new(LocalExecutor::new());
        let spawn = Smol(executor.clone());
        futures_lite::future::block_on(executor.run(body.run(spawn)))
    }
}

#[derive(Clone)]
struct Smol(Rc<LocalExecutor<'static>>);

impl Spawn for Smol {
    fn spawn<F>(&self, _: usize, future: F) -> impl Future<Output = F::Output> + 'static
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.0.spawn(future)
    }

    fn detach<F: Future<Output = ()> + 'static>(&self, _: usize, future: F) {
        self.0.spawn(future).detach();
    }
}

impl ExecPeer for Futures {
    const NAME: &'static str = "futures LocalPool";
    const PACKAGE: &'static str = "futures";

    fn run<B: Body>(_: &[u32], body: B) -> B::Output {
        let mut pool = LocalPool::new();
        let spawn = Pool(pool.spawner());
        pool.run_until(body.run(spawn))
    }
}

#[derive(Clone)]
struct Pool(LocalSpawner);

impl Spawn for Pool {
    fn spawn<F>(&self, _: usize, future: F) -> impl Future<Output = F::Output> + 'static
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.0.spawn_local_with_handle(future).expect("the pool is there")
    }

    fn detach<F: Future<Output = ()> + 'static>(&self, _: usize, future: F) {
        self.0.spawn_local(future).expect("the pool is there");
    }
}

impl ExecPeer for Glommio {
    const NAME: &'static str = "glommio";
    const PACKAGE: &'static str = "glommio";
    const QUEUES_MOST: usize = usize::MAX;

    fn run<B: Body>(weights: &[u32], body: B) -> B::Output {
        let weights = weights.to_vec();
        let executor =
            glommio::LocalExecutorBuilder::default().make().expect("io_uring can be had");
        executor.run(async move {
            let queues = weights.iter().enumerate().map(|(key, &weight)| {
                let shares = glommio::Shares::Static(weight as usize * 10);
                let latency = glommio::Latency::NotImportant;
                glommio::executor().create_task_queue(shares, latency, &key.to_string())
            });
            // One queue is the executor's own: tasks need not be sent elsewhere.
            let queues = if weights.len() == 1 { Vec::new() } else { queues.collect() };
            body.run(Shares(queues.into())).await
        })
    }
}

#[derive(Clone)]
struct Shares(Rc<[glommio::TaskQueueHandle]>);

impl Spawn for Shares {
    fn spawn<F>(&self, queue: usize, future: F) -> impl Future<Output = F::Output> + 'static
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        match self.0.get(queue) {
            Some(queue) => glommio::spawn_local_into(future, *queue).expect("just made"),
            None => glommio::spawn_local(future),
        }
    }

    fn detach<F: Future<Output = ()> + 'static>(&self, queue: usize, future: F) {
        match self.0.get(queue) {
            Some(queue) => glommio::spawn_local_into(future, *queue).expect("just made"),
            None => glommio::spawn_local(future),
        }
        .detach();
    }
}

impl ExecPeer for Monoio {
    const NAME: &'static str = "monoio";
    const PACKAGE: &'static str = "monoio";
    const YIELDS_TO_OTHERS: bool = false;

    fn run<B: Body>(_: &[u32], body: B) -> B::Output {
        let runtime = monoio::RuntimeBuilder::<monoio::FusionDriver>::new().build();
        let mut runtime = runtime.expect("a driver can be had");
        // As a task: a future that yields in `block_on` itself is polled again before any task is.
        runtime.block_on(async { monoio::spawn(body.run(OnMonoio)).await })
    }
}

#[derive(Clone)]
struct OnMonoio;

impl Spawn for OnMonoio {
    fn spawn<F>(&self, _: usize, future: F) -> impl Future<Output = F::Output> + 'static
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        monoio::spawn(future)
    }

    fn detach<F: Future<Output = ()> + 'static>(&self, _: usize, future: F) {
        drop(monoio::spawn(future));
    }
}
