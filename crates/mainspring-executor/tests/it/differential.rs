//! Random programs, run on this task cell and on `async-task`: what can be seen is the same.
//!
//! A program spawns tasks that wake each other, abort each other, spawn, panic, and drop handles.
//! Both executors are first in, first out, so that the order of everything is determined.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use mainspring_executor::{JoinHandle, OnPanic, QueueSpec};

use crate::rigging::{Log, builder, poll_once};

/// What a task does in one poll, before it is pending again.
#[derive(Clone, Copy, Debug)]
enum Step {
    WakeSelf,
    Wake(usize),
    Abort(usize),
    Forget(usize),
    Spawn(usize),
    Panic,
    Nothing,
}

type Program = Vec<Vec<Step>>;

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }
}

fn program(seed: u64) -> Program {
    let mut dice = Dice(seed * 2_654_435_761 + 1);
    let tasks = 2 + dice.roll(10);
    let step = |dice: &mut Dice| match dice.roll(16) {
        0..=5 => Step::WakeSelf,
        6..=9 => Step::Wake(dice.roll(tasks)),
        10 | 11 => Step::Abort(dice.roll(tasks)),
        12 => Step::Forget(dice.roll(tasks)),
        13 => Step::Spawn(dice.roll(tasks)),
        14 => Step::Panic,
        _ => Step::Nothing,
    };
    (0..tasks)
        .map(|_| {
            let steps = dice.roll(6);
            (0..steps).map(|_| step(&mut dice)).collect()
        })
        .collect()
}

/// What both executors offer to the program.
trait World {
    fn spawn(self: &Rc<Self>, task: usize);
    fn abort(&self, task: usize);
    fn forget(&self, task: usize);
}

/// The wakers that tasks have shown, and what has happened.
struct Stage {
    program: Program,
    wakers: RefCell<Vec<Option<Waker>>>,
    kept: RefCell<Vec<Waker>>,
    log: Log,
    spawns: std::cell::Cell<usize>,
}

impl Stage {
    fn new(program: Program) -> Self {
        let wakers = RefCell::new(vec![None; program.len()]);
        Self {
            program,
            wakers,
            kept: RefCell::default(),
            log: Log::default(),
            spawns: Default::default(),
        }
    }
}

struct Dropped(usize, Log);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.1.add(format!("{} dropped", self.0));
    }
}

async fn play<W: World>(task: usize, stage: Rc<Stage>, world: Weak<W>) -> usize {
    let _dropped = Dropped(task, stage.log.clone());
    let mut at = 0;
    poll_fn(|cx| {
        stage.log.add(format!("{task} polled {at}"));
        stage.wakers.borrow_mut()[task] = Some(cx.waker().clone());
        // `async-task` drops whom nobody can wake any more. Here that is the executor's to decide.
        stage.kept.borrow_mut().push(cx.waker().clone());
        let Some(&step) = stage.program[task].get(at) else { return Poll::Ready(()) };
        at += 1;
        let world = world.upgrade().expect("the world lasts as long as the program");
        match step {
            Step::WakeSelf => cx.waker().wake_by_ref(),
            Step::Wake(other) => {
                let waker = stage.wakers.borrow()[other].clone();
                if let Some(waker) = waker {
                    waker.wake();
                }
                cx.waker().wake_by_ref();
            }
            Step::Abort(other) => world.abort(other),
            Step::Forget(other) => world.forget(other),
            Step::Spawn(other) => {
                if stage.spawns.replace(stage.spawns.get() + 1) < 20 {
                    world.spawn(other);
                }
            }
            Step::Panic => panic!("as the program says"),
            Step::Nothing => {}
        }
        Poll::Pending
    })
    .await;
    task * 100
}

/// Ours.
struct Ours {
    executor: mainspring_executor::Executor<u8>,
    stage: Rc<Stage>,
    handles: RefCell<Vec<Option<JoinHandle<usize>>>>,
}

impl World for Ours {
    fn spawn(self: &Rc<Self>, task: usize) {
        let future = play(task, self.stage.clone(), Rc::downgrade(self));
        let handle = self.executor.queue(0).unwrap().spawn(future);
        let before = self.handles.borrow_mut()[task].replace(handle);
        drop(before);
    }

    fn abort(&self, task: usize) {
        if let Some(handle) = &self.handles.borrow()[task] {
            handle.abort();
        }
    }

    fn forget(&self, task: usize) {
        let handle = self.handles.borrow_mut()[task].take();
        drop(handle);
    }
}

fn on_ours(program: Program) -> (Vec<String>, Vec<String>) {
    let spec = QueueSpec::new(1).on_panic(OnPanic::Catch);
    let executor = builder().queue_with(0, spec).build().unwrap();
    let stage = Rc::new(Stage::new(program));
    let tasks = stage.program.len();
    let handles = RefCell::new((0..tasks).map(|_| None).collect());
    let ours = Rc::new(Ours { executor, stage: stage.clone(), handles });
    (0..tasks).for_each(|task| ours.spawn(task));
    while ours.executor.tick().unwrap() {}
    let handles = ours.handles.take();
    let ends = handles.into_iter().map(|handle| match handle.map(poll_once) {
        None => "forgotten".to_owned(),
        Some(None) => "pending".to_owned(),
        Some(Some(Ok(output))) => format!("output {output}"),
        Some(Some(Err(error))) if error.is_panic() => "panicked".to_owned(),
        Some(Some(Err(_))) => "cancelled".to_owned(),
    });
    let ends = ends.collect();
    (stage.log.take(), ends)
}

/// `async-task`, with the least of a loop.
struct Theirs {
    queue: Arc<Mutex<VecDeque<async_task::Runnable>>>,
    stage: Rc<Stage>,
    handles: RefCell<Vec<Handle>>,
}

impl Theirs {
    fn work(&self) {
        loop {
            let runnable = self.queue.lock().unwrap().pop_front();
            let Some(runnable) = runnable else { return };
            runnable.run();
        }
    }
}

enum Handle {
    None,
    Task(async_task::FallibleTask<usize>),
    /// Cancelled; whether in time is not known before its end.
    Cancelled(Pin<Box<dyn Future<Output = Option<usize>>>>),
}

impl World for Theirs {
    fn spawn(self: &Rc<Self>, task: usize) {
        let future = play(task, self.stage.clone(), Rc::downgrade(self));
        let queue = self.queue.clone();
        let schedule = move |runnable| queue.lock().unwrap().push_back(runnable);
        let builder = async_task::Builder::new().propagate_panic(true);
        let (runnable, handle) = builder.spawn_local(move |()| future, schedule);
        self.forget(task);
        runnable.schedule();
        self.handles.borrow_mut()[task] = Handle::Task(handle.fallible());
    }

    fn abort(&self, task: usize) {
        let handle = std::mem::replace(&mut self.handles.borrow_mut()[task], Handle::None);
        let handle = match handle {
            Handle::Task(handle) => {
                let mut cancelled = Box::pin(handle.cancel());
                // Its first poll is what cancels. If it is ready, the task had ended before.
                match catch_unwind(AssertUnwindSafe(|| poll_once(&mut cancelled))) {
                    Ok(None) => Handle::Cancelled(cancelled),
                    Ok(Some(end)) => Handle::Cancelled(Box::pin(async move { end })),
                    Err(panic) => Handle::Cancelled(Box::pin(async { resume_unwind(panic) })),
                }
            }
            other => other,
        };
        self.handles.borrow_mut()[task] = handle;
    }

    fn forget(&self, task: usize) {
        let handle = std::mem::replace(&mut self.handles.borrow_mut()[task], Handle::None);
        if let Handle::Task(handle) = handle {
            handle.detach();
        }
    }
}

fn on_theirs(program: Program) -> (Vec<String>, Vec<String>) {
    let stage = Rc::new(Stage::new(program));
    let tasks = stage.program.len();
    let handles = RefCell::new((0..tasks).map(|_| Handle::None).collect());
    let theirs = Rc::new(Theirs { queue: Arc::default(), stage: stage.clone(), handles });
    (0..tasks).for_each(|task| theirs.spawn(task));
    theirs.work();
    let handles = theirs.handles.take();
    let ends = handles.into_iter().map(|handle| {
        let end = catch_unwind(AssertUnwindSafe(|| match handle {
            Handle::None => "forgotten".to_owned(),
            Handle::Task(mut task) => match poll_once(&mut task) {
                None => {
                    task.detach();
                    "pending".to_owned()
                }
                Some(None) => "cancelled".to_owned(),
                Some(Some(output)) => format!("output {output}"),
            },
            Handle::Cancelled(mut cancelled) => match poll_once(&mut cancelled) {
                None => "pending".to_owned(),
                Some(None) => "cancelled".to_owned(),
                Some(Some(output)) => format!("output {output}"),
            },
        }));
        end.unwrap_or_else(|_| "panicked".to_owned())
    });
    let ends = ends.collect();
    let log = stage.log.take();
    // Tasks that wait keep the stage, and the stage keeps their wakers: without those they end.
    drop((stage.wakers.take(), stage.kept.take()));
    theirs.work();
    (log, ends)
}

#[test]
fn random_programs_look_the_same_on_async_task() {
    // The panics are part of the programs.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if info.payload_as_str() != Some("as the program says") {
            hook(info);
        }
    }));
    let mut kinds = [0; 4];
    for seed in 0..5000 {
        let program = program(seed);
        let (ours, our_ends) = on_ours(program.clone());
        let (theirs, their_ends) = on_theirs(program.clone());
        assert_eq!(ours, theirs, "program {seed}: {program:?}");
        assert_eq!(our_ends, their_ends, "program {seed}: {program:?}");
        for (kind, word) in ["output", "pending", "cancelled", "panicked"].iter().enumerate() {
            kinds[kind] += our_ends.iter().filter(|end| end.starts_with(word)).count();
        }
    }
    assert!(kinds.iter().all(|&count| count > 500), "the programs are too tame: {kinds:?}");
}
