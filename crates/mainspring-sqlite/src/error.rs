//! Says what SQLite's refusals mean for a store.

use mainspring_job::store::{StoreError, StoreErrorKind};
use rusqlite::ErrorCode;

pub(crate) type Result<T> = std::result::Result<T, StoreError>;

/// Tells what kind of trouble an error is, and what would help.
pub(crate) fn explained(error: rusqlite::Error) -> StoreError {
    let code = match &error {
        rusqlite::Error::SqliteFailure(failure, _) => Some(failure.code),
        _ => None,
    };
    let (kind, text) = match code {
        Some(ErrorCode::DiskFull) => {
            (StoreErrorKind::Full, "the disk is full; nothing was written: make room and try again")
        }
        Some(ErrorCode::ReadOnly) => {
            (StoreErrorKind::ReadOnly, "the file or its folder may not be written by this user")
        }
        Some(ErrorCode::DatabaseCorrupt) => (
            StoreErrorKind::Corrupt,
            "the file is damaged: restore it from a backup, or save what is left with `.recover`",
        ),
        Some(ErrorCode::NotADatabase) => {
            (StoreErrorKind::Corrupt, "the file is not an SQLite database")
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (
            StoreErrorKind::Unavailable,
            "another process has been writing for too long; try again",
        ),
        Some(ErrorCode::CannotOpen) => (
            StoreErrorKind::Other,
            "the file cannot be opened: is the folder there, and may this user use it?",
        ),
        Some(ErrorCode::SystemIoFailure) => {
            (StoreErrorKind::Unavailable, "the system failed to read or write the file")
        }
        Some(ErrorCode::TooBig) => (StoreErrorKind::Refused, "a text is too long for SQLite"),
        _ => (StoreErrorKind::Other, "SQLite refused"),
    };
    StoreError::new(kind, text).caused_by(error)
}

/// The same trouble for everybody whose work was in one transaction.
pub(crate) fn shared(error: &StoreError) -> StoreError {
    let copy = StoreError::new(error.kind(), error.to_string());
    match std::error::Error::source(error) {
        Some(source) => copy.caused_by(source.to_string()),
        None => copy,
    }
}
