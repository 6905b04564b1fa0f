//! Drives the program as its users do: arguments, files, signals, what it prints, how it ends.

mod check;
mod commands;
mod convert;
#[cfg(unix)]
mod every_second;
mod help;
mod jitter;
mod jobs_toml;
#[cfg(all(unix, feature = "dashboard"))]
mod listen;
#[cfg(all(feature = "dashboard", unix))]
mod metrics;
mod next;
#[cfg(all(unix, feature = "postgres"))]
mod nodes;
mod observability;
#[cfg(all(feature = "opentelemetry", unix))]
mod otlp;
mod packaging;
mod program;
#[cfg(unix)]
mod reaping;
#[cfg(unix)]
mod reload;
#[cfg(all(unix, feature = "postgres"))]
#[path = "../../../mainspring-postgres/tests/it/server.rs"]
#[expect(dead_code, reason = "the store's own tests break their servers")]
mod server;
mod simulate;
#[cfg(unix)]
mod stopping;
#[cfg(unix)]
mod stored;
#[cfg(unix)]
mod top;
#[cfg(unix)]
mod users;
