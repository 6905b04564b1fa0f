//! The loop: picks a queue, polls its tasks, looks at the clock, and begins again.
//!
//! # Ground rules
//! - Time since the last reading of the clock belongs to the queue being served, `current`. It is
//!   charged at every reading (`settle`), and always before another queue is served.
//! - A queue that runs out of tasks while no other has any stays `current`, and active, until the
//!   clock is read: a task that wakes at once costs no bookkeeping.
//! - A task is charged before it is queued again.
//! - A panic that goes on is answered, not thrown: the loop is whole when it leaves.

mod books;
mod intake;
mod lane;
mod watch;

use std::any::Any;

use crate::cell::{Local, NO_QUEUE};
use crate::core::Core;
use crate::stall::{OnStall, Watchdog};
use crate::stats::{Statistics, add};
use crate::{Host, Why};

use books::{Books, Pause};
use lane::Lane;
use watch::Watch;

pub(crate) struct Engine {
    lanes: Vec<Option<Lane>>,
    books: Books,
    pub(crate) host: Box<dyn Host>,
    pub(crate) on_stall: Option<(u64, OnStall)>,
    pub(crate) watchdog: Option<Watchdog>,
}

pub(crate) struct Settings {
    pub(crate) host_interval_ns: u64,
    pub(crate) reads_every_poll: bool,
    pub(crate) statistics: Statistics,
}

/// Why the loop is left.
pub(crate) enum Exit {
    /// The driving future woke.
    Driver,
    /// The host's turn is due.
    Host,
    /// Nothing to do.
    Idle,
    /// One task was polled, and no more was asked for.
    Polled,
    /// A panic goes on.
    Panic(Box<dyn Any + Send>),
}

impl Engine {
    pub(crate) fn new(host: Box<dyn Host>, settings: Settings) -> Self {
        let books = Books {
            settings,
            current: None,
            since_ns: 0,
            polls: 0,
            first_wait_ns: 0,
            host_due_ns: u64::MAX,
        };
        Self { lanes: Vec::new(), books, host, on_stall: None, watchdog: None }
    }

    /// The thread is ours, as of `now_ns`.
    pub(crate) fn begin(&mut self, core: &Core, now_ns: u64) {
        let books = &mut self.books;
        books.since_ns = now_ns;
        core.local().now_ns.set(now_ns);
        books.host_due_ns = now_ns.saturating_add(books.settings.host_interval_ns);
        self.retire(core);
    }

    /// Brings the books up to date before the thread is given up; answers the time.
    pub(crate) fn end(&mut self, core: &Core, local: &Local) -> u64 {
        let now_ns = self.settle(core, local);
        self.count_preemption(core, local);
        if let Some(index) = self.books.current.take()
            && self.lane(core, index).is_none_or(|lane| lane.policy.is_empty())
        {
            local.eevdf.borrow_mut().sleep(index as usize);
        }
        local.current.set(NO_QUEUE);
        now_ns
    }

    /// Runs tasks until there is a reason not to.
    pub(crate) fn work(&mut self, core: &Core, local: &Local, polls_max: u32) -> Exit {
        let mut left = polls_max;
        loop {
            self.take_in(core, local);
            // A driver that wakes itself all the time is polled between tasks, not instead of them.
            let Some(index) = self.choose(core, local) else {
                return if local.is_driver_woken.get() { Exit::Driver } else { Exit::Idle };
            };
            if let Some(exit) = self.serve(core, local, index, &mut left) {
                return exit;
            }
        }
    }

    /// The queue to serve now.
    fn choose(&mut self, core: &Core, local: &Local) -> Option<u32> {
        if let Some(index) = self.books.current {
            let is_empty = self.lane(core, index).is_none_or(|lane| lane.policy.is_empty());
            let is_alone = {
                let eevdf = local.eevdf.borrow();
                eevdf.active_count() == 1 && eevdf.is_active(index as usize)
            };
            if is_alone && !local.wants_yield.get() {
                return (!is_empty).then_some(index);
            }
            self.settle(core, local);
            if is_empty {
                local.eevdf.borrow_mut().sleep(index as usize);
            }
        }
        self.count_preemption(core, local);
        let mut eevdf = local.eevdf.borrow_mut();
        local.wants_yield.set(false);
        let picked = eevdf.pick().map(|index| index as u32);
        local.current.set(picked.unwrap_or(NO_QUEUE));
        if let Some(index) = picked {
            let slice_end_ns =
                self.books.since_ns.saturating_add(eevdf.slice_left_ns(index as usize));
            local.slice_end_ns.set(slice_end_ns.min(self.books.host_due_ns));
        }
        drop(eevdf);
        if picked != self.books.current
            && let Some(lane) = picked.and_then(|index| self.lane(core, index))
        {
            add(&lane.info.counters.turns, 1);
        }
        self.books.current = picked;
        picked
    }

    /// A turn ends; it may be that a more urgent queue ends it.
    fn count_preemption(&mut self, core: &Core, local: &Local) {
        if local.is_preempted.replace(false)
            && let Some(lane) = self.books.current.and_then(|index| self.lane(core, index))
            && !lane.policy.is_empty()
        {
            add(&lane.info.counters.preemptions, 1);
        }
    }

    /// Polls tasks of one queue until its turn is over.
    fn serve(&mut self, core: &Core, local: &Local, index: u32, left: &mut u32) -> Option<Exit> {
        loop {
            let Self { lanes, books, on_stall, watchdog, .. } = self;
            let lane = lanes[index as usize].as_mut()?;
            let pause = if on_stall.is_some() || watchdog.is_some() {
                let mut watch = Watch { on_stall, watchdog };
                books.serve(core, local, lane, index, left, |task, lane, books| {
                    watch.run(core, local, task, lane, books)
                })
            } else {
                books.serve(core, local, lane, index, left, |task, _, _| task.run(local))
            };
            match pause {
                Pause::Empty => {
                    if !lane.policy.is_empty() {
                        // It holds its tasks back, so it sleeps until the next push.
                        books.settle(core, local, Some(lane));
                        local.eevdf.borrow_mut().sleep(index as usize);
                        books.current = None;
                    } else if local.is_driver_woken.get() {
                        return Some(Exit::Driver);
                    }
                    return None;
                }
                Pause::News(again) => {
                    self.take_in(core, local);
                    if let (Some(task), Some(Some(lane))) =
                        (again, self.lanes.get_mut(index as usize))
                    {
                        lane.policy.push(task, Why::Yielded);
                    }
                }
                Pause::Clock | Pause::Yield => {}
                Pause::Enough => return Some(Exit::Polled),
                Pause::Panic(panic) => return Some(Exit::Panic(panic)),
            }
            if *left == 0 {
                return Some(Exit::Polled);
            }
            if self.books.polls == 0 {
                // The clock was just read, so two microseconds have passed, or one long poll.
                if local.is_driver_woken.get() {
                    return Some(Exit::Driver);
                }
                if self.books.since_ns >= self.books.host_due_ns || self.host.wants_thread() {
                    return Some(Exit::Host);
                }
            }
            if local.wants_yield.get() {
                return None;
            }
        }
    }

    /// Reads the clock, and charges the queue being served.
    fn settle(&mut self, core: &Core, local: &Local) -> u64 {
        let lane = self.books.current.and_then(|index| self.lanes.get_mut(index as usize));
        self.books.settle(core, local, lane.and_then(Option::as_mut))
    }
}
