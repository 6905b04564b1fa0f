//! What an executor, its handles and its loop have in common.
//!
//! # Ground rules
//! - Everything here stays on the executor's thread; other threads reach `shared` alone.
//! - The loop has taken `engine` out while it runs: who finds it gone has come back from within.
//! - Nothing here is borrowed while code of users runs.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use mainspring_clock::Clock;

use crate::cell::{Local, SharedRef, TaskMeta};
use crate::engine::Engine;
use crate::groups::Groups;
use crate::stats::{Counters, Totals, add};
use crate::{PolicyBox, TaskId};

pub(crate) struct Core {
    pub(crate) shared: SharedRef,
    clock: Box<dyn Clock>,
    pub(crate) engine: Cell<Option<Box<Engine>>>,
    pub(crate) queues: RefCell<Vec<Option<Rc<QueueInfo>>>>,
    /// Policies of new queues, on their way to the engine.
    pub(crate) arrivals: RefCell<Vec<(u32, PolicyBox)>>,
    /// Queues without tasks that were removed; the engine gives their indices back.
    pub(crate) retired: RefCell<Vec<u32>>,
    pub(crate) vacant: RefCell<Vec<u32>>,
    /// Futures that drive the executor, by number: whether they woke while another one was at work.
    pub(crate) drivers: RefCell<Vec<Option<bool>>>,
    /// When the thread was given up, and what for.
    pub(crate) away: Cell<Option<(u64, Away)>>,
    pub(crate) totals: Totals,
    /// Calls of `should_yield` since the clock was read there.
    pub(crate) asked: Cell<u32>,
    lives: Cell<u32>,
}

/// What the thread was given up for.
#[derive(Clone, Copy)]
pub(crate) enum Away {
    /// Nothing to do.
    Idle,
    /// The host's turn.
    Host,
}

pub(crate) struct QueueInfo {
    pub(crate) name: Arc<str>,
    pub(crate) weight: Cell<u32>,
    pub(crate) slice_ns: Cell<u64>,
    pub(crate) catches: bool,
    /// Tells this queue from earlier ones with the same index.
    pub(crate) life: u32,
    pub(crate) is_removed: Cell<bool>,
    pub(crate) tasks: Cell<usize>,
    pub(crate) groups: RefCell<Groups>,
    pub(crate) counters: Counters,
}

impl QueueInfo {
    /// Counts a task in.
    #[inline]
    pub(crate) fn admit(&self) {
        self.tasks.set(self.tasks.get() + 1);
        add(&self.counters.spawned, 1);
    }
}

/// What a new queue is made of.
pub(crate) struct Plan {
    pub(crate) name: Arc<str>,
    pub(crate) weight: u32,
    pub(crate) slice_ns: u64,
    pub(crate) policy: PolicyBox,
    pub(crate) catches: bool,
}

impl Core {
    pub(crate) fn new(shared: SharedRef, clock: Box<dyn Clock>, engine: Engine) -> Self {
        Self {
            shared,
            clock,
            engine: Cell::new(Some(Box::new(engine))),
            queues: RefCell::default(),
            arrivals: RefCell::default(),
            retired: RefCell::default(),
            vacant: RefCell::default(),
            drivers: RefCell::default(),
            away: Cell::new(None),
            totals: Totals::default(),
            asked: Cell::new(0),
            lives: Cell::new(0),
        }
    }

    /// Reads the clock: nanoseconds since the executor was built.
    #[inline]
    pub(crate) fn read_clock(&self, local: &Local) -> u64 {
        local.ns_of(self.clock.now())
    }

    /// The owner's part of what is shared.
    #[inline]
    pub(crate) fn local(&self) -> &Local {
        self.shared.local().expect("whoever holds a `Core` is on its thread: it is not `Send`")
    }

    pub(crate) fn queue(&self, index: u32) -> Option<Rc<QueueInfo>> {
        self.queues.borrow().get(index as usize)?.clone()
    }

    pub(crate) fn add_queue(&self, plan: Plan) -> u32 {
        let Plan { name, weight, slice_ns, policy, catches } = plan;
        let life = self.lives.replace(self.lives.get() + 1);
        let info = Rc::new(QueueInfo {
            name,
            weight: Cell::new(weight),
            slice_ns: Cell::new(slice_ns),
            catches,
            life,
            is_removed: Cell::new(false),
            tasks: Cell::new(0),
            groups: RefCell::default(),
            counters: Counters::new(),
        });
        let mut eevdf = self.local().eevdf.borrow_mut();
        let mut queues = self.queues.borrow_mut();
        let index = match self.vacant.borrow_mut().pop() {
            Some(index) => {
                eevdf.set(index as usize, weight, slice_ns);
                queues[index as usize] = Some(info);
                index
            }
            None => {
                queues.push(Some(info));
                eevdf.add(weight, slice_ns) as u32
            }
        };
        self.arrivals.borrow_mut().push((index, policy));
        index
    }

    /// Aborts all tasks of a queue, which is gone when the last of them is.
    pub(crate) fn remove_queue(&self, index: u32) {
        let Some(info) = self.queue(index) else { return };
        if info.is_removed.replace(true) {
            return;
        }
        if info.tasks.get() == 0 {
            self.retire(index);
            return;
        }
        self.abort_tasks(|task| task.queue() == index);
    }

    /// Aborts all tasks that the filter picks; answers how many.
    pub(crate) fn abort_tasks(&self, mut filter: impl FnMut(TaskMeta<'_>) -> bool) -> usize {
        let mut aborted = Vec::new();
        self.local().for_each_task(|task| {
            if filter(task) {
                aborted.push(task.abort_handle());
            }
        });
        // Only now: an abort wakes, which may bring us back to where the tasks are listed.
        aborted.iter().for_each(crate::AbortHandle::abort);
        aborted.len()
    }

    pub(crate) fn retire(&self, index: u32) {
        self.queues.borrow_mut()[index as usize] = None;
        self.retired.borrow_mut().push(index);
    }

    /// The group's own number, by its index in a queue.
    pub(crate) fn group_id(&self, queue: u32, group: u32) -> Option<u64> {
        self.queue(queue)?.groups.borrow().id(group)
    }

    /// Whether `run` has nothing more to wait for.
    pub(crate) fn is_drained(&self) -> bool {
        self.local().is_draining.get() && self.local().task_count() == 0 && !self.shared.has_mail()
    }

    /// A driver's future woke, found by another driver: its host has to poll it.
    pub(crate) fn wake_driver(&self, driver: u32) {
        if let Some(Some(is_woken)) = self.drivers.borrow_mut().get_mut(driver as usize) {
            *is_woken = true;
        }
        // Either its host sleeps, or it is about to poll it anyway.
        self.shared.wake_hosts();
    }

    pub(crate) fn add_driver(&self) -> u32 {
        let mut drivers = self.drivers.borrow_mut();
        let vacant = drivers.iter().position(Option::is_none);
        let driver = vacant.unwrap_or_else(|| {
            drivers.push(None);
            drivers.len() - 1
        });
        // The first poll is due.
        drivers[driver] = Some(true);
        driver as u32
    }

    pub(crate) fn remove_driver(&self, driver: u32) {
        self.drivers.borrow_mut()[driver as usize] = None;
        // Whoever sleeps in the belief that this one looks after all.
        self.shared.wake_hosts();
    }

    /// Drops every task and resolves every handle. Answers with the first panic on the way.
    pub(crate) fn close(&self) -> Option<Box<dyn std::any::Any + Send>> {
        // The policies first, with what they hold. They are of users, so they might look around.
        let engine = self.engine.take();
        let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(engine)));
        let arrivals = self.arrivals.take();
        drop(arrivals);
        let panic = self.shared.close(self.local());
        self.shared.wake_hosts();
        panic.or(dropped.err())
    }
}

/// What a report says of a task.
pub(crate) fn name_of(task: TaskMeta<'_>) -> (TaskId, Option<Arc<str>>) {
    (task.id(), task.name())
}
