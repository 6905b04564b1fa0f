//! Highest priority first.

use super::{Policy, Why};
use crate::{TaskList, TaskRef};

/// Highest priority first, first ready first served among equals.
///
/// Strict: while a task of a higher priority is ready, none of a lower one runs.
///
/// ```
/// use mainspring_executor::{Executor, Priority};
///
/// let executor = Executor::builder().queue("all", 1, Priority::default()).build()?;
/// let all = executor.queue("all")?;
/// all.task().priority(1).spawn(async {}).detach();
/// let urgent = all.task().priority(9).spawn(async { "first" });
/// assert_eq!(executor.block_on(urgent)??, "first");
/// assert_eq!(executor.task_count(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Priority {
    /// One list per priority.
    ready: Vec<TaskList>,
    /// Which of them are not empty.
    filled: [u64; 4],
    len: usize,
}

impl Default for Priority {
    fn default() -> Self {
        let ready = std::iter::repeat_with(TaskList::new).take(256).collect();
        Self { ready, filled: [0; 4], len: 0 }
    }
}

impl Policy for Priority {
    fn push(&mut self, task: TaskRef, _: Why) {
        let level = usize::from(task.meta().priority());
        self.ready[level].push_back(task);
        self.filled[level / 64] |= 1 << (level % 64);
        self.len += 1;
    }

    fn pop(&mut self) -> Option<TaskRef> {
        let word = (0..4).rev().find(|&word| self.filled[word] != 0)?;
        let bit = self.filled[word].ilog2() as usize;
        let list = &mut self.ready[word * 64 + bit];
        let task = list.pop_front();
        if list.is_empty() {
            self.filled[word] &= !(1 << bit);
        }
        self.len -= usize::from(task.is_some());
        task
    }

    fn len(&self) -> usize {
        self.len
    }
}
