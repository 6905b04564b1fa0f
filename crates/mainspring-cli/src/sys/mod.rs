//! What the program asks of the operating system beyond files and clocks.
//!
//! | target | users | process groups | signals | reaping |
//! |---|---|---|---|---|
//! | Linux, BSDs | yes | yes | TERM, INT, HUP | as process 1; with `--init` on Linux |
//! | Apple | own user only | yes | TERM, INT, HUP | no |
//! | others | own user only | no: the command alone is killed | Ctrl-C | no |

#[cfg(not(unix))]
mod other;
#[cfg(unix)]
mod unix;

use std::path::PathBuf;

#[cfg(all(not(unix), feature = "dashboard"))]
pub(crate) use other::open_files_max;
#[cfg(not(unix))]
pub(crate) use other::{
    Signals, become_user, execution, group_is_alive, init, judge_user, kill, named_identity,
    own_group, own_identity,
};
#[cfg(all(unix, feature = "dashboard"))]
pub(crate) use unix::open_files_max;
#[cfg(unix)]
pub(crate) use unix::{
    Signals, become_user, execution, group_is_alive, init, judge_user, kill, named_identity,
    own_group, own_identity,
};

/// Set for the child that [`init`] starts, to the number of its parent.
pub(crate) const INIT_CHILD: &str = "MAINSPRING_INIT_CHILD";

/// Who runs a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) name: String,
    pub(crate) home: PathBuf,
    /// Whether that is somebody else than who runs this program.
    pub(crate) is_other: bool,
}

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Stop,
    Reload,
}

/// How to end a process group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Force {
    /// It may tidy up first.
    Ask,
    Kill,
}
