//! Systems without a timer that a runtime could wait for.

use std::io;
use std::task::Waker;
use std::time::Instant;

use super::{Armed, Backend};

pub(crate) const HAS_OS_TIMER: bool = false;

/// There is none.
pub(crate) enum OsTimer {}

impl OsTimer {
    pub(crate) fn new(_: Waker) -> io::Result<Self> {
        let text = "this system has no timer that a runtime could wait for: use Backend::Portable";
        Err(io::Error::new(io::ErrorKind::Unsupported, text))
    }
}

impl Backend for OsTimer {
    fn arm(&mut self, _: Instant) -> io::Result<Armed> {
        match *self {}
    }

    fn rest(&mut self) -> io::Result<()> {
        match *self {}
    }
}
