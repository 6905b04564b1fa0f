//! How the program ends: its exit codes, in one place.

use std::fmt;
use std::process::ExitCode;

/// The end of the program, with what is still to be said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Well,
    /// The input is wrong, and that has been said.
    Input,
    /// `run` killed commands to come to its end.
    Killed,
    /// A job of `run --once` did not succeed.
    JobFailed,
    /// Something else went wrong; the sentence goes to standard error.
    Failed(String),
    /// The code of a child that did the work.
    Of(u8),
}

impl Exit {
    pub(crate) fn failed(error: impl fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Well => Self::SUCCESS,
            Exit::Input | Exit::Failed(_) => Self::from(1),
            Exit::Killed => Self::from(3),
            Exit::JobFailed => Self::from(4),
            Exit::Of(code) => Self::from(code),
        }
    }
}
