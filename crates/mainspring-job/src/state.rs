//! Says what may become of a run.
//!
//! ```text
//!           ┌──► Missed, Skipped
//!           │
//!  (due) ► Due ──────► Running ─┬──► Succeeded
//!           ▲ │           │     ├──► Failed, TimedOut
//!           │ │           │     └──► Cancelled
//!           │ └─────────────────────────▲
//!           └── retry ────┘
//! ```
//!
//! # Ground rules
//! - Every change of a run's state goes through [`RunState::may_become`], here and in every store.
//! - What has ended stays as it ended: nothing leads out of a state on the right.

use std::fmt;

/// Where a run stands.
///
/// ```
/// use mainspring_job::RunState;
///
/// assert!(RunState::Due.may_become(RunState::Running));
/// assert!(RunState::Running.may_become(RunState::Due), "a retry, or a lost lease");
/// assert!(RunState::ALL.iter().all(|state| !RunState::Succeeded.may_become(*state)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RunState {
    /// Its instant has come (or comes again, for a retry); nobody executes it yet.
    Due,
    /// A handler works on it.
    Running,
    /// The handler ended well.
    Succeeded,
    /// The handler returned an error or panicked.
    Failed,
    /// Its last attempt took longer than it may.
    TimedOut,
    /// It was stopped before its handler ended.
    Cancelled,
    /// Its job's overlap policy decided against it.
    Skipped,
    /// Its instant passed while nobody could run it, and its job's misfire policy decided against it.
    Missed,
}

impl RunState {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Due,
        Self::Running,
        Self::Succeeded,
        Self::Failed,
        Self::TimedOut,
        Self::Cancelled,
        Self::Skipped,
        Self::Missed,
    ];

    /// Whether a run in this state may change to `next`.
    pub fn may_become(self, next: Self) -> bool {
        match self {
            Self::Due => {
                matches!(next, Self::Running | Self::Cancelled | Self::Skipped | Self::Missed)
            }
            Self::Running => {
                matches!(
                    next,
                    Self::Due | Self::Succeeded | Self::Failed | Self::TimedOut | Self::Cancelled
                )
            }
            Self::Succeeded
            | Self::Failed
            | Self::TimedOut
            | Self::Cancelled
            | Self::Skipped
            | Self::Missed => false,
        }
    }

    /// Whether nothing can come after it.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Due | Self::Running)
    }

    /// The state that [`as_str`](Self::as_str) names so.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// The state as lower-case words, for logs and stores.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::TimedOut => "timed out",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
            Self::Missed => "missed",
        }
    }
}

impl fmt::Display for RunState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::RunState::{
        self, Cancelled, Due, Failed, Missed, Running, Skipped, Succeeded, TimedOut,
    };

    #[test]
    fn the_picture_and_the_code_agree() {
        let allowed = [
            (Due, Running),
            (Due, Cancelled),
            (Due, Skipped),
            (Due, Missed),
            (Running, Due),
            (Running, Succeeded),
            (Running, Failed),
            (Running, TimedOut),
            (Running, Cancelled),
        ];
        for from in RunState::ALL {
            for to in RunState::ALL {
                assert_eq!(from.may_become(to), allowed.contains(&(from, to)), "{from} to {to}");
            }
        }
    }

    #[test]
    fn what_is_final_leads_nowhere() {
        for state in RunState::ALL {
            assert_eq!(RunState::named(state.as_str()), Some(state));
            assert_eq!(
                state.is_final(),
                !RunState::ALL.iter().any(|next| state.may_become(*next)),
                "{state}"
            );
        }
    }
}
