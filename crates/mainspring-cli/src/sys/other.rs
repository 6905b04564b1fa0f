//! The little that can be had where there is no Unix: the own user, and Ctrl-C.

use std::ffi::OsStr;
use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

use super::{Force, Identity, Request};
use crate::jobs::UserProblem;

pub(crate) fn own_identity() -> Identity {
    let variable = |name| std::env::var(name).unwrap_or_default();
    let home = PathBuf::from(variable("USERPROFILE"));
    Identity { name: variable("USERNAME"), home, is_other: false }
}

pub(crate) fn named_identity(_name: &str) -> io::Result<Identity> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

pub(crate) fn judge_user(name: &str) -> Result<(), UserProblem> {
    Err(UserProblem {
        text: format!("cannot run commands as {name:?}"),
        help: "user columns need a Unix system; `--form user` reads files without".into(),
    })
}

pub(crate) fn become_user(_name: &str, _shell: &OsStr, _command: &OsStr) -> io::Error {
    io::Error::from(io::ErrorKind::Unsupported)
}

pub(crate) fn own_group(_command: &mut tokio::process::Command) {}

pub(crate) fn kill(_group: u32, _force: Force) {}

pub(crate) fn group_is_alive(_group: u32) -> bool {
    false
}

pub(crate) fn execution(status: ExitStatus) -> Result<i32, String> {
    status.code().ok_or_else(|| "unknown".into())
}

pub(crate) struct Signals;

impl Signals {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self)
    }

    pub(crate) async fn next(&mut self) -> Request {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Request::Stop,
            Err(_) => std::future::pending().await,
        }
    }
}

pub(crate) fn init(_wanted: bool) -> Option<io::Result<u8>> {
    None
}

/// How many files this process may have open; `None` where nothing says.
#[cfg(feature = "dashboard")]
pub(crate) fn open_files_max() -> Option<usize> {
    None
}
