//! Timers that a system does not have: they are `None` when they are made.

use std::io;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use crate::kernel::{ClockKind, Setting, Start};

/// No timer on a clock of one's choice: the monotonic one is counted by arithmetic.
pub(crate) enum OwnTimer {}

impl OwnTimer {
    pub(crate) fn new(kind: ClockKind) -> io::Result<Option<Self>> {
        match kind {
            ClockKind::Monotonic => Ok(None),
            ClockKind::Realtime | ClockKind::Boottime => {
                let text = format!("this system has no {kind} clock for timers");
                Err(io::Error::new(io::ErrorKind::Unsupported, text))
            }
        }
    }

    pub(crate) fn arm(&self, _: Start, _: Option<Duration>) -> io::Result<Setting> {
        match *self {}
    }

    pub(crate) fn disarm(&self) -> io::Result<Setting> {
        match *self {}
    }

    pub(crate) fn remaining(&self) -> io::Result<Setting> {
        match *self {}
    }

    pub(crate) fn try_expirations(&self) -> io::Result<u64> {
        match *self {}
    }

    pub(crate) fn poll_expirations(&self, _: &mut Context<'_>) -> Poll<io::Result<u64>> {
        match *self {}
    }

    #[cfg(unix)]
    pub(crate) fn fd(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        match *self {}
    }
}

/// No timer that hears when the wall clock is set.
pub(crate) enum WallTimer {}

impl WallTimer {
    pub(crate) fn new() -> io::Result<Option<Self>> {
        Ok(None)
    }

    pub(crate) fn arm(&self, _: SystemTime) -> io::Result<bool> {
        match *self {}
    }

    pub(crate) fn poll_fired(&self, _: &mut Context<'_>) -> Poll<io::Result<bool>> {
        match *self {}
    }
}
