//! Users, process groups, signals and the reaping of orphans on Unix.

use std::ffi::OsStr;
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Command, ExitStatus};

use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, User, geteuid, getpid};
use tokio::signal::unix::{Signal as Listener, SignalKind, signal};

use super::{Force, INIT_CHILD, Identity, Request};
use crate::jobs::UserProblem;

/// The user who runs this program.
pub(crate) fn own_identity() -> Identity {
    let known = User::from_uid(geteuid()).ok().flatten();
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let home = variable("HOME").map(PathBuf::from);
    match known {
        Some(user) => Identity { name: user.name, home: home.unwrap_or(user.dir), is_other: false },
        // A container may run us under a number that no file knows.
        None => Identity {
            name: variable("USER").unwrap_or_else(|| geteuid().to_string()),
            home: home.unwrap_or_else(|| "/".into()),
            is_other: false,
        },
    }
}

/// The user of that name; [`judge_user`] has found nothing to say against it.
pub(crate) fn named_identity(name: &str) -> io::Result<Identity> {
    let user = User::from_name(name)?
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("no user {name}")))?;
    if user.uid == geteuid() {
        return Ok(own_identity());
    }
    Ok(Identity { name: user.name, home: user.dir, is_other: true })
}

/// Says why commands cannot run as that user.
pub(crate) fn judge_user(name: &str) -> Result<(), UserProblem> {
    let user = match User::from_name(name) {
        Ok(Some(user)) => user,
        Ok(None) => {
            return Err(UserProblem {
                text: format!("unknown user {name:?}"),
                help: "lines of this file have a user column; `--form user` reads files without"
                    .into(),
            });
        }
        Err(error) => {
            let text = format!("cannot look up user {name:?}: {error}");
            return Err(UserProblem { text, help: String::new() });
        }
    };
    if user.uid == geteuid() {
        return Ok(());
    }
    if cfg!(target_vendor = "apple") || !geteuid().is_root() {
        return Err(UserProblem {
            text: format!("cannot run commands as {name:?}"),
            help: format!("only root can; mainspring runs as {:?}", own_identity().name),
        });
    }
    Ok(())
}

/// Takes the groups and the number of the user, for good, and becomes that command; returns only if
/// that fails.
pub(crate) fn become_user(name: &str, shell: &OsStr, command: &OsStr) -> io::Error {
    if let Err(error) = take_user(name) {
        return error;
    }
    Command::new(shell).arg("-c").arg(command).exec()
}

#[cfg(not(target_vendor = "apple"))]
fn take_user(name: &str) -> io::Result<()> {
    let user = User::from_name(name)?
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("no user {name}")))?;
    // In this order: without root's number the groups could not be changed any more.
    nix::unistd::initgroups(&std::ffi::CString::new(name)?, user.gid)?;
    nix::unistd::setgid(user.gid)?;
    nix::unistd::setuid(user.uid)?;
    Ok(())
}

#[cfg(target_vendor = "apple")]
fn take_user(_name: &str) -> io::Result<()> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

/// Puts the command into a process group of its own, so that all it starts can be ended with it.
pub(crate) fn own_group(command: &mut tokio::process::Command) {
    command.process_group(0);
}

/// Ends a process group that was begun by [`own_group`]; nothing happens if it is gone.
pub(crate) fn kill(group: u32, force: Force) {
    let signal = match force {
        Force::Ask => Signal::SIGTERM,
        Force::Kill => Signal::SIGKILL,
    };
    if let Some(group) = pid(group) {
        let _gone = killpg(group, signal);
    }
}

/// Whether any process of the group is left.
pub(crate) fn group_is_alive(group: u32) -> bool {
    pid(group).is_some_and(|group| killpg(group, None).is_ok())
}

fn pid(number: u32) -> Option<Pid> {
    // 0 and 1 would mean "my own group" and "everybody".
    i32::try_from(number).ok().filter(|&number| number > 1).map(Pid::from_raw)
}

/// The exit code, or the name of the signal that ended it.
pub(crate) fn execution(status: ExitStatus) -> Result<i32, String> {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ok(code),
        (None, Some(number)) => Err(Signal::try_from(number)
            .map_or_else(|_| format!("signal {number}"), |signal| signal.as_str().to_owned())),
        (None, None) => Err("unknown".into()),
    }
}

/// The signals that ask this program for something.
pub(crate) struct Signals {
    terminate: Listener,
    interrupt: Listener,
    hang_up: Listener,
}

impl Signals {
    /// Takes the signals over from their default actions, for the life of the process.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the next signal.
    ///
    /// # Cancel safety
    /// Dropping the future loses no signal.
    pub(crate) async fn next(&mut self) -> Request {
        tokio::select! {
            _ = self.terminate.recv() => Request::Stop,
            _ = self.interrupt.recv() => Request::Stop,
            _ = self.hang_up.recv() => Request::Reload,
        }
    }
}

/// As process 1, or where `wanted`, runs the program once more as a child and reaps whatever
/// orphans come this way; gives the child's exit code when it has ended.
///
/// `None` if this process is that child, or is to do the work itself.
///
/// The work is done in a child because two reapers in one process take each other's children.
pub(crate) fn init(wanted: bool) -> Option<io::Result<u8>> {
    let parent = nix::unistd::getppid().to_string();
    if std::env::var_os(INIT_CHILD).is_some_and(|of| of == parent.as_str()) {
        return None;
    }
    let is_first = getpid().as_raw() == 1;
    if !is_first && !wanted {
        return None;
    }
    #[cfg(target_os = "linux")]
    if !is_first && let Err(error) = nix::sys::prctl::set_child_subreaper(true) {
        return Some(Err(error.into()));
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Some(Err(error)),
    };
    Some(runtime.block_on(async {
        // Before the child exists, so that no signal can be lost.
        let mut signals = Signals::new()?;
        let mut child_ended = signal(SignalKind::child())?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(std::env::args_os().skip(1)).env(INIT_CHILD, getpid().to_string());
        // A terminal's Ctrl-C reaches its whole group: once from there and once from here would be
        // two signals.
        command.process_group(0);
        let child = command.spawn()?;
        let child = Pid::from_raw(child.id().cast_signed());
        loop {
            tokio::select! {
                request = signals.next() => {
                    let signal = match request {
                        Request::Stop => Signal::SIGTERM,
                        Request::Reload => Signal::SIGHUP,
                    };
                    let _ended = nix::sys::signal::kill(child, signal);
                }
                _ = child_ended.recv() => {
                    if let Some(code) = reap(child) {
                        return Ok(code);
                    }
                }
            }
        }
    }))
}

/// Reaps all that has ended; gives the exit code of `child` if it was among them.
fn reap(child: Pid) -> Option<u8> {
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(pid, code)) if pid == child => {
                return Some(u8::try_from(code).unwrap_or(1));
            }
            // As a shell tells it.
            Ok(WaitStatus::Signaled(pid, signal, _)) if pid == child => {
                return Some(u8::try_from(128 + signal as i32).unwrap_or(1));
            }
            Ok(WaitStatus::StillAlive) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

/// How many files this process may have open; `None` where nothing says.
#[cfg(feature = "dashboard")]
pub(crate) fn open_files_max() -> Option<usize> {
    use nix::sys::resource::{Resource, getrlimit};

    let (soft, _) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    usize::try_from(soft).ok()
}
