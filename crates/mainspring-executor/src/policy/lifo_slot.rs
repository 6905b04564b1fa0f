//! Runs the task that was woken last first, while its data is warm.

use super::{Policy, Why};
use crate::{GroupIndex, RunnableFifo, TaskMeta, TaskRef};

/// A slot in front of another policy: the task woken last goes first.
///
/// Good for those who hand messages to each other: the receiver finds the message in the cache. Two
/// such tasks could pass the slot between them for ever, so after `TURNS` turns in a row the other
/// policy has one.
///
/// ```
/// use mainspring_executor::{ArrivalFifo, Executor, LifoSlot};
///
/// let executor = Executor::builder()
///     .queue("messages", 1, LifoSlot::new(ArrivalFifo::default()))
///     .build()?;
/// assert_eq!(executor.block_on(executor.queue("messages")?.spawn(async { 42 }))??, 42);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct LifoSlot<P = RunnableFifo> {
    slot: Option<TaskRef>,
    turns: u8,
    inner: P,
}

const TURNS: u8 = 16;

impl<P: Policy> LifoSlot<P> {
    /// A slot in front of `inner`.
    pub fn new(inner: P) -> Self {
        Self { slot: None, turns: 0, inner }
    }
}

impl<P: Policy> Policy for LifoSlot<P> {
    fn push(&mut self, task: TaskRef, why: Why) {
        if why == Why::Woken {
            if let Some(earlier) = self.slot.replace(task) {
                self.inner.push(earlier, why);
            }
        } else {
            self.inner.push(task, why);
        }
    }

    fn pop(&mut self) -> Option<TaskRef> {
        let has_turn = self.turns < TURNS || self.inner.is_empty();
        if let Some(task) = self.slot.take_if(|_| has_turn) {
            self.turns = self.turns.saturating_add(1);
            return Some(task);
        }
        self.turns = 0;
        self.inner.pop()
    }

    fn len(&self) -> usize {
        self.inner.len() + usize::from(self.slot.is_some())
    }

    fn charge(&mut self, task: TaskMeta<'_>, ns: u64) {
        self.inner.charge(task, ns);
    }

    fn finished(&mut self, task: TaskMeta<'_>) {
        self.inner.finished(task);
    }

    fn group_gone(&mut self, group: GroupIndex) {
        self.inner.group_gone(group);
    }

    fn needs_every_poll(&self) -> bool {
        self.inner.needs_every_poll()
    }
}
