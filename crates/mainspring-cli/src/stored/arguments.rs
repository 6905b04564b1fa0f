//! The command lines of what asks a store, or changes what it keeps.

use std::time::Duration;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use mainspring_job::RunState;

use super::address::Address;
use crate::cli::{duration, instant};

const STORE_HELP: &str = "\
Stores:
  sqlite:PATH                   a file, made by `run --store` or `migrate`
  postgres://USER@HOST/NAME     a database; also postgres:host=… user=… dbname=…
  Without --store, MAINSPRING_STORE says which (a password there is in no list of processes). Without
  that it is the only store in the folder where `run` keeps the state of files: STATE_DIRECTORY
  (systemd), else mainspring/ where the user's programs keep their state.";

/// What may be asked of a store.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Jobs(Jobs),
    Runs(Runs),
    History(History),
    /// Has a run of each job start now, beside its schedule
    Trigger(Named),
    /// Has nothing of these jobs due until they are resumed
    Pause(Named),
    /// Ends the pause of jobs; what was due meanwhile is not made up for
    Resume(Named),
    Cancel(Cancel),
    /// Forgets jobs; those that a file still names come back with the next `run`
    Remove(Named),
    Prune(Prune),
    Migrate(Migrate),
}

impl Command {
    pub(super) fn store(&self) -> &StoreArgs {
        match self {
            Self::Jobs(arguments) => &arguments.store,
            Self::Runs(arguments) => &arguments.store,
            Self::History(arguments) => &arguments.store,
            Self::Trigger(arguments)
            | Self::Pause(arguments)
            | Self::Resume(arguments)
            | Self::Remove(arguments) => &arguments.store,
            Self::Cancel(arguments) => &arguments.store,
            Self::Prune(arguments) => &arguments.store,
            Self::Migrate(arguments) => &arguments.store,
        }
    }
}

/// Which store, and for whom the answer is.
#[derive(Args, Debug)]
pub(crate) struct StoreArgs {
    /// The store: sqlite:PATH, or postgres://USER@HOST/NAME
    #[arg(
        long,
        env = "MAINSPRING_STORE",
        hide_env_values = true,
        value_name = "STORE",
        value_parser = Address::read
    )]
    pub(crate) store: Option<Address>,
    /// Print JSON, one object per line
    #[arg(long)]
    pub(crate) json: bool,
}

/// Lists the jobs that a store keeps
#[derive(Args, Debug)]
#[command(after_long_help = STORE_HELP)]
pub(crate) struct Jobs {
    /// Only these
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

/// Lists the runs that are due, wait for another attempt, or go on
#[derive(Args, Debug)]
#[command(after_long_help = STORE_HELP)]
pub(crate) struct Runs {
    /// Only of this job, or for this handler
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// At most so many
    #[arg(short = 'n', long, default_value_t = 100, value_name = "N")]
    pub(crate) count: usize,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

/// Lists the runs that have ended, the last one first
#[derive(Args, Debug)]
#[command(after_long_help = STORE_HELP)]
pub(crate) struct History {
    /// Only of this job, or for this handler
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// At most so many
    #[arg(short = 'n', long, default_value_t = 20, value_name = "N")]
    pub(crate) count: usize,
    /// Only those that ended so: succeeded, failed, `timed out`, cancelled, skipped or missed
    #[arg(long, value_name = "STATE", value_parser = final_state)]
    pub(crate) state: Option<RunState>,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

/// What is done to jobs, each by its name.
#[derive(Args, Debug)]
#[command(after_long_help = STORE_HELP)]
pub(crate) struct Named {
    /// The jobs
    #[arg(required = true, value_name = "NAME")]
    pub(crate) names: Vec<String>,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

/// Cancels runs: those that wait at once, those that go on by a word to their node
#[derive(Args, Debug)]
#[command(after_long_help = STORE_HELP)]
pub(crate) struct Cancel {
    /// The job, or the handler of enqueued work
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Only the run that was due then, such as 2026-03-28T12:00:00Z; all that are live by default
    #[arg(long, value_name = "RFC3339", value_parser = instant)]
    pub(crate) due: Option<Timestamp>,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

/// Makes a store's tables, or brings them up to date
///
/// So does every other command that opens the store; this one does nothing else.
#[derive(Args, Debug)]
#[command(after_long_help = STORE_HELP)]
pub(crate) struct Migrate {
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

/// Forgets runs that ended long ago
#[derive(Args, Debug)]
#[command(after_long_help = STORE_HELP)]
pub(crate) struct Prune {
    /// Those that ended longer ago than this, such as 12h or 30d
    #[arg(long, default_value = "7d", value_name = "TIME", value_parser = age)]
    pub(crate) older_than: Duration,
    /// The last so many of each name stay
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) keep: u32,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

fn final_state(text: &str) -> Result<RunState, String> {
    let state = RunState::named(&text.replace(['-', '_'], " ").to_lowercase());
    state.filter(|state| state.is_final()).ok_or_else(|| {
        let states = RunState::ALL.into_iter().filter(|state| state.is_final());
        let states: Vec<_> = states.map(RunState::as_str).collect();
        format!("allowed: {}", states.join(", "))
    })
}

/// As elsewhere, and in days too: `30d` has no zone that could make a day longer.
fn age(text: &str) -> Result<Duration, String> {
    const DAY: Duration = Duration::from_secs(86_400);
    let days = text.trim().strip_suffix('d').and_then(|days| days.trim_end().parse::<u32>().ok());
    match days {
        Some(days) => Ok(DAY * days),
        None => {
            duration(text).map_err(|_| "allowed: lengths of time such as 12h or 30d".to_owned())
        }
    }
}
