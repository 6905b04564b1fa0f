//! Finds the PostgreSQL that tests start servers of, or installs it.

use std::path::Path;
use std::process::Command;

use crate::step::{Failure, Step};

/// What the tests run, and refuse to do without.
const PROGRAMS: [&str; 3] = ["initdb", "postgres", "pg_isready"];

/// Installs the server where it is missing and that can be done without asking; the tests look in the same
/// places.
pub(crate) fn need_postgres() -> Result<(), Failure> {
    if is_there() {
        return Ok(());
    }
    let can_install =
        cfg!(target_os = "linux") && is_root() && Path::new("/usr/bin/apt-get").exists();
    if !can_install {
        return Err(Failure::missing(
            "the tests start a PostgreSQL of their own, and `initdb`, `postgres` or `pg_isready` is \
             neither in the path nor in /usr/lib/postgresql/*/bin: install PostgreSQL's server \
             (Debian and Ubuntu: `apt-get install postgresql`)",
        ));
    }
    let apt = |title: &str, args: &[&str]| {
        Step::system(title, "apt-get").args(args).env("DEBIAN_FRONTEND", "noninteractive").run()
    };
    apt("What packages there are", &["update", "-q"])?;
    // Without a cluster of the system's own, which no test uses.
    apt(
        "Install PostgreSQL's server for the tests",
        &["install", "-q", "-y", "--no-install-recommends", "postgresql"],
    )?;
    if is_there() {
        return Ok(());
    }
    Err(Failure::missing("`apt-get install postgresql` brought no server to /usr/lib/postgresql"))
}

fn is_there() -> bool {
    let mut folders: Vec<_> = std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).collect())
        .unwrap_or_default();
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    folders.extend(versions.map(|entry| entry.path().join("bin")));
    PROGRAMS.iter().all(|program| folders.iter().any(|folder| folder.join(program).is_file()))
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|done| done.stdout == b"0\n")
}
