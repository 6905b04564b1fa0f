//! Other platforms, from one Linux machine: what their compilers say, and what their tests do.
//!
//! The scripts in `xtask/cross/` build a standard library for a target from the system's sources, and
//! run the system's cargo with it. Where something of theirs is not installed the chore says what to
//! install; `cargo xtask cross install` does it.
//!
//! What this cannot show is how late a timer is on those systems.

use std::path::Path;

use crate::chores::root;
use crate::step::{Failure, Step, need};

/// A platform, and what is asked about it.
struct Platform {
    target: &'static str,
    /// Packages that are for other systems.
    without: &'static [&'static str],
    /// The timer's tests run too, by an emulator.
    runs: bool,
}

/// Packages that build C code, for which the system has no compiler for other systems.
const HOLDS_C: [&str; 2] = ["mainspring-postgres", "mainspring-sqlite"];

const fn lint(target: &'static str) -> Platform {
    Platform { target, without: &HOLDS_C, runs: false }
}

const PLATFORMS: [Platform; 8] = [
    // The program runs crontabs: shells, signals and process groups.
    Platform {
        target: "x86_64-pc-windows-gnu",
        without: &["mainspring-cli", "mainspring-postgres", "mainspring-sqlite"],
        runs: true,
    },
    lint("x86_64-apple-darwin"),
    lint("x86_64-unknown-freebsd"),
    lint("x86_64-unknown-netbsd"),
    lint("x86_64-unknown-openbsd"),
    lint("x86_64-linux-android"),
    lint("i686-unknown-linux-gnu"),
    lint("aarch64-unknown-linux-gnu"),
];

/// The timer's other backends, on this system: under a Unix that it is not, and under none.
const BACKENDS: [&str; 2] = ["mainspring_kqueue_shim", "mainspring_force_fallback"];

/// Checks the platforms named, or all; `backends` are the timer's other backends, on this machine.
pub(crate) fn cross(args: &[&str]) -> Result<(), Failure> {
    let known =
        |arg: &&str| *arg == "backends" || PLATFORMS.iter().any(|platform| platform.target == *arg);
    match args {
        ["install"] => {
            script("Install compilers and Wine", "install.sh").args(&["base", "windows"]).run()
        }
        [] => {
            backends()?;
            PLATFORMS.iter().try_for_each(check)
        }
        args => match args.iter().find(|arg| !known(arg)) {
            Some(unknown) => Err(Failure::usage(format!(
                "`{unknown}` is not one of install, backends, {}",
                PLATFORMS.map(|platform| platform.target).join(", ")
            ))),
            None => args.iter().try_for_each(|arg| {
                match PLATFORMS.iter().find(|platform| platform.target == *arg) {
                    Some(platform) => check(platform),
                    None => backends(),
                }
            }),
        },
    }
}

/// Tests the timer on each of its other backends.
fn backends() -> Result<(), Failure> {
    BACKENDS.iter().try_for_each(|backend| {
        Step::cargo(
            &format!("The timer with {backend}"),
            &["test", "-p", "mainspring-timer", "--lib", "--test", "it", "--target-dir"],
        )
        .arg(root().join("target").join(backend))
        .env("RUSTFLAGS", &format!("--cfg {backend} -Dwarnings"))
        .run()
    })
}

fn check(platform: &Platform) -> Result<(), Failure> {
    let remedy = "call `cargo xtask cross install` as root on Debian 12 or later";
    need("/usr/bin/cargo-clippy", &["--version"], remedy)?;
    if platform.runs {
        need("/usr/lib/wine/wine64", &["--version"], remedy)?;
    }
    let Platform { target, without, runs } = platform;
    let mode = if *runs { "full" } else { "check" };
    script(&format!("Standard library for {target}"), "std.sh").args(&[mode, target]).run()?;
    let mut clippy = cargo(&format!("Clippy for {target}"), target).args(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--all-features",
    ]);
    for package in *without {
        clippy = clippy.args(&["--exclude", package]);
    }
    clippy.args(&["--", "-Dwarnings"]).run()?;
    if !runs {
        return Ok(());
    }
    cargo(&format!("The timer's tests for {target}"), target)
        .args(&["test", "-p", "mainspring-timer", "--lib", "--test", "it"])
        .run()
}

fn cargo(title: &str, target: &str) -> Step {
    let folder = root().join("target/cross");
    script(title, "cargo.sh").args(&[target]).env("CARGO_TARGET_DIR", &folder.to_string_lossy())
}

fn script(title: &str, name: &str) -> Step {
    Step::program(title, &Path::new("xtask/cross").join(name))
}
