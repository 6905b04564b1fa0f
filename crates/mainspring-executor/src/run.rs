//! Drives the executor: inside a host's task, by a thread of its own, or by hand.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::panic::resume_unwind;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use crate::RunError;
use crate::cell::{NO_DRIVER, Root};
use crate::core::{Away, Core};
use crate::engine::{Engine, Exit};
use crate::stats::add;

thread_local! {
    /// The executor at work on this thread: the innermost, where one runs inside another.
    static AT_WORK: RefCell<Option<Rc<Core>>> = const { RefCell::new(None) };
}

/// Looks at the executor at work on this thread, if there is one.
pub(crate) fn at_work<R>(look: impl FnOnce(&Core) -> R) -> Option<R> {
    // Cloned, so that nothing is borrowed while we look.
    AT_WORK.with_borrow(|core| core.as_ref().map(|core| look(core)))
}

/// The time during which the loop is running: it holds the engine, and gives it back whatever
/// happens.
struct Session<'a> {
    core: &'a Core,
    engine: Option<Box<Engine>>,
    outer: Option<Rc<Core>>,
    outer_driver: u32,
}

impl<'a> Session<'a> {
    fn enter(core: &'a Rc<Core>, driver: u32) -> Result<Self, RunError> {
        let engine = Some(core.engine.take().ok_or(RunError::Reentered)?);
        let outer = AT_WORK.replace(Some(Rc::clone(core)));
        let outer_driver = core.local().driver.replace(driver);
        Ok(Self { core, engine, outer, outer_driver })
    }

    fn engine(&mut self) -> &mut Engine {
        self.engine.as_mut().expect("taken out in `drop` alone")
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        let local = self.core.local();
        let driver = local.driver.replace(self.outer_driver);
        if local.is_driver_woken.replace(false)
            && let Some(Some(is_woken)) = self.core.drivers.borrow_mut().get_mut(driver as usize)
        {
            *is_woken = true;
        }
        // Only after a panic of user code that does not belong to a task is this not done before.
        local.current.set(crate::cell::NO_QUEUE);
        self.core.engine.set(self.engine.take());
        AT_WORK.set(self.outer.take());
    }
}

/// A future that drives the executor, as long as it exists.
struct Driver<'a> {
    core: &'a Rc<Core>,
    root: Root,
    number: u32,
}

impl<'a> Driver<'a> {
    fn new(core: &'a Rc<Core>) -> Self {
        let number = core.add_driver();
        Self { core, root: Root::new(&core.shared, core.local(), number), number }
    }

    /// Runs tasks, and polls `main` when it woke, until the host's turn.
    fn poll(
        &self,
        cx: &mut Context<'_>,
        waker: &Waker,
        mut main: impl FnMut(&mut Context<'_>) -> Poll<()>,
    ) -> Poll<Result<(), RunError>> {
        let core = self.core;
        let local = core.local();
        let mut session = match Session::enter(core, self.number) {
            Ok(session) => session,
            Err(error) => return Poll::Ready(Err(error)),
        };
        core.shared.unpark(local);
        let now_ns = core.read_clock(local);
        core.came_back(now_ns);
        session.engine().begin(core, now_ns);
        if let Some(Some(is_woken)) = core.drivers.borrow_mut().get_mut(self.number as usize) {
            local.is_driver_woken.set(std::mem::take(is_woken));
        }
        loop {
            if local.is_driver_woken.replace(false)
                && main(&mut Context::from_waker(waker)).is_ready()
            {
                core.leaves(session.engine().end(core, local), now_ns, None);
                return Poll::Ready(Ok(()));
            }
            match session.engine().work(core, local, u32::MAX) {
                Exit::Driver | Exit::Polled => {}
                Exit::Host => {
                    let end_ns = session.engine().end(core, local);
                    core.leaves(end_ns, now_ns, Some(Away::Host));
                    session.engine().host.come_back(cx);
                    return Poll::Pending;
                }
                Exit::Idle => {
                    let end_ns = session.engine().end(core, local);
                    if core.is_drained() {
                        // Who waits for that finds out now.
                        local.is_driver_woken.set(true);
                        if main(&mut Context::from_waker(waker)).is_ready() {
                            core.leaves(end_ns, now_ns, None);
                            return Poll::Ready(Ok(()));
                        }
                        local.is_driver_woken.set(false);
                    }
                    if core.shared.park(local, cx.waker()) {
                        core.leaves(end_ns, now_ns, Some(Away::Idle));
                        return Poll::Pending;
                    }
                }
                Exit::Panic(panic) => {
                    let end_ns = session.engine().end(core, local);
                    core.leaves(end_ns, now_ns, None);
                    drop(session);
                    resume_unwind(panic);
                }
            }
        }
    }
}

impl Drop for Driver<'_> {
    fn drop(&mut self) {
        self.core.remove_driver(self.number);
    }
}

impl Core {
    fn came_back(&self, now_ns: u64) {
        let Some((since_ns, away)) = self.away.take() else { return };
        let away_ns = now_ns.saturating_sub(since_ns);
        match away {
            Away::Idle => add(&self.totals.idle_ns, away_ns),
            Away::Host => add(&self.totals.host_ns, away_ns),
        }
    }

    fn leaves(&self, now_ns: u64, since_ns: u64, away: Option<Away>) {
        add(&self.totals.busy_ns, now_ns.saturating_sub(since_ns));
        match away {
            Some(Away::Idle) => add(&self.totals.parks, 1),
            Some(Away::Host) => add(&self.totals.host_turns, 1),
            None => {}
        }
        self.away.set(away.map(|away| (now_ns, away)));
    }
}

pub(crate) async fn run(core: &Rc<Core>) -> Result<(), RunError> {
    let driver = Driver::new(core);
    let waker = driver.root.waker();
    poll_fn(|cx| {
        driver.poll(cx, &waker, |_| if core.is_drained() { Poll::Ready(()) } else { Poll::Pending })
    })
    .await
}

pub(crate) async fn run_until<F: Future>(
    core: &Rc<Core>,
    future: F,
) -> Result<F::Output, RunError> {
    let driver = Driver::new(core);
    let waker = driver.root.waker();
    let mut future = pin!(future);
    let mut output = None;
    poll_fn(|cx| {
        driver.poll(cx, &waker, |cx| future.as_mut().poll(cx).map(|done| output = Some(done)))
    })
    .await?;
    Ok(output.expect("the driver is done when its future is"))
}

/// Polls one task, if one is ready.
pub(crate) fn tick(core: &Rc<Core>) -> Result<bool, RunError> {
    let local = core.local();
    let mut session = Session::enter(core, NO_DRIVER)?;
    let now_ns = core.read_clock(local);
    core.came_back(now_ns);
    session.engine().begin(core, now_ns);
    let exit = session.engine().work(core, local, 1);
    core.leaves(session.engine().end(core, local), now_ns, None);
    drop(session);
    match exit {
        Exit::Idle => Ok(false),
        Exit::Panic(panic) => resume_unwind(panic),
        Exit::Driver | Exit::Host | Exit::Polled => Ok(true),
    }
}

/// Polls a future on this thread, which sleeps in between.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }

        fn wake_by_ref(self: &Arc<Self>) {
            self.0.unpark();
        }
    }

    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut cx) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}
