//! The loop: picks a queue, polls its tasks, looks at the clock, and begins again.
//!
//! # Ground rules
//! - Time since the last reading of the clock belongs to the queue being served, `current`. It is
//!   charged at every reading (`settle`), and always before another queue is served.
//! - A queue that runs out of tasks while no other has any stays `current`, and active, until the
//!   clock is read: a task that wakes at once costs no bookkeeping.
//! - A task is charged before it is queued again.
//! - A panic that goes on is answered, not thrown: the loop is whole when it leaves.

use std::any::Any;
use std::rc::Rc;
use std::time::Duration;

use crate::cell::{Local, NO_QUEUE, Step, TaskMeta, TaskRef};
use crate::core::{Core, QueueInfo, name_of};
use crate::policy::Slot;
use crate::stall::{OnStall, StallReport, Watchdog};
use crate::stats::{Statistics, add};
use crate::{Host, JoinError, Policy, Why};

pub(crate) struct Engine {
    lanes: Vec<Option<Lane>>,
    books: Books,
    pub(crate) host: Box<dyn Host>,
    pub(crate) on_stall: Option<(u64, OnStall)>,
    pub(crate) watchdog: Option<Watchdog>,
}

/// What the loop knows of the time.
struct Books {
    settings: Settings,
    /// The queue being served.
    current: Option<u32>,
    /// The clock as it was last read, by which everything up to then is charged.
    since_ns: u64,
    /// Polls since then.
    polls: u32,
    /// How long the task waited that was polled first since then.
    first_wait_ns: u64,
    /// When the host's turn is due.
    host_due_ns: u64,
}

pub(crate) struct Settings {
    pub(crate) host_interval_ns: u64,
    pub(crate) reads_every_poll: bool,
    pub(crate) statistics: Statistics,
}

/// A queue as the loop sees it.
struct Lane {
    policy: Slot,
    info: Rc<QueueInfo>,
    reads_every_poll: bool,
    /// Polls between two readings of the clock: 1, 4 or 16.
    stride: u32,
    /// Readings in a row by which the stride might grow.
    calm: u32,
    /// The mean poll as of the last reading.
    mean_ns: u64,
    /// The longest wait since the last reading.
    longest_wait_ns: u64,
}

/// Why a queue is no longer served.
enum Pause {
    /// No task is ready.
    Empty,
    /// Something became ready, here or elsewhere; also, after it, the task that was polled.
    News(Option<TaskRef>),
    /// The clock was read: the driver, the host, or another queue may be due.
    Clock,
    /// Another queue is due.
    Yield,
    /// As many polls were made as were asked for.
    Enough,
    /// A task has ended with a panic that goes on.
    Panic(Box<dyn Any + Send>),
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

/// How long polls may be, on average, for the clock to be read after 16 or after 4 of them only.
const SHORT_NS: [(u64, u32); 2] = [(125, 16), (500, 4)];
/// Readings in a row after which the stride grows by one step. It shrinks at once.
const CALM: u32 = 4;

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

    /// Shows the policies what has become ready meanwhile.
    fn take_in(&mut self, core: &Core, local: &Local) {
        if core.shared.has_mail() {
            core.shared.take_mail(local);
            self.take_in_sent(core, local);
        }
        loop {
            let Some(task) = local.woken.take() else { return };
            if task.is_root() {
                let driver = task.meta().driver();
                drop(task);
                if local.driver.get() == driver {
                    local.is_driver_woken.set(true);
                } else {
                    core.wake_driver(driver);
                }
                continue;
            }
            let why = if task.take_fresh() { Why::Spawned } else { Why::Woken };
            self.push(core, local, task, why);
        }
    }

    fn take_in_sent(&mut self, core: &Core, local: &Local) {
        loop {
            let Some(task) = local.sent.take() else { return };
            let index = task.meta().queue();
            let life = task.meta().extras().map(|extras| extras.queue_life);
            let info = core.queue(index).filter(|info| {
                Some(info.life) == life && !info.is_removed.get() && !local.is_draining.get()
            });
            let Some(info) = info else {
                // A panic of the future's destructor was told to the handle, which is all that a
                // queue that is gone can say about it.
                drop(task.refuse(JoinError::Cancelled));
                continue;
            };
            let group = task.meta().extras().and_then(|extras| extras.group);
            if let Some(id) = group {
                task.set_group(info.groups.borrow_mut().join(id));
            }
            info.admit();
            task.set_ready(self.books.since_ns);
            let _ = task.take_fresh();
            self.push(core, local, task, Why::Spawned);
            local.consider(index);
        }
    }

    #[inline]
    fn push(&mut self, core: &Core, local: &Local, task: TaskRef, why: Why) {
        let index = task.meta().queue();
        if self.books.current == Some(index)
            && let Some(Some(lane)) = self.lanes.get_mut(index as usize)
        {
            lane.policy.push(task, why);
        } else {
            self.push_elsewhere(core, local, index, task, why);
        }
    }

    fn push_elsewhere(&mut self, core: &Core, local: &Local, index: u32, task: TaskRef, why: Why) {
        if self.books.current != Some(index) {
            local.eevdf.borrow_mut().wake(index as usize);
        }
        if let Some(lane) = self.lane(core, index) {
            lane.policy.push(task, why);
        }
    }

    /// Reads the clock, and charges the queue being served.
    fn settle(&mut self, core: &Core, local: &Local) -> u64 {
        let lane = self.books.current.and_then(|index| self.lanes.get_mut(index as usize));
        self.books.settle(core, local, lane.and_then(Option::as_mut))
    }

    /// The queue's lane, fetched from where new queues leave it if need be.
    #[inline]
    fn lane(&mut self, core: &Core, index: u32) -> Option<&mut Lane> {
        if self.lanes.get(index as usize).is_none_or(Option::is_none) {
            self.welcome(core);
        }
        self.lanes.get_mut(index as usize)?.as_mut()
    }

    #[cold]
    fn welcome(&mut self, core: &Core) {
        loop {
            let arrival = core.arrivals.borrow_mut().pop();
            let Some((index, policy)) = arrival else { return };
            let Some(info) = core.queue(index) else { continue };
            let reads_every_poll = policy.0.needs_every_poll();
            if self.lanes.len() <= index as usize {
                self.lanes.resize_with(index as usize + 1, || None);
            }
            let stride = 1;
            self.lanes[index as usize] = Some(Lane {
                policy: policy.0,
                info,
                reads_every_poll,
                stride,
                calm: 0,
                mean_ns: 0,
                longest_wait_ns: 0,
            });
        }
    }

    /// Gives the indices of removed queues back.
    fn retire(&mut self, core: &Core) {
        loop {
            let index = core.retired.borrow_mut().pop();
            let Some(index) = index else { return };
            if self.books.current == Some(index) {
                self.books.current = None;
            }
            core.local().eevdf.borrow_mut().sleep(index as usize);
            core.arrivals.borrow_mut().retain(|(arrival, _)| *arrival != index);
            let lane = self.lanes.get_mut(index as usize).and_then(Option::take);
            core.vacant.borrow_mut().push(index);
            // Last: the policy is of users.
            drop(lane);
        }
    }
}

impl Books {
    /// Polls tasks of one queue until there is something else to see to.
    #[inline]
    fn serve(
        &mut self,
        core: &Core,
        local: &Local,
        lane: &mut Lane,
        index: u32,
        left: &mut u32,
        mut run: impl FnMut(&TaskRef, &mut Lane, &mut Self) -> Step,
    ) -> Pause {
        loop {
            let Some(task) = lane.policy.pop() else { return Pause::Empty };
            if lane.policy.is_foreign()
                && (!task.belongs_to(&core.shared) || task.meta().queue() != index)
            {
                task.rewake();
                return Pause::News(None);
            }
            let wait_ns = self.since_ns.saturating_sub(task.meta().ready_since());
            lane.longest_wait_ns = lane.longest_wait_ns.max(wait_ns);
            if self.polls == 0 {
                self.first_wait_ns = wait_ns;
            }
            let step = run(&task, lane, self);
            self.polls += 1;
            if self.polls >= lane.stride {
                self.settle(core, local, Some(lane));
            }
            lane.policy.charge(task.meta(), lane.mean_ns);
            let has_news = !local.woken.is_empty() || core.shared.has_mail();
            let mut again = None;
            if step == Step::Pending {
                again = task.woken_again(self.since_ns);
                if !has_news && let Some(task) = again.take() {
                    lane.policy.push(task, Why::Yielded);
                }
            } else if let Some(panic) = lane.forget(core, index, task) {
                return Pause::Panic(panic);
            }
            *left -= 1;
            // Whom the task has woken was ready before it woke itself. What its end has woken is
            // seen here too.
            if has_news || !local.woken.is_empty() {
                return Pause::News(again);
            }
            if *left == 0 {
                return Pause::Enough;
            }
            if self.polls == 0 {
                return Pause::Clock;
            }
            if local.wants_yield.get() {
                return Pause::Yield;
            }
        }
    }

    /// Reads the clock, and charges the queue being served, whose lane this is, for the time since
    /// the last reading.
    fn settle(&mut self, core: &Core, local: &Local, lane: Option<&mut Lane>) -> u64 {
        let now_ns = core.read_clock(local).max(self.since_ns);
        let elapsed_ns = now_ns - self.since_ns;
        local.now_ns.set(now_ns);
        self.since_ns = now_ns;
        let polls = std::mem::take(&mut self.polls);
        let Some(index) = self.current else { return now_ns };
        if polls == 0 && elapsed_ns == 0 {
            return now_ns;
        }
        let mut eevdf = local.eevdf.borrow_mut();
        if eevdf.charge(index as usize, elapsed_ns) {
            if eevdf.active_count() > 1 {
                local.wants_yield.set(true);
            }
            let slice_end_ns = now_ns.saturating_add(eevdf.slice_left_ns(index as usize));
            local.slice_end_ns.set(slice_end_ns.min(self.host_due_ns));
        }
        drop(eevdf);
        if let Some(lane) = lane {
            self.record(lane, elapsed_ns, polls);
        }
        now_ns
    }

    fn record(&self, lane: &mut Lane, elapsed_ns: u64, polls: u32) {
        let counters = &lane.info.counters;
        add(&counters.runtime_ns, elapsed_ns);
        if polls == 0 {
            return;
        }
        let mean_ns = if polls == 1 { elapsed_ns } else { elapsed_ns / u64::from(polls) };
        if self.settings.statistics == Statistics::Full {
            add(&counters.polls, polls.into());
            counters.poll_time.record(mean_ns, polls.into());
            counters.wake_to_run.record(self.first_wait_ns, polls.into());
            let longest_ns = &counters.longest_wait_ns;
            longest_ns.set(longest_ns.get().max(std::mem::take(&mut lane.longest_wait_ns)));
            if elapsed_ns > lane.info.slice_ns.get() {
                add(&counters.overruns, 1);
            }
        }
        lane.adapt(mean_ns, self.settings.reads_every_poll);
    }
}

/// Polls while somebody watches.
struct Watch<'a> {
    on_stall: &'a mut Option<(u64, OnStall)>,
    watchdog: &'a mut Option<Watchdog>,
}

impl Watch<'_> {
    fn run(
        &mut self,
        core: &Core,
        local: &Local,
        task: &TaskRef,
        lane: &mut Lane,
        books: &mut Books,
    ) -> Step {
        if let Some(watchdog) = &self.watchdog {
            watchdog.begin(report(task.meta(), lane, 0));
        }
        let before_ns = books.settle(core, local, Some(lane));
        let step = task.run(local);
        if let Some(watchdog) = &self.watchdog {
            watchdog.end();
        }
        if let Some((threshold_ns, on_stall)) = &mut self.on_stall {
            let took_ns = core.read_clock(local).saturating_sub(before_ns);
            if took_ns >= *threshold_ns {
                on_stall(report(task.meta(), lane, took_ns));
            }
        }
        step
    }
}

fn report(task: TaskMeta<'_>, lane: &Lane, took_ns: u64) -> StallReport {
    let (id, name) = name_of(task);
    StallReport {
        id,
        name,
        queue: lane.info.name.clone(),
        location: task.location(),
        duration: Duration::from_nanos(took_ns),
        is_stuck: false,
    }
}

impl Lane {
    /// A task has ended, or is to be ended.
    fn forget(&mut self, core: &Core, index: u32, task: TaskRef) -> Option<Box<dyn Any + Send>> {
        self.policy.finished(task.meta());
        let info = &self.info;
        if let Some(group) = task.meta().group()
            && info.groups.borrow_mut().leave(group.0)
        {
            self.policy.group_gone(group);
            info.groups.borrow_mut().reuse(group.0);
        }
        add(&info.counters.finished, 1);
        info.tasks.set(info.tasks.get() - 1);
        if info.tasks.get() == 0 && info.is_removed.get() {
            core.retire(index);
        }
        // Last: destructors and wakers are of users.
        task.finish()
    }

    /// Chooses how many polls to let pass until the clock is read again.
    fn adapt(&mut self, mean_ns: u64, every_poll: bool) {
        self.mean_ns = mean_ns;
        if every_poll || self.reads_every_poll {
            self.stride = 1;
            return;
        }
        let fitting = SHORT_NS.iter().find(|(ns, _)| mean_ns <= *ns);
        let fitting = fitting.map_or(1, |(_, stride)| *stride);
        if fitting <= self.stride {
            self.stride = fitting;
            self.calm = 0;
            return;
        }
        self.calm += 1;
        if self.calm == CALM {
            self.stride *= 4;
            self.calm = 0;
        }
    }
}

impl Slot {
    /// Whether it might mix tasks up.
    #[inline]
    fn is_foreign(&self) -> bool {
        matches!(self, Self::Other(_))
    }

    #[inline]
    fn push(&mut self, task: TaskRef, why: Why) {
        match self {
            Self::Fifo(policy) => policy.push(task, why),
            Self::Other(policy) => policy.push(task, why),
        }
    }

    #[inline]
    fn pop(&mut self) -> Option<TaskRef> {
        match self {
            Self::Fifo(policy) => policy.pop(),
            Self::Other(policy) => policy.pop(),
        }
    }

    #[inline]
    fn is_empty(&self) -> bool {
        match self {
            Self::Fifo(policy) => policy.len() == 0,
            Self::Other(policy) => policy.is_empty(),
        }
    }

    #[inline]
    fn charge(&mut self, task: TaskMeta<'_>, ns: u64) {
        if let Self::Other(policy) = self {
            policy.charge(task, ns);
        }
    }

    #[inline]
    fn finished(&mut self, task: TaskMeta<'_>) {
        if let Self::Other(policy) = self {
            policy.finished(task);
        }
    }

    fn group_gone(&mut self, group: crate::GroupIndex) {
        if let Self::Other(policy) = self {
            policy.group_gone(group);
        }
    }

    fn needs_every_poll(&self) -> bool {
        match self {
            Self::Fifo(_) => false,
            Self::Other(policy) => policy.needs_every_poll(),
        }
    }
}
