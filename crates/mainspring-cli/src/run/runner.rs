//! Runs commands: starts them, logs what they print and how they end, and ends them by force.
//!
//! # Ground rules
//! - A run is over when the shell is: a daemon that it leaves behind may keep the output open. Its
//!   lines are logged for as long as they come.
//! - A process group is signalled only while the shell has not been reaped, or right after it.
//! - A command that fails is a run that fails, so that the job's retry policy counts.

use std::collections::HashMap;
use std::process::ExitStatus;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{io, path::PathBuf};

use mainspring_clock::{Clock, SystemClock};
use mainspring_job::JobId;
use mainspring_scheduler::Context;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::Child;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

use super::output::{Lines, Tail};
use super::task::Task;
use crate::log;
use crate::sys::{self, Force};

/// How long the last words of a command may take after its shell has ended.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// How long a command has to tidy up after SIGTERM when the program stops.
const TIDY_UP: Duration = Duration::from_secs(2);
/// The same for a run that took too long or makes room for the next one: the scheduler lets go of it
/// after a second, and by then all of it must be gone.
const TIDY_UP_SOON: Duration = Duration::from_millis(800);
/// How often a dying process group is looked at.
const GLANCE: Duration = Duration::from_millis(20);

/// Everything that the runs share.
#[derive(Debug)]
pub(crate) struct Runner {
    /// This program, which changes users on the way to a command.
    program: PathBuf,
    tasks: Mutex<HashMap<JobId, Arc<Task>>>,
    runs: TaskTracker,
    end: CancellationToken,
    killed: AtomicUsize,
}

impl Runner {
    /// # Errors
    /// If the system does not tell where this program is.
    pub(crate) fn new() -> io::Result<Arc<Self>> {
        Ok(Arc::new(Self {
            program: std::env::current_exe()?,
            tasks: Mutex::default(),
            runs: TaskTracker::new(),
            end: CancellationToken::new(),
            killed: AtomicUsize::new(0),
        }))
    }

    /// Remembers what a job of the scheduler comes down to.
    pub(crate) fn remember(&self, id: JobId, task: Arc<Task>) {
        self.tasks().insert(id, task);
    }

    pub(crate) fn forget(&self, id: JobId) {
        self.tasks().remove(&id);
    }

    pub(crate) fn task(&self, id: JobId) -> Option<Arc<Task>> {
        self.tasks().get(&id).cloned()
    }

    /// Runs the task's command once, in the background, and returns when it has ended: well, with the
    /// end of what it printed, or with what is to be said of its end.
    ///
    /// # Cancel safety
    /// Dropping the future does not end the command; the run's token and [`Runner::end`] do.
    pub(crate) async fn run(
        self: &Arc<Self>,
        task: &Arc<Task>,
        context: &Context,
    ) -> Result<String, String> {
        let run = Arc::clone(self).run_command(Arc::clone(task), context.clone());
        match self.runs.spawn(run).await {
            Ok(ended) => ended,
            Err(error) => {
                error!(job = %task.label(), %error, "the run broke off");
                Err(error.to_string())
            }
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

    async fn run_command(
        self: Arc<Self>,
        task: Arc<Task>,
        context: Context,
    ) -> Result<String, String> {
        if self.end.is_cancelled() {
            return Err("the program stops".into());
        }
        let (due, attempt) = (context.due(), context.attempt());
        let began = SystemClock.now();
        let mut child = match task.command(&self.program).spawn() {
            Ok(child) => child,
            Err(error) => {
                let job = task.label();
                error!(job = %job, command = %task.title, %due, %error, "cannot start");
                return Err(format!("cannot start: {error}"));
            }
        };
        let late_ms = milliseconds(log::now().duration_since(due).as_secs_f64());
        let pid = child.id().unwrap_or_default();
        let due = log::shortened(due);
        // Most runs have one attempt, of which nobody needs to read.
        let attempt = (attempt > 1).then_some(attempt);
        info!(job = %task.label(), command = %task.title, %due, late_ms, attempt, pid, "started");

        if let (Some(mut input), Some(text)) = (child.stdin.take(), task.stdin.clone()) {
            tokio::spawn(async move {
                // A command that does not read all of it is in its right.
                let _unread = input.write_all(text.as_bytes()).await;
            });
        }
        let tail = Arc::new(Mutex::new(Tail::default()));
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let (to_out, to_err) = (tail.clone(), tail.clone());
        let printed = [
            stdout.map(|pipe| tokio::spawn(log_lines(pipe, task.clone(), "stdout", to_out))),
            stderr.map(|pipe| tokio::spawn(log_lines(pipe, task.clone(), "stderr", to_err))),
        ];
        let status = tokio::select! {
            biased;
            status = child.wait() => status,
            () = self.end.cancelled() => {
                self.killed.fetch_add(1, Ordering::Relaxed);
                end_group(&mut child, pid, TIDY_UP).await
            }
            () = context.cancelled() => end_group(&mut child, pid, TIDY_UP_SOON).await,
        };
        let last_words = async {
            for reader in printed.into_iter().flatten() {
                let _finished = reader.await;
            }
        };
        let is_open = timeout(LAST_WORDS, last_words).await.is_err();
        let took_ms = milliseconds((SystemClock.now() - began).as_secs_f64());
        let ended = log_end(&task, pid, status, took_ms);
        if is_open {
            info!(job = %task.label(), pid, "a process that it left behind keeps its output open");
        }
        let tail = std::mem::take(&mut *tail.lock().unwrap_or_else(PoisonError::into_inner));
        match (ended, tail.last_line()) {
            (Ok(()), _) => Ok(tail.into_text()),
            (Err(end), Some(line)) => Err(format!("{end}: {line}")),
            (Err(end), None) => Err(end),
        }
    }

    fn tasks(&self) -> MutexGuard<'_, HashMap<JobId, Arc<Task>>> {
        // Nothing under the lock can fail half-way.
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn end_group(child: &mut Child, group: u32, tidy_up: Duration) -> io::Result<ExitStatus> {
    sys::kill(group, Force::Ask);
    let status = timeout(tidy_up, async {
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

async fn log_lines(
    mut pipe: impl AsyncRead + Unpin,
    task: Arc<Task>,
    stream: &'static str,
    tail: Arc<Mutex<Tail>>,
) {
    let mut lines = Lines::default();
    let mut buffer = vec![0; 8 * 1024];
    let log = |line: &str| {
        info!(job = %task.label(), stream, line, "output");
        tail.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    };
    while let Ok(length @ 1..) = pipe.read(&mut buffer).await {
        lines.push(&buffer[..length], log);
    }
    lines.finish(log);
}

fn log_end(
    task: &Task,
    pid: u32,
    status: io::Result<ExitStatus>,
    took_ms: f64,
) -> Result<(), String> {
    let job = task.label();
    match status.map(sys::execution) {
        Ok(Ok(0)) => {
            info!(%job, exit = 0, took_ms, pid, "finished");
            Ok(())
        }
        Ok(Ok(exit)) => {
            warn!(%job, exit, took_ms, pid, "failed");
            Err(format!("exit code {exit}"))
        }
        Ok(Err(signal)) => {
            warn!(%job, %signal, took_ms, pid, "ended by a signal");
            Err(format!("ended by {signal}"))
        }
        Err(error) => {
            error!(%job, %error, took_ms, pid, "lost sight of it");
            Err(error.to_string())
        }
    }
}

/// To the microsecond, so that a log stays readable.
fn milliseconds(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e3
}
