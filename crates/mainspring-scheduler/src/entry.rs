//! Holds what the engine knows of one job.
//!
//! # Ground rules
//! - What never changes is shared with the runs ([`Core`]); what few jobs have at a time (runs in
//!   progress, runs that wait, history) is boxed: a hundred thousand idle jobs pay one pointer.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicU8;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use mainspring_clock::Jump;
use mainspring_job::{JobId, JobName, Policy, Run, RunState};
use mainspring_schedule::Schedule;

use crate::JobInfo;
use crate::callbacks::Callbacks;
use crate::control::Control;
use crate::due::{DueQueue, Place};
use crate::error::{Error, Kind};
use crate::handler::{Handler, RetryIf};

/// What of a job never changes.
pub(crate) struct Core {
    pub(crate) id: JobId,
    pub(crate) name: JobName,
    pub(crate) policy: Policy,
    pub(crate) handler: Handler,
    pub(crate) retry_if: Option<RetryIf>,
    pub(crate) callbacks: Option<Box<Callbacks>>,
    pub(crate) data: Option<Arc<serde_json::Value>>,
    /// How many of its last first polls were long, one after another; see the runner.
    pub(crate) slow_polls: AtomicU8,
}

pub(crate) struct Entry {
    pub(crate) core: Arc<Core>,
    pub(crate) schedule: Schedule,
    pub(crate) is_paused: bool,
    next: Option<Timestamp>,
    place: Option<Place>,
    succeeded: u64,
    failed: u64,
    /// Cancelled, skipped, missed: rare.
    rest: Option<Box<Rest>>,
    busy: Option<Box<Busy>>,
    last: Option<Box<Run>>,
}

#[derive(Default)]
struct Rest {
    cancelled: u64,
    skipped: u64,
    missed: u64,
    /// All but the last run, the oldest first.
    history: VecDeque<Run>,
}

/// Runs in progress and runs that wait for them.
#[derive(Default)]
struct Busy {
    going: Vec<Going>,
    waiting: VecDeque<Timestamp>,
}

struct Going {
    due: Timestamp,
    control: Arc<Control>,
}

impl Entry {
    pub(crate) fn new(core: Core, schedule: Schedule) -> Self {
        Self {
            core: Arc::new(core),
            schedule,
            is_paused: false,
            next: None,
            place: None,
            succeeded: 0,
            failed: 0,
            rest: None,
            busy: None,
            last: None,
        }
    }

    /// The next due instant.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.next
    }

    /// Puts the job into the queue at `next`, in place of where it was.
    pub(crate) fn plan(&mut self, queue: &mut DueQueue, next: Option<Timestamp>) {
        if let Some(place) = self.place.take() {
            queue.remove(place);
        }
        self.next = next;
        self.place = next.map(|due| queue.insert(self.core.id, due));
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
        self.next.map(|next| next.checked_add(by).unwrap_or(next))
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
        let policy = &self.core.policy;
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

    pub(crate) fn start(&mut self, due: Timestamp) -> Arc<Control> {
        let control = Arc::<Control>::default();
        let going = Going { due, control: control.clone() };
        self.busy.get_or_insert_default().going.push(going);
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

    pub(crate) fn ended(&mut self, run: Run) {
        if let Some(busy) = &mut self.busy {
            busy.going.retain(|going| going.due != run.id().due);
            if busy.going.is_empty() && busy.waiting.is_empty() {
                self.busy = None;
            }
        }
        match run.state() {
            RunState::Succeeded => self.succeeded += 1,
            RunState::Failed | RunState::TimedOut => self.failed += 1,
            _ => self.rest().cancelled += 1,
        }
        let kept = self.core.policy.history_limit() as usize;
        match &mut self.last {
            Some(last) if kept > 1 => {
                let before = std::mem::replace(&mut **last, run);
                let history = &mut self.rest().history;
                if history.len() + 1 >= kept {
                    history.pop_front();
                }
                history.push_back(before);
            }
            Some(last) => **last = run,
            None => self.last = Some(Box::new(run)),
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
        self.next.is_none() && !self.is_paused && self.busy.is_none()
    }

    /// The runs that ended last, the oldest first.
    pub(crate) fn history(&self) -> Vec<Run> {
        let earlier = self.rest.iter().flat_map(|rest| &rest.history);
        earlier.chain(self.last.as_deref()).cloned().collect()
    }

    pub(crate) fn info(&self) -> JobInfo {
        let none = Rest::default();
        let rest = self.rest.as_deref().unwrap_or(&none);
        JobInfo {
            id: self.core.id,
            name: self.core.name.clone(),
            schedule: self.schedule.clone(),
            is_paused: self.is_paused,
            next: self.next,
            running: self.going_len(),
            waiting: self.waiting_len(),
            succeeded: self.succeeded,
            failed: self.failed,
            cancelled: rest.cancelled,
            skipped: rest.skipped,
            missed: rest.missed,
            last: self.last.as_deref().cloned(),
        }
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
