//! Opens the file, and brings its tables up to date.
//!
//! # Ground rules
//! - The file may be the user's own database: all our tables begin with `mainspring_`, and the version of
//!   their schema stands in one of them, not in SQLite's header.
//! - Migrations are numbered from 1 and only ever added to; each is a transaction.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use mainspring_clock::{SystemClock, WallClock};
use mainspring_job::store::{StoreError, StoreErrorKind};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior};

use crate::SqliteStore;
use crate::error::{Result, explained};

const MIGRATIONS: [&str; 1] = [include_str!("../migrations/0001_jobs_and_runs.sql")];

/// How much of the file each connection keeps in memory; negative, as SQLite wants kibibytes.
const CACHE_KIB: i64 = -16 * 1024;

/// So long the log grows, in pages of 4 KiB, before it is written into the file: a page that changed many
/// times in between is written once.
const LOG_PAGES: i64 = 4096;

/// When a commit counts as done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durability {
    /// When it is on the disk: what was answered survives a power cut. Claims and heartbeats need not, as a
    /// power cut ends their holders too: they do not wait for the disk.
    #[default]
    Full,
    /// When the operating system has it: what was answered survives the death of the process, but a
    /// power cut may take the last moments. The file stays whole either way.
    Normal,
}

/// How to open a store.
///
/// ```
/// use mainspring_sqlite::{Durability, SqliteOptions};
///
/// # let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("jobs.db");
/// let store = SqliteOptions::new(&path).durability(Durability::Normal).open()?;
/// # Ok::<(), mainspring_job::store::StoreError>(())
/// ```
pub struct SqliteOptions {
    path: PathBuf,
    durability: Durability,
    patience: Duration,
    clock: Clock,
}

pub(crate) type Clock = Box<dyn Fn() -> Timestamp + Send + Sync>;

impl SqliteOptions {
    /// The file at `path`, which is made if it is not there. Its folder must be.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self {
            path: path.as_ref().to_owned(),
            durability: Durability::default(),
            patience: Duration::from_secs(10),
            clock: Box::new(system_time),
        }
    }

    /// When a commit counts as done.
    pub fn durability(self, durability: Durability) -> Self {
        Self { durability, ..self }
    }

    /// How long to wait while another process writes; ten seconds unless said otherwise.
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The clock by which leases are judged; the machine's wall clock unless said otherwise.
    pub fn clock(self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self { clock: Box::new(clock), ..self }
    }

    /// Opens the store, and makes or updates its tables.
    ///
    /// Blocks for as long as the disk takes, which is milliseconds unless another process writes.
    ///
    /// # Errors
    /// If the file cannot be opened or written, is no database, or was written by a newer version.
    pub fn open(self) -> Result<SqliteStore> {
        let at = |error: StoreError| self.at(error);
        let mut writer = self.connect().map_err(at)?;
        migrate(&mut writer).map_err(at)?;
        let reader = self.connect().map_err(at)?;
        SqliteStore::start(self.clock, self.durability, writer, reader)
    }

    fn connect(&self) -> Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags).map_err(explained)?;
        if connection.is_readonly("main").map_err(explained)? {
            let text = "the file may be read but not written: by this user, or on this file system";
            return Err(StoreError::new(StoreErrorKind::ReadOnly, text));
        }
        connection.busy_timeout(self.patience).map_err(explained)?;
        self.write_ahead(&connection)?;
        synchronous(&connection, self.durability)?;
        // What a savepoint may have to bring back goes to memory, not to a file of its own.
        connection.pragma_update(None, "temp_store", "MEMORY").map_err(explained)?;
        connection.pragma_update(None, "cache_size", CACHE_KIB).map_err(explained)?;
        connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES).map_err(explained)?;
        // Otherwise a statement is planned anew whenever other values are bound to it.
        let is_stable = DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG;
        connection.set_db_config(is_stable, true).map_err(explained)?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(connection)
    }

    /// Switches the file to a write-ahead log, for which SQLite wants it alone for a moment.
    fn write_ahead(&self, connection: &Connection) -> Result<()> {
        const PAUSE: Duration = Duration::from_millis(5);
        let mut tries = self.patience.as_millis() / PAUSE.as_millis();
        loop {
            let mode: rusqlite::Result<String> =
                connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0));
            match mode.map_err(explained) {
                Ok(mode) if mode == "wal" => return Ok(()),
                Ok(mode) => {
                    let text = format!("SQLite keeps to the journal mode `{mode}` here, not WAL");
                    return Err(StoreError::new(StoreErrorKind::Other, text));
                }
                Err(error) if error.kind() == StoreErrorKind::Unavailable && tries > 0 => {
                    tries -= 1;
                    std::thread::sleep(PAUSE);
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn at(&self, error: StoreError) -> StoreError {
        let path = self.path.display();
        StoreError::new(error.kind(), format!("cannot open the store `{path}`: {error}"))
            .caused_by(error)
    }
}

impl fmt::Debug for SqliteOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteOptions")
            .field("path", &self.path)
            .field("durability", &self.durability)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

/// Sets when a commit counts as done, from the next transaction on.
pub(crate) fn synchronous(connection: &Connection, durability: Durability) -> Result<()> {
    let synchronous = match durability {
        Durability::Full => "FULL",
        Durability::Normal => "NORMAL",
    };
    connection.pragma_update(None, "synchronous", synchronous).map_err(explained)
}

/// Brings the tables up to date. Two processes that do so at once do it one after the other.
fn migrate(connection: &mut Connection) -> Result<()> {
    if version(connection)? == Some(MIGRATIONS.len()) {
        return Ok(());
    }
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(explained)?;
    let version = version(&transaction)?.unwrap_or(0);
    if version > MIGRATIONS.len() {
        let text = format!(
            "its tables are of version {version}, written by a newer program; this one knows \
             versions up to {}: update it",
            MIGRATIONS.len()
        );
        return Err(StoreError::new(StoreErrorKind::NewerSchema, text));
    }
    if version == 0 {
        let meta = "CREATE TABLE mainspring_meta (
            name TEXT PRIMARY KEY NOT NULL, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
            INSERT INTO mainspring_meta (name, value) VALUES ('schema', 0);";
        transaction.execute_batch(meta).map_err(explained)?;
    }
    for migration in &MIGRATIONS[version..] {
        transaction.execute_batch(migration).map_err(explained)?;
    }
    let update = "UPDATE mainspring_meta SET value = ? WHERE name = 'schema'";
    transaction.execute(update, [MIGRATIONS.len() as i64]).map_err(explained)?;
    transaction.commit().map_err(explained)
}

/// The version of the tables; `None` where there are none.
fn version(connection: &Connection) -> Result<Option<usize>> {
    let sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'mainspring_meta'";
    let there: Option<i64> =
        connection.query_row(sql, [], |row| row.get(0)).optional().map_err(explained)?;
    if there.is_none() {
        return Ok(None);
    }
    let sql = "SELECT value FROM mainspring_meta WHERE name = 'schema'";
    let version: i64 = connection.query_row(sql, [], |row| row.get(0)).map_err(explained)?;
    Ok(Some(usize::try_from(version).unwrap_or(usize::MAX)))
}

fn system_time() -> Timestamp {
    // Beyond the calendar there is no time to keep.
    SystemClock.wall_now().try_into().unwrap_or(Timestamp::MAX)
}
