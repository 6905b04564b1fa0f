//! tokio's `LocalSet`, and its current-thread runtime by itself.
//!
//! The latter takes futures that are `Send` only. As its thread never changes, ours are passed off as
//! such.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::task::{LocalSet, spawn_local};

use crate::exec::{Body, ExecPeer, Spawn};

pub struct InLocalSet;
pub struct CurrentThread;

pub(super) fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime can be had")
}

impl ExecPeer for InLocalSet {
    const NAME: &'static str = "tokio LocalSet";
    const PACKAGE: &'static str = "tokio";
    const HAS_TIMERS: bool = true;

    fn run<B: Body>(_: &[u32], body: B) -> B::Output {
        LocalSet::new().block_on(&runtime(), body.run(Local))
    }
}

impl ExecPeer for CurrentThread {
    const NAME: &'static str = "tokio current-thread";
    const PACKAGE: &'static str = "tokio";
    const HAS_TIMERS: bool = true;

    fn run<B: Body>(_: &[u32], body: B) -> B::Output {
        runtime().block_on(body.run(Current))
    }
}

#[derive(Clone)]
struct Local;

impl Spawn for Local {
    fn spawn<F>(&self, _: usize, future: F) -> impl Future<Output = F::Output> + 'static
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let handle = spawn_local(future);
        async move { handle.await.expect("it ends well") }
    }

    fn detach<F: Future<Output = ()> + 'static>(&self, _: usize, future: F) {
        drop(spawn_local(future));
    }

    fn sleep(&self, span: Duration) -> impl Future<Output = ()> + 'static {
        tokio::time::sleep(span)
    }
}

#[derive(Clone)]
struct Current;

/// Stays on its thread, whatever it says.
struct Pinned<T>(T);

// SAFETY: a current-thread runtime polls and drops its tasks on the thread that blocks on it.
unsafe impl<T> Send for Pinned<T> {}

impl<F: Future> Future for Pinned<F> {
    type Output = Pinned<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // SAFETY: the field is pinned as its owner is, and nothing moves it.
        unsafe { self.map_unchecked_mut(|pinned| &mut pinned.0) }.poll(cx).map(Pinned)
    }
}

impl Spawn for Current {
    fn spawn<F>(&self, _: usize, future: F) -> impl Future<Output = F::Output> + 'static
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let handle = tokio::spawn(Pinned(future));
        async move { handle.await.expect("it ends well").0 }
    }

    fn detach<F: Future<Output = ()> + 'static>(&self, _: usize, future: F) {
        drop(tokio::spawn(Pinned(future)));
    }

    fn sleep(&self, span: Duration) -> impl Future<Output = ()> + 'static {
        tokio::time::sleep(span)
    }
}
