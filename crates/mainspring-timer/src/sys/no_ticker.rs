//! Systems whose timers do not repeat by themselves, or only in whole milliseconds.

use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

/// No timer that repeats in the kernel.
pub(crate) enum Ticker {}

impl Ticker {
    pub(crate) fn new(_: Duration) -> io::Result<Option<Self>> {
        Ok(None)
    }

    pub(crate) fn poll_tick(&self, _: &mut Context<'_>) -> Poll<io::Result<u64>> {
        match *self {}
    }
}
