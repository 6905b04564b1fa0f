//! The verbs in SQL, on whatever connection and in whatever transaction they are called.
//!
//! # Ground rules
//! - What changes one row at a time and is run for every run says `OR FAIL`: such a statement that
//!   breaks a rule has changed nothing yet, and SQLite then keeps no copies of pages to undo it, which
//!   was half the time of a claim.

pub(crate) mod advance;
pub(crate) mod claim;
pub(crate) mod columns;
pub(crate) mod enqueue;
pub(crate) mod fences;
pub(crate) mod finish;
pub(crate) mod history;
pub(crate) mod jobs;
pub(crate) mod leases;
pub(crate) mod tally;

use rusqlite::{Connection, Params, Row};

use crate::error::{Result, explained};

pub use enqueue::enqueue_in;

/// Runs a statement, and says how many rows it changed.
fn execute(connection: &Connection, sql: &str, params: impl Params) -> Result<usize> {
    let done = connection.prepare_cached(sql).and_then(|mut statement| statement.execute(params));
    done.map_err(explained)
}

/// The rows of a query or of a statement that returns what it changed.
fn rows<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>> {
    let mut statement = connection.prepare_cached(sql).map_err(explained)?;
    let rows = statement.query_map(params, read).map_err(explained)?;
    rows.collect::<rusqlite::Result<_>>().map_err(explained)
}

/// The first row, if there is one.
fn row<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>> {
    Ok(rows(connection, sql, params, read)?.into_iter().next())
}

/// Takes `count` numbers from a counter, and returns the one before the first.
fn take_numbers(connection: &Connection, counter: &str, count: usize) -> Result<u64> {
    let sql = "UPDATE mainspring_meta SET value = value + ?2 WHERE name = ?1 RETURNING value - ?2";
    let before = row(connection, sql, (counter, count as i64), |row| row.get::<_, i64>(0))?;
    before.and_then(|before| u64::try_from(before).ok()).ok_or_else(|| {
        let text = format!("the table mainspring_meta has no number `{counter}`");
        mainspring_job::store::StoreError::new(mainspring_job::store::StoreErrorKind::Corrupt, text)
    })
}
