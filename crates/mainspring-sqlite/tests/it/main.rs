//! The store in SQLite: the suite, other processes, crashes, and what disks do.

mod crash;
mod disk;
mod power;
mod processes;
mod scheduler;
#[cfg(target_os = "linux")]
mod small_disk;
mod suite;
