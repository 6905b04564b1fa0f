//! A queue as the loop sees it: its policy, and how often the clock is read while it is served.

use std::any::Any;
use std::rc::Rc;

use crate::cell::TaskRef;
use crate::core::{Core, QueueInfo};
use crate::policy::Slot;
use crate::stats::add;

pub(super) struct Lane {
    pub(super) policy: Slot,
    pub(super) info: Rc<QueueInfo>,
    pub(super) reads_every_poll: bool,
    /// Polls between two readings of the clock: 1, 4 or 16.
    pub(super) stride: u32,
    /// Readings in a row by which the stride might grow.
    pub(super) calm: u32,
    /// The mean poll as of the last reading.
    pub(super) mean_ns: u64,
    /// The longest wait since the last reading.
    pub(super) longest_wait_ns: u64,
}

/// How long polls may be, on average, for the clock to be read after 16 or after 4 of them only.
const SHORT_NS: [(u64, u32); 2] = [(125, 16), (500, 4)];
/// Readings in a row after which the stride grows by one step. It shrinks at once.
const CALM: u32 = 4;

impl Lane {
    /// A task has ended, or is to be ended.
    pub(super) fn forget(
        &mut self,
        core: &Core,
        index: u32,
        task: TaskRef,
    ) -> Option<Box<dyn Any + Send>> {
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
    pub(super) fn adapt(&mut self, mean_ns: u64, every_poll: bool) {
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
