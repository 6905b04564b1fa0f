//! Drives the program as its users do: arguments, files, signals, what it prints, how it ends.

mod check;
mod commands;
mod convert;
#[cfg(unix)]
mod every_second;
mod help;
mod jitter;
mod jobs_toml;
mod next;
mod program;
#[cfg(unix)]
mod reaping;
#[cfg(unix)]
mod reload;
mod simulate;
#[cfg(unix)]
mod stopping;
#[cfg(unix)]
mod stored;
#[cfg(unix)]
mod users;
