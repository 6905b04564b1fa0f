//! Brings tasks and queues in, and lets removed queues go.

use super::Engine;
use super::lane::Lane;
use crate::cell::{Local, TaskRef};
use crate::core::Core;
use crate::{JoinError, Why};

impl Engine {
    /// Shows the policies what has become ready meanwhile.
    pub(super) fn take_in(&mut self, core: &Core, local: &Local) {
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

    /// The queue's lane, fetched from where new queues leave it if need be.
    #[inline]
    pub(super) fn lane(&mut self, core: &Core, index: u32) -> Option<&mut Lane> {
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
    pub(super) fn retire(&mut self, core: &Core) {
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
