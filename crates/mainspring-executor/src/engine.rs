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

use crate::cell::{Local, NO_QUEUE, Step, TaskMeta, TaskRef};
use crate::core::{Core, QueueInfo, name_of};
use crate::policy::Slot;
use crate::stall::{OnStall, StallReport, Watchdog};
use crate::stats::{Statistics, add};
use crate::{Host, JoinError, Policy, Why};

pub(crate) struct Engine {
    lanes: Vec<Option<Lane>>,
    pub(crate) host: Box<dyn Host>,
    pub(crate) settings: Settings,
    pub(crate) on_stall: Option<(u64, OnStall)>,
    pub(crate) watchdog: Option<Watchdog>,
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
        Self {
            lanes: Vec::new(),
            host,
            settings,
            on_stall: None,
            watchdog: None,
            current: None,
            since_ns: 0,
            polls: 0,
            first_wait_ns: 0,
            host_due_ns: u64::MAX,
        }
    }

    /// The thread is ours, as of `now_ns`.
    pub(crate) fn begin(&mut self, core: &Core, now_ns: u64) {
        self.since_ns = now_ns;
        core.local().now_ns.set(now_ns);
        self.host_due_ns = now_ns.saturating_add(self.settings.host_interval_ns);
        self.retire(core);
    }

    /// Brings the books up to date before the thread is given up; answers the time.
    pub(crate) fn end(&mut self, core: &Core, local: &Local) -> u64 {
        let now_ns = self.settle(core, local);
        if let Some(index) = self.current.take() {
            if self.lanes[index as usize].as_ref().is_none_or(|lane| lane.policy.is_empty()) {
                local.eevdf.borrow_mut().sleep(index as usize);
            }
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
        if let Some(index) = self.current {
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
        let mut eevdf = local.eevdf.borrow_mut();
        local.wants_yield.set(false);
        let is_preempted = local.is_preempted.replace(false);
        let picked = eevdf.pick().map(|index| index as u32);
        local.current.set(picked.unwrap_or(NO_QUEUE));
        if let Some(index) = picked {
            let slice_end_ns = self.since_ns.saturating_add(eevdf.slice_left_ns(index as usize));
            local.slice_end_ns.set(slice_end_ns.min(self.host_due_ns));
        }
        drop(eevdf);
        if picked != self.current {
            let before = self.current.and_then(|index| self.lane(core, index));
            if let Some(lane) = before.filter(|lane| is_preempted && !lane.policy.is_empty()) {
                add(&lane.info.counters.preemptions, 1);
            }
            if let Some(lane) = picked.and_then(|index| self.lane(core, index)) {
                add(&lane.info.counters.turns, 1);
            }
        }
        self.current = picked;
        picked
    }

    /// Polls tasks of one queue until its turn is over.
    fn serve(&mut self, core: &Core, local: &Local, index: u32, left: &mut u32) -> Option<Exit> {
        loop {
            let lane = self.lanes[index as usize].as_mut()?;
            let Some(task) = lane.policy.pop() else {
                if !lane.policy.is_empty() {
                    // It holds its tasks back, so it sleeps until the next push.
                    self.settle(core, local);
                    local.eevdf.borrow_mut().sleep(index as usize);
                    self.current = None;
                }
                return None;
            };
            if !task.belongs_to(&core.shared) || task.meta().queue() != index {
                task.rewake();
                continue;
            }
            let panic = self.poll(core, local, index, task);
            *left -= 1;
            if panic.is_some() {
                return panic.map(Exit::Panic);
            }
            if !local.woken.borrow().is_empty() || core.shared.has_mail() {
                self.take_in(core, local);
            }
            if *left == 0 {
                return Some(Exit::Polled);
            }
            if local.is_driver_woken.get() {
                return Some(Exit::Driver);
            }
            if self.polls == 0 && (self.since_ns >= self.host_due_ns || self.host.wants_thread()) {
                return Some(Exit::Host);
            }
            if local.wants_yield.get() {
                return None;
            }
        }
    }

    /// Polls one task, charges it, and puts it where it belongs then.
    #[inline]
    fn poll(
        &mut self,
        core: &Core,
        local: &Local,
        index: u32,
        task: TaskRef,
    ) -> Option<Box<dyn Any + Send>> {
        let wait_ns = self.since_ns.saturating_sub(task.meta().ready_since());
        if self.polls == 0 {
            self.first_wait_ns = wait_ns;
        }
        let watched = self.watchdog.is_some();
        if watched {
            self.watch(index, task.meta());
        }
        let step = task.run(local);
        if watched && let Some(watchdog) = &self.watchdog {
            watchdog.end();
        }
        self.polls += 1;

        let lane = self.lanes[index as usize].as_mut()?;
        let longest = &lane.info.counters.longest_wait_ns;
        if wait_ns > longest.get() {
            longest.set(wait_ns);
        }
        let mut stall = None;
        if self.polls >= lane.stride {
            let before_ns = self.since_ns;
            self.settle(core, local);
            if self.on_stall.is_some() {
                stall = self.stall(index, task.meta(), self.since_ns - before_ns);
            }
        }
        let lane = self.lanes[index as usize].as_mut()?;
        lane.policy.charge(task.meta(), lane.mean_ns);
        let panic = match step {
            Step::Pending => {
                if let Some(task) = task.woken_again(self.since_ns) {
                    lane.policy.push(task, Why::Yielded);
                }
                None
            }
            Step::Finished(panic) => {
                lane.policy.finished(task.meta());
                self.forget(core, index, task);
                panic
            }
        };
        if let (Some(report), Some((_, on_stall))) = (stall, &mut self.on_stall) {
            on_stall(report);
        }
        panic
    }

    /// A task has ended.
    fn forget(&mut self, core: &Core, index: u32, task: TaskRef) {
        let group = task.meta().group_or_none();
        let index_of_group = task.meta().group();
        drop(task);
        let Some(lane) = self.lanes[index as usize].as_mut() else { return };
        let info = &lane.info;
        let is_gone = info.groups.borrow_mut().leave(group);
        if is_gone && let Some(group) = index_of_group {
            lane.policy.group_gone(group);
            info.groups.borrow_mut().reuse(group.0);
        }
        add(&info.counters.finished, 1);
        info.tasks.set(info.tasks.get() - 1);
        if info.tasks.get() == 0 && info.is_removed.get() {
            core.retire(index);
        }
    }

    /// Shows the policies what has become ready meanwhile.
    fn take_in(&mut self, core: &Core, local: &Local) {
        if core.shared.has_mail() {
            core.shared.take_mail(local);
            self.take_in_sent(core, local);
        }
        loop {
            // In a statement of its own, so that the list is not borrowed while a policy runs.
            let task = local.woken.borrow_mut().pop_front();
            let Some(task) = task else { return };
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
            let task = local.sent.borrow_mut().pop_front();
            let Some(task) = task else { return };
            let index = task.meta().queue();
            let life = task.meta().extras().map(|extras| extras.queue_life);
            let info = core.queue(index).filter(|info| {
                Some(info.life) == life && !info.is_removed.get() && !core.is_draining.get()
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
            core.count_in(&info);
            task.set_ready(self.since_ns);
            let _ = task.take_fresh();
            self.push(core, local, task, Why::Spawned);
            local.consider(index);
        }
    }

    fn push(&mut self, core: &Core, local: &Local, task: TaskRef, why: Why) {
        let index = task.meta().queue();
        if self.current != Some(index) && !local.eevdf.borrow().is_active(index as usize) {
            local.eevdf.borrow_mut().wake(index as usize);
        }
        if let Some(lane) = self.lane(core, index) {
            lane.policy.push(task, why);
        }
    }

    /// Reads the clock, and charges the queue being served for the time since the last reading.
    fn settle(&mut self, core: &Core, local: &Local) -> u64 {
        let now_ns = core.time.now_ns().max(self.since_ns);
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
        let is_full = self.settings.statistics == Statistics::Full;
        let every_poll = self.settings.reads_every_poll || self.on_stall.is_some();
        if let Some(Some(lane)) = self.lanes.get_mut(index as usize) {
            let counters = &lane.info.counters;
            add(&counters.runtime_ns, elapsed_ns);
            if let Some(mean_ns) = elapsed_ns.checked_div(u64::from(polls)) {
                lane.adapt(mean_ns, every_poll);
                if is_full {
                    let counters = &lane.info.counters;
                    add(&counters.polls, polls.into());
                    counters.poll_time.record(mean_ns, polls.into());
                    counters.wake_to_run.record(self.first_wait_ns, polls.into());
                    if elapsed_ns > lane.info.slice_ns.get() {
                        add(&counters.overruns, 1);
                    }
                }
            }
        }
        now_ns
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
            });
        }
    }

    /// Gives the indices of removed queues back.
    fn retire(&mut self, core: &Core) {
        loop {
            let index = core.retired.borrow_mut().pop();
            let Some(index) = index else { return };
            if self.current == Some(index) {
                self.current = None;
            }
            core.local().eevdf.borrow_mut().sleep(index as usize);
            core.arrivals.borrow_mut().retain(|(arrival, _)| *arrival != index);
            let lane = self.lanes.get_mut(index as usize).and_then(Option::take);
            core.vacant.borrow_mut().push(index);
            // Last: the policy is of users.
            drop(lane);
        }
    }

    fn watch(&self, index: u32, task: TaskMeta<'_>) {
        if let (Some(watchdog), Some(report)) = (&self.watchdog, self.report(index, task, 0)) {
            watchdog.begin(report);
        }
    }

    fn stall(&self, index: u32, task: TaskMeta<'_>, took_ns: u64) -> Option<StallReport> {
        let (threshold_ns, _) = self.on_stall.as_ref()?;
        if took_ns < *threshold_ns { None } else { self.report(index, task, took_ns) }
    }

    fn report(&self, index: u32, task: TaskMeta<'_>, took_ns: u64) -> Option<StallReport> {
        let lane = self.lanes[index as usize].as_ref()?;
        let (id, name) = name_of(task);
        Some(StallReport {
            id,
            name,
            queue: lane.info.name.clone(),
            location: task.location(),
            duration: std::time::Duration::from_nanos(took_ns),
            is_stuck: false,
        })
    }
}

impl Lane {
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
