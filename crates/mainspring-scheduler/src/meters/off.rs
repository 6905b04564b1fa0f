//! Stands where metrics would be counted, and does nothing.

use std::sync::{Arc, MutexGuard};

use jiff::Timestamp;
use mainspring_job::RunState;
use mainspring_job::store::Store;
use mainspring_timer::Driver;

use crate::event::Skip;
use crate::stored::Board;
use crate::timer::Timer;

pub(crate) struct Meters;

/// An attempt under way.
pub(crate) struct Going;

impl Meters {
    pub(crate) fn new() -> Self {
        Self
    }

    pub(crate) fn started(&self, _: u32, _: Timestamp, _: impl FnOnce() -> Timestamp) {}

    pub(crate) fn attempt(&self, _: &Timer) -> Going {
        Going
    }

    pub(crate) fn ended(&self, _: RunState) {}

    pub(crate) fn retried(&self) {}

    pub(crate) fn skipped(&self, _: Skip) {}

    pub(crate) fn missed(&self, _: u64) {}

    pub(crate) fn count(&self, _: &Tally, _: usize) {}
}

/// What one turn of the engine has decided.
#[derive(Default)]
pub(crate) struct Tally;

impl Tally {
    pub(crate) fn added(&mut self) {}

    pub(crate) fn skipped(&mut self, _: Skip) {}

    pub(crate) fn missed(&mut self, _: u64) {}
}

/// What a node has claimed.
pub(crate) struct LeaseMeters;

impl LeaseMeters {
    pub(crate) fn new() -> Self {
        Self
    }

    pub(crate) fn held<'a>(&self, _: impl FnOnce() -> MutexGuard<'a, Board>) {}

    pub(crate) fn claimed(&self, _: usize) {}

    pub(crate) fn renewed(&self, _: usize) {}

    pub(crate) fn lost(&self, _: usize) {}

    pub(crate) fn reaped(&self, _: usize) {}
}

/// The store itself.
pub(crate) fn metered(store: Arc<dyn Store>, _: Option<&Driver>) -> Arc<dyn Store> {
    store
}
