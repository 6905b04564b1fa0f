//! Waits for what is due, and starts it.

use std::future::{pending, poll_fn, ready};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use mainspring_clock::JumpDetector;
use tokio_util::sync::ReusableBoxFuture;

use crate::attempt::TIME_TO_WIND_UP;
use crate::control::Control;
use crate::engine::Start;
use crate::error::{Error, Kind};
use crate::runner::{Execution, Report};
use crate::shared::Shared;

/// So many jobs are started before other tasks of the thread get a turn.
const JOBS_PER_TURN: usize = 64;

/// A first poll that takes longer is slow.
const QUICK: Duration = Duration::from_micros(200);

/// A job whose first polls were slow so many times in a row gets a task for each run from then on. Not
/// once: on a busy machine any poll may be interrupted.
const SLOW_POLLS_MAX: u8 = 3;

pub(crate) async fn run(shared: &Arc<Shared>) -> Result<Report, Error> {
    let running = Running::begin(shared)?;
    start_what_is_due(shared).await;
    Ok(running.stop().await)
}

async fn start_what_is_due(shared: &Arc<Shared>) {
    let timer = shared.timer();
    let mut jumps = JumpDetector::new(timer.now_with_sleep(), timer.wall_now());
    let mut launcher = Launcher::new(shared);
    let mut alarm = None;
    loop {
        let Some(turn) = take_turn(shared, &mut jumps) else {
            return;
        };
        launcher.tried = timer.now();
        for start in turn.starts {
            launcher.launch(start).await;
        }
        if turn.more {
            tokio::task::yield_now().await;
            continue;
        }
        let due = async {
            match turn.next {
                Some(at) => timer.wait_until(at, &mut alarm).await,
                None => pending().await,
            }
        };
        tokio::select! {
            () = due => {}
            () = shared.changed() => {}
        }
    }
}

struct Turn {
    starts: Vec<Start>,
    more: bool,
    next: Option<Timestamp>,
}

/// `None` when it is time to stop.
fn take_turn(shared: &Shared, jumps: &mut JumpDetector) -> Option<Turn> {
    let timer = shared.timer();
    let jump = jumps.observe(timer.now_with_sleep(), timer.wall_now());
    let now = shared.wall_now();
    let mut state = shared.lock();
    if state.stop_at.is_some() {
        return None;
    }
    if let Some(jump) = jump {
        tracing::warn!(?jump, "the wall clock was set, or the machine slept");
        state.engine.clock_jumped(jump, now);
    }
    let more = state.engine.wake(now, JOBS_PER_TURN);
    // Asked only before a wait: the answer may cost a look at every job that is due together.
    let next = if more { None } else { state.engine.next_deadline() };
    let mut effects = state.engine.take_effects(true);
    let starts = std::mem::take(&mut effects.starts);
    state.going += starts.len();
    drop(state);
    shared.carry_out(effects);
    Some(Turn { starts, more, next })
}

/// Gets runs going: those that are through at their first poll need no task.
struct Launcher {
    shared: Arc<Shared>,
    /// Where a run is tried. One piece of memory for all of them: a box for each would leave the heap
    /// full of holes.
    trial: ReusableBoxFuture<'static, ()>,
    /// When the last trial was over, and the next began.
    tried: Instant,
}

impl Launcher {
    fn new(shared: &Arc<Shared>) -> Self {
        let (trial, tried) = (ReusableBoxFuture::new(ready(())), shared.timer().now());
        Self { shared: shared.clone(), trial, tried }
    }

    async fn launch(&mut self, start: Start) {
        let core = &start.core;
        let may_be_quick = start.slow_polls < SLOW_POLLS_MAX && core.handler.may_be_quick();
        if may_be_quick && self.shared.may_try(core) {
            return self.attempt(start).await;
        }
        let core = core.clone();
        let execution = Execution::new(self.shared.clone(), start);
        self.shared.spawn_of(&core).spawn(Box::pin(execution.execute()));
        // The next run's first poll has not begun before.
        self.tried = self.shared.timer().now();
    }

    async fn attempt(&mut self, start: Start) {
        let (job, slow_polls) = (start.run.job, start.slow_polls);
        self.trial.set(Execution::new(self.shared.clone(), start).execute());
        let polled = poll_fn(|cx| Poll::Ready(self.trial.poll(cx))).await;
        let now = self.shared.timer().now();
        let took = now.saturating_duration_since(std::mem::replace(&mut self.tried, now));
        let was_slow = took > QUICK;
        if was_slow || slow_polls > 0 {
            self.shared.lock().engine.polled(job, was_slow);
        }
        if polled.is_pending() {
            let next = ReusableBoxFuture::new(ready(()));
            let task = std::mem::replace(&mut self.trial, next);
            self.shared.spawn().spawn(Box::pin(task));
            self.tried = self.shared.timer().now();
        }
    }
}

/// The scheduler runs for as long as this lives.
struct Running<'a>(&'a Arc<Shared>);

impl<'a> Running<'a> {
    fn begin(shared: &'a Arc<Shared>) -> Result<Self, Error> {
        let now = shared.wall_now();
        let mut state = shared.lock();
        if state.is_running {
            return Err(Kind::AlreadyRunning.into());
        }
        shared.timer().begin()?;
        state.is_running = true;
        state.cut.clear();
        if state.stop_at.is_none() {
            state.engine.hold(false, now);
        }
        drop(state);
        Ok(Self(shared))
    }

    async fn stop(self) -> Report {
        let Self(shared) = self;
        let timer = shared.timer();
        self.cut_what_has_not_started();
        // Softly: until the grace is over.
        while self.is_going() {
            let now = timer.now();
            let stop_at = shared.lock().stop_at.unwrap_or(now);
            tokio::select! {
                () = timer.sleep(stop_at.saturating_duration_since(now)) => break,
                () = shared.changed() => {}
            }
        }
        // Hard: first asking, then without asking.
        for stop in [Control::cancel, Control::abort] {
            self.going().iter().for_each(|control| stop(control));
            let mut wound_up = pin!(timer.sleep(TIME_TO_WIND_UP));
            while self.is_going() {
                tokio::select! {
                    () = &mut wound_up => break,
                    () = shared.changed() => {}
                }
            }
        }
        self.report()
    }

    fn cut_what_has_not_started(&self) {
        let now = self.0.wall_now();
        let mut state = self.0.lock();
        state.engine.hold(true, now);
        let starts = state.engine.take_effects(true).starts;
        state.going += starts.len();
        drop(state);
        // Dropping an execution records it as cancelled.
        starts.into_iter().for_each(|start| drop(Execution::new(self.0.clone(), start)));
    }

    fn report(&self) -> Report {
        let mut cut = std::mem::take(&mut self.0.lock().cut);
        cut.sort_by_key(|cut| (cut.run.due, cut.run.job));
        Report { cut, untold: Vec::new() }
    }

    fn is_going(&self) -> bool {
        self.0.lock().going > 0
    }

    fn going(&self) -> Vec<Arc<Control>> {
        self.0.lock().engine.going()
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let now = self.0.wall_now();
        let mut state = self.0.lock();
        state.engine.hold(true, now);
        state.is_running = false;
        state.stop_at = None;
        let going = state.engine.going();
        drop(state);
        going.iter().for_each(|control| control.abort());
    }
}
