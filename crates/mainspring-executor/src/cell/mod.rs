//! A task as one allocation: its future or result, who holds it, and how it is woken.
//!
//! The executor's thread is the task's *owner*; only it polls and drops the future. Everybody else
//! may wake, abort and await.
//!
//! # Ground rules
//! - `state` is the one word that threads share. Everything else in the header belongs to the
//!   owner's thread, except where a bit of `state` says otherwise (`join_waker`, the result) or the
//!   inbox does (`inbox_link`).
//! - A cell lives as long as its references: one of the executor, one of the join handle, one per
//!   waker and abort handle, one while it lies in the inbox. Until the task's result is published
//!   they are counted twice over: on the owner's thread in a plain number, elsewhere in `state`.
//!   Only the sum means anything, and as the executor's own reference is in it, it is not zero.
//!   Publishing puts both together in `state`.
//! - The executor's reference is the task list's; a [`TaskRef`] carries it while the task is ready.
//!   There is at most one `TaskRef` per task (the flag `HELD`), so a policy may lose one, or keep it
//!   for ever, and nothing dangles.
//! - On the owner's thread a wake touches no atomic word with more than a load. From elsewhere it
//!   sets a bit and pushes the task onto the inbox.
//! - A running task that is woken only takes note (`WOKEN`): it is queued after its poll, so its time
//!   is charged first and no second entry exists.
//! - No code of users runs while anything here is borrowed or half done.
//!
//! `unsafe` is allowed in this module alone: intrusive lists, one allocation for all parts, and
//! wakers are raw pointers by nature. Each block says why it holds.

#![expect(unsafe_code, reason = "the task cell: see the ground rules above")]

mod end;
mod header;
mod inbox;
mod join;
mod list;
mod local;
mod memory;
mod meta;
mod park;
mod root;
mod shared;
mod slab;
mod spawn;
mod state;
mod sync;
mod task;
mod task_ref;
mod waker;

pub use join::{AbortHandle, JoinHandle};
pub use list::TaskList;
pub use meta::{GroupIndex, TaskId, TaskMeta};
pub use task_ref::TaskRef;

pub(crate) use local::{Local, NO_DRIVER, NO_QUEUE};
pub(crate) use meta::{Extras, NO_GROUP, Origin};
pub(crate) use root::Root;
pub(crate) use shared::SharedRef;
pub(crate) use spawn::{spawn, spawn_remote};
pub(crate) use task::MaybeExtras;
pub(crate) use task_ref::Step;
