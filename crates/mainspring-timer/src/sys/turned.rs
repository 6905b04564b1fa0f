//! A manual clock as a backend: it fires when a test turns the clock.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use mainspring_clock::{ManualClock, Wait};

use super::{Armed, Backend};

pub(crate) struct TurnedTimer {
    clock: ManualClock,
    waker: Waker,
    wait: Option<Wait>,
}

impl TurnedTimer {
    pub(crate) fn new(clock: ManualClock, waker: Waker) -> Self {
        Self { clock, waker, wait: None }
    }
}

impl Backend for TurnedTimer {
    fn arm(&mut self, deadline: Instant) -> io::Result<Armed> {
        let wait = self.wait.insert(self.clock.wait_until(deadline));
        let polled = Pin::new(wait).poll(&mut Context::from_waker(&self.waker));
        Ok(match polled {
            Poll::Ready(_) => Armed::Passed,
            Poll::Pending => Armed::Waiting,
        })
    }

    fn rest(&mut self) -> io::Result<()> {
        Ok(())
    }
}
