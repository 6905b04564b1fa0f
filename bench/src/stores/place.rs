//! Where stores keep their data: an empty folder, or an empty database of one server.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio_postgres::NoTls;

use super::{block_on, number};
use crate::server::Server;

/// Where a row's data is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// In SQLite, with `synchronous` `FULL`: a commit survives a power cut.
    Sqlite,
    /// In SQLite, with `NORMAL`: a commit survives the process.
    SqliteNormal,
    /// In PostgreSQL, with `fsync` and `synchronous_commit` on.
    Postgres,
}

/// Where an answer's data is kept. It goes when the place is dropped.
pub enum Place {
    File { folder: tempfile::TempDir, synchronous: &'static str },
    Database { url: String, name: String },
}

impl Place {
    /// A place with nothing in it.
    pub fn new(home: Home) -> Result<Self, String> {
        let file = |synchronous| {
            let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
            Ok(Self::File { folder, synchronous })
        };
        match home {
            Home::Sqlite => file("FULL"),
            Home::SqliteNormal => file("NORMAL"),
            Home::Postgres => {
                let name = format!("bench_{}", number());
                run(&format!("CREATE DATABASE {name}"))?;
                Ok(Self::Database { url: url(), name })
            }
        }
    }

    /// The file's path, or the database's address.
    pub fn address(&self) -> String {
        match self {
            Self::File { folder, .. } => path(folder).display().to_string(),
            Self::Database { url, name } => match url.rsplit_once('/') {
                Some((server, _)) => format!("{server}/{name}"),
                None => name.clone(),
            },
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Self::Database { name, .. } = self {
            // What stays goes with the server.
            let _ = run(&format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }
}

fn path(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("work.db")
}

/// Ends the server, if there was one. Places that are asked for afterwards have a new one.
pub fn close() {
    server().take();
}

/// A server of the benches' own. The tests' one does not wait for the disk; this one does.
fn server() -> MutexGuard<'static, Option<Server>> {
    static SERVER: Mutex<Option<Server>> = Mutex::new(None);
    SERVER.lock().unwrap_or_else(PoisonError::into_inner)
}

fn url() -> String {
    let mut server = server();
    let start = || {
        let mut server = Server::start();
        server.stop();
        server.resume(&["fsync=on"]);
        server
    };
    server.get_or_insert_with(start).url()
}

fn run(sql: &str) -> Result<(), String> {
    let url = url();
    block_on(async {
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await?;
        tokio::spawn(connection);
        client.batch_execute(sql).await
    })
    .map_err(|error| error.to_string())
}
