//! The state that all timers of a driver share, and what happens when its kernel timer fires.
//!
//! # Ground rules
//! - `state` is locked for arithmetic and for arming; tasks are woken after it is released.
//! - Whatever wakes the driver, it looks at the clock: an early or a needless wake fires nothing.
//! - While an entry waits, the backend is armed for its deadline or an earlier one.
//! - The backend holds a waker, the waker a weak reference: a driver nobody uses goes.
//!
//! Units: nanoseconds since `origin`, in `u64`.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::task::{Wake, Waker};
use std::time::Duration;

use mainspring_clock::{Clock, ManualClock, SystemClock};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::time::Instant;

use super::Backend;
use super::lead::Leads;
use super::queue::{Entry, Key, Queue};
use crate::clock::{tokio_now, tokio_now_unless_astray};
use crate::sys::{self, Armed};

pub(crate) struct Shared {
    source: Source,
    origin: Instant,
    /// Tokio's clock is not the machine's: it was paused. Never false again.
    astray: AtomicBool,
    pub(super) leads: Leads,
    /// Somebody waits out a lead by spinning.
    pub(super) spinning: AtomicBool,
    waker: Waker,
    state: Mutex<State>,
}

/// Whose time a driver goes by.
pub(crate) enum Source {
    Machine,
    Manual(ManualClock),
    /// That of a runtime which may pause it.
    Pausable(Handle),
    /// tokio's, whatever it shows.
    Tokio(Handle),
}

struct State {
    queue: Queue,
    /// What the backend is armed for; `NEVER` when for nothing.
    armed: u64,
    /// The backend has woken the driver, and does not listen until it is told to.
    is_spent: bool,
    backend: Box<dyn sys::Backend>,
    /// The runtime's own timer, after the driver has gone over to a paused clock.
    outlived: Option<Box<dyn sys::Backend>>,
}

/// What became of an entry's waker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Renewed {
    Same,
    Changed,
    /// The entry has fired.
    Gone,
}

const NEVER: u64 = u64::MAX;

/// So many are woken before the lock is taken again.
const BATCH: usize = 256;

/// The waker that the backend calls.
struct Bell {
    shared: OnceLock<Weak<Shared>>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if let Some(shared) = self.shared.get().and_then(Weak::upgrade) {
            shared.fire();
        }
    }
}

impl Shared {
    pub(super) fn in_runtime(backend: Backend) -> io::Result<Arc<Self>> {
        let handle = Handle::try_current()
            .map_err(|error| io::Error::new(io::ErrorKind::Unsupported, error))?;
        let os_timer = |waker| Ok(Box::new(sys::OsTimer::new(waker)?) as Box<dyn sys::Backend>);
        let tokio_timer = |waker| Ok(Box::new(sys::tokio_time::TokioTimer::new(waker)?) as _);
        match backend {
            Backend::Os => Self::new(Source::Machine, os_timer),
            Backend::Auto if !sys::HAS_OS_TIMER => Self::new(Source::Tokio(handle), tokio_timer),
            Backend::Auto => {
                // Only such a runtime can pause its clock.
                let source = match handle.runtime_flavor() {
                    RuntimeFlavor::CurrentThread => Source::Pausable(handle),
                    _ => Source::Machine,
                };
                Self::new(source, os_timer)
            }
            Backend::Portable => Self::new(Source::Tokio(handle), tokio_timer),
        }
    }

    pub(super) fn new(
        source: Source,
        backend: impl FnOnce(Waker) -> io::Result<Box<dyn sys::Backend>>,
    ) -> io::Result<Arc<Self>> {
        let bell = Arc::new(Bell { shared: OnceLock::new() });
        let waker = Waker::from(Arc::clone(&bell));
        let origin = match &source {
            Source::Manual(clock) => clock.now().into(),
            Source::Machine => SystemClock.now().into(),
            // A paused clock is behind the machine's.
            Source::Pausable(_) | Source::Tokio(_) => tokio_now(),
        };
        let backend = backend(waker.clone())?;
        let shared = Arc::new(Self {
            source,
            origin,
            astray: AtomicBool::new(false),
            leads: Leads::default(),
            spinning: AtomicBool::new(false),
            waker,
            state: Mutex::new(State {
                queue: Queue::default(),
                armed: NEVER,
                is_spent: false,
                backend,
                outlived: None,
            }),
        });
        let _ = bell.shared.set(Arc::downgrade(&shared));
        Ok(shared)
    }

    pub(super) fn now(&self) -> Instant {
        match &self.source {
            Source::Machine => SystemClock.now().into(),
            Source::Manual(clock) => clock.now().into(),
            Source::Pausable(_) if !self.astray.load(Ordering::Relaxed) => tokio_now(),
            Source::Pausable(handle) | Source::Tokio(handle) => {
                let _entered = handle.enter();
                tokio_now()
            }
        }
    }

    /// Whether waiting out a moment by spinning gets there.
    pub(super) fn is_real(&self) -> bool {
        match self.source {
            Source::Machine => true,
            Source::Pausable(_) => !self.astray.load(Ordering::Relaxed),
            Source::Manual(_) | Source::Tokio(_) => false,
        }
    }

    pub(super) fn manual_clock(&self) -> Option<&ManualClock> {
        match &self.source {
            Source::Manual(clock) => Some(clock),
            _ => None,
        }
    }

    pub(super) fn waiting(&self) -> usize {
        self.lock().queue.len()
    }

    pub(super) fn nanos(&self, instant: Instant) -> u64 {
        let since = instant.saturating_duration_since(self.origin).as_nanos();
        u64::try_from(since).unwrap_or(NEVER - 1).min(NEVER - 1)
    }

    /// The present instant, for a task that may wait next: if tokio's clock was paused, the driver
    /// goes over to it here.
    pub(super) fn now_followed(&self) -> Instant {
        if matches!(self.source, Source::Pausable(_)) && !self.astray.load(Ordering::Relaxed) {
            return tokio_now_unless_astray().unwrap_or_else(|| {
                self.follow_tokio();
                self.now()
            });
        }
        self.now()
    }

    /// # Panics
    /// If the clock was paused and the runtime has no time driver that could follow it.
    fn follow_tokio(&self) {
        let mut state = self.lock();
        if !self.astray.load(Ordering::Relaxed) {
            let timer = match sys::tokio_time::TokioTimer::new(self.waker.clone()) {
                Ok(timer) => Box::new(timer),
                Err(error) => panic!("a paused clock cannot be followed: {error}"),
            };
            // It waits for nothing any more, but tells when the runtime goes.
            state.outlived = Some(std::mem::replace(&mut state.backend, timer));
            state.armed = NEVER;
            self.astray.store(true, Ordering::Relaxed);
        }
        drop(state);
        self.fire();
    }

    pub(super) fn register(&self, moment: u64, entry: Entry) -> io::Result<Key> {
        let mut state = self.lock();
        let key = state.queue.insert(moment, entry);
        let armed = self.arm(&mut state, moment);
        drop(state);
        if armed? == Armed::Passed {
            self.fire();
        }
        Ok(key)
    }

    /// Moves an entry to an earlier moment, if it has not fired.
    pub(super) fn advance(&self, key: Key, moment: u64) {
        let mut state = self.lock();
        // Should the timer have failed, the next poll meets the error.
        let is_passed = state.queue.move_to(key, moment)
            && matches!(self.arm(&mut state, moment), Ok(Armed::Passed));
        drop(state);
        if is_passed {
            self.fire();
        }
    }

    /// Has `waker` called in the place of the one that the entry was made with.
    pub(super) fn renew(&self, key: Key, waker: &Waker) -> Renewed {
        let mut state = self.lock();
        let Some(entry) = state.queue.get_mut(key) else { return Renewed::Gone };
        if entry.waker.will_wake(waker) {
            return Renewed::Same;
        }
        let old = std::mem::replace(&mut entry.waker, waker.clone());
        drop(state);
        drop(old);
        Renewed::Changed
    }

    pub(super) fn cancel(&self, key: Key) {
        // Dropped after the lock is released: a waker may own a task that owns timers.
        let cancelled = self.lock().queue.cancel(key);
        drop(cancelled);
    }

    /// Wakes everyone whose deadline has passed, and arms for the next.
    fn fire(&self) {
        let mut wakers = Wakers::default();
        let mut again = NEVER;
        loop {
            let mut state = self.lock();
            state.is_spent = true;
            state.armed = NEVER;
            let now = self.nanos(self.now());
            let mut taken = 0;
            state.queue.take_due(now, BATCH, |deadline, entry| {
                let next = deadline.saturating_add(entry.again);
                if entry.again != 0 && next > now {
                    again = again.min(next);
                }
                wakers.push(entry.waker);
                taken += 1;
            });
            // An interval that has fired will soon wait for its next tick: armed for that now, it need
            // not be armed again. Alone, it arms by itself, after its task has run: the tick is earlier
            // by that call, and by what it takes to listen again.
            let foreseen = if again > now { again } else { NEVER };
            let armed = match state.queue.next() {
                Some(next) => self.arm(&mut state, next.min(foreseen)),
                None if taken > 0 => Ok(Armed::Waiting),
                // Woken for nothing: perhaps the runtime is going.
                None => self.listen(&mut state).map(|()| Armed::Waiting),
            };
            drop(state);
            wakers.wake();
            if taken < BATCH && !matches!(armed, Ok(Armed::Passed)) {
                return;
            }
        }
    }

    /// Sees to it that the backend fires at `deadline` or earlier.
    #[inline(never)]
    fn arm(&self, state: &mut State, deadline: u64) -> io::Result<Armed> {
        if deadline >= state.armed {
            return Ok(Armed::Waiting);
        }
        self.listen(state)?;
        let instant = self.instant(deadline);
        let armed = match state.backend.arm(instant) {
            Err(_) => {
                self.take_over(state)?;
                state.backend.arm(instant)?
            }
            Ok(armed) => armed,
        };
        state.armed = deadline;
        Ok(armed)
    }

    /// Has the backend wake the driver once more, after it has.
    #[inline(never)]
    fn listen(&self, state: &mut State) -> io::Result<()> {
        if !state.is_spent || state.rest().is_ok() {
            state.is_spent = false;
            return Ok(());
        }
        // The runtime is going. Its own tasks have gone before it; timers that others hold, now or later,
        // need another carrier.
        super::current::forget(self);
        match state.queue.len() {
            0 => Ok(()),
            _ => self.take_over(state),
        }
    }

    /// Lets a thread carry on where the backend has failed.
    fn take_over(&self, state: &mut State) -> io::Result<()> {
        state.backend = Box::new(sys::ThreadTimer::new(self.waker.clone())?);
        state.outlived = None;
        state.is_spent = false;
        state.armed = NEVER;
        Ok(())
    }

    fn instant(&self, nanos: u64) -> std::time::Instant {
        let origin = self.origin.into_std();
        origin.checked_add(Duration::from_nanos(nanos)).unwrap_or_else(|| {
            // Farther away than this clock can tell; whoever wakes then waits again.
            far_away(self.origin).into_std()
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No user code runs under the lock, so a poisoned state is a whole one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tasks to be woken: all of them, even if one's waker panics. A single one takes no memory.
#[derive(Default)]
struct Wakers {
    first: Option<Waker>,
    others: VecDeque<Waker>,
}

impl Wakers {
    fn push(&mut self, waker: Waker) {
        match self.first {
            None => self.first = Some(waker),
            Some(_) => self.others.push_back(waker),
        }
    }

    fn wake(&mut self) {
        while let Some(waker) = self.first.take().or_else(|| self.others.pop_front()) {
            waker.wake();
        }
    }
}

impl Drop for Wakers {
    fn drop(&mut self) {
        self.wake();
    }
}

impl State {
    fn rest(&mut self) -> io::Result<()> {
        if let Some(outlived) = &mut self.outlived {
            outlived.rest()?;
        }
        self.backend.rest()
    }
}

/// Thirty years away: as good as never, and every platform's clock can tell it.
pub(crate) fn far_away(now: Instant) -> Instant {
    now + Duration::from_secs(86_400 * 365 * 30)
}

#[cfg(test)]
mod tests;
