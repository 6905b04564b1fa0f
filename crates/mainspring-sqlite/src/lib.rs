//! Keeps jobs and runs in an SQLite file: the durable [`Store`](mainspring_job::store::Store) of one machine.
//!
//! One file (and, while it is open, SQLite's two beside it), which several processes of the machine may
//! open at once. A commit is on the disk before it is answered, unless
//! [`Durability::Normal`] says otherwise. What many tasks ask for at the same time is committed together, so
//! that waiting for the disk costs once.
//!
//! ```
//! # tokio::runtime::Builder::new_multi_thread().build().unwrap().block_on(async {
//! use mainspring_job::JobName;
//! use mainspring_job::store::{Claim, Finish, Outcome, Store, Verdict, Work};
//! use mainspring_sqlite::SqliteStore;
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("jobs.db");
//! let store = SqliteStore::open(&path)?;
//! store.enqueue(&[Work::new(JobName::new("email")?).payload("\"ada\"")]).await?;
//!
//! // Another process, another day.
//! let claimed = store.claim(&Claim::new("node a", 10)).await?;
//! let end = Finish::new(claimed[0].hold(), Outcome::Succeeded);
//! assert_eq!(store.finish(&[end]).await?, [Verdict::Accepted]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! # In a transaction of your own
//! The tables may live in your own database, as their names begin with `mainspring_`. Then [`enqueue_in`]
//! adds work in the transaction that makes it necessary: both happen, or neither.
//!
//! # What is not promised
//! A network file system may break SQLite's locks: keep the file on a local disk. The clock is the
//! machine's wall clock; leases last longer when it is set back, and end early when it is set forward.

mod error;
mod open;
mod sql;
mod store;
mod worker;
mod writer;

pub use open::{Durability, SqliteOptions};
pub use sql::enqueue_in;
pub use store::SqliteStore;
