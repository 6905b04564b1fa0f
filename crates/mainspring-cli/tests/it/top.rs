//! `mainspring top` in a terminal of its own, and where there is none.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nix::pty::{OpenptyResult, Winsize, openpty};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::program::{Directory, mainspring, text};

/// How long anything may take before it counts as missing.
const PATIENCE: Duration = Duration::from_secs(30);

const GLANCE: Duration = Duration::from_millis(20);

/// The program in a terminal of 80 by 24 characters, and what it has written there.
struct Shown {
    child: Child,
    keys: File,
    terminal: Arc<Mutex<vt100::Parser>>,
}

impl Shown {
    fn open(directory: &Directory) -> Self {
        let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        let OpenptyResult { master, slave } = openpty(&size, None).expect("a terminal");
        let side = |fd: &OwnedFd| Stdio::from(fd.try_clone().expect("a descriptor"));
        let mut command = mainspring();
        command.args(["top", "--store", &store(directory)]).env("TERM", "xterm-256color");
        command.stdin(side(&slave)).stdout(side(&slave)).stderr(side(&slave));
        let child = command.spawn().expect("the program starts");
        drop((command, slave));
        let keys = File::from(master.try_clone().expect("a descriptor"));
        let terminal = Arc::new(Mutex::new(vt100::Parser::default()));
        let (mut reader, written) = (File::from(master), terminal.clone());
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = reader.read(&mut buffer) {
                written.lock().expect("no panic").process(&buffer[..length]);
            }
        });
        Self { child, keys, terminal }
    }

    /// Waits until the screen is so.
    #[track_caller]
    fn wait_until(&self, what: &str, is_so: impl Fn(&vt100::Screen) -> bool) {
        let mut waited = Duration::ZERO;
        loop {
            let terminal = self.terminal.lock().expect("no panic");
            if is_so(terminal.screen()) {
                return;
            }
            let contents = terminal.screen().contents();
            drop(terminal);
            assert!(waited < PATIENCE, "not {what}:\n{contents}");
            std::thread::sleep(GLANCE);
            waited += GLANCE;
        }
    }

    #[track_caller]
    fn wait_for(&self, text: &str) {
        let shows = |screen: &vt100::Screen| screen.contents().contains(text);
        self.wait_until(text, |screen| screen.alternate_screen() && shows(screen));
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("the terminal takes keys");
    }

    /// The exit code; the terminal is as it was.
    #[track_caller]
    fn end(mut self) -> Option<i32> {
        self.wait_until("given back", |screen| !screen.alternate_screen());
        self.child.wait().expect("an end").code()
    }
}

fn store(directory: &Directory) -> String {
    format!("sqlite:{}", directory.path().join("jobs.db").display())
}

/// A store with one job, which is never due.
fn directory(name: &str) -> Directory {
    let directory = Directory::new(name);
    let jobs = "[jobs.vacuum]\nschedule = '0 0 1 1 *'\ncommand = 'true'\n";
    let file = directory.write("jobs.toml", jobs);
    let mut command = mainspring();
    command.args(["run", "--log-format", "json", "--store", &store(&directory)]).arg(file);
    let mut running = crate::program::Running::spawn(command);
    running.wait_for_message("due next");
    assert_eq!(running.stop(), Some(0));
    directory
}

fn is_paused(directory: &Directory) -> bool {
    let output = mainspring().args(["jobs", "--store", &store(directory)]).output();
    text(&output.expect("it starts").stdout).contains("paused")
}

#[test]
fn it_shows_jobs_and_does_what_keys_say() {
    let directory = directory("top");
    let mut shown = Shown::open(&directory);
    shown.wait_for("vacuum");
    shown.press("p");
    shown.wait_for("paused vacuum");
    assert!(is_paused(&directory));
    shown.press("r");
    shown.wait_for("resumed vacuum");
    assert!(!is_paused(&directory));
    // What another process does is seen too.
    let done = mainspring().args(["pause", "vacuum", "--store", &store(&directory)]).output();
    assert!(done.expect("it starts").status.success());
    shown.wait_for("1 paused");
    shown.press("?");
    shown.wait_for("any key closes this");
    shown.press("xq");
    assert_eq!(shown.end(), Some(0));
}

#[test]
fn a_signal_gives_the_terminal_back() {
    let directory = directory("top-signal");
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let shown = Shown::open(&directory);
        shown.wait_for("vacuum");
        let pid = i32::try_from(shown.child.id()).expect("a number");
        kill(Pid::from_raw(pid), signal).expect("it lives");
        assert_eq!(shown.end(), Some(0), "{signal}");
    }
}

#[test]
fn without_a_terminal_it_says_what_to_do_instead() {
    let directory = directory("top-no-terminal");
    let output = mainspring().args(["top", "--store", &store(&directory)]).output();
    let output = output.expect("it starts");
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), ""));
    assert!(text(&output.stderr).contains("`mainspring jobs`"), "{}", text(&output.stderr));
}
