//! Decides what is said to the store about an attempt that has ended.
//!
//! # Ground rules
//! - Pure: randomness is an argument.
//! - What was interrupted through no fault of its own is given back, and not counted as an attempt.

use mainspring_job::store::{Finish, Hold, Outcome};
use mainspring_job::{Policy, RunState};

use crate::attempt::timed_out;
use crate::event::EventKind;

/// How an attempt ended, in words that no user's code is behind any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Well(Option<String>),
    Badly(String),
    TimedOut,
    Cancelled,
}

/// Why a node stopped a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The lease was lost: the run may be another node's.
    Lost,
    /// Somebody wants it cancelled.
    Wanted,
    /// The scheduler shuts down.
    Shutdown,
}

/// What is said about a run.
#[derive(Debug)]
pub(crate) enum Word {
    /// How it ended, and what to tell once that is recorded.
    Ended(Finish, EventKind),
    /// Another node may have it.
    Back,
    /// Nothing: it is not this node's any more.
    Nothing,
}

/// What to say about attempt number `attempt`; `random` is an even draw from all of `u64`.
pub(crate) fn word(
    hold: Hold,
    ended: Ended,
    stop: Option<Stop>,
    policy: &Policy,
    attempt: u32,
    random: u64,
) -> Word {
    let (state, error) = match (ended, stop) {
        (_, Some(Stop::Lost)) => return Word::Nothing,
        (Ended::Well(output), _) => {
            let finish = Finish::new(hold, Outcome::Succeeded);
            let finish = match output {
                Some(output) => finish.output(output),
                None => finish,
            };
            return Word::Ended(finish, EventKind::Succeeded);
        }
        (Ended::Cancelled, None) | (Ended::Cancelled | Ended::Badly(_), Some(Stop::Shutdown)) => {
            return Word::Back;
        }
        (ended, Some(Stop::Wanted)) => {
            let finish = Finish::new(hold, Outcome::Cancelled);
            let finish = match ended {
                Ended::Badly(error) => finish.error(error),
                _ => finish,
            };
            return Word::Ended(finish, EventKind::Cancelled);
        }
        (Ended::Badly(error), None) => (RunState::Failed, error),
        (Ended::TimedOut, _) => (RunState::TimedOut, timed_out(policy.timeout_limit()).to_string()),
    };
    let pause = policy.retry_policy().pause_after(attempt, random);
    let (outcome, kind) = match (pause, state) {
        (Some(after), _) => {
            (Outcome::Retry { after }, EventKind::Retried { error: error.clone(), pause: after })
        }
        (None, RunState::TimedOut) => (Outcome::TimedOut, EventKind::TimedOut),
        (None, _) => (Outcome::Failed, EventKind::Failed { error: error.clone() }),
    };
    Word::Ended(Finish::new(hold, outcome).error(error), kind)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;
    use mainspring_job::store::{Fence, Hold, Outcome};
    use mainspring_job::{JobId, Policy, Retry, RunId};

    use super::{Ended, Stop, Word, word};

    fn said(ended: Ended, stop: Option<Stop>, policy: &Policy, attempt: u32) -> String {
        let run = RunId { job: JobId::from_u64(1), due: Timestamp::UNIX_EPOCH };
        let hold = Hold { run, fence: Fence::from_u64(1) };
        match word(hold, ended, stop, policy, attempt, u64::MAX) {
            Word::Nothing => "nothing".to_owned(),
            Word::Back => "back".to_owned(),
            Word::Ended(finish, _) => {
                let what = match finish.outcome() {
                    Outcome::Retry { after } => format!("again in {after:?}"),
                    outcome => outcome.state().to_string(),
                };
                let texts = [finish.error_text(), finish.output_tail()];
                texts.into_iter().flatten().fold(what, |what, text| format!("{what}: {text}"))
            }
        }
    }

    fn well() -> Ended {
        Ended::Well(Some("done".to_owned()))
    }

    fn badly() -> Ended {
        Ended::Badly("it broke".to_owned())
    }

    #[test]
    fn outcomes_are_what_they_are() {
        let policy = Policy::default().timeout(Duration::from_secs(3));
        assert_eq!(said(well(), None, &policy, 1), "succeeded: done");
        assert_eq!(said(badly(), None, &policy, 1), "failed: it broke");
        assert_eq!(said(Ended::TimedOut, None, &policy, 1), "timed out: it took longer than 3s");
    }

    #[test]
    fn retries_follow_the_policy() {
        let policy = Policy::default().retry(Retry::fixed(Duration::from_secs(5)).attempts(2));
        assert_eq!(said(badly(), None, &policy, 1), "again in 5s: it broke");
        assert_eq!(said(badly(), None, &policy, 2), "failed: it broke");
        assert!(said(Ended::TimedOut, None, &policy, 1).starts_with("again in 5s"));
    }

    #[test]
    fn a_lost_run_is_not_spoken_of() {
        for ended in [well(), badly(), Ended::TimedOut, Ended::Cancelled] {
            assert_eq!(said(ended, Some(Stop::Lost), &Policy::default(), 1), "nothing");
        }
    }

    #[test]
    fn a_shutdown_gives_back_what_did_not_end_well() {
        let (stop, policy) = (Some(Stop::Shutdown), Policy::default());
        assert_eq!(said(well(), stop, &policy, 1), "succeeded: done");
        assert_eq!(said(badly(), stop, &policy, 1), "back");
        assert_eq!(said(Ended::Cancelled, stop, &policy, 1), "back");
        assert_eq!(said(Ended::Cancelled, None, &policy, 1), "back", "its task was dropped");
    }

    #[test]
    fn a_wanted_cancel_is_one() {
        let (stop, policy) = (Some(Stop::Wanted), Policy::default());
        assert_eq!(said(well(), stop, &policy, 1), "succeeded: done");
        assert_eq!(said(badly(), stop, &policy, 1), "cancelled: it broke");
        assert_eq!(said(Ended::Cancelled, stop, &policy, 1), "cancelled");
        assert_eq!(said(Ended::TimedOut, stop, &policy, 1), "cancelled");
    }
}
