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

/// Its TLS is C and assembly, with a build script that asks the compiler.
const POSTGRES: &str = "mainspring-postgres";

/// Stands on what is portable already, and on much of it.
const DASHBOARD: &str = "mainspring-dashboard";

/// Have that as a feature; they are checked without.
const CLI: &str = "mainspring-cli";
const FACADE: &str = "mainspring";

/// What of the facade is checked.
const FACADE_FEATURES: &str =
    "mainspring/executor mainspring/serde mainspring/sqlite mainspring/timer";

const fn lint(target: &'static str) -> Platform {
    Platform { target, without: &[CLI, DASHBOARD, FACADE, POSTGRES], runs: false }
}

const PLATFORMS: [Platform; 8] = [
    // The program runs crontabs: shells, signals and process groups.
    Platform {
        target: "x86_64-pc-windows-gnu",
        without: &[CLI, DASHBOARD, FACADE, POSTGRES],
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

/// What continuous integration looks at: one system of each kind of timer, and a 32-bit one.
const CI: [&str; 4] = [
    "x86_64-pc-windows-gnu",
    "x86_64-apple-darwin",
    "x86_64-unknown-freebsd",
    "i686-unknown-linux-gnu",
];

/// What differs between systems.
const PLATFORM_PACKAGES: [&str; 3] = ["mainspring-clock", "mainspring-timer", "mainspring-wheel"];

/// Checks the platforms named, or all; `backends` are the timer's other backends, on this machine.
pub(crate) fn cross(args: &[&str]) -> Result<(), Failure> {
    let known =
        |arg: &&str| *arg == "backends" || PLATFORMS.iter().any(|platform| platform.target == *arg);
    match args {
        ["install"] => install(),
        ["ci"] => ci(),
        [] => {
            backends()?;
            PLATFORMS.iter().try_for_each(check_all)
        }
        args => match args.iter().find(|arg| !known(arg)) {
            Some(unknown) => Err(Failure::usage(format!(
                "`{unknown}` is not one of ci, install, backends, {}",
                PLATFORMS.map(|platform| platform.target).join(", ")
            ))),
            None => args.iter().try_for_each(|arg| {
                match PLATFORMS.iter().find(|platform| platform.target == *arg) {
                    Some(platform) => check_all(platform),
                    None => backends(),
                }
            }),
        },
    }
}

fn install() -> Result<(), Failure> {
    script("Install compilers and Wine", "install.sh").args(&["base", "windows"]).run()
}

/// The part that is quick, and all that can be had on this machine: where the compilers are not
/// installed and cannot be, it says so and ends well.
fn ci() -> Result<(), Failure> {
    backends()?;
    if tools(true).is_err() {
        if let Err(failure) = install() {
            println!("skipped, as other platforms' compilers are not to be had here: {failure}");
            return Ok(());
        }
        tools(true)?;
    }
    let platforms = PLATFORMS.iter().filter(|platform| CI.contains(&platform.target));
    for platform in platforms {
        let packages = PLATFORM_PACKAGES.iter().flat_map(|package| ["-p", *package]);
        check(platform, packages.collect())?;
    }
    Ok(())
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

fn check_all(platform: &Platform) -> Result<(), Failure> {
    check(platform, workspace(platform))?;
    let target = platform.target;
    let program = if target.contains("windows") { &[][..] } else { &["-p", CLI] };
    cargo(&format!("Clippy for what has PostgreSQL as a feature, on {target}"), target)
        .args(&["clippy", "--no-default-features", "-p", FACADE, "--features", FACADE_FEATURES])
        .args(program)
        .args(&["--all-targets", "--", "-Dwarnings"])
        .run()
}

/// All packages but those that are for other systems.
fn workspace(platform: &Platform) -> Vec<&'static str> {
    let without = platform.without.iter().flat_map(|package| ["--exclude", *package]);
    ["--workspace"].into_iter().chain(without).collect()
}

/// Whether the compilers are here, and what runs programs for Windows.
fn tools(runs: bool) -> Result<(), Failure> {
    let remedy = "call `cargo xtask cross install` as root on Debian 12 or later";
    need("/usr/bin/cargo-clippy", &["--version"], remedy)?;
    if runs {
        need("/usr/bin/x86_64-w64-mingw32-gcc", &["--version"], remedy)?;
        need("/usr/lib/wine/wine64", &["--version"], remedy)?;
    }
    Ok(())
}

fn check(platform: &Platform, packages: Vec<&str>) -> Result<(), Failure> {
    let Platform { target, runs, .. } = platform;
    tools(*runs)?;
    let mode = if *runs { "full" } else { "check" };
    script(&format!("Standard library for {target}"), "std.sh").args(&[mode, target]).run()?;
    cargo(&format!("Clippy for {target}"), target)
        .args(&["clippy"])
        .args(&packages)
        .args(&["--all-targets", "--all-features", "--", "-Dwarnings"])
        .run()?;
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
