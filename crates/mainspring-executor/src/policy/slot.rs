//! A queue's policy as the loop calls it.

use super::{Policy, RunnableFifo, Why};
use crate::{GroupIndex, TaskMeta, TaskRef};

/// The default policy is not behind a pointer: it is the one that most polls go through.
pub(crate) enum Slot {
    Fifo(RunnableFifo),
    Other(Box<dyn Policy>),
}

impl Slot {
    /// Whether it might mix tasks up.
    #[inline]
    pub(crate) fn is_foreign(&self) -> bool {
        matches!(self, Self::Other(_))
    }

    #[inline]
    pub(crate) fn push(&mut self, task: TaskRef, why: Why) {
        match self {
            Self::Fifo(policy) => policy.push(task, why),
            Self::Other(policy) => policy.push(task, why),
        }
    }

    #[inline]
    pub(crate) fn pop(&mut self) -> Option<TaskRef> {
        match self {
            Self::Fifo(policy) => policy.pop(),
            Self::Other(policy) => policy.pop(),
        }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Fifo(policy) => policy.len() == 0,
            Self::Other(policy) => policy.is_empty(),
        }
    }

    #[inline]
    pub(crate) fn charge(&mut self, task: TaskMeta<'_>, ns: u64) {
        if let Self::Other(policy) = self {
            policy.charge(task, ns);
        }
    }

    #[inline]
    pub(crate) fn finished(&mut self, task: TaskMeta<'_>) {
        if let Self::Other(policy) = self {
            policy.finished(task);
        }
    }

    pub(crate) fn group_gone(&mut self, group: GroupIndex) {
        if let Self::Other(policy) = self {
            policy.group_gone(group);
        }
    }

    pub(crate) fn needs_every_poll(&self) -> bool {
        match self {
            Self::Fifo(_) => false,
            Self::Other(policy) => policy.needs_every_poll(),
        }
    }
}
