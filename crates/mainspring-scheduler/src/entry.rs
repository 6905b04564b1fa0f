//! Holds what the engine knows of one job.
//!
//! # Ground rules
//! - What never changes is shared with the runs ([`Core`]); what few jobs have at a time (runs in
//!   progress, runs that wait, history) is boxed: a hundred thousand idle jobs pay one pointer.
//! - A run that starts takes its memory from runs that have ended ([`Spares`]).

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use mainspring_clock::Jump;
use mainspring_job::{Run, RunId, RunState};
use mainspring_schedule::Schedule;

use crate::JobInfo;
use crate::control::Control;
use crate::core::Core;
use crate::due::{DueQueue, Place};
use crate::error::{Error, Kind};
use crate::last::Last;

pub(crate) struct Entry {
    pub(crate) core: Arc<Core>,
    pub(crate) schedule: Schedule,
    pub(crate) is_paused: bool,
    /// How many of its last first polls were long, one after another; see the driver.
    pub(crate) slow_polls: u8,
    /// Whether `next` counts.
    is_planned: bool,
    next: Timestamp,
    place: Option<Place>,
    succeeded: u64,
    /// Failed, cancelled, skipped, missed: rare.
    rest: Option<Box<Rest>>,
    busy: Option<Box<Busy>>,
    last: Last,
}

#[derive(Default)]
struct Rest {
    failed: u64,
    cancelled: u64,
    skipped: u64,
    missed: u64,
    /// All but the last run, the oldest first.
    history: VecDeque<Run>,
}

/// Runs in progress and runs that wait for them.
#[derive(Default)]
pub(crate) struct Busy {
    going: Vec<Going>,
    waiting: VecDeque<Timestamp>,
}

/// What is to be done to a run that somebody wants cancelled.
pub(crate) enum Cancel {
    /// It goes on, and is to be asked to stop.
    Ask(Arc<Control>),
    /// It waited, and will not start.
    Done,
}

struct Going {
    due: Timestamp,
    control: Arc<Control>,
}

/// Memory of runs that have ended, for those that start.
#[derive(Default)]
pub(crate) struct Spares {
    #[expect(clippy::vec_box, reason = "the box itself goes to a job and comes back")]
    busy: Vec<Box<Busy>>,
    controls: VecDeque<Arc<Control>>,
}

impl Spares {
    /// As many as start in one turn of the driver.
    const MAX: usize = 64;

    fn busy(&mut self) -> Box<Busy> {
        self.busy.pop().unwrap_or_default()
    }

    fn control(&mut self) -> Arc<Control> {
        // The oldest: its run has let go of it by now, in all likelihood.
        let spare = self.controls.pop_front().and_then(|mut spare| {
            *Arc::get_mut(&mut spare)? = Control::default();
            Some(spare)
        });
        spare.unwrap_or_default()
    }

    fn keep_busy(&mut self, busy: Box<Busy>) {
        if self.busy.len() < Self::MAX {
            self.busy.push(busy);
        }
    }

    fn keep_control(&mut self, control: Arc<Control>) {
        if self.controls.len() < Self::MAX {
            self.controls.push_back(control);
        }
    }
}

impl Entry {
    pub(crate) fn new(core: Arc<Core>, schedule: Schedule) -> Self {
        Self {
            core,
            schedule,
            is_paused: false,
            slow_polls: 0,
            is_planned: false,
            next: Timestamp::MIN,
            place: None,
            succeeded: 0,
            rest: None,
            busy: None,
            last: Last::None,
        }
    }

    /// Something of its beginning, its middle and its end, to have it fetched from memory.
    pub(crate) fn glance(&self) -> u8 {
        let last = matches!(self.last, Last::None);
        self.slow_polls ^ u8::from(self.rest.is_some()) ^ u8::from(last)
    }

    /// The next due instant.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.is_planned.then_some(self.next)
    }

    /// Puts the job into the queue at `next`, in place of where it was.
    pub(crate) fn plan(&mut self, queue: &mut DueQueue, next: Option<Timestamp>) {
        if let Some(place) = self.place.take() {
            queue.remove(place);
        }
        self.is_planned = next.is_some();
        self.next = next.unwrap_or(Timestamp::MIN);
        self.place = next.map(|due| queue.insert(self.core.slot(), due));
    }

    /// The queue has let go of the job by itself.
    pub(crate) fn forget_place(&mut self) {
        self.place = None;
    }

    /// A cycle whose origin was the moment it was added.
    pub(crate) fn is_monotonic(&self) -> bool {
        self.schedule.is_cycle() && self.schedule.start().is_none()
    }

    /// Moves the schedule's origin along with a wall clock that was set; returns the next instant.
    pub(crate) fn move_with_clock(&mut self, jump: Jump) -> Option<Timestamp> {
        let by = match jump {
            Jump::Forward(by) => signed(by),
            Jump::Back(by) => -signed(by),
        };
        self.schedule = self.schedule.clone().moved(by);
        self.next().map(|next| next.checked_add(by).unwrap_or(next))
    }

    /// The latest instant known to have come: of a run in progress, one that waits, or the last one.
    pub(crate) fn latest_due(&self) -> Option<Timestamp> {
        let busy = self.busy.iter();
        let going = busy.clone().flat_map(|busy| busy.going.iter().map(|going| going.due));
        let waiting = busy.flat_map(|busy| busy.waiting.iter().copied());
        going.chain(waiting).chain(self.last.due()).max()
    }

    /// Whether there is a run for that instant, in progress or waiting.
    pub(crate) fn has_run(&self, due: Timestamp) -> bool {
        self.busy.as_ref().is_some_and(|busy| {
            busy.going.iter().any(|going| going.due == due) || busy.waiting.contains(&due)
        })
    }

    pub(crate) fn going_len(&self) -> usize {
        self.busy.as_ref().map_or(0, |busy| busy.going.len())
    }

    pub(crate) fn waiting_len(&self) -> usize {
        self.busy.as_ref().map_or(0, |busy| busy.waiting.len())
    }

    /// Whether the job's own limit lets another run start.
    pub(crate) fn has_room(&self) -> bool {
        let policy = self.core.policy();
        policy.overlap_policy() == mainspring_job::Overlap::Allow
            || self.going_len() < policy.concurrency_limit() as usize
    }

    pub(crate) fn wait(&mut self, due: Timestamp) {
        self.busy.get_or_insert_default().waiting.push_back(due);
    }

    pub(crate) fn next_waiting(&mut self) -> Option<Timestamp> {
        self.busy.as_mut()?.waiting.pop_front()
    }

    pub(crate) fn drain_waiting(&mut self) -> VecDeque<Timestamp> {
        self.busy.as_mut().map(|busy| std::mem::take(&mut busy.waiting)).unwrap_or_default()
    }

    pub(crate) fn start(&mut self, due: Timestamp, spares: &mut Spares) -> Arc<Control> {
        let control = spares.control();
        let going = Going { due, control: control.clone() };
        self.busy.get_or_insert_with(|| spares.busy()).going.push(going);
        control
    }

    /// The oldest run that nobody has cancelled yet.
    pub(crate) fn cancel_oldest(&self) -> Option<Arc<Control>> {
        let going = &self.busy.as_ref()?.going;
        going.iter().map(|going| &going.control).find(|control| !control.is_cancelled()).cloned()
    }

    pub(crate) fn going(&self) -> Vec<Arc<Control>> {
        let going = self.busy.iter().flat_map(|busy| &busy.going);
        going.map(|going| going.control.clone()).collect()
    }

    /// Has a run in progress asked to stop, or takes one that waits out.
    pub(crate) fn cancel(&mut self, due: Timestamp) -> Option<Cancel> {
        let busy = self.busy.as_mut()?;
        if let Some(going) = busy.going.iter().find(|going| going.due == due) {
            return Some(Cancel::Ask(going.control.clone()));
        }
        let place = busy.waiting.iter().position(|waiting| *waiting == due)?;
        busy.waiting.remove(place);
        if busy.going.is_empty() && busy.waiting.is_empty() {
            self.busy = None;
        }
        self.rest().cancelled += 1;
        Some(Cancel::Done)
    }

    /// The runs in progress and those that wait.
    pub(crate) fn live_runs(&self) -> impl Iterator<Item = (RunId, RunState)> {
        let busy = self.busy.iter();
        let going = busy.clone().flat_map(|busy| busy.going.iter().map(|going| going.due));
        let waiting = busy.flat_map(|busy| busy.waiting.iter().copied());
        let states = going
            .map(|due| (due, RunState::Running))
            .chain(waiting.map(|due| (due, RunState::Due)));
        states.map(|(due, state)| (RunId { job: self.core.id(), due }, state))
    }

    pub(crate) fn ended(&mut self, run: Run, spares: &mut Spares) {
        if let Some(mut busy) = self.busy.take() {
            if let Some(index) = busy.going.iter().position(|going| going.due == run.id().due) {
                spares.keep_control(busy.going.remove(index).control);
            }
            if busy.going.is_empty() && busy.waiting.is_empty() {
                spares.keep_busy(busy);
            } else {
                self.busy = Some(busy);
            }
        }
        match run.state() {
            RunState::Succeeded => self.succeeded += 1,
            RunState::Failed | RunState::TimedOut => self.rest().failed += 1,
            _ => self.rest().cancelled += 1,
        }
        let kept = self.core.policy().history_limit() as usize;
        let before = self.last.replace(run);
        if kept > 1
            && let Some(before) = before.to_run(self.core.id())
        {
            let history = &mut self.rest().history;
            if history.len() + 1 >= kept {
                history.pop_front();
            }
            history.push_back(before);
        }
    }

    pub(crate) fn skipped(&mut self) {
        self.rest().skipped += 1;
    }

    pub(crate) fn missed(&mut self, count: u64) {
        self.rest().missed += count;
    }

    /// Nothing is due any more, nothing goes on and nothing waits.
    pub(crate) fn is_over(&self) -> bool {
        !self.is_planned && !self.is_paused && self.busy.is_none()
    }

    /// The runs that ended last, the oldest first.
    pub(crate) fn history(&self) -> Vec<Run> {
        let earlier = self.rest.iter().flat_map(|rest| &rest.history);
        earlier.cloned().chain(self.last()).collect()
    }

    pub(crate) fn info(&self) -> JobInfo {
        let none = Rest::default();
        let rest = self.rest.as_deref().unwrap_or(&none);
        JobInfo {
            id: self.core.id(),
            name: self.core.name().clone(),
            schedule: self.schedule.clone(),
            is_paused: self.is_paused,
            next: self.next(),
            running: self.going_len(),
            waiting: self.waiting_len(),
            succeeded: self.succeeded,
            failed: rest.failed,
            cancelled: rest.cancelled,
            skipped: rest.skipped,
            missed: rest.missed,
            last: self.last(),
        }
    }

    fn last(&self) -> Option<Run> {
        self.last.to_run(self.core.id())
    }

    fn rest(&mut self) -> &mut Rest {
        self.rest.get_or_insert_default()
    }
}

/// A one-shot that has just passed still runs; everything else starts with the next instant, `now`
/// included.
pub(crate) fn first_due(
    schedule: &Schedule,
    now: Timestamp,
    grace: Duration,
) -> Result<Timestamp, Error> {
    let nanosecond = Duration::from_nanos(1);
    let back = if schedule.is_once() { grace.saturating_add(nanosecond) } else { nanosecond };
    let from = now.checked_sub(signed(back)).unwrap_or(Timestamp::MIN);
    schedule.next_after(from).ok_or_else(|| Kind::NeverDue(schedule.to_string()).into())
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}
