//! Lets others stop a run.
//!
//! # Ground rules
//! - Most runs end at their first poll and are never asked to stop: they pay for one atomic, and the
//!   tokens are made when somebody wants them.
//! - Whoever makes the tokens looks at the level after, whoever raises the level looks at the tokens
//!   after: one of the two sees the other.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering, fence};

use tokio_util::sync::CancellationToken;

#[derive(Debug, Default)]
pub(crate) struct Control {
    level: AtomicU8,
    tokens: OnceLock<Tokens>,
}

#[derive(Debug, Default)]
struct Tokens {
    cancel: CancellationToken,
    abort: CancellationToken,
}

const CANCELLED: u8 = 1;
const ABORTED: u8 = 2;

impl Control {
    /// Asks the run to stop.
    pub(crate) fn cancel(&self) {
        self.raise(CANCELLED);
    }

    /// Has the run dropped as soon as its task is polled.
    pub(crate) fn abort(&self) {
        self.raise(ABORTED);
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.level.load(Ordering::Acquire) >= CANCELLED
    }

    pub(crate) fn cancel_token(&self) -> &CancellationToken {
        &self.tokens().cancel
    }

    pub(crate) fn abort_token(&self) -> &CancellationToken {
        &self.tokens().abort
    }

    fn raise(&self, level: u8) {
        self.level.fetch_max(level, Ordering::AcqRel);
        fence(Ordering::SeqCst);
        if let Some(tokens) = self.tokens.get() {
            tokens.follow(self.level.load(Ordering::Acquire));
        }
    }

    fn tokens(&self) -> &Tokens {
        let tokens = self.tokens.get_or_init(Tokens::default);
        fence(Ordering::SeqCst);
        tokens.follow(self.level.load(Ordering::Acquire));
        tokens
    }
}

impl Tokens {
    fn follow(&self, level: u8) {
        if level >= CANCELLED {
            self.cancel.cancel();
        }
        if level >= ABORTED {
            self.abort.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Control;

    #[test]
    fn tokens_made_late_know_what_happened_before() {
        let control = Control::default();
        control.cancel();
        assert!(control.is_cancelled());
        assert!(control.cancel_token().is_cancelled());
        assert!(!control.abort_token().is_cancelled());
    }

    #[test]
    fn tokens_made_early_follow() {
        let control = Control::default();
        let (cancel, abort) = (control.cancel_token().clone(), control.abort_token().clone());
        assert!(!cancel.is_cancelled());
        control.abort();
        assert!(cancel.is_cancelled() && abort.is_cancelled());
        control.cancel();
        assert!(control.abort_token().is_cancelled(), "the level never falls");
    }
}
