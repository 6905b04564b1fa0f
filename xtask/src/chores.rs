//! What each chore does, command by command.

use std::path::{Path, PathBuf};

use crate::browser::need_browser;
use crate::postgres::need_postgres;
use crate::step::{Failure, Step, need};

const DENY_WARNINGS: &str = "-Dwarnings";

/// Runs all tests, the workspace's last: its result lines end the log.
///
/// The tests need a Rust toolchain and a C linker, which this program was itself built with, a C
/// compiler for SQLite, a POSIX shell for the commands that crontabs hold, PostgreSQL's server, and
/// Chromium with its driver and an accessibility checker for the dashboard's page. The last three are
/// installed where they can be.
pub(crate) fn test() -> Result<(), Failure> {
    if cfg!(unix) {
        need(
            "sh",
            &["-c", "exit 0"],
            "the tests run crontab commands through it: install a shell",
        )?;
    }
    need("cc", &["--version"], "install a C compiler: SQLite is built along")?;
    if cfg!(unix) {
        need_postgres()?;
        need_browser()?;
    }
    if let Some(manifest) = other_workspace("bench") {
        Step::cargo("Test the bench harness", &["test", "--manifest-path"]).arg(manifest).run()?;
    }
    Step::cargo("Test the workspace", &["test", "--workspace", "--all-features"]).run()
}

/// Checks formatting, lints and documentation of everything that is compiled here.
pub(crate) fn check() -> Result<(), Failure> {
    need("cargo", &["fmt", "--version"], "install it with `rustup component add rustfmt`")?;
    need("cargo", &["clippy", "--version"], "install it with `rustup component add clippy`")?;

    // What is quick to know comes first.
    Step::cargo("Formatting", &["fmt", "--all", "--check"]).run()?;
    for name in ["bench", "fuzz"] {
        if let Some(manifest) = other_workspace(name) {
            Step::cargo(&format!("Formatting of {name}"), &["fmt", "--all", "--check"])
                .args(&["--manifest-path"])
                .arg(manifest)
                .run()?;
        }
    }

    Step::cargo("Clippy", &["clippy", "--locked", "--workspace", "--all-targets"])
        .args(&["--all-features", "--", DENY_WARNINGS])
        .run()?;
    Step::cargo("Documentation", &["doc", "--workspace", "--no-deps", "--all-features"])
        .env("RUSTDOCFLAGS", DENY_WARNINGS)
        .run()?;

    if let Some(manifest) = other_workspace("bench") {
        Step::cargo("Clippy on bench", &["clippy", "--all-targets", "--manifest-path"])
            .arg(manifest)
            .args(&["--", DENY_WARNINGS])
            .run()?;
    }
    // The fuzz targets are linked by a nightly compiler only; that they compile is known without.
    if let Some(manifest) = other_workspace("fuzz") {
        Step::cargo("The fuzz targets compile", &["check", "--manifest-path"])
            .arg(manifest)
            .env("RUSTFLAGS", DENY_WARNINGS)
            .run()?;
    }
    Ok(())
}

/// Runs the benches with `args`, in release mode.
pub(crate) fn bench(args: &[&str]) -> Result<(), Failure> {
    let manifest = other_workspace("bench")
        .ok_or_else(|| Failure::missing("bench/Cargo.toml is not there: is the clone complete?"))?;
    Step::cargo("Benches", &["run", "--release", "--manifest-path"])
        .arg(manifest)
        .args(&["--"])
        .args(args)
        .run()
}

/// The manifest of a workspace that keeps its own lock file, if it is part of this tree.
fn other_workspace(name: &str) -> Option<PathBuf> {
    let manifest = root().join(name).join("Cargo.toml");
    manifest.is_file().then_some(manifest)
}

/// The repository's root. Steps run there, wherever the chore was called from.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask/ lies in the root")
}
