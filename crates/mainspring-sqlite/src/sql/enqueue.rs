//! Adds work that belongs to no job.

use jiff::Timestamp;
use mainspring_job::store::{Enqueued, StoreError, Work, from_micros, to_micros, whole_micros};
use mainspring_job::{JobId, RunId};
use rusqlite::{Connection, Transaction};

use super::columns::{run_id, signed};
use super::{row, take_numbers};
use crate::error::{Result, explained};

const ADD: &str = "INSERT INTO mainspring_runs (job, due, name, handler, payload, policy, queue, \
    priority, unique_key, state, at) VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7, ?8, 'due', ?2)";

/// Adds work in a transaction of your own: it is there if the transaction commits, and only then.
///
/// The tables must be in the transaction's database, where an [`SqliteStore`](crate::SqliteStore) made
/// them. `now` is what work without a time of its own is due at. A store that watches hears of it within
/// moments; [`ring`](crate::SqliteStore::ring) after the commit tells it at once.
///
/// ```
/// # use mainspring_job::JobName;
/// # use mainspring_job::store::{Store, Work};
/// # use mainspring_sqlite::{SqliteStore, enqueue_in};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("shop.db");
/// # let now = "2026-03-01T12:00:00Z".parse()?;
/// let store = SqliteStore::open(&path)?;
/// let mut shop = rusqlite::Connection::open(&path)?;
/// shop.execute_batch("CREATE TABLE orders (id INTEGER PRIMARY KEY, what TEXT)")?;
///
/// let order = shop.transaction()?;
/// order.execute("INSERT INTO orders (what) VALUES ('a clock')", [])?;
/// let mail = Work::new(JobName::new("confirm")?).payload("1");
/// enqueue_in(&order, &[mail], now)?;
/// order.commit()?;
/// store.ring();
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// If the tables are not there, or SQLite refuses; then roll the transaction back.
pub fn enqueue_in(
    transaction: &Transaction<'_>,
    work: &[Work],
    now: Timestamp,
) -> std::result::Result<Vec<Enqueued>, StoreError> {
    enqueue(transaction, work, now)
}

pub(crate) fn enqueue(
    connection: &Connection,
    work: &[Work],
    now: Timestamp,
) -> Result<Vec<Enqueued>> {
    if work.is_empty() {
        return Ok(Vec::new());
    }
    let now = to_micros(whole_micros(now));
    let mut job = take_numbers(connection, "last_job", work.len())?;
    let mut enqueued = Vec::with_capacity(work.len());
    let mut add = connection.prepare_cached(ADD).map_err(explained)?;
    for work in work {
        let key = work.unique.as_deref();
        if let Some(key) = key
            && let Some(run) = keyed(connection, work.handler.as_str(), key)?
        {
            enqueued.push(Enqueued::Exists(run));
            continue;
        }
        job += 1;
        let due = work.at.map_or(now, to_micros);
        let (handler, queue) = (work.handler.as_str(), work.queue.as_str());
        let policy = work.policy.to_string();
        let params = (signed(job), due, handler, &work.payload, policy, queue, work.priority, key);
        add.execute(params).map_err(explained)?;
        enqueued.push(Enqueued::Added(RunId { job: JobId::from_u64(job), due: from_micros(due) }));
    }
    Ok(enqueued)
}

/// The live run with that key.
fn keyed(connection: &Connection, handler: &str, key: &str) -> Result<Option<RunId>> {
    let sql = "SELECT job, due FROM mainspring_runs WHERE handler = ? AND unique_key = ?";
    row(connection, sql, (handler, key), |row| run_id(row, 0, 1))
}
