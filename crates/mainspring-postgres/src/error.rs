//! Says what PostgreSQL's refusals mean for a store.

use mainspring_job::store::{StoreError, StoreErrorKind};
use tokio_postgres::error::SqlState;

pub(crate) type Result<T> = std::result::Result<T, StoreError>;

/// What to do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// The transaction was undone, since another stood in its way: do it again at once.
    Again,
    /// The connection or the server is gone: whether anything was done is not known.
    Reconnect,
    /// Nothing helps.
    Tell,
}

/// What an error that the server did not send is about.
enum Spoken {
    Connection,
    /// TLS, the password, the address: it will be the same the next time.
    Setting,
    Value,
}

impl Spoken {
    /// The library tells its kinds apart by their texts alone.
    fn of(error: &tokio_postgres::Error) -> Self {
        let text = error.to_string();
        if text.contains("serializing") {
            return Self::Value;
        }
        if text.contains("authentication") || text.contains("configuration") {
            return Self::Setting;
        }
        let cause = std::error::Error::source(error);
        let broke = cause.and_then(|cause| cause.downcast_ref::<std::io::Error>());
        // A connection that ends while it is encrypted is no reason to give up; a certificate is.
        match broke.map(std::io::Error::kind) {
            None | Some(std::io::ErrorKind::InvalidData) if text.contains("TLS") => Self::Setting,
            _ => Self::Connection,
        }
    }
}

pub(crate) fn remedy(error: &tokio_postgres::Error) -> Remedy {
    let Some(code) = error.code() else {
        return match Spoken::of(error) {
            Spoken::Connection => Remedy::Reconnect,
            Spoken::Value | Spoken::Setting => Remedy::Tell,
        };
    };
    let passes = [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::TOO_MANY_CONNECTIONS,
        SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
    ];
    match code {
        code if *code == SqlState::T_R_SERIALIZATION_FAILURE => Remedy::Again,
        code if *code == SqlState::T_R_DEADLOCK_DETECTED => Remedy::Again,
        code if passes.contains(code) || code.code().starts_with("08") => Remedy::Reconnect,
        _ => Remedy::Tell,
    }
}

/// Tells what kind of trouble an error is, and what would help.
pub(crate) fn explained(error: tokio_postgres::Error) -> StoreError {
    let code = error.code().cloned();
    let (kind, text) = match &code {
        None => match Spoken::of(&error) {
            Spoken::Connection => {
                (StoreErrorKind::Unavailable, "the connection to the database broke")
            }
            Spoken::Setting => (
                StoreErrorKind::Other,
                "the connection to the database cannot be made as the address says: \
                 look at `sslmode`, at whom is trusted, and at the password",
            ),
            Spoken::Value => (StoreErrorKind::Refused, "a value does not fit into the database"),
        },
        Some(code) if code.code().starts_with("28") => {
            (StoreErrorKind::Other, "the database does not let this user in")
        }
        Some(code) if code.code().starts_with("53") => {
            (StoreErrorKind::Full, "the database has no room left, on its disk or otherwise")
        }
        Some(code) if *code == SqlState::READ_ONLY_SQL_TRANSACTION => {
            (StoreErrorKind::ReadOnly, "the database is read-only: is it a standby?")
        }
        Some(code) if *code == SqlState::INSUFFICIENT_PRIVILEGE => {
            (StoreErrorKind::ReadOnly, "this user may not do that: grant the schema to it")
        }
        Some(code) if code.code().starts_with("XX") => {
            (StoreErrorKind::Corrupt, "the database says that its data is damaged")
        }
        Some(code) if code.code().starts_with("22") || code.code().starts_with("54") => {
            (StoreErrorKind::Refused, "the database cannot keep such a text or instant")
        }
        Some(code) if *code == SqlState::UNDEFINED_TABLE => {
            (StoreErrorKind::Other, "the store's tables are gone: connect anew to make them")
        }
        Some(_) if remedy(&error) != Remedy::Tell => {
            (StoreErrorKind::Unavailable, "the database is not available")
        }
        Some(_) => (StoreErrorKind::Other, "the database refused"),
    };
    let said = error.as_db_error().map(|said| format!(" ({})", said.message()));
    StoreError::new(kind, format!("{text}{}", said.unwrap_or_default())).caused_by(error)
}
