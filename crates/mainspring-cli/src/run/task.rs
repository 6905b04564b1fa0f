//! What a line of a crontab comes down to: a shell, a command, a user, an environment.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::process::Command;

use super::AS_USER;
use crate::crontab::Line;
use crate::sys::{self, Identity};

/// What another user's commands find themselves with, as under cron.
const PLAIN_PATH: &str = "/usr/bin:/bin";
const PLAIN_SHELL: &str = "/bin/sh";

/// A command, ready to be started as often as it is due.
#[derive(Debug)]
pub(crate) struct Task {
    file: String,
    /// Where its line stands now; a reload may move it.
    line: AtomicUsize,
    pub(crate) title: String,
    text: String,
    pub(crate) stdin: Option<String>,
    identity: Identity,
    variables: Vec<(String, String)>,
    /// For `--overlap skip`.
    pub(crate) is_running: AtomicBool,
}

impl Task {
    /// # Errors
    /// If the user has gone since the file was read.
    pub(crate) fn new(file: &str, line: &Line) -> io::Result<Self> {
        let identity = match &line.user {
            Some(name) => sys::named_identity(name)?,
            None => sys::own_identity(),
        };
        Ok(Self {
            file: file.to_owned(),
            line: AtomicUsize::new(line.number),
            title: line.title(),
            text: line.command.text.clone(),
            stdin: line.command.stdin.clone(),
            variables: line.variables.to_vec(),
            identity,
            is_running: AtomicBool::new(false),
        })
    }

    /// The place in the crontab that the log knows it by.
    pub(crate) fn place(&self) -> String {
        format!("{}:{}", self.file, self.line.load(Ordering::Relaxed))
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
            command.arg("-c").arg(&self.text).env_remove(sys::INIT_CHILD);
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

    /// HOME; the root where that is none, as for many a system user.
    fn directory(&self) -> PathBuf {
        let home = self.variable("HOME").map_or(self.identity.home.as_path(), Path::new);
        if home.is_dir() { home.to_owned() } else { PathBuf::from("/") }
    }

    fn variable(&self, name: &str) -> Option<&str> {
        self.variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}
