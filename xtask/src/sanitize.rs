//! Tests of the crates with `unsafe` code of their own, under the compiler's sanitizers.
//!
//! AddressSanitizer needs nothing but the toolchain. ThreadSanitizer needs what `cross install`
//! brings, and builds a standard library first.

use std::path::Path;

use crate::chores::root;
use crate::step::{Failure, Step};

const TESTS: [&str; 6] = ["-p", "mainspring-executor", "--all-features", "--lib", "--test", "it"];

/// Runs the tests under the sanitizers named, or both.
pub(crate) fn sanitize(args: &[&str]) -> Result<(), Failure> {
    match args {
        [] => address().and_then(|()| thread()),
        ["address"] => address(),
        ["thread"] => thread(),
        args => Err(Failure::usage(format!("`{}` is neither address nor thread", args.join(" ")))),
    }
}

fn address() -> Result<(), Failure> {
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    Step::cargo("Tests under AddressSanitizer", &["test", "--target", &target])
        .args(&TESTS)
        // It leaks on purpose; of all others leaks are told.
        .args(&["--", "--skip", "a_leaked_executor"])
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", "-Zsanitizer=address")
        .env("CARGO_TARGET_DIR", &root().join("target/asan").to_string_lossy())
        .run()
}

fn thread() -> Result<(), Failure> {
    Step::program("Tests under ThreadSanitizer", Path::new("xtask/cross/tsan.sh"))
        .args(&["test"])
        .args(&TESTS)
        // The models try interleavings by themselves, on fibers that the sanitizer takes for one thread.
        .args(&["--", "--skip", "modelled"])
        .env("CARGO_TARGET_DIR", &root().join("target/tsan").to_string_lossy())
        .run()
}
