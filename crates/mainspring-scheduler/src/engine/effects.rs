//! Lists what is to be done after a decision, outside the lock.

use std::sync::Arc;

use jiff::Timestamp;
use mainspring_job::RunId;

use crate::control::Control;
use crate::core::Core;
use crate::entry::{Entry, Spares};
use crate::event::{Event, EventKind, Skip};
use crate::meters::Tally;

/// What the engine wants done.
#[derive(Default)]
pub(crate) struct Effects {
    /// Whether anybody listens; if not, no events are made.
    pub(crate) is_heard: bool,
    /// Runs to start.
    pub(crate) starts: Vec<Start>,
    /// Runs to cancel.
    pub(crate) cancels: Vec<Arc<Control>>,
    /// What to tell listeners.
    pub(crate) events: Vec<Event>,
    /// What is to be counted.
    pub(crate) tally: Tally,
    /// Jobs that are gone.
    pub(crate) gone: Vec<Arc<Core>>,
    /// A job that was not added: dropping it may run user code.
    pub(super) refused: Option<Arc<Core>>,
}

/// A run to start.
pub(crate) struct Start {
    pub(crate) core: Arc<Core>,
    pub(crate) run: RunId,
    pub(crate) control: Arc<Control>,
    /// How many of the job's last first polls were slow, one after another.
    pub(crate) slow_polls: u8,
}

impl Effects {
    pub(super) fn start(&mut self, entry: &mut Entry, due: Timestamp, spares: &mut Spares) {
        let control = entry.start(due, spares);
        let run = RunId { job: entry.core.id(), due };
        let (core, slow_polls) = (entry.core.clone(), entry.slow_polls);
        self.starts.push(Start { core, run, control, slow_polls });
    }

    pub(super) fn skip(&mut self, now: Timestamp, core: &Core, due: Timestamp, why: Skip) {
        self.tally.skipped(why);
        self.tell(now, core, Some(due), EventKind::Skipped { why });
    }

    pub(super) fn tell(
        &mut self,
        at: Timestamp,
        core: &Core,
        due: Option<Timestamp>,
        kind: EventKind,
    ) {
        if self.is_heard {
            let (job, name) = (Some(core.id()), Some(core.name().clone()));
            self.events.push(Event { at, job, name, due, kind });
        }
    }
}
