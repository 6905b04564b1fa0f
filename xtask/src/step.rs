//! One command of a chore: printed, run, and judged by its exit status.

use std::ffi::OsStr;
use std::fmt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::chores::root;

/// A command that is about to run.
pub(crate) struct Step {
    title: String,
    command: Command,
}

impl Step {
    /// The cargo that runs this program, in the repository's root.
    pub(crate) fn cargo(title: &str, args: &[&str]) -> Self {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.args(args).current_dir(root()).stdin(Stdio::null());
        Self { title: title.to_owned(), command }
    }

    /// A program of this repository, by its path from the root.
    pub(crate) fn program(title: &str, path: &Path) -> Self {
        let mut command = Command::new(root().join(path));
        command.current_dir(root()).stdin(Stdio::null());
        Self { title: title.to_owned(), command }
    }

    /// A program of the system's.
    pub(crate) fn system(title: &str, name: &str) -> Self {
        let mut command = Command::new(name);
        command.current_dir(root()).stdin(Stdio::null());
        Self { title: title.to_owned(), command }
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    pub(crate) fn args(mut self, args: &[&str]) -> Self {
        self.command.args(args);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn run(mut self) -> Result<(), Failure> {
        let line = self.line();
        // On the error stream, as cargo's own progress is: standard output stays the command's.
        eprintln!("\n==> {}\n    {line}", self.title);
        let status = self
            .command
            .status()
            .map_err(|error| Failure::missing(format!("cannot start `{line}`: {error}")))?;
        if status.success() {
            return Ok(());
        }
        Err(Failure { text: format!("failed: `{line}` ({status})"), exit_code: 1 })
    }

    /// The command as one would type it.
    fn line(&self) -> String {
        let mut words: Vec<String> = Vec::new();
        for (name, value) in self.command.get_envs() {
            let value = value.unwrap_or_default();
            words.push(format!("{}={}", name.display(), quoted(value)));
        }
        let program = Path::new(self.command.get_program());
        words.push(match program.strip_prefix(root()) {
            Ok(inside) => inside.display().to_string(),
            // Where cargo's own path leads is nobody's concern.
            Err(_) if program.is_absolute() => "cargo".to_owned(),
            Err(_) => program.display().to_string(),
        });
        words.extend(self.command.get_args().map(|arg| {
            let inside = Path::new(arg).strip_prefix(root()).map(Path::as_os_str);
            quoted(inside.unwrap_or(arg))
        }));
        words.join(" ")
    }
}

fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    if word.contains(char::is_whitespace) || word.is_empty() {
        return format!("'{word}'");
    }
    word.into_owned()
}

/// Fails with `remedy` where `program` does not run.
pub(crate) fn need(program: &str, args: &[&str], remedy: &str) -> Result<(), Failure> {
    let ran = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if ran {
        return Ok(());
    }
    Err(Failure::missing(format!("`{program} {}` does not run here: {remedy}", args.join(" "))))
}

/// Why a chore ended early.
pub(crate) struct Failure {
    text: String,
    exit_code: u8,
}

impl Failure {
    /// The chore was called wrongly.
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self { text: text.into(), exit_code: 2 }
    }

    /// Something the chore needs is not on this machine.
    pub(crate) fn missing(text: impl Into<String>) -> Self {
        Self { text: text.into(), exit_code: 3 }
    }

    pub(crate) fn exit_code(&self) -> u8 {
        self.exit_code
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
