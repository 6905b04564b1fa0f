//! Says how an attempt ended, and whether that was recorded.

use std::time::Duration;

use super::Hold;
use crate::RunState;

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Well.
    Succeeded,
    /// With an error or a panic, for good.
    Failed,
    /// It took too long, for good.
    TimedOut,
    /// It was stopped, for good.
    Cancelled,
    /// It is to be tried again, not before so much later on the store's clock.
    Retry {
        /// How much later.
        after: Duration,
    },
}

impl Outcome {
    /// What the run becomes.
    pub fn state(self) -> RunState {
        match self {
            Self::Succeeded => RunState::Succeeded,
            Self::Failed => RunState::Failed,
            Self::TimedOut => RunState::TimedOut,
            Self::Cancelled => RunState::Cancelled,
            Self::Retry { .. } => RunState::Due,
        }
    }
}

/// The end of an attempt, for [`Store::finish`](super::Store::finish).
///
/// ```
/// use std::time::Duration;
/// use mainspring_job::store::{Finish, Hold, Outcome};
///
/// fn ended(hold: Hold, result: Result<String, String>) -> Finish {
///     match result {
///         Ok(output) => Finish::new(hold, Outcome::Succeeded).output(output),
///         Err(error) => {
///             Finish::new(hold, Outcome::Retry { after: Duration::from_secs(10) }).error(error)
///         }
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finish {
    hold: Hold,
    outcome: Outcome,
    error: Option<String>,
    output: Option<String>,
}

impl Finish {
    /// So many bytes are kept of an error's beginning and of an output's end.
    pub const TEXT_BYTES_MAX: usize = 16 * 1024;

    /// The attempt that `hold` proves ended so.
    pub fn new(hold: Hold, outcome: Outcome) -> Self {
        Self { hold, outcome, error: None, output: None }
    }

    /// Keeps what went wrong: the first [`TEXT_BYTES_MAX`](Self::TEXT_BYTES_MAX) bytes.
    pub fn error(self, error: impl Into<String>) -> Self {
        Self { error: Some(head(kept(error.into()))), ..self }
    }

    /// Keeps what came out: the last [`TEXT_BYTES_MAX`](Self::TEXT_BYTES_MAX) bytes.
    pub fn output(self, output: impl Into<String>) -> Self {
        Self { output: Some(tail(kept(output.into()))), ..self }
    }

    /// What proves that the run is the node's.
    pub fn hold(&self) -> Hold {
        self.hold
    }

    /// How it ended.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// What went wrong.
    pub fn error_text(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// What came out.
    pub fn output_tail(&self) -> Option<&str> {
        self.output.as_deref()
    }
}

/// Whether what a node said about a run was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was recorded, now or when it was said before.
    Accepted,
    /// The run was not the node's any more: nothing was changed.
    Stale,
}

/// Not every store can keep a NUL in a text.
fn kept(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

fn head(mut text: String) -> String {
    if text.len() > Finish::TEXT_BYTES_MAX {
        text.truncate(text.floor_char_boundary(Finish::TEXT_BYTES_MAX));
    }
    text
}

fn tail(mut text: String) -> String {
    if text.len() > Finish::TEXT_BYTES_MAX {
        text.drain(..text.ceil_char_boundary(text.len() - Finish::TEXT_BYTES_MAX));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Finish, head, kept, tail};

    #[test]
    fn long_texts_are_cut_between_characters() {
        let long = "é".repeat(Finish::TEXT_BYTES_MAX) + "x";
        assert_eq!(head(long.clone()).len(), Finish::TEXT_BYTES_MAX);
        assert_eq!(tail(long).len(), Finish::TEXT_BYTES_MAX - 1);
        assert_eq!(kept("a\0b".into()), "a\u{fffd}b");
    }
}
