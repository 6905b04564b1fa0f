//! tokio's own timer as a backend: to the millisecond, on every platform, and on a paused clock.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use mainspring_clock::{Clock, SystemClock};
use tokio::runtime::Handle;
use tokio::task::unconstrained;
use tokio::time::{Sleep, sleep_until};

use super::{Armed, Backend};

pub(crate) struct TokioTimer {
    handle: Handle,
    waker: Waker,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl TokioTimer {
    /// Fails outside a runtime, and in one whose time driver is off.
    pub(crate) fn new(waker: Waker) -> io::Result<Self> {
        let handle = Handle::try_current()
            .map_err(|error| io::Error::new(io::ErrorKind::Unsupported, error))?;
        // tokio tells in no other way that a runtime has no time driver.
        catch_unwind(|| drop(sleep_until(SystemClock.now().into()))).map_err(|_| no_time())?;
        Ok(Self { handle, waker, sleep: None })
    }
}

impl Backend for TokioTimer {
    fn arm(&mut self, deadline: Instant) -> io::Result<Armed> {
        let _entered = self.handle.enter();
        // A fresh one each time: resetting one that has been polled may call its waker at once, and
        // the caller holds the lock that the waker wants.
        self.sleep = None;
        let poll = AssertUnwindSafe(|| {
            let mut sleep = Box::pin(sleep_until(deadline.into()));
            let polled = Pin::new(&mut unconstrained(sleep.as_mut()))
                .poll(&mut Context::from_waker(&self.waker));
            (sleep, polled)
        });
        // A runtime that is shutting down panics here.
        let (sleep, polled) = catch_unwind(poll).map_err(|_| no_time())?;
        self.sleep = Some(sleep);
        Ok(match polled {
            Poll::Ready(()) => Armed::Passed,
            Poll::Pending => Armed::Waiting,
        })
    }

    fn rest(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn no_time() -> io::Error {
    let text = "the runtime's time driver is off or gone: call `enable_time` or `enable_all` on \
        its builder";
    io::Error::new(io::ErrorKind::Unsupported, text)
}
