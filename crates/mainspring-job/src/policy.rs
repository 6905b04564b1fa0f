//! Gathers what a job's owner may decide about its runs.

use std::sync::Arc;
use std::time::Duration;

use crate::{Misfire, Overlap, Retry};

/// What is to happen when runs are late, overlap, fail or take too long.
///
/// ```
/// use std::time::Duration;
/// use mainspring_job::{Overlap, Policy, Retry};
///
/// let policy = Policy::default()
///     .overlap(Overlap::Queue)
///     .concurrency(2)
///     .group("database")
///     .timeout(Duration::from_secs(300))
///     .retry(Retry::fixed(Duration::from_secs(10)));
/// assert_eq!(policy.group_name(), Some("database"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    overlap: Overlap,
    concurrency: u32,
    group: Option<Arc<str>>,
    misfire: Misfire,
    timeout: Option<Duration>,
    retry: Retry,
    history: u32,
}

impl Policy {
    /// What becomes of a run that is due while others go on.
    pub fn overlap(self, overlap: Overlap) -> Self {
        Self { overlap, ..self }
    }

    /// How many runs of the job may go on at once before its [`Overlap`] counts; 0 counts as 1.
    pub fn concurrency(self, runs: u32) -> Self {
        Self { concurrency: runs.max(1), ..self }
    }

    /// Puts the job into a named group, whose jobs share a limit of their own.
    pub fn group(self, name: &str) -> Self {
        Self { group: Some(name.into()), ..self }
    }

    /// What becomes of instants that passed unseen.
    pub fn misfire(self, misfire: Misfire) -> Self {
        Self { misfire, ..self }
    }

    /// How long one attempt may take, from its start; after it the attempt has failed.
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout: Some(timeout), ..self }
    }

    /// How often a run is tried.
    pub fn retry(self, retry: Retry) -> Self {
        Self { retry, ..self }
    }

    /// How many ended runs are kept, at least one; one unless said otherwise.
    pub fn history(self, runs: u32) -> Self {
        Self { history: runs, ..self }
    }

    /// The overlap policy.
    pub fn overlap_policy(&self) -> Overlap {
        self.overlap
    }

    /// How many runs may go on at once.
    pub fn concurrency_limit(&self) -> u32 {
        self.concurrency
    }

    /// The group's name.
    pub fn group_name(&self) -> Option<&str> {
        self.group.as_deref()
    }

    /// The misfire policy.
    pub fn misfire_policy(&self) -> Misfire {
        self.misfire
    }

    /// The most that one attempt may take.
    pub fn timeout_limit(&self) -> Option<Duration> {
        self.timeout
    }

    /// The retry policy.
    pub fn retry_policy(&self) -> Retry {
        self.retry
    }

    /// How many ended runs are kept.
    pub fn history_limit(&self) -> u32 {
        self.history
    }
}

impl Default for Policy {
    /// Runs overlap freely, a missed time runs once, nothing is retried, nothing times out.
    fn default() -> Self {
        Self {
            overlap: Overlap::Allow,
            concurrency: 1,
            group: None,
            misfire: Misfire::default(),
            timeout: None,
            retry: Retry::never(),
            history: 1,
        }
    }
}
