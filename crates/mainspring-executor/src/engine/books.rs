//! Charges time to the queue being served, and polls its tasks between two readings of the clock.

use std::any::Any;

use super::Settings;
use super::lane::Lane;
use crate::Why;
use crate::cell::{Local, Step, TaskRef};
use crate::core::Core;
use crate::stats::{Statistics, add};

/// What the loop knows of the time.
pub(super) struct Books {
    pub(super) settings: Settings,
    /// The queue being served.
    pub(super) current: Option<u32>,
    /// The clock as it was last read, by which everything up to then is charged.
    pub(super) since_ns: u64,
    /// Polls since then.
    pub(super) polls: u32,
    /// How long the task waited that was polled first since then.
    pub(super) first_wait_ns: u64,
    /// When the host's turn is due.
    pub(super) host_due_ns: u64,
}

/// Why a queue is no longer served.
pub(super) enum Pause {
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

impl Books {
    /// Polls tasks of one queue until there is something else to see to.
    #[inline]
    pub(super) fn serve(
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
    pub(super) fn settle(&mut self, core: &Core, local: &Local, lane: Option<&mut Lane>) -> u64 {
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
