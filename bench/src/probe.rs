//! Asks a peer in a process of its own, one line at a time, so that it may hang or crash.
//!
//! A peer that gives no answer in time is killed, and a new process answers the next line.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// The argument that makes this program the other side of a [`Probe`].
pub const ARGUMENT: &str = "--answer-as";

/// Long enough for anything but a hang, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(2);

/// A peer in a process of its own.
pub struct Probe {
    peer: &'static str,
    process: Option<Process>,
}

struct Process {
    child: Child,
    questions: ChildStdin,
    answers: Receiver<String>,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// None within two seconds.
    Hangs,
    /// The process ended.
    Crashes,
}

impl Probe {
    pub fn new(peer: &'static str) -> Self {
        Self { peer, process: None }
    }

    /// The answer to one line.
    pub fn ask(&mut self, line: &str) -> Result<String, Silence> {
        let peer = self.peer;
        let process = self.process.get_or_insert_with(|| Process::start(peer));
        let answer = process.ask(line);
        if answer.is_err() {
            self.process = None;
        }
        answer
    }
}

impl Process {
    fn start(peer: &str) -> Self {
        let program = std::env::current_exe().expect("this program has a path");
        let mut child = Command::new(program)
            .args([ARGUMENT, peer])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("this program can be started once more");
        let questions = child.stdin.take().expect("its input is piped");
        let lines = BufReader::new(child.stdout.take().expect("its output is piped")).lines();
        let (sender, answers) = channel();
        // Ends with the child's output.
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, questions, answers }
    }

    fn ask(&mut self, line: &str) -> Result<String, Silence> {
        writeln!(self.questions, "{line}").map_err(|_| Silence::Crashes)?;
        self.answers.recv_timeout(PATIENCE).map_err(|error| match error {
            RecvTimeoutError::Timeout => Silence::Hangs,
            RecvTimeoutError::Disconnected => Silence::Crashes,
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be in an endless loop; and it may have ended already, which is as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The other side: answers each line of standard input with one of standard output.
pub fn serve(answer: impl Fn(&str) -> String) -> std::io::Result<()> {
    let mut output = std::io::stdout().lock();
    for line in std::io::stdin().lines() {
        writeln!(output, "{}", answer(&line?))?;
        output.flush()?;
    }
    Ok(())
}
