//! Says how to connect.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use mainspring_job::store::{StoreError, StoreErrorKind};
use tokio_postgres::Config;

use crate::PostgresStore;
use crate::error::Result;

/// How to connect to a store.
///
/// ```
/// use std::time::Duration;
/// use mainspring_postgres::PostgresOptions;
///
/// let options = PostgresOptions::new("postgres://ada@localhost/shop")?
///     .schema("jobs")?
///     .connections(4)
///     .patience(Duration::from_secs(10));
/// assert!(PostgresOptions::new("mysql://localhost").is_err());
/// # Ok::<(), mainspring_job::store::StoreError>(())
/// ```
pub struct PostgresOptions {
    pub(crate) config: Config,
    pub(crate) schema: String,
    pub(crate) connections: usize,
    pub(crate) patience: Duration,
    pub(crate) roots: Option<PathBuf>,
    pub(crate) clock: Option<Clock>,
}

pub(crate) type Clock = Box<dyn Fn() -> Timestamp + Send + Sync>;

impl PostgresOptions {
    /// The database that `url` names: `postgres://user:password@host:port/database?sslmode=require`, or
    /// `host=… user=…`.
    ///
    /// # Errors
    /// If it is neither.
    pub fn new(url: &str) -> Result<Self> {
        let mut config = Config::from_str(url).map_err(|error| {
            let text = "that is no address of a database; \
                        allowed: postgres://user:password@host:port/database, or host=… user=…";
            StoreError::new(StoreErrorKind::Refused, text).caused_by(error)
        })?;
        if config.get_application_name().is_none() {
            config.application_name("mainspring");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(10));
        }
        // A server that vanished without a word is noticed within half a minute.
        config.keepalives_idle(Duration::from_secs(10));
        config.keepalives_interval(Duration::from_secs(5));
        config.keepalives_retries(3);
        config.tcp_user_timeout(Duration::from_secs(30));
        Ok(Self {
            config,
            schema: "mainspring".to_owned(),
            connections: 8,
            patience: Duration::from_secs(60),
            roots: None,
            clock: None,
        })
    }

    /// The schema that holds the tables; `mainspring` unless said otherwise. It is made if it is not
    /// there.
    ///
    /// # Errors
    /// If it is not 1 to 48 letters, digits and underscores, a digit not first.
    pub fn schema(self, schema: &str) -> Result<Self> {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let fits = (1..=48).contains(&schema.len())
            && schema.chars().all(is_word)
            && !schema.starts_with(|c: char| c.is_ascii_digit());
        if !fits {
            let text = format!(
                "`{schema}` cannot be a schema; allowed: 1 to 48 letters, digits and underscores, \
                 a digit not first"
            );
            return Err(StoreError::new(StoreErrorKind::Refused, text));
        }
        Ok(Self { schema: schema.to_owned(), ..self })
    }

    /// How many connections the pool may have; 8 unless said otherwise. One more listens for news.
    pub fn connections(self, connections: usize) -> Self {
        Self { connections: connections.max(1), ..self }
    }

    /// How long a call may take, reconnecting included, before it fails as unavailable; a minute unless
    /// said otherwise.
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Whom to trust with `sslmode=require`, as a PEM file; those whom the machine trusts unless said
    /// otherwise.
    pub fn root_certificates(self, file: impl Into<PathBuf>) -> Self {
        Self { roots: Some(file.into()), ..self }
    }

    /// For tests: the clock by which leases are judged; the server's unless said otherwise.
    pub fn clock(self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self { clock: Some(Box::new(clock)), ..self }
    }

    /// Connects, and makes or updates the tables.
    ///
    /// # Cancel safety
    /// Dropping the future may leave the tables made or updated.
    ///
    /// # Errors
    /// If the server cannot be reached within the patience, does not let this user in, or holds tables of
    /// a newer version.
    pub async fn connect(self) -> Result<PostgresStore> {
        PostgresStore::start(self).await
    }
}

impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The configuration's own text leaves the password out.
        f.debug_struct("PostgresOptions")
            .field("config", &self.config)
            .field("schema", &self.schema)
            .field("connections", &self.connections)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}
