//! Aborts, wakes, joins and drops, raced from many threads. For the sanitizers above all.

use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Poll, Waker};
use std::thread;

use mainspring_executor::{AbortHandle, JoinError, JoinHandle, Remote, yield_now};

use crate::rigging::{poll_once, simple};

struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// What the threads may get at.
enum Gift {
    Waker(Waker),
    Abort(AbortHandle),
    Handle(JoinHandle<Counted>),
    Spawn(Remote),
}

#[test]
fn everything_at_once() {
    const TASKS: usize = 3000;
    const THREADS: usize = 4;
    for round in 0..4 {
        let executor = simple();
        let queue = executor.queue("q").unwrap();
        let drops = Arc::new(AtomicUsize::new(0));
        let sent = Arc::new(AtomicUsize::new(0));
        let (senders, threads): (Vec<_>, Vec<_>) = (0..THREADS)
            .map(|_| {
                let (sender, receiver) = mpsc::channel();
                let (drops, sent) = (drops.clone(), sent.clone());
                (sender, thread::spawn(move || play(&receiver, &drops, &sent)))
            })
            .unzip();
        for i in 0..TASKS {
            let counted = Counted(drops.clone());
            let sender = senders[i % THREADS].clone();
            let mut polls = 0;
            let handle = queue.spawn(async move {
                let counted = counted;
                poll_fn(|cx| {
                    polls += 1;
                    // A receiver that is gone only means that the round is over.
                    drop(sender.send(Gift::Waker(cx.waker().clone())));
                    if polls > i % 5 { Poll::Ready(()) } else { Poll::Pending }
                })
                .await;
                counted
            });
            let thread = &senders[(i / 3) % THREADS];
            if i % 3 == 0 {
                thread.send(Gift::Abort(handle.abort_handle())).unwrap();
            }
            if i % 7 == 0 {
                thread.send(Gift::Spawn(queue.remote())).unwrap();
            }
            match i % 4 {
                0 => drop(handle),
                1 => handle.abort(),
                _ => thread.send(Gift::Handle(handle)).unwrap(),
            }
            if i % 64 == 0 {
                executor.block_on(yield_now()).unwrap();
            }
        }
        // Some rounds end in the middle of it all.
        if round % 2 == 0 {
            for _ in 0..2000 {
                executor.block_on(yield_now()).unwrap();
            }
        }
        drop(executor);
        drop(senders);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(drops.load(Ordering::Relaxed), TASKS + sent.load(Ordering::Relaxed));
    }
}

fn play(receiver: &mpsc::Receiver<Gift>, drops: &Arc<AtomicUsize>, sent: &AtomicUsize) {
    let mut kept = Vec::new();
    let mut handles = Vec::new();
    for (i, gift) in receiver.iter().enumerate() {
        match gift {
            Gift::Waker(waker) if i % 5 == 0 => kept.push(waker),
            Gift::Waker(waker) if i % 2 == 0 => waker.wake_by_ref(),
            Gift::Waker(waker) => waker.wake(),
            Gift::Abort(abort) => abort.abort(),
            Gift::Handle(mut handle) => match i % 3 {
                0 => drop(handle),
                1 => {
                    handle.abort();
                    drop(poll_once(&mut handle));
                    handles.push(handle);
                }
                _ => handles.push(handle),
            },
            Gift::Spawn(remote) => {
                sent.fetch_add(1, Ordering::Relaxed);
                let counted = Counted(drops.clone());
                drop(remote.spawn(async move {
                    yield_now().await;
                    drop(counted);
                }));
            }
        }
        if i % 16 == 0 {
            kept.drain(..).for_each(Waker::wake);
        }
    }
    for handle in handles {
        // The executor is gone, so everything is decided; some were taken by the poll above.
        if let Ok(Some(result)) =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| poll_once(handle)))
        {
            assert!(matches!(
                result,
                Ok(_) | Err(JoinError::Cancelled | JoinError::ExecutorDropped)
            ));
        }
    }
}

#[test]
fn a_burst_from_another_thread_arrives_whole_and_in_order() {
    let executor = simple();
    let remote = executor.queue("q").unwrap().remote();
    let log = Arc::new(Mutex::new(Vec::new()));
    let (of_thread, handle) = (log.clone(), thread::current());
    let thread = thread::spawn(move || {
        for i in 0..10_000 {
            let log = of_thread.clone();
            remote.spawn(async move { log.lock().unwrap().push(i) }).detach();
        }
        remote.spawn(async {})
    });
    drop(handle);
    let last = executor.block_on(async {
        let last = loop {
            if thread.is_finished() {
                break thread.join().unwrap();
            }
            yield_now().await;
        };
        last.await
    });
    last.unwrap().unwrap();
    assert_eq!(*log.lock().unwrap(), (0..10_000).collect::<Vec<_>>());
}

#[test]
fn a_parked_thread_is_woken_from_elsewhere() {
    let executor = simple();
    let queue = executor.queue("q").unwrap();
    for round in 0..200 {
        let (sender, receiver) = mpsc::channel::<Waker>();
        let flag = Arc::new(AtomicUsize::new(0));
        let of_thread = flag.clone();
        let thread = thread::spawn(move || {
            let waker = receiver.recv().unwrap();
            if round % 2 == 0 {
                thread::yield_now();
            }
            of_thread.store(1, Ordering::Release);
            waker.wake();
        });
        let mut sender = Some(sender);
        let task = queue.spawn(poll_fn(move |cx| {
            if let Some(sender) = sender.take() {
                sender.send(cx.waker().clone()).unwrap();
            }
            if flag.load(Ordering::Acquire) == 1 { Poll::Ready(()) } else { Poll::Pending }
        }));
        executor.block_on(task).unwrap().unwrap();
        thread.join().unwrap();
    }
}
