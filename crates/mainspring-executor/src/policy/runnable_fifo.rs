//! First ready, first served.

use super::{Policy, Why};
use crate::{TaskList, TaskRef};

/// First ready, first served: tasks line up each time that they become ready.
///
/// The default, and the fastest: no allocation, no comparison.
#[derive(Debug, Default)]
pub struct RunnableFifo {
    ready: TaskList,
}

impl Policy for RunnableFifo {
    #[inline]
    fn push(&mut self, task: TaskRef, _: Why) {
        self.ready.push_back(task);
    }

    #[inline]
    fn pop(&mut self) -> Option<TaskRef> {
        self.ready.pop_front()
    }

    #[inline]
    fn len(&self) -> usize {
        self.ready.len()
    }
}
