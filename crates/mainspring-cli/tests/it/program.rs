//! Starts the program, reads what it says, and gives tests a directory of their own.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// Longer than anything here takes; only a failing test waits for it.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program, in the zone UTC, without anything of the user's shell that would show, and with a place
/// for its state that no other call has.
pub(crate) fn mainspring() -> Command {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    let state = format!("{}-state/{call}", std::process::id());
    let mut command = Command::new(env!("CARGO_BIN_EXE_mainspring"));
    command.env("TZ", "UTC").env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command.env_remove("MAINSPRING_STORE").env_remove("MAINSPRING_TOKEN");
    command.env("STATE_DIRECTORY", Path::new(env!("CARGO_TARGET_TMPDIR")).join(state));
    command
}

/// The root of the repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Runs it to its end.
pub(crate) fn output(arguments: &[&str]) -> Output {
    mainspring().args(arguments).output().expect("the program starts")
}

/// Runs it to its end with that standard input.
pub(crate) fn output_of_input(arguments: &[&str], input: &[u8]) -> Output {
    let mut command = mainspring();
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_owned();
    let writer = thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("the program ends");
    writer.join().expect("the writer ends").expect("all was read");
    output
}

pub(crate) fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).expect("UTF-8")
}

/// A directory that is gone when the test is over.
pub(crate) struct Directory(PathBuf);

impl Directory {
    /// `name` is the test's own.
    pub(crate) fn new(name: &str) -> Self {
        let path =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{name}", std::process::id()));
        fs::create_dir_all(&path).expect("a directory");
        Self(path.canonicalize().expect("a path"))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(&path, contents).expect("a file");
        path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _left_behind = fs::remove_dir_all(&self.0);
    }
}

/// `mainspring run --log-format json`, as it goes.
pub(crate) struct Running {
    child: Child,
    events: Receiver<Value>,
    /// All events that have been received.
    pub(crate) seen: Vec<Value>,
}

impl Running {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = mainspring();
        command.args(["run", "--log-format", "json"]).args(arguments);
        Self::spawn(command)
    }

    /// `command` must log JSON on standard error.
    pub(crate) fn spawn(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let log = BufReader::new(child.stderr.take().expect("a pipe"));
        let (sender, events) = channel();
        thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                let event = serde_json::from_str(&line).unwrap_or(Value::String(line));
                if sender.send(event).is_err() {
                    return;
                }
            }
        });
        Self { child, events, seen: Vec::new() }
    }

    pub(crate) fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).expect("a process number")
    }

    /// The next event for which that is true.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            match self.events.recv_timeout(PATIENCE) {
                Ok(event) => {
                    self.seen.push(event.clone());
                    if wanted(&event) {
                        return event;
                    }
                }
                Err(error) => panic!("{error} after {:#?}", self.seen),
            }
        }
    }

    #[track_caller]
    pub(crate) fn wait_for_message(&mut self, message: &str) -> Value {
        self.wait_for(|event| event["message"] == message)
    }

    /// The next line that a command prints.
    #[track_caller]
    pub(crate) fn wait_for_line(&mut self, line: &str) -> Value {
        self.wait_for(|event| event["line"] == line)
    }

    #[cfg(unix)]
    pub(crate) fn signal(&self, signal: nix::sys::signal::Signal) {
        let pid = nix::unistd::Pid::from_raw(self.pid());
        nix::sys::signal::kill(pid, signal).expect("a signal");
    }

    /// The exit code, when it has ended by itself; all events are seen then.
    #[track_caller]
    pub(crate) fn wait(&mut self) -> Option<i32> {
        while let Ok(event) = self.events.recv_timeout(PATIENCE) {
            self.seen.push(event);
        }
        self.child.wait().expect("an exit status").code()
    }

    /// Stops it softly, and gives the exit code.
    #[cfg(unix)]
    #[track_caller]
    pub(crate) fn stop(&mut self) -> Option<i32> {
        self.signal(nix::sys::signal::Signal::SIGTERM);
        self.wait()
    }

    /// Stops it without any patience for what runs, and gives the exit code.
    #[cfg(unix)]
    #[track_caller]
    pub(crate) fn stop_now(&mut self) -> Option<i32> {
        self.signal(nix::sys::signal::Signal::SIGTERM);
        self.wait_for_message("stopping");
        self.signal(nix::sys::signal::Signal::SIGTERM);
        self.wait()
    }

    /// What commands have printed, as far as it has been seen.
    pub(crate) fn lines(&self) -> Vec<&str> {
        self.seen.iter().filter_map(|event| event["line"].as_str()).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}
