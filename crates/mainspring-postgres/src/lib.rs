//! Keeps jobs and runs in PostgreSQL: the [`Store`](mainspring_job::store::Store) for many nodes.
//!
//! Any number of schedulers may share one database: there is no leader. Runs are claimed in batches with
//! `FOR UPDATE SKIP LOCKED`, so that nodes do not wait for each other. News travels by `LISTEN` and `NOTIFY`;
//! it is a hint, and whoever relies on it also looks from time to time. When the server restarts or the
//! connection breaks, calls wait and are made again, for as long as the store's patience lasts.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use mainspring_job::JobName;
//! use mainspring_job::store::{Claim, Store, Work};
//! use mainspring_postgres::PostgresStore;
//!
//! let store = PostgresStore::connect("postgres://ada@db.example/shop?sslmode=require").await?;
//! store.enqueue(&[Work::new(JobName::new("email")?).payload("\"ada\"")]).await?;
//! let claimed = store.claim(&Claim::new("node a", 100)).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # What it needs
//! PostgreSQL 13 or later, and a user that may create a schema, or owns the one that is named; its tables
//! are made and updated when the store connects. A tokio runtime with time and I/O. A pooler between it and the
//! server must keep sessions (not only transactions).
//!
//! # In a transaction of your own
//! [`PostgresStore::enqueue_in`] adds work in the transaction that makes it necessary: both happen, or
//! neither.
//!
//! # TLS
//! As the URL's `sslmode` says: `disable`; `prefer`, the default, encrypts if the server can and does not ask
//! who it is; `require` encrypts and verifies the server's certificate and name, against those whom the
//! machine trusts or [`PostgresOptions::root_certificates`].

mod column;
mod error;
mod migrate;
mod news;
mod options;
mod pool;
mod sql;
mod store;
mod tls;

pub use options::PostgresOptions;
pub use store::PostgresStore;
