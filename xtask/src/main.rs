//! The project's own chores, as `cargo xtask`.
//!
//! Every chore is a list of ordinary commands. Each one is printed before it runs, so that it can
//! be repeated by hand, and the first that fails ends the chore.

mod browser;
mod chores;
mod cross;
mod deb;
mod postgres;
mod sanitize;
mod step;

use std::process::ExitCode;

use step::Failure;

const HELP: &str = "\
The project's own chores.

Usage: cargo xtask CHORE

  test          run every test of the workspace, documentation examples included; installs
                PostgreSQL's server, Chromium and axe-core where they are missing (as root, on
                Debian and its kin)
  check         formatting, Clippy and rustdoc, with warnings denied; the bench and fuzz
                workspaces too
  ci            check, cross ci, then test
  bench [ARG]…  run the benches; ARGs go to them (`cargo xtask bench --help` lists them)
  cross [WHAT]… check and lint for other platforms, and run the timer's tests for Windows; WHAT
                is a target, `backends` (the timer's other backends, on this machine), `ci` (the
                quick part), or `install` (the compilers and Wine that this needs; as root)
  sanitize [S]  test the executor under AddressSanitizer and ThreadSanitizer, or the one named
                (`address`, `thread`); `cross install` brings what the latter needs
  deb           make a Debian package in target/debian; `cargo install cargo-deb` comes first
  help          this text
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

fn dispatch(args: &[String]) -> Result<(), Failure> {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["test"] => chores::test(),
        ["check"] => chores::check(),
        ["ci"] => {
            chores::check().and_then(|()| cross::cross(&["ci"])).and_then(|()| chores::test())
        }
        ["bench", rest @ ..] => chores::bench(rest),
        ["cross", rest @ ..] => cross::cross(rest),
        ["sanitize", rest @ ..] => sanitize::sanitize(rest),
        ["deb"] => deb::deb(),
        ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        [] => Err(Failure::usage(format!("no chore was named\n\n{HELP}"))),
        ["test" | "check" | "ci" | "deb", extra, ..] => {
            Err(Failure::usage(format!("unexpected argument `{extra}`: this chore takes none")))
        }
        [other, ..] => Err(Failure::usage(format!("no chore is called `{other}`\n\n{HELP}"))),
    }
}
