//! Finds the store that a command is about, and opens it.
//!
//! # Ground rules
//! - An address is not shown as it was given: it may hold a password.
//! - Only what is meant to make a store makes one: asking a file that is not there is an error, and
//!   leaves no empty file behind.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use mainspring_job::store::Store;
#[cfg(feature = "postgres")]
use mainspring_job::store::StoreError;
use mainspring_sqlite::SqliteStore;

/// Where a store is.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Address {
    Sqlite(PathBuf),
    Postgres(String),
}

impl Address {
    /// Reads `sqlite:PATH`, `postgres://…` or `postgres:…`.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(path.into())),
            Some(("postgres" | "postgresql", rest)) if rest.starts_with("//") => {
                Ok(Self::Postgres(text.to_owned()))
            }
            Some(("postgres" | "postgresql", rest)) if !rest.is_empty() => {
                Ok(Self::Postgres(rest.to_owned()))
            }
            _ => Err("allowed: sqlite:PATH, or postgres://USER@HOST/NAME".to_owned()),
        }
    }

    /// The same, or `none`.
    pub(crate) fn read_or_none(text: &str) -> Result<Option<Self>, String> {
        if text == "none" {
            return Ok(None);
        }
        Self::read(text).map(Some).map_err(|allowed| format!("{allowed}, or none"))
    }

    /// The file for those who run `files` and name no store: one for each set of files, in the
    /// [folder](state_folder) for state. `None` where there is no such folder.
    pub(crate) fn of_files(files: &[PathBuf]) -> Option<Self> {
        let mut paths: Vec<PathBuf> = files
            .iter()
            .map(|file| std::path::absolute(file).unwrap_or_else(|_| file.clone()))
            .collect();
        paths.sort();
        let first = paths.first()?.file_stem()?.to_string_lossy().into_owned();
        let hash = paths.iter().fold(FNV_START, |hash, path| {
            let bytes = path.as_os_str().as_encoded_bytes();
            bytes
                .iter()
                .chain(&[0])
                .fold(hash, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(FNV_PRIME))
        });
        let first: String = first.chars().filter(|c| c.is_alphanumeric() || *c == '-').collect();
        Some(Self::Sqlite(state_folder()?.join(format!("{first}-{hash:08x}.db"))))
    }

    /// The only store in the folder for state.
    ///
    /// # Errors
    /// If there is none, or more than one.
    pub(crate) fn only_one() -> Result<Self, String> {
        let folder = state_folder().ok_or("there is no folder for a user's state: use --store")?;
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        let mut stores: Vec<PathBuf> = entries
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "db"))
            .collect();
        stores.sort();
        match stores.as_slice() {
            [one] => Ok(Self::Sqlite(one.clone())),
            [] => Err(format!(
                "there is no store in `{}`: `mainspring run FILE` makes one, --store names one",
                folder.display()
            )),
            several => {
                let lines =
                    several.iter().map(|path| format!("\n  --store sqlite:{}", path.display()));
                Err(format!("there are several stores; name one:{}", lines.collect::<String>()))
            }
        }
    }

    /// Opens the store; makes it too if `make` is set.
    ///
    /// # Errors
    /// If it cannot be opened, in a sentence for people.
    pub(crate) async fn open(&self, make: bool) -> Result<Arc<dyn Store>, String> {
        match self {
            Self::Sqlite(path) => {
                prepare(path, make)?;
                let store = SqliteStore::open(path).map_err(|error| error.to_string())?;
                Ok(Arc::new(store))
            }
            // A service may start before its database; whoever asks a question waits at a terminal.
            Self::Postgres(url) => {
                connect(url, Duration::from_secs(if make { 60 } else { 10 })).await
            }
        }
    }
}

/// Fowler, Noll and Vo's hash, FNV-1a: the same in every build, since files are named by it.
const FNV_START: u32 = 0x811c_9dc5;
const FNV_PRIME: u32 = 0x0100_0193;

/// systemd's folder for a service's state, else where the user's programs keep theirs.
fn state_folder() -> Option<PathBuf> {
    match std::env::var_os("STATE_DIRECTORY").filter(|value| !value.is_empty()) {
        // systemd may give several, with colons between them.
        Some(folders) => std::env::split_paths(&folders).next(),
        None => Some(dirs::state_dir().or_else(dirs::data_local_dir)?.join("mainspring")),
    }
}

fn prepare(path: &Path, make: bool) -> Result<(), String> {
    if make {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        return folder.map_or(Ok(()), |folder| {
            std::fs::create_dir_all(folder)
                .map_err(|error| format!("cannot make the folder `{}`: {error}", folder.display()))
        });
    }
    if path.exists() {
        return Ok(());
    }
    let path = path.display();
    Err(format!(
        "there is no store `{path}`; `mainspring run --store sqlite:{path} FILE` or `mainspring migrate` \
         makes one, and --store names another"
    ))
}

#[cfg(feature = "postgres")]
async fn connect(url: &str, patience: Duration) -> Result<Arc<dyn Store>, String> {
    let connected = async {
        let options = mainspring_postgres::PostgresOptions::new(url)?;
        options.patience(patience).connect().await
    };
    Ok(Arc::new(connected.await.map_err(|error: StoreError| error.to_string())?))
}

#[cfg(not(feature = "postgres"))]
async fn connect(_: &str, _: Duration) -> Result<Arc<dyn Store>, String> {
    Err("this program was built without PostgreSQL: its feature `postgres` is off".to_owned())
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(_) => f.write_str("postgres"),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn addresses() {
        let postgres = |url: &str| Ok(Address::Postgres(url.into()));
        assert_eq!(Address::read("sqlite:a b.db"), Ok(Address::Sqlite("a b.db".into())));
        assert_eq!(Address::read("postgres://u@h/d"), postgres("postgres://u@h/d"));
        assert_eq!(Address::read("postgresql://h/d"), postgres("postgresql://h/d"));
        assert_eq!(Address::read("postgres:host=h user=u"), postgres("host=h user=u"));
        for wrong in ["", "sqlite", "sqlite:", "postgres:", "jobs.db", "mysql://h/d"] {
            assert!(Address::read(wrong).is_err_and(|error| error.contains("sqlite:PATH")));
        }
    }

    #[test]
    fn a_password_is_shown_nowhere() {
        let address = Address::Postgres("postgres://ada:secret@h/d".into());
        assert_eq!(format!("{address} {address:?}"), "postgres postgres");
    }
}
