//! The task cell once more, on loom's atomics, so that tests can try its interleavings.
//!
//! Same files, other `sync`.

#![expect(unsafe_code, reason = "as in the task cell itself")]
#![allow(dead_code, unreachable_pub, reason = "the models use a part of it")]

#[path = "sync_loom.rs"]
mod sync;

#[path = "end.rs"]
mod end;
#[path = "header.rs"]
mod header;
#[path = "inbox.rs"]
mod inbox;
#[path = "join.rs"]
mod join;
#[path = "list.rs"]
mod list;
#[path = "local.rs"]
mod local;
#[path = "memory.rs"]
mod memory;
#[path = "meta.rs"]
mod meta;
#[path = "park.rs"]
mod park;
#[path = "root.rs"]
mod root;
#[path = "shared.rs"]
mod shared;
#[path = "slab.rs"]
mod slab;
#[path = "spawn.rs"]
mod spawn;
#[path = "state.rs"]
mod state;
#[path = "task.rs"]
mod task;
#[path = "task_ref.rs"]
mod task_ref;
#[path = "waker.rs"]
mod waker;

mod tests;
