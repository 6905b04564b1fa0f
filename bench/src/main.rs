//! Asks Mainspring and its peers the same questions in the same run.
//!
//! `README.md` says how to run it, how to read the answers, and how to add a peer or a question.

#![expect(clippy::manual_async_fn, reason = "the bodies for executors promise to borrow nothing")]

mod allocated;
mod cron;
mod exec;
mod harness;
mod jobs;
mod machine;
mod peers;
mod probe;
#[path = "../../crates/mainspring-cli/src/progress.rs"]
#[expect(dead_code, reason = "the program has work whose steps have no number")]
mod progress;
mod questions;
mod report;
#[path = "../../crates/mainspring-postgres/tests/it/server.rs"]
#[expect(dead_code, reason = "the tests break their servers, a bench does not")]
mod server;
mod stats;
mod stopwatch;
mod stores;
mod timer;
mod timers;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use harness::Settings;
use machine::{Machine, version_of};
use progress::Progress;
use questions::{ALL, timer_cost, timer_ticks};
use report::Run;

const HELP: &str = "\
Asks Mainspring and its peers the same questions in the same run.

Usage: cargo run --release --manifest-path bench/Cargo.toml -- [OPTION]…

  --question NAME  only this one, or those whose names begin so; may be repeated
  --quick          few and short rounds: to see that all works, not for numbers
  --rounds N       so many rounds at most; 101 unless told
  --timers N       no rows with more timers than this; 1000000 unless told
  --peer NAME      only this one beside ours; may be repeated
  --json FILE      write everything that was measured
  --svg FILE       draw it
  --list           name the questions and end
  --help           this text
";

/// Samples shorter than a time slice: on a busy machine most of them are undisturbed then.
const FULL: Settings =
    Settings { rounds: 101, sample: Duration::from_millis(1), timers_most: 1_000_000 };
const QUICK: Settings =
    Settings { rounds: 5, sample: Duration::from_micros(200), timers_most: 1_000 };

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match args.as_slice() {
        [argument, peer] if argument == probe::ARGUMENT => serve(peer),
        [argument] if argument == timer_ticks::HOG => timer_ticks::hog(),
        [argument, peer, ticks] if argument == timer_cost::calls::TICK => {
            timer_cost::calls::tick(peer, ticks)
        }
        [argument, rest @ ..] if argument == jobs::process::ARGUMENT => jobs::process::serve(rest),
        args => Options::parse(args).and_then(|options| options.run()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

struct Options {
    task: Task,
    settings: Settings,
    /// Beginnings of names; all questions when empty.
    questions: Vec<String>,
    /// Names; all peers when empty.
    peers: Vec<String>,
    json: Option<PathBuf>,
    svg: Option<PathBuf>,
}

#[derive(PartialEq, Eq)]
enum Task {
    Ask,
    List,
    Help,
}

impl Options {
    fn parse(args: &[String]) -> Result<Self, String> {
        let mut options = Self {
            task: Task::Ask,
            settings: FULL,
            questions: Vec::new(),
            peers: Vec::new(),
            json: None,
            svg: None,
        };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut value = || args.next().cloned().ok_or(format!("{arg} needs a value"));
            match arg.as_str() {
                "--question" => options.questions.push(value()?),
                "--peer" => options.peers.push(value()?),
                "--json" => options.json = Some(value()?.into()),
                "--svg" => options.svg = Some(value()?.into()),
                "--quick" => options.settings = QUICK,
                "--rounds" => {
                    let value = value()?;
                    let rounds = value.parse().ok().filter(|rounds| *rounds > 0);
                    options.settings.rounds =
                        rounds.ok_or_else(|| format!("`{value}` is not a number of rounds"))?;
                }
                "--timers" => {
                    let value = value()?;
                    options.settings.timers_most = value
                        .parse()
                        .map_err(|_| format!("`{value}` is not a number of timers"))?;
                }
                "--list" => options.task = Task::List,
                "--help" | "-h" => options.task = Task::Help,
                other => return Err(format!("unexpected argument `{other}`; --help lists all")),
            }
        }
        for wanted in &options.questions {
            if !ALL.iter().any(|entry| entry.name.starts_with(wanted.as_str())) {
                let names = ALL.map(|entry| entry.name).join(", ");
                return Err(format!("no question is called `{wanted}`; there are {names}"));
            }
        }
        Ok(options)
    }

    fn run(&self) -> Result<(), String> {
        match self.task {
            Task::Help => print!("{HELP}"),
            Task::List => ALL.iter().for_each(|entry| println!("{}", entry.name)),
            Task::Ask => return self.ask(),
        }
        Ok(())
    }

    fn ask(&self) -> Result<(), String> {
        raise_descriptor_limit();
        let mut reports = Vec::new();
        for entry in ALL.iter().filter(|entry| self.wants(entry.name)) {
            let mut question = (entry.build)(self.settings);
            for row in &mut question.rows {
                row.cells.retain(|cell| self.wants_peer(cell.peer));
            }
            let mut progress = Progress::new(Some(harness::steps(&question, self.settings)));
            progress.begin(entry.name);
            let mut tell = |step: u64, row: &str, peer: &str| {
                progress.at(step, || format!("{}: {row}: {peer}", entry.name));
            };
            reports.push(harness::run(question, self.settings, &mut tell));
        }
        stores::place::close();
        let run = Run {
            machine: Machine::this(),
            settings: self.settings,
            versions: self.versions(),
            reports,
        };
        print!("{}", report::text::render(&run));
        if let Some(path) = &self.json {
            write(path, &report::json::render(&run))?;
        }
        if let Some(path) = &self.svg {
            write(path, &report::svg::render(&run))?;
        }
        Ok(())
    }

    fn wants_peer(&self, name: &str) -> bool {
        self.peers.is_empty()
            || name == harness::OURS
            || self.peers.iter().any(|wanted| wanted == name)
    }

    /// The versions of those who were asked.
    fn versions(&self) -> Vec<(&'static str, String)> {
        let asked = |kind: &str| {
            ALL.iter().any(|entry| entry.name.starts_with(kind) && self.wants(entry.name))
        };
        let cron = peers::CRON.iter().filter(|_| asked("cron")).map(|p| (p.name, p.package));
        let keepers = peers::KEEPERS.iter().filter(|_| asked("wheel")).map(|p| (p.name, p.package));
        let timers = peers::TIMERS.iter().filter(|_| asked("timer")).map(|p| (p.name, p.package));
        let jobs = peers::JOBS.iter().filter(|_| asked("jobs")).map(|p| (p.name, p.package));
        let executors = peers::EXECUTORS.iter().filter(|_| asked("exec"));
        let executors = executors.map(|p| (p.name, p.package));
        let stores = peers::STORES.iter().filter(|_| asked("stores")).map(|p| (p.name, p.package));
        let all = cron.chain(keepers).chain(timers).chain(jobs).chain(executors).chain(stores);
        let wanted = all.filter(|(name, _)| self.wants_peer(name));
        wanted.map(|(name, package)| (name, version_of(package))).collect()
    }

    fn wants(&self, name: &str) -> bool {
        self.questions.is_empty() || self.questions.iter().any(|wanted| name.starts_with(wanted))
    }
}

/// Ten thousand timers of a peer may take ten thousand descriptors.
fn raise_descriptor_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // Refused, it is the peers that need many who say so.
    let _ = setrlimit(Resource::Nofile, limit);
}

fn write(path: &PathBuf, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

/// Answers as one peer, for a [`probe::Probe`].
fn serve(peer: &str) -> Result<(), String> {
    let entry = peers::CRON.into_iter().find(|entry| entry.name == peer);
    let entry = entry.ok_or(format!("no peer is called `{peer}`"))?;
    // A peer's panic is an answer; its text goes back with it.
    std::panic::set_hook(Box::new(|_| {}));
    probe::serve(|line| match line.parse() {
        Ok(inquiry) => (entry.answer)(&inquiry).to_string(),
        Err(()) => format!("panics\t`{line}` is not an inquiry"),
    })
    .map_err(|error| error.to_string())
}
