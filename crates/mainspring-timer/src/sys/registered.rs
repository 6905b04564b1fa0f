//! Gives a descriptor to the runtime's I/O driver.

use std::future::{Future, poll_fn};
use std::io;
use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::runtime::Handle;
use tokio::task::unconstrained;

/// A descriptor in the I/O driver of the runtime in which it was made.
pub(crate) struct Registered {
    fd: AsyncFd<OwnedFd>,
}

impl Registered {
    /// Fails outside a runtime, and in one whose I/O driver is off.
    pub(crate) fn new(fd: OwnedFd) -> io::Result<Self> {
        Handle::try_current().map_err(|error| io::Error::new(io::ErrorKind::Unsupported, error))?;
        // SAFETY: the descriptor is owned and moves in: it is open, and the same one, until the
        // `AsyncFd` is dropped.
        let registered = || unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) };
        // tokio tells in no other way that a runtime has no I/O driver. All that was touched is lost.
        match catch_unwind(AssertUnwindSafe(registered)) {
            Ok(result) => Ok(Self { fd: result.map_err(io::Error::from)? }),
            Err(_) => Err(io::Error::new(io::ErrorKind::Unsupported, NO_IO)),
        }
    }

    pub(crate) fn get(&self) -> &OwnedFd {
        self.fd.get_ref()
    }

    /// Forgets the readiness seen so far, and has `waker` called for the next.
    pub(crate) fn listen(&self, waker: &Waker) -> io::Result<()> {
        let mut cx = Context::from_waker(waker);
        loop {
            match self.poll_ready(&mut cx) {
                Poll::Ready(Ok(mut guard)) => guard.clear_ready(),
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => return Ok(()),
            }
        }
    }

    /// Has `waker` called when the runtime goes, listening or not.
    pub(crate) fn listen_for_the_end(&self, waker: &Waker) {
        // Nobody waits to write: what ends such a wait is the end of the I/O driver alone.
        let mut cx = Context::from_waker(waker);
        let _ = pin!(unconstrained(poll_fn(|cx| self.fd.poll_write_ready(cx)))).poll(&mut cx);
    }

    /// Calls `read` whenever the descriptor is ready, until it gives something else than
    /// `WouldBlock`.
    pub(crate) fn poll_read<R>(
        &self,
        cx: &mut Context<'_>,
        mut read: impl FnMut(&OwnedFd) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        loop {
            let mut guard = std::task::ready!(self.fd.poll_read_ready(cx))?;
            if let Ok(result) = guard.try_io(|fd| read(fd.get_ref())) {
                return Poll::Ready(result);
            }
        }
    }

    /// A task whose budget is spent would be told to come back later; a registration cannot wait.
    fn poll_ready<'a>(&'a self, cx: &mut Context<'_>) -> Poll<io::Result<Guard<'a>>> {
        pin!(unconstrained(poll_fn(|cx| self.fd.poll_read_ready(cx)))).poll(cx)
    }
}

type Guard<'a> = tokio::io::unix::AsyncFdReadyGuard<'a, OwnedFd>;

const NO_IO: &str = "the runtime's I/O driver is off: call `enable_io` or `enable_all` on its \
    builder, or use `Driver::thread`";
