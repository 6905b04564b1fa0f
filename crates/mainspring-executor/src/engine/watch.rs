//! Polls under the eyes of the stall detectors.

use std::time::Duration;

use super::books::Books;
use super::lane::Lane;
use crate::cell::{Local, Step, TaskMeta, TaskRef};
use crate::core::{Core, name_of};
use crate::stall::{OnStall, StallReport, Watchdog};

/// Polls while somebody watches.
pub(super) struct Watch<'a> {
    pub(super) on_stall: &'a mut Option<(u64, OnStall)>,
    pub(super) watchdog: &'a mut Option<Watchdog>,
}

impl Watch<'_> {
    pub(super) fn run(
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
