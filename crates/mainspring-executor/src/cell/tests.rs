//! Tries all interleavings of wakes, aborts, joins and the end of the executor, within the models'
//! bounds.
//!
//! Each model is one small program with two threads: the owner's, which works off what is ready,
//! and another. The loop here is the least that the cell allows: no policy, no clock.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize as Plain, Ordering as PlainOrdering};
use std::task::{Context, Poll, Wake, Waker};

use loom::sync::atomic::{AtomicBool, Ordering};
use loom::sync::{Condvar, Mutex};
use loom::thread;

use mainspring_clock::{Clock, SystemClock};

use super::join::JoinHandle;
use super::meta::{Extras, NO_GROUP, Origin};
use super::shared::SharedRef;
use super::spawn::{spawn, spawn_remote};
use super::task_ref::Step;
use crate::{Eevdf, JoinError};

/// What the owner's thread sleeps on.
///
/// Not `park` and `unpark`: in loom, an `unpark` that comes late ends a `join` as well.
#[derive(Default)]
struct Host {
    is_woken: Mutex<bool>,
    changed: Condvar,
}

impl Host {
    fn sleep(&self) {
        let mut is_woken = self.is_woken.lock().expect("nothing panics under the lock");
        while !*is_woken {
            is_woken = self.changed.wait(is_woken).expect("nothing panics under the lock");
        }
        *is_woken = false;
    }
}

impl Wake for Host {
    fn wake(self: Arc<Self>) {
        *self.is_woken.lock().expect("nothing panics under the lock") = true;
        self.changed.notify_one();
    }
}

struct Owner {
    shared: SharedRef,
    host: Arc<Host>,
}

impl Owner {
    fn new() -> Self {
        Self {
            shared: SharedRef::new(Eevdf::default(), SystemClock.now(), 0),
            host: Arc::default(),
        }
    }

    fn spawn<F: Future + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        let local = self.shared.local().expect("on the owner's thread");
        spawn(&self.shared, local, future, origin(), (), None)
    }

    /// Works off what is ready.
    fn work(&self) {
        let local = self.shared.local().expect("on the owner's thread");
        self.shared.unpark(local);
        loop {
            self.shared.take_mail(local);
            let Some(task) = local.woken.take().or_else(|| local.sent.take()) else { return };
            match task.run(local) {
                Step::Pending => task.woken_again(0).into_iter().for_each(|task| {
                    local.woken.put(task);
                }),
                Step::Over => assert!(task.finish().is_none(), "nothing panics"),
            }
        }
    }

    /// Works, and sleeps in between, until all tasks have ended.
    fn run(&self) {
        let local = self.shared.local().expect("on the owner's thread");
        loop {
            self.work();
            if local.task_count() == 0 {
                return;
            }
            if self.shared.park(local, &Waker::from(self.host.clone())) {
                self.host.sleep();
            }
        }
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let local = self.shared.local().expect("on the owner's thread");
        assert!(self.shared.close(local).is_none(), "nothing panicked");
    }
}

fn origin() -> Origin {
    let location = std::panic::Location::caller();
    Origin { queue: 0, group: NO_GROUP, catches: true, location }
}

/// Tells when it is dropped, and notices when that happens twice.
struct Bomb(Rc<Cell<u32>>);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

/// Waits for a flag that another thread sets.
fn wait_for(flag: Arc<AtomicBool>, hand_over: impl FnOnce(Waker)) -> impl Future<Output = ()> {
    let mut hand_over = Some(hand_over);
    poll_fn(move |cx| {
        if let Some(hand_over) = hand_over.take() {
            hand_over(cx.waker().clone());
        }
        if flag.load(Ordering::Acquire) { Poll::Ready(()) } else { Poll::Pending }
    })
}

fn poll_once<T>(handle: &mut JoinHandle<T>) -> Poll<Result<T, JoinError>> {
    let mut cx = Context::from_waker(Waker::noop());
    Pin::new(handle).poll(&mut cx)
}

fn model(test: impl Fn() + Send + Sync + 'static) {
    model_within(3, test);
}

/// With at most so many preemptions.
fn model_within(preemptions: usize, test: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(test);
}

#[test]
fn a_wake_from_another_thread_is_never_lost() {
    model(|| {
        let owner = Owner::new();
        let flag = Arc::new(AtomicBool::new(false));
        let of_thread = flag.clone();
        let other = Rc::new(Cell::new(None));
        let start = other.clone();
        let handle = owner.spawn(wait_for(flag, move |waker| {
            start.set(Some(thread::spawn(move || {
                of_thread.store(true, Ordering::Release);
                waker.wake();
            })));
        }));
        // If the wake were lost, this would sleep for ever, which loom notices.
        owner.run();
        assert!(handle.is_finished());
        other.take().expect("the task ran").join().expect("the thread did not panic");
    });
}

#[test]
fn two_threads_wake_one_task() {
    model_within(1, || {
        let owner = Owner::new();
        let flag = Arc::new(AtomicBool::new(false));
        let of_thread = flag.clone();
        let other = Rc::new(Cell::new(None));
        let start = other.clone();
        let handle = owner.spawn(wait_for(flag, move |waker| {
            let second = waker.clone();
            let of_second = of_thread.clone();
            start.set(Some((
                thread::spawn(move || waker.wake_by_ref()),
                thread::spawn(move || {
                    of_second.store(true, Ordering::Release);
                    second.wake();
                }),
            )));
        }));
        owner.run();
        assert!(handle.is_finished());
        let (first, second) = other.take().expect("the task ran");
        first.join().expect("the thread did not panic");
        second.join().expect("the thread did not panic");
    });
}

#[test]
fn an_abort_from_another_thread_drops_the_future_once() {
    model(|| {
        let owner = Owner::new();
        let drops = Rc::new(Cell::new(0));
        let bomb = Bomb(drops.clone());
        let mut handle = owner.spawn(async move {
            let _bomb = bomb;
            std::future::pending::<()>().await;
        });
        let abort = handle.abort_handle();
        let other = thread::spawn(move || abort.abort());
        owner.run();
        assert_eq!(drops.get(), 1);
        assert!(matches!(poll_once(&mut handle), Poll::Ready(Err(JoinError::Cancelled))));
        other.join().expect("the thread did not panic");
    });
}

#[test]
fn a_handle_on_another_thread_gets_the_output() {
    model(|| {
        let owner = Owner::new();
        let handle = owner.spawn(async { Box::new(42) });
        let other = thread::spawn(move || loom::future::block_on(handle));
        owner.run();
        let output = other.join().expect("the thread did not panic");
        assert_eq!(*output.expect("the task ended well"), 42);
    });
}

#[test]
fn a_handle_changes_its_waker_while_the_task_ends() {
    model(|| {
        let owner = Owner::new();
        let mut handle = owner.spawn(async { Box::new(42) });
        let other = thread::spawn(move || {
            // The first waker is not the one that block_on brings.
            match poll_once(&mut handle) {
                Poll::Ready(output) => output,
                Poll::Pending => loom::future::block_on(handle),
            }
        });
        owner.run();
        assert_eq!(*other.join().expect("the thread did not panic").expect("it ended well"), 42);
    });
}

#[test]
fn a_handle_dropped_on_another_thread_leaves_the_output_to_one_of_both() {
    model(|| {
        let drops = Arc::new(Plain::new(0));
        struct Counted(Arc<Plain>);
        impl Drop for Counted {
            fn drop(&mut self) {
                self.0.fetch_add(1, PlainOrdering::Relaxed);
            }
        }
        let owner = Owner::new();
        let output = Counted(drops.clone());
        let handle = owner.spawn(async move { output });
        let other = thread::spawn(move || drop(handle));
        owner.run();
        other.join().expect("the thread did not panic");
        assert_eq!(drops.load(PlainOrdering::Relaxed), 1);
    });
}

#[test]
fn a_handle_is_dropped_while_another_thread_wakes() {
    model(|| {
        let owner = Owner::new();
        let drops = Rc::new(Cell::new(0));
        let bomb = Bomb(drops.clone());
        let flag = Arc::new(AtomicBool::new(false));
        let of_thread = flag.clone();
        let other = Rc::new(Cell::new(None));
        let start = other.clone();
        let wait = wait_for(flag, move |waker| {
            start.set(Some(thread::spawn(move || {
                of_thread.store(true, Ordering::Release);
                waker.wake();
            })));
        });
        let handle = owner.spawn(async move {
            let _bomb = bomb;
            wait.await;
        });
        owner.work();
        // Whether the other thread holds a reference still decides how this is done.
        drop(handle);
        owner.run();
        assert_eq!(drops.get(), 1);
        other.take().expect("the task ran").join().expect("the thread did not panic");
    });
}

#[test]
fn a_handle_that_waited_here_goes_to_another_thread() {
    model(|| {
        let owner = Owner::new();
        let mut handle = owner.spawn(async { Box::new(42) });
        assert!(poll_once(&mut handle).is_pending());
        let other = thread::spawn(move || loom::future::block_on(handle));
        owner.run();
        assert_eq!(*other.join().expect("the thread did not panic").expect("it ended well"), 42);
    });
}

#[test]
fn a_spawn_from_another_thread_is_taken_in_or_refused() {
    model(|| {
        let owner = Owner::new();
        let shared = owner.shared.clone();
        let other = thread::spawn(move || {
            let extras = Extras::default();
            let mut handle = spawn_remote(&shared, async { Box::new(7) }, origin(), extras);
            drop(shared);
            loop {
                match poll_once(&mut handle) {
                    Poll::Ready(Ok(output)) => break assert_eq!(*output, 7),
                    Poll::Ready(Err(error)) => {
                        break assert!(matches!(error, JoinError::ExecutorDropped));
                    }
                    Poll::Pending => thread::yield_now(),
                }
            }
        });
        owner.work();
        drop(owner);
        other.join().expect("the thread did not panic");
    });
}

#[test]
fn a_wake_meets_the_end_of_the_executor() {
    model(|| {
        let owner = Owner::new();
        let drops = Rc::new(Cell::new(0));
        let bomb = Bomb(drops.clone());
        let other = Rc::new(Cell::new(None));
        let start = other.clone();
        let flag = Arc::new(AtomicBool::new(false));
        let wait = wait_for(flag, move |waker| {
            start.set(Some(thread::spawn(move || waker.wake())));
        });
        let mut handle = owner.spawn(async move {
            let _bomb = bomb;
            wait.await;
        });
        owner.work();
        drop(owner);
        assert_eq!(drops.get(), 1);
        assert!(matches!(poll_once(&mut handle), Poll::Ready(Err(JoinError::ExecutorDropped))));
        other.take().expect("the task ran").join().expect("the thread did not panic");
    });
}

#[test]
fn the_last_waker_goes_on_another_thread() {
    model(|| {
        let owner = Owner::new();
        let kept = Rc::new(Cell::new(None));
        let keep = kept.clone();
        let handle = owner.spawn(poll_fn(move |cx| {
            keep.set(Some(cx.waker().clone()));
            Poll::Ready(())
        }));
        owner.run();
        let waker: Waker = kept.take().expect("the task ran");
        let other = thread::spawn(move || drop(waker));
        drop(handle);
        drop(owner);
        other.join().expect("the thread did not panic");
    });
}
