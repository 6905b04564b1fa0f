//! What a job comes down to: a shell, a command, a user, an environment.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::process::Command;

use super::AS_USER;
use crate::jobs::Job;
use crate::sys::{self, Identity};

/// What another user's commands find themselves with, as under cron.
const PLAIN_PATH: &str = "/usr/bin:/bin";
const PLAIN_SHELL: &str = "/bin/sh";

/// A command, ready to be started as often as it is due.
#[derive(Debug)]
pub(crate) struct Task {
    file: String,
    name: Option<String>,
    is_for_start: bool,
    /// Where it stands in its file now; a reload may move it.
    line: AtomicUsize,
    pub(crate) title: String,
    text: String,
    pub(crate) stdin: Option<String>,
    identity: Identity,
    directory: Option<PathBuf>,
    variables: Vec<(String, String)>,
}

impl Task {
    /// # Errors
    /// If the user has gone since the file was read.
    pub(crate) fn new(file: &str, job: &Job) -> io::Result<Self> {
        let identity = match &job.user {
            Some(name) => sys::named_identity(name)?,
            None => sys::own_identity(),
        };
        Ok(Self {
            file: file.to_owned(),
            name: job.name.clone(),
            is_for_start: job.schedule().is_none(),
            line: AtomicUsize::new(job.number),
            title: job.title(),
            text: job.command.text.clone(),
            stdin: job.command.stdin.clone(),
            directory: job.directory.clone(),
            variables: job.variables.to_vec(),
            identity,
        })
    }

    /// What the log knows it by: its name, or its place in the crontab.
    pub(crate) fn label(&self) -> String {
        match &self.name {
            Some(name) => name.clone(),
            None => format!("{}:{}", self.file, self.line.load(Ordering::Relaxed)),
        }
    }

    /// Whether it runs at the start of the program, in place of a schedule.
    pub(crate) fn is_for_start(&self) -> bool {
        self.is_for_start
    }

    pub(crate) fn move_to_line(&self, number: usize) {
        self.line.store(number, Ordering::Relaxed);
    }

    /// The process to start. `program` is this program, which changes users on the way.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let shell: OsString = self.variable("SHELL").unwrap_or(PLAIN_SHELL).into();
        let mut command = if self.identity.is_other {
            let mut command = Command::new(program);
            command.args([AS_USER, "--", &self.identity.name]).arg(&shell).arg(&self.text);
            command.env_clear().env("PATH", PLAIN_PATH);
            command
        } else {
            let mut command = Command::new(&shell);
            command
                .arg("-c")
                .arg(&self.text)
                .env_remove(sys::INIT_CHILD)
                .env_remove(super::DASHBOARD_TOKEN);
            command
        };
        command.env("SHELL", &shell).env("HOME", &self.identity.home);
        for (name, value) in &self.variables {
            command.env(name, value);
        }
        command.env("LOGNAME", &self.identity.name).env("USER", &self.identity.name);
        command.current_dir(self.directory());
        command.stdin(if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() });
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        sys::own_group(&mut command);
        command
    }

    /// The job's own; else HOME, or the root where that is none, as for many a system user.
    fn directory(&self) -> PathBuf {
        if let Some(directory) = &self.directory {
            return directory.clone();
        }
        let home = self.variable("HOME").map_or(self.identity.home.as_path(), Path::new);
        if home.is_dir() { home.to_owned() } else { PathBuf::from("/") }
    }

    fn variable(&self, name: &str) -> Option<&str> {
        self.variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}
