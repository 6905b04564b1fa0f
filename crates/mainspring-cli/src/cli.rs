//! The command line: what may be asked, and the help that says so.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::RangedU64ValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use mainspring_schedule::Dialect;

use crate::jobs::Form;
use crate::stored;

const EXIT_CODES: &str = "\
Exit codes:
  0  all went well
  1  the input is wrong: a file of jobs, a schedule, a zone
  2  the command line is wrong
  3  `run` had to kill commands that were still running when the grace was over
  4  a job of `run --once` did not succeed";

/// Runs crontabs and jobs in TOML on time, checks them, and shows when schedules fire next
#[derive(Debug, Parser)]
#[command(
    name = "mainspring",
    version,
    propagate_version = true,
    after_help = EXIT_CODES,
    max_term_width = 100
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(Run),
    Check(Check),
    Next(Next),
    Simulate(Simulate),
    Convert(Convert),
    /// Prints the JSON Schema of jobs in TOML, for editors
    #[command(after_help = "\
Example:
  mainspring schema > jobs.schema.json
  Then `#:schema ./jobs.schema.json` in the first line of jobs.toml tells editors about it.")]
    Schema,
    Jitter(Jitter),
    #[command(flatten)]
    Stored(stored::Command),
    Top(Top),
    Completions(Completions),
    Man(Man),
    /// Becomes another user, then executes a command
    #[command(hide = true, name = crate::run::AS_USER)]
    AsUser(AsUser),
}

/// Runs the jobs of crontabs and TOML files until it is told to stop
///
/// A file whose name ends in .toml holds jobs in TOML, with a policy each for overlaps, misses,
/// timeouts and retries; any other is a crontab. Both may be mixed.
///
/// Every command runs through the shell that SHELL names, as `sh -c COMMAND`, in HOME and in a
/// process group of its own. What it prints goes line by line to the log on standard error, with
/// the job's name or the line of the crontab it comes from; so do its exit code, how late it began
/// and how long it took. A command of a crontab that still runs when it is due again is started
/// once more, as cron does, unless `--overlap skip`.
///
/// Nothing starts if any file has an error.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES, after_long_help = RUN_HELP)]
pub(crate) struct Run {
    /// Crontabs, and jobs in TOML
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    /// Start every job once, now, wait for all of them, and end; exit code 4 if one did not succeed
    ///
    /// Schedules do not count; timeouts, retries and the limits of groups do.
    #[arg(long)]
    pub(crate) once: bool,
    /// Show what would run and when, and start nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// What the log on standard error looks like
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) log_format: LogFormat,
    /// How long running commands may go on after a signal to stop, such as 10s or 2m
    #[arg(long, default_value = "10s", value_name = "TIME", value_parser = duration)]
    pub(crate) grace: Duration,
    /// What to do when a crontab's command is due while its last run goes on
    #[arg(long, value_enum, default_value_t, value_name = "POLICY")]
    pub(crate) overlap: Overlap,
    /// Where the jobs' state is kept: sqlite:PATH, postgres://USER@HOST/NAME, or none
    ///
    /// A file of its own for these files by default, in STATE_DIRECTORY (systemd) or where the user's
    /// programs keep their state. From there jobs go on after a restart: what was due meanwhile is late,
    /// and their policy for misses decides. Nodes that run the same files from one database share the
    /// work: what a dead one has begun another one begins anew, while a file records it as failed. Not
    /// used by --once.
    #[arg(
        long,
        env = "MAINSPRING_STORE",
        hide_env_values = true,
        value_name = "STORE",
        value_parser = RunStore::read
    )]
    pub(crate) store: Option<RunStore>,
    /// How long a node of a database may be silent before others take over what it runs
    ///
    /// A stalled machine that is silent for longer loses its runs, and what they come to is not recorded.
    #[arg(long, default_value = "30s", value_name = "TIME", value_parser = lease)]
    pub(crate) lease: Duration,
    /// Send a span of each run to an OpenTelemetry collector, such as http://localhost:4318
    #[cfg(feature = "opentelemetry")]
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL")]
    pub(crate) otlp: Option<String>,
    #[cfg(feature = "dashboard")]
    #[command(flatten)]
    pub(crate) listen: crate::run::Listen,
    /// Reap processes that commands leave behind; on by itself for process 1
    #[arg(long)]
    pub(crate) init: bool,
}

/// Where `run` keeps the state of its jobs; nowhere if it holds nothing.
#[derive(Clone, Debug)]
pub(crate) struct RunStore(pub(crate) Option<stored::Address>);

impl RunStore {
    fn read(text: &str) -> Result<Self, String> {
        stored::Address::read_or_none(text).map(Self)
    }
}

const RUN_HELP: &str = "\
Crontab lines:
  */5 * * * *   command         minute, hour, day of month, month, day of week
  @daily        command         @hourly, @weekly, @monthly, @yearly; @reboot: at the start
  @every 30s    command         from the start, in equal steps
  NAME=value                    set for the commands below: SHELL, PATH, HOME, anything
  CRON_TZ=Asia/Tokyo            the zone of the schedules below
  CRON_FIELDS=6                 schedules below have seconds first (7: and a year last)
  In a command, the first % ends it and begins its standard input; \\% is a plain %.
  Files /etc/crontab and those in a directory cron.d have a user column (see --form).

Jobs in TOML:
  [jobs.backup]
  schedule = \"every day at 2:30 in Europe/Berlin\"    any schedule that `mainspring next` reads
  command = \"pg_dump shop > /backup/shop.sql\"
  overlap = \"skip\"                                   allow, skip, queue, cancel-previous
  timeout = \"1h\"                                     then TERM, and KILL 0.8 seconds later
  retry = { attempts = 3, pause = \"5m\" }             after an exit code that is not 0
  `mainspring schema` describes every field; editors can read it.

Environment:
  Commands of the user who runs mainspring inherit its environment; commands of another user get
  PATH=/usr/bin:/bin and nothing else. SHELL, HOME, LOGNAME and USER are set for both.

Signals:
  TERM, INT    stop: nothing new starts, running commands may end within the grace; what is left
               then gets TERM, and KILL two seconds later. A second signal ends the grace.
  HUP          read the files again: unchanged jobs are left alone. If a file is wrong, all stays
               as it was and the log says why.

Examples:
  mainspring run /etc/crontab /etc/cron.d/*
  mainspring run --log-format json --grace 25s crontab
  docker run … mainspring run --overlap skip /app/crontab
  mainspring run crontab jobs.toml
  mainspring run --store sqlite:/var/lib/app/jobs.db jobs.toml
  mainspring run --store postgres://app@db/app jobs.toml    on as many machines as you like
  mainspring run --listen 127.0.0.1:8080 jobs.toml          the dashboard, for this machine's browser
  mainspring run --once jobs.toml
  mainspring run --dry-run crontab jobs.toml

Exit codes:
  0  stopped as asked, nothing was killed; with --once: every job succeeded
  1  a file is wrong; nothing has run
  2  the command line is wrong
  3  commands were still running when the grace was over, and were killed
  4  with --once: a job did not succeed";

/// Checks crontabs and jobs in TOML without running anything
///
/// Says all that is wrong with each file, with line, column and what would be right there.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES, after_long_help = CHECK_HELP)]
pub(crate) struct Check {
    /// Crontabs, and jobs in TOML
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    /// Take any name in a user column: the file is meant for another machine
    #[arg(long)]
    pub(crate) any_user: bool,
}

const CHECK_HELP: &str = "\
Examples:
  mainspring check crontab
  mainspring check --any-user /mnt/image/etc/cron.d/*
  crontab -l | mainspring check /dev/stdin

Exit codes:
  0  every file is right
  1  at least one is not
  2  the command line is wrong";

/// Shows when a schedule, or each job of a file, is due next
///
/// A schedule is a cron expression of 5 fields, 6 (seconds first) or 7 (a year last), a word such as
/// @daily, an interval such as `@every 15m`, or plain English such as `every weekday at 9:30 in
/// Europe/Berlin`. A zone inside it counts more than `--tz`.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES, after_long_help = NEXT_HELP)]
pub(crate) struct Next {
    /// A schedule, in one argument or several; or a crontab, or a file of jobs in TOML
    #[arg(required_unless_present = "stdin", value_name = "EXPR|FILE")]
    pub(crate) what: Vec<String>,
    /// How many times to show
    #[arg(short = 'n', long, default_value_t = 5, value_name = "N",
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=100_000))]
    pub(crate) count: usize,
    /// The zone of the schedule, and of the times shown; the system's zone by default
    #[arg(long, value_name = "ZONE")]
    pub(crate) tz: Option<String>,
    /// Show what comes strictly after this instant, such as 2026-03-28T12:00:00Z; now by default
    #[arg(long, value_name = "RFC3339")]
    pub(crate) from: Option<String>,
    /// How to read cron expressions: posix, vixie or quartz; all of their forms by default
    #[arg(long, value_name = "D", value_parser = dialect)]
    pub(crate) dialect: Option<Dialect>,
    /// Whether a crontab file has a user column
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    pub(crate) form: Form,
    /// Print JSON, one object per line: expression, description, zone, next
    #[arg(long)]
    pub(crate) json: bool,
    /// Read one question per line from standard input: expression, tab, zone, tab, RFC 3339 instant
    #[arg(long, requires = "json", conflicts_with_all = ["what", "tz", "from"])]
    pub(crate) stdin: bool,
}

const NEXT_HELP: &str = "\
Examples:
  mainspring next '30 2 * * *' --tz Europe/Berlin --from 2026-03-28T00:00:00Z
  mainspring next every 15 minutes
  mainspring next 'every weekday at 9:30 in Europe/Berlin' --json
  mainspring next '0 0 L * FRI#2' --count 20
  mainspring next /etc/crontab
  mainspring next jobs.toml
  printf '0 9 * * 1-5\\tAsia/Tokyo\\t2026-01-01T00:00:00Z\\n' | mainspring next --stdin --json

Exit codes:
  0  all went well, or each line of standard input got its answer
  1  a malformed schedule, an unknown zone, a wrong file
  2  the command line is wrong";

/// Replays a span of time in moments: what would run, overlap, be skipped or missed
///
/// The scheduler that `run` uses lives through the span on a clock that does not wait, with the same
/// policies. A run takes the `duration` that its job declares. Nothing is started.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES, after_long_help = SIMULATE_HELP)]
pub(crate) struct Simulate {
    /// Crontabs, and jobs in TOML
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The beginning: 2026-03-01, 2026-03-01T12:00 or 2026-03-01T12:00:00Z
    #[arg(long, value_name = "A")]
    pub(crate) from: String,
    /// The end, which is not part of the span
    #[arg(long, value_name = "B")]
    pub(crate) to: String,
    /// The zone of dates, of the times shown, and of schedules that name none; the system's by default
    #[arg(long, value_name = "ZONE")]
    pub(crate) tz: Option<String>,
    /// How long runs take whose job declares no duration
    #[arg(long, default_value = "0s", value_name = "TIME", value_parser = duration)]
    pub(crate) duration: Duration,
    /// Have the machine sleep from one instant until another; may be repeated
    #[arg(long, value_name = "A/B")]
    pub(crate) asleep: Vec<String>,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Draw a heat map: hours and minutes for up to four days, days and hours for more
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
}

const SIMULATE_HELP: &str = "\
Every run ends well, unless it takes longer than its timeout. Where chance has a say, in the pauses
of exponential retries, it is taken at its mean: the same files give the same result.

Examples:
  mainspring simulate jobs.toml --from 2026-03-23 --to 2026-03-30
  mainspring simulate /etc/crontab jobs.toml --from 2026-01-01 --to 2027-01-01 --svg year.svg
  mainspring simulate jobs.toml --from 2026-03-01 --to 2026-03-02 --duration 5m --json
  mainspring simulate jobs.toml --from 2026-03-01 --to 2026-03-03 \\
    --asleep 2026-03-01T22:00/2026-03-02T07:30

Exit codes:
  0  it was simulated, whatever came of it
  1  a file is wrong, or the span
  2  the command line is wrong";

/// Turns systemd timers and crontabs into jobs in TOML, on standard output
///
/// A file whose name ends in .timer is a systemd timer; what it starts is read from the .service
/// file beside it. Any other is a crontab. What could not be carried over is said in comments.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES, after_long_help = CONVERT_HELP)]
pub(crate) struct Convert {
    /// Timers and crontabs
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
}

const CONVERT_HELP: &str = "\
Examples:
  mainspring convert /etc/crontab > jobs.toml
  mainspring convert /lib/systemd/system/*.timer > jobs.toml
  crontab -l | mainspring convert /dev/stdin

Exit codes:
  0  all was converted
  1  something was not; the rest stands on standard output all the same
  2  the command line is wrong";

/// Measures how late ticks are on this machine
///
/// Lets `tokio::time` and the timers of mainspring-timer tick in turn: as they come, with the lateness
/// of half of the wakes made up for (compensated), and of most of them (exact, which spins).
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES, after_long_help = JITTER_HELP)]
pub(crate) struct Jitter {
    /// Periods, such as 250us or 10ms; 500us, 1ms and 10ms by default
    #[arg(value_name = "PERIOD", value_parser = period)]
    periods: Vec<Duration>,
    /// How long to measure, for each period and timer
    #[arg(long = "for", default_value = "2s", value_name = "TIME", value_parser = period)]
    pub(crate) span: Duration,
    /// Measure on a thread of its own, with the best scheduling that the system grants
    #[arg(long)]
    pub(crate) isolated: bool,
    /// Draw the percentiles
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
    /// Print JSON, one object per line, times in nanoseconds
    #[arg(long)]
    pub(crate) json: bool,
}

impl Jitter {
    pub(crate) fn periods(&self) -> Vec<Duration> {
        match self.periods.as_slice() {
            [] => [500, 1_000, 10_000].map(Duration::from_micros).to_vec(),
            periods => periods.to_vec(),
        }
    }
}

/// Shows jobs, runs, history and nodes of a store on a terminal, and follows them
///
/// Asks the store each second, and at once when it has news. Runs and history are the first 500 of each,
/// jobs the first 2,000 by their names.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES, after_long_help = TOP_HELP)]
pub(crate) struct Top {
    /// The store: sqlite:PATH, or postgres://USER@HOST/NAME; else the only one that `run` has made
    #[arg(
        long,
        env = "MAINSPRING_STORE",
        hide_env_values = true,
        value_name = "STORE",
        value_parser = stored::Address::read
    )]
    pub(crate) store: Option<stored::Address>,
}

const TOP_HELP: &str = "\
Keys:
  up, down, PgUp, PgDn   choose a line; Tab goes to another pane
  t, p, r                trigger, pause, resume the job
  c                      cancel the run, or all live runs of the job, after a question
  /                      show only names that contain a text; Esc shows all
  s                      sort jobs by name, or by what is next
  ?                      these keys
  q                      quit; so do Esc and Ctrl-C

Examples:
  mainspring top
  mainspring top --store sqlite:/var/lib/app/jobs.db
  mainspring top --store postgres://app@db/app

Exit codes:
  0  somebody has quit
  1  there is no such store, or no terminal
  2  the command line is wrong";

const JITTER_HELP: &str = "\
Examples:
  mainspring jitter
  mainspring jitter 250us 1ms --for 10s --svg jitter.svg
  mainspring jitter 1ms --isolated --json

Reading:
  p50, p99  half of the ticks, 99 of 100 were at most so late; never early
  lead      how much ahead the kernel was asked for the last tick
  drift     by how much lateness grows with time: a beat that keeps up has next to none

Exit codes:
  0  all went well
  1  the system refused a timer or a thread, or the picture could not be written
  2  the command line is wrong";

/// Prints the completion script of a shell
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  mainspring completions bash > /usr/share/bash-completion/completions/mainspring
  mainspring completions zsh > ~/.zfunc/_mainspring
  mainspring completions fish > ~/.config/fish/completions/mainspring.fish")]
pub(crate) struct Completions {
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

/// Prints the manual page
#[derive(Args, Debug)]
#[command(after_help = "Example: mainspring man | man -l -")]
pub(crate) struct Man {
    /// The page of this command instead of the program's
    #[arg(value_parser = ["run", "check", "next", "simulate", "convert", "jitter",
          "jobs", "runs", "history", "trigger", "pause", "resume", "cancel", "remove", "prune", "migrate",
          "schema", "completions", "man"])]
    pub(crate) of: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct AsUser {
    pub(crate) user: String,
    pub(crate) shell: std::ffi::OsString,
    pub(crate) command: std::ffi::OsString,
}

/// How files are read; the same for `run` and `check`.
#[derive(Args, Debug)]
pub(crate) struct ReadingArgs {
    /// Whether lines have a user column
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    pub(crate) form: Form,
    /// How to read cron expressions: posix, vixie or quartz; all of their forms by default
    #[arg(long, value_name = "D", value_parser = dialect)]
    pub(crate) dialect: Option<Dialect>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// One line per event, for people
    #[default]
    Text,
    /// One JSON object per line
    Json,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Overlap {
    /// Start it once more, as cron does
    #[default]
    Allow,
    /// Leave this run out, and say so in the log
    Skip,
}

/// A length of time such as `10s`, `2m 30s`, `1h` or `0s`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "allowed: lengths of time such as 10s, 2m30s or 0s".to_owned();
    let signed: jiff::SignedDuration = text.parse().map_err(|_| wrong())?;
    Duration::try_from(signed).map_err(|_| wrong())
}

fn lease(text: &str) -> Result<Duration, String> {
    let allowed = Duration::from_secs(1)..=Duration::from_secs(86_400);
    let lease = duration(text).ok().filter(|lease| allowed.contains(lease));
    lease.ok_or_else(|| "allowed: 1s to 24h, such as 30s or 2m".to_owned())
}

/// A length of time that is not zero.
fn period(text: &str) -> Result<Duration, String> {
    let allowed = Duration::from_micros(10)..=Duration::from_secs(3600);
    let period = duration(text).ok().filter(|period| allowed.contains(period));
    period.ok_or_else(|| "allowed: 10us to 1h, such as 250us, 10ms or 2s".to_owned())
}

fn dialect(text: &str) -> Result<Dialect, String> {
    text.parse().map_err(|error: mainspring_schedule::Error| error.to_string())
}

/// An instant such as `2026-03-28T12:00:00Z`.
pub(crate) fn instant(text: &str) -> Result<Timestamp, String> {
    text.parse()
        .map_err(|_| format!("{text:?} is not an RFC 3339 instant such as 2026-03-28T12:00:00Z"))
}
