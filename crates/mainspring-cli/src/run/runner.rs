//! Runs commands: starts them, logs what they print and how they end, and ends them by force.
//!
//! # Ground rules
//! - A run is over when the shell is: a daemon that it leaves behind may keep the output open. Its
//!   lines are logged for as long as they come.
//! - A process group is signalled only while the shell has not been reaped, or right after it.

use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{io, path::PathBuf};

use jiff::Timestamp;
use mainspring_clock::{Clock, SystemClock};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::Child;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

use super::output::Lines;
use super::task::Task;
use crate::cli::Overlap;
use crate::log;
use crate::sys::{self, Force};

/// How long the last words of a command may take after its shell has ended.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// How long a command has to tidy up after SIGTERM.
const TIDY_UP: Duration = Duration::from_secs(2);
/// How often a dying process group is looked at.
const GLANCE: Duration = Duration::from_millis(20);

/// Everything that the runs share.
#[derive(Debug)]
pub(crate) struct Runner {
    /// This program, which changes users on the way to a command.
    program: PathBuf,
    overlap: Overlap,
    runs: TaskTracker,
    end: CancellationToken,
    killed: AtomicUsize,
}

impl Runner {
    /// # Errors
    /// If the system does not tell where this program is.
    pub(crate) fn new(overlap: Overlap) -> io::Result<Arc<Self>> {
        Ok(Arc::new(Self {
            program: std::env::current_exe()?,
            overlap,
            runs: TaskTracker::new(),
            end: CancellationToken::new(),
            killed: AtomicUsize::new(0),
        }))
    }

    /// Runs the task's command once, in the background, and returns when it has ended.
    ///
    /// # Cancel safety
    /// Dropping the future does not end the command; [`Runner::end`] does.
    pub(crate) async fn run(self: &Arc<Self>, task: &Arc<Task>, due: Timestamp) {
        let run = Arc::clone(self).run_to_end(Arc::clone(task), due);
        if let Err(error) = self.runs.spawn(run).await {
            error!(job = %task.place(), %error, "the run broke off");
        }
    }

    /// How many commands are running.
    pub(crate) fn running(&self) -> usize {
        self.runs.len()
    }

    /// Waits until nothing runs any more; nothing may be started afterwards.
    pub(crate) async fn finished(&self) {
        self.runs.close();
        self.runs.wait().await;
    }

    /// Ends all that runs by SIGTERM, and two seconds later by SIGKILL.
    pub(crate) fn end(&self) {
        self.end.cancel();
    }

    /// How many commands [`Runner::end`] has ended.
    pub(crate) fn killed(&self) -> usize {
        self.killed.load(Ordering::Relaxed)
    }

    async fn run_to_end(self: Arc<Self>, task: Arc<Task>, due: Timestamp) {
        if self.end.is_cancelled() {
            return;
        }
        let was_running = task.is_running.swap(true, Ordering::Relaxed);
        if was_running && self.overlap == Overlap::Skip {
            warn!(job = %task.place(), %due, "skipped: its last run goes on");
            return;
        }
        self.run_command(&task, due).await;
        task.is_running.store(false, Ordering::Relaxed);
    }

    async fn run_command(&self, task: &Arc<Task>, due: Timestamp) {
        let began = SystemClock.now();
        let mut child = match task.command(&self.program).spawn() {
            Ok(child) => child,
            Err(error) => {
                error!(job = %task.place(), command = %task.title, %due, %error, "cannot start");
                return;
            }
        };
        let late_ms = milliseconds(log::now().duration_since(due).as_secs_f64());
        let pid = child.id().unwrap_or_default();
        let due = log::shortened(due);
        info!(job = %task.place(), command = %task.title, %due, late_ms, pid, "started");

        if let (Some(mut input), Some(text)) = (child.stdin.take(), task.stdin.clone()) {
            tokio::spawn(async move {
                // A command that does not read all of it is in its right.
                let _unread = input.write_all(text.as_bytes()).await;
            });
        }
        let printed = [
            child.stdout.take().map(|pipe| tokio::spawn(log_lines(pipe, task.clone(), "stdout"))),
            child.stderr.take().map(|pipe| tokio::spawn(log_lines(pipe, task.clone(), "stderr"))),
        ];
        let status = tokio::select! {
            biased;
            status = child.wait() => status,
            () = self.end.cancelled() => self.end_group(&mut child, pid).await,
        };
        let last_words = async {
            for reader in printed.into_iter().flatten() {
                let _finished = reader.await;
            }
        };
        let is_open = timeout(LAST_WORDS, last_words).await.is_err();
        log_end(task, pid, status, milliseconds((SystemClock.now() - began).as_secs_f64()));
        if is_open {
            info!(job = %task.place(), pid, "a process that it left behind keeps its output open");
        }
    }

    async fn end_group(&self, child: &mut Child, group: u32) -> io::Result<ExitStatus> {
        self.killed.fetch_add(1, Ordering::Relaxed);
        sys::kill(group, Force::Ask);
        let status = timeout(TIDY_UP, async {
            let status = child.wait().await;
            while sys::group_is_alive(group) {
                sleep(GLANCE).await;
            }
            status
        });
        match status.await {
            Ok(status) => status,
            Err(_too_long) => {
                sys::kill(group, Force::Kill);
                // Where there are no process groups.
                let _gone = child.start_kill();
                child.wait().await
            }
        }
    }
}

async fn log_lines(mut pipe: impl AsyncRead + Unpin, task: Arc<Task>, stream: &'static str) {
    let mut lines = Lines::default();
    let mut buffer = vec![0; 8 * 1024];
    let log = |line: &str| info!(job = %task.place(), stream, line, "output");
    while let Ok(length @ 1..) = pipe.read(&mut buffer).await {
        lines.push(&buffer[..length], log);
    }
    lines.finish(log);
}

fn log_end(task: &Task, pid: u32, status: io::Result<ExitStatus>, took_ms: f64) {
    let job = task.place();
    match status.map(sys::execution) {
        Ok(Ok(0)) => info!(%job, exit = 0, took_ms, pid, "finished"),
        Ok(Ok(exit)) => warn!(%job, exit, took_ms, pid, "failed"),
        Ok(Err(signal)) => warn!(%job, %signal, took_ms, pid, "ended by a signal"),
        Err(error) => error!(%job, %error, took_ms, pid, "lost sight of it"),
    }
}

/// To the microsecond, so that a log stays readable.
fn milliseconds(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e3
}
