//! What the executor and its policies know of a task.

use std::cell::Cell as Counter;
use std::fmt;
use std::marker::PhantomData;
use std::num::NonZeroU64;
use std::panic::Location;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::header::Header;
use super::join::AbortHandle;
use super::local::NO_QUEUE;
use super::sync::Cell;

/// A task's number: unique in this process, growing in the order of spawning on each thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(NonZeroU64);

/// A small number for a group within its queue, dense, so that a policy can keep its accounts in an
/// array.
///
/// It is used again once [`Policy::group_gone`](crate::Policy::group_gone) has been told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupIndex(pub(crate) u32);

/// What a policy may know of a task, and a word that it may keep with it.
///
/// Times are nanoseconds since the executor was built.
#[derive(Clone, Copy)]
pub struct TaskMeta<'a> {
    pub(super) cell: NonNull<Header>,
    pub(super) life: PhantomData<&'a ()>,
}

pub(crate) const NO_GROUP: u32 = u32::MAX;
/// Not in the list of living tasks.
pub(super) const NO_SLOT: u32 = u32::MAX;

/// Where a task comes from and where it shall go.
#[derive(Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) queue: u32,
    pub(crate) group: u32,
    /// Whether panics end with the handle.
    pub(crate) catches: bool,
    pub(crate) location: &'static Location<'static>,
}

/// What only some tasks have; the others do not pay for it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extras {
    pub(crate) name: Option<Arc<str>>,
    pub(crate) priority: u8,
    pub(crate) deadline_ns: Option<u64>,
    /// For a task sent from another thread: its group, which only the owner can look up, and the
    /// life of the queue that it is meant for.
    pub(crate) group: Option<u64>,
    pub(crate) queue_life: u32,
}

/// The owner's part of the header; what a poll needs comes last, as there.
#[repr(C)]
pub(super) struct Fields {
    pub(super) id: TaskId,
    pub(super) spawned_ns: Cell<u64>,
    pub(super) word: Cell<u64>,
    pub(super) references: Cell<i32>,
    pub(super) slot: Cell<u32>,
    pub(super) ready_ns: Cell<u64>,
    pub(super) group: Cell<u32>,
    pub(super) queue: u16,
    pub(super) flags: Cell<u16>,
}

impl Fields {
    #[inline]
    pub(super) fn queue(&self) -> u32 {
        if self.queue == u16::MAX { NO_QUEUE } else { self.queue.into() }
    }
}

impl TaskMeta<'_> {
    /// The task's number.
    pub fn id(self) -> TaskId {
        self.header().fields.id
    }

    /// The group it was spawned into, or whose task spawned it.
    pub fn group(self) -> Option<GroupIndex> {
        let group = self.header().fields.group.get();
        (group != NO_GROUP).then_some(GroupIndex(group))
    }

    /// When it was spawned.
    pub fn spawned_at(self) -> u64 {
        self.header().fields.spawned_ns.get()
    }

    /// Since when it has been ready, by the clock as it was last read before: early by one poll or
    /// two microseconds at most, never late.
    pub fn ready_since(self) -> u64 {
        self.header().fields.ready_ns.get()
    }

    /// The more, the more urgent; 0 unless set.
    pub fn priority(self) -> u8 {
        self.extras().map_or(0, |extras| extras.priority)
    }

    /// When it should be done, if that was said.
    pub fn deadline(self) -> Option<u64> {
        self.extras().and_then(|extras| extras.deadline_ns)
    }

    /// The word that the policy keeps with this task; 0 at first.
    pub fn word(self) -> u64 {
        self.header().fields.word.get()
    }

    /// Replaces the policy's word.
    pub fn set_word(self, word: u64) {
        self.header().fields.word.set(word);
    }

    /// Where it was spawned.
    pub fn location(self) -> &'static Location<'static> {
        self.header().location
    }

    pub(crate) fn name(self) -> Option<Arc<str>> {
        self.extras().and_then(|extras| extras.name.clone())
    }

    pub(crate) fn extras(&self) -> Option<&Extras> {
        let extras = self.header().vtable.extras;
        // SAFETY: the cell is alive, and the function is its own.
        let extras = unsafe { extras(self.cell) };
        // SAFETY: extras are part of the cell, and nothing ever changes them.
        extras.map(|extras| unsafe { extras.as_ref() })
    }

    pub(crate) fn queue(self) -> u32 {
        self.header().fields.queue()
    }

    /// For a root: the number of the driver.
    pub(crate) fn driver(self) -> u32 {
        self.word() as u32
    }

    pub(crate) fn abort_handle(self) -> AbortHandle {
        AbortHandle::of(self)
    }

    pub(crate) fn group_or_none(self) -> u32 {
        self.header().fields.group.get()
    }

    pub(super) fn header(&self) -> &Header {
        // SAFETY: a `TaskMeta` borrows from something that holds a reference to the cell.
        unsafe { self.cell.as_ref() }
    }
}

impl fmt::Debug for TaskMeta<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskMeta")
            .field("id", &self.id())
            .field("group", &self.group())
            .field("spawned_at", &self.spawned_at())
            .field("ready_since", &self.ready_since())
            .field("priority", &self.priority())
            .field("deadline", &self.deadline())
            .field("location", &self.location())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl GroupIndex {
    /// The number.
    pub fn get(self) -> usize {
        self.0 as usize
    }
}

impl TaskId {
    /// The number.
    pub fn get(self) -> u64 {
        self.0.get()
    }

    /// A new one.
    ///
    /// Threads take them in blocks: a spawn does not fight for a common counter.
    pub(super) fn next() -> Self {
        const BLOCK: u64 = 1 << 12;
        thread_local! {
            static NEXT: Counter<u64> = const { Counter::new(0) };
        }
        let mut next = NEXT.get();
        if next.is_multiple_of(BLOCK) {
            static BLOCKS: AtomicU64 = AtomicU64::new(0);
            next = BLOCKS.fetch_add(1, Ordering::Relaxed) * BLOCK;
        }
        NEXT.set(next + 1);
        Self(NonZeroU64::MIN.saturating_add(next))
    }
}
