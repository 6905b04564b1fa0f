//! `mainspring run`: the jobs of crontab files, until a signal says stop.

mod output;
mod runner;
mod table;
mod task;

use std::io;
use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;

use jiff::Timestamp;
use mainspring_scheduler::Scheduler;
use tokio::time::{sleep, timeout};
use tracing::{error, info, warn};

use crate::cli::{LogFormat, Run};
use crate::crontab::{Crontab, Reading, When};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::sys::{self, Request, Signals};
use crate::{check, log};
use runner::Runner;
use table::Table;

/// The hidden command by which a child becomes another user.
pub(crate) const AS_USER: &str = "__as-user";

/// After the grace and the two seconds after SIGTERM nothing can be left but what SIGKILL cannot
/// end: a process in an uninterruptible wait.
const LAST_RESORT: Duration = Duration::from_secs(10);

/// Runs the jobs until the program is told to stop.
pub(crate) fn run(arguments: &Run) -> Exit {
    match sys::init(arguments.init) {
        None => {}
        Some(Ok(code)) => return Exit::Of(code),
        Some(Err(error)) => return Exit::failed(format!("cannot act as init: {error}")),
    }
    log::start(arguments.log_format);
    let reading = Reading {
        form: arguments.reading.form,
        dialect: arguments.reading.dialect,
        zone: None,
        judge_user: sys::judge_user,
    };
    let crontabs = match read(&arguments.files, reading) {
        Ok(crontabs) => crontabs,
        Err(problems) => {
            refuse(&problems, arguments.log_format);
            return Exit::Input;
        }
    };
    let served = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .and_then(|runtime| runtime.block_on(serve(arguments, reading, &crontabs)));
    match served {
        Ok(exit) => exit,
        Err(error) => Exit::failed(error),
    }
}

async fn serve(arguments: &Run, reading: Reading<'_>, crontabs: &[Crontab]) -> io::Result<Exit> {
    let mut signals = Signals::new()?;
    let scheduler = Scheduler::new();
    let runner = Runner::new(arguments.overlap)?;
    let mut table = Table::new(scheduler.clone(), runner.clone());
    note(crontabs);
    let jobs = table.replace(crontabs).added;
    let files = arguments.files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>();
    info!(jobs, files = files.join(", "), "running");
    announce_next(crontabs);
    table.run_at_start();

    let mut driver = tokio::spawn({
        let scheduler = scheduler.clone();
        async move { scheduler.run().await }
    });
    loop {
        let request = tokio::select! {
            request = signals.next() => request,
            ended = &mut driver => {
                return Err(io::Error::other(format!("the scheduler has ended by itself: {ended:?}")));
            }
        };
        match request {
            Request::Stop => break,
            Request::Reload => reload(&arguments.files, reading, &mut table),
        }
    }
    stop(arguments.grace, &scheduler, &runner, &mut signals).await;
    driver.abort();
    Ok(if runner.killed() > 0 { Exit::Killed } else { Exit::Well })
}

/// Reads the files again; a wrong one leaves everything as it was.
fn reload(files: &[PathBuf], reading: Reading<'_>, table: &mut Table) {
    match read(files, reading) {
        Ok(crontabs) => {
            note(&crontabs);
            let change = table.replace(&crontabs);
            let (added, removed, unchanged) = (change.added, change.removed, change.unchanged);
            info!(added, removed, unchanged, "reloaded");
            announce_next(&crontabs);
        }
        Err(problems) => {
            for problem in &problems {
                error!("{}", problem.one_line());
            }
            error!(errors = problems.len(), "not reloaded: the old jobs go on");
        }
    }
}

/// Starts nothing more, lets what runs end within `grace`, and ends the rest.
async fn stop(grace: Duration, scheduler: &Scheduler, runner: &Runner, signals: &mut Signals) {
    scheduler.shutdown(grace);
    let running = runner.running();
    info!(running, grace_s = grace.as_secs_f64(), "stopping");
    let mut finished = pin!(runner.finished());
    let second = async { while signals.next().await != Request::Stop {} };
    tokio::select! {
        biased;
        () = &mut finished => return info!("stopped"),
        () = second => warn!(running = runner.running(), "told twice: ending what still runs"),
        () = sleep(grace) => warn!(running = runner.running(), "grace is over: ending what still runs"),
    }
    runner.end();
    match timeout(LAST_RESORT, finished).await {
        Ok(()) => info!("stopped"),
        Err(_) => error!(running = runner.running(), "stopped, leaving what cannot be killed"),
    }
}

fn read(files: &[PathBuf], reading: Reading<'_>) -> Result<Vec<Crontab>, Vec<Problem>> {
    Crontab::read_all(files.iter().map(PathBuf::as_path), reading)
}

fn refuse(problems: &[Problem], format: LogFormat) {
    match format {
        LogFormat::Text => check::report(problems),
        LogFormat::Json => {
            for problem in problems {
                error!("{}", problem.one_line());
            }
        }
    }
    error!(errors = problems.len(), "nothing started");
}

fn note(crontabs: &[Crontab]) {
    for crontab in crontabs {
        for (number, text) in &crontab.notes {
            warn!("{}:{number}: {text}", crontab.file);
        }
    }
}

/// Says what will happen first, so that a quiet log is no riddle.
fn announce_next(crontabs: &[Crontab]) {
    let now = log::now();
    let next: Option<(Timestamp, String)> = crontabs
        .iter()
        .flat_map(|crontab| crontab.lines.iter().map(move |line| (crontab, line)))
        .filter_map(|(crontab, line)| match &line.when {
            When::Start => None,
            When::Schedule { schedule, .. } => {
                Some((schedule.next_after(now)?, format!("{}:{}", crontab.file, line.number)))
            }
        })
        .min();
    match next {
        Some((due, job)) => info!(job, due = %log::shortened(due), "due next"),
        None => {
            warn!("nothing will be due: no line has a time to come; SIGHUP reads the files again")
        }
    }
}
