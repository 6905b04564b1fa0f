//! Hands out the numbers of claims: each once, even if a power cut undoes the claim.
//!
//! # Ground rules
//! - A number that was given out is at most the mark on the disk: claims need not be there themselves.
//! - Whoever opened the file begins behind the mark, with the first transaction that writes.
//! - So many numbers as one group of light claims can take lie below the mark when it begins.

use rusqlite::Connection;

use super::{execute, row, take_numbers};
use crate::error::Result;

/// The most runs that a claim may ask for and be light.
pub(crate) const LIGHT_CLAIM_MAX: usize = 1000;

/// More than a group of light claims takes.
const AHEAD: i64 = 1_000_000;

/// Takes `count` numbers, and returns the one before the first.
pub(crate) fn take(connection: &Connection, count: usize) -> Result<u64> {
    let before = take_numbers(connection, "last_fence", count)?;
    let sql = "UPDATE mainspring_meta SET value = ?1 WHERE name = 'fence_mark' AND value < ?1";
    execute(connection, sql, [before.saturating_add(count as u64).cast_signed()])?;
    Ok(before)
}

/// Whether a group of light claims may begin.
pub(crate) fn are_set_aside(connection: &Connection) -> Result<bool> {
    let sql = "SELECT m.value - f.value >= ? FROM mainspring_meta m, mainspring_meta f \
               WHERE m.name = 'fence_mark' AND f.name = 'last_fence'";
    Ok(row(connection, sql, [AHEAD], |row| row.get(0))?.unwrap_or(false))
}

/// Moves the mark on, far enough for a while. The transaction must reach the disk.
pub(crate) fn set_aside(connection: &Connection) -> Result<()> {
    let sql = "UPDATE mainspring_meta SET value = ? + \
               (SELECT value FROM mainspring_meta WHERE name = 'last_fence') WHERE name = 'fence_mark'";
    execute(connection, sql, [10 * AHEAD]).map(drop)
}

/// Begins behind the mark: whether numbers below it were given out is not known any more.
pub(crate) fn skip_to_mark(connection: &Connection) -> Result<()> {
    let sql = "UPDATE mainspring_meta SET value = max(value, \
               (SELECT value FROM mainspring_meta WHERE name = 'fence_mark')) WHERE name = 'last_fence'";
    execute(connection, sql, []).map(drop)
}
