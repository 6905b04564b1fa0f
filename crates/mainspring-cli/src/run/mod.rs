//! `mainspring run`: the jobs of files, until a signal says stop.

mod dry;
#[cfg(feature = "dashboard")]
mod listen;
#[cfg(feature = "dashboard")]
mod numbers;
mod output;
mod runner;
mod serve_stored;
mod stored;
mod table;
mod task;
mod tell;

use std::io;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use mainspring_job::Overlap;
use mainspring_job::store::Store;
use mainspring_scheduler::Scheduler;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tracing::{error, info, warn};

use crate::cli::{self, LogFormat, Run, RunStore};
use crate::exit::Exit;
use crate::jobs::{JobFile, Reading};
use crate::problem::Problem;
use crate::spans::Spans;
use crate::stored::Address;
use crate::sys::{self, Request, Signals};
use crate::{check, log};
#[cfg(feature = "dashboard")]
pub(crate) use listen::Listen;
use runner::Runner;
use table::Table;

/// The hidden command by which a child becomes another user.
pub(crate) const AS_USER: &str = "__as-user";

/// The dashboard's token, which is nothing for commands.
const DASHBOARD_TOKEN: &str = "MAINSPRING_TOKEN";

/// After the grace and the two seconds after SIGTERM nothing can be left but what SIGKILL cannot
/// end: a process in an uninterruptible wait.
const LAST_RESORT: Duration = Duration::from_secs(10);

/// The scheduler's own end of a grace never comes: whoever knows process groups ends the commands.
const NEVER: Duration = Duration::MAX;

/// Runs the jobs until the program is told to stop.
pub(crate) fn run(arguments: &Run) -> io::Result<Exit> {
    if arguments.dry_run {
        return dry::show(arguments);
    }
    match sys::init(arguments.init) {
        None => {}
        Some(Ok(code)) => return Ok(Exit::Of(code)),
        Some(Err(error)) => return Ok(Exit::failed(format!("cannot act as init: {error}"))),
    }
    let spans = match Spans::of(arguments) {
        Ok(spans) => spans,
        Err(text) => return Ok(Exit::failed(text)),
    };
    log::start(arguments.log_format, &spans);
    let reading = reading(arguments);
    let job_files = match read(&arguments.files, reading) {
        Ok(files) => files,
        Err(problems) => {
            refuse(&problems, arguments.log_format);
            return Ok(Exit::Input);
        }
    };
    #[cfg(feature = "dashboard")]
    if arguments.listen.address.is_some()
        && let Err(error) = numbers::record()
    {
        return Ok(Exit::failed(format!("metrics cannot be recorded: {error}")));
    }
    tokio::runtime::Builder::new_current_thread().enable_all().build().and_then(|runtime| {
        runtime.block_on(async {
            let store = if arguments.once { Ok(None) } else { store(arguments).await };
            match store {
                Ok(Some(store)) => serve_stored::serve(arguments, reading, &job_files, store).await,
                Ok(None) => serve(arguments, reading, &job_files).await,
                Err(text) => Ok(Exit::failed(text)),
            }
        })
    })
}

/// The store that was named, or the one of these files. Where no store was named and the usual one cannot
/// be had, the jobs run all the same, and what they lack is said.
async fn store(arguments: &Run) -> Result<Option<Arc<dyn Store>>, String> {
    if let Some(RunStore(store)) = &arguments.store {
        return match store {
            Some(address) => address.open(true).await.map(Some),
            None => Ok(None),
        };
    }
    let opened = match Address::of_files(&arguments.files) {
        Some(address) => address.open(true).await,
        None => Err("there is no folder for a user's state".to_owned()),
    };
    Ok(match opened {
        Ok(store) => Some(store),
        Err(error) => {
            warn!(
                error,
                "no state is kept over restarts; --store says where, --store none that none is"
            );
            None
        }
    })
}

async fn serve(arguments: &Run, reading: Reading<'_>, job_files: &[JobFile]) -> io::Result<Exit> {
    let mut signals = Signals::new()?;
    let scheduler = Scheduler::new();
    #[cfg(feature = "dashboard")]
    let _dashboard = {
        let source = scheduler.clone().into();
        match listen::open(&arguments.listen, source, "memory", &arguments.files) {
            Ok(listening) => listening,
            Err(text) => return Ok(Exit::failed(text)),
        }
    };
    let runner = Runner::new()?;
    let mut table = Table::new(scheduler.clone(), runner.clone());
    note(job_files);
    let files = arguments.files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>();
    let files = files.join(", ");
    let teller = tokio::spawn(tell::tell(scheduler.events(), runner.clone()));
    let once = Arc::new(Once::default());
    if arguments.once {
        let (succeeded, over) = (once.clone(), once.clone());
        let jobs =
            table.run_each_once(job_files, move || succeeded.succeeded(), move || over.over());
        once.wait_for(jobs);
        info!(jobs, files, "running each once");
    } else {
        let jobs = table.replace(job_files, Some(log::now())).added;
        info!(jobs, files, "running");
        announce_next(job_files);
    }

    let mut driver = tokio::spawn({
        let scheduler = scheduler.clone();
        async move { scheduler.run().await }
    });
    loop {
        let request = tokio::select! {
            request = signals.next() => request,
            () = once.all_over(), if arguments.once => Request::Stop,
            ended = &mut driver => {
                return Err(io::Error::other(format!("the scheduler has ended by itself: {ended:?}")));
            }
        };
        match request {
            Request::Stop => break,
            Request::Reload if arguments.once => warn!("not reloaded: each job runs once"),
            Request::Reload => reload(&arguments.files, reading, &mut table),
        }
    }
    stop(arguments.grace, || scheduler.shutdown(NEVER), &runner, &mut signals).await;
    driver.abort();
    teller.abort();
    Ok(match runner.killed() {
        0 if arguments.once && once.failed() > 0 => Exit::JobFailed,
        0 => Exit::Well,
        _ => Exit::Killed,
    })
}

/// How far `--once` has come.
#[derive(Debug, Default)]
struct Once {
    jobs: AtomicUsize,
    succeeded: AtomicUsize,
    over: AtomicUsize,
    changed: Notify,
}

impl Once {
    fn wait_for(&self, jobs: usize) {
        self.jobs.store(jobs, Ordering::Relaxed);
        self.changed.notify_one();
    }

    fn succeeded(&self) {
        self.succeeded.fetch_add(1, Ordering::Relaxed);
    }

    fn over(&self) {
        self.over.fetch_add(1, Ordering::Relaxed);
        self.changed.notify_one();
    }

    async fn all_over(&self) {
        while self.over.load(Ordering::Relaxed) < self.jobs.load(Ordering::Relaxed) {
            self.changed.notified().await;
        }
    }

    fn failed(&self) -> usize {
        self.jobs.load(Ordering::Relaxed) - self.succeeded.load(Ordering::Relaxed)
    }
}

/// Reads the files again; a wrong one leaves everything as it was.
fn reload(files: &[PathBuf], reading: Reading<'_>, table: &mut Table) {
    match read(files, reading) {
        Ok(job_files) => {
            note(&job_files);
            let change = table.replace(&job_files, None);
            let (added, removed, unchanged) = (change.added, change.removed, change.unchanged);
            info!(added, removed, unchanged, "reloaded");
            announce_next(&job_files);
        }
        Err(problems) => refuse_reload(&problems),
    }
}

fn refuse_reload(problems: &[Problem]) {
    for problem in problems {
        error!("{}", problem.one_line());
    }
    error!(errors = problems.len(), "not reloaded: the old jobs go on");
}

/// Starts nothing more, lets what runs end within `grace`, and ends the rest.
async fn stop(grace: Duration, shut_down: impl FnOnce(), runner: &Runner, signals: &mut Signals) {
    shut_down();
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

fn reading(arguments: &Run) -> Reading<'_> {
    Reading {
        form: arguments.reading.form,
        dialect: arguments.reading.dialect,
        zone: None,
        overlap: match arguments.overlap {
            cli::Overlap::Allow => Overlap::Allow,
            cli::Overlap::Skip => Overlap::Skip,
        },
        judge_user: sys::judge_user,
    }
}

fn read(files: &[PathBuf], reading: Reading<'_>) -> Result<Vec<JobFile>, Vec<Problem>> {
    JobFile::read_all(files.iter().map(PathBuf::as_path), reading)
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

fn note(job_files: &[JobFile]) {
    for file in job_files {
        for (number, text) in &file.notes {
            warn!("{}:{number}: {text}", file.file);
        }
    }
}

/// Says what will happen first, so that a quiet log is no riddle.
fn announce_next(job_files: &[JobFile]) {
    let now = log::now();
    let next: Option<(Timestamp, String)> = job_files
        .iter()
        .flat_map(|file| file.jobs.iter().map(move |job| (file, job)))
        .filter_map(|(file, job)| Some((job.schedule()?.next_after(now)?, job.label(&file.file))))
        .min();
    match next {
        Some((due, job)) => info!(job, due = %log::shortened(due), "due next"),
        None => {
            warn!("nothing will be due: no job has a time to come; SIGHUP reads the files again")
        }
    }
}
