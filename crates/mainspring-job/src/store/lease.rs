//! Says what holding a run means: claims, leases, fences.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use crate::{JobName, Policy, PolicyError, RunId};

/// The number of one claim: of two claims in one store, the later one has the larger number.
///
/// A handler passes it on to whatever it changes, and that refuses a number below the largest it has
/// seen: then a handler that was thought dead and comes back can do no harm.
///
/// ```
/// use mainspring_job::store::Fence;
///
/// /// What a handler changes; it remembers the largest number that it has seen.
/// struct Account { balance: i64, seen: Option<Fence> }
///
/// impl Account {
///     fn set(&mut self, balance: i64, fence: Fence) -> bool {
///         let is_late = self.seen.is_some_and(|seen| fence < seen);
///         if !is_late {
///             (self.balance, self.seen) = (balance, Some(fence));
///         }
///         !is_late
///     }
/// }
///
/// let mut account = Account { balance: 0, seen: None };
/// assert!(account.set(10, Fence::from_u64(42)));
/// assert!(!account.set(7, Fence::from_u64(41)), "a node that was thought dead has come back");
/// assert_eq!(account.balance, 10);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fence(u64);

impl Fence {
    /// For stores, which hand out the numbers.
    pub fn from_u64(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub fn as_u64(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a node asks for with [`Store::claim`](super::Store::claim).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Who asks: a name for people, best with host and process in it.
    pub node: String,
    /// The queues to take from; empty for all.
    pub queues: Vec<JobName>,
    /// At most so many runs.
    pub limit: usize,
    /// How long the runs are the node's, unless it says with a heartbeat that it is alive.
    pub lease: Duration,
}

impl Claim {
    /// Up to `limit` runs of any queue, for 30 seconds.
    pub fn new(node: impl Into<String>, limit: usize) -> Self {
        Self { node: node.into(), queues: Vec::new(), limit, lease: Duration::from_secs(30) }
    }

    /// Only from these queues.
    pub fn queues(self, queues: impl IntoIterator<Item = JobName>) -> Self {
        Self { queues: queues.into_iter().collect(), ..self }
    }

    /// For so long.
    pub fn lease(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }
}

/// A run that is the node's until its lease ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedRun {
    /// Which run.
    pub id: RunId,
    /// The job's name, or the handler's where there is no job.
    pub name: JobName,
    /// The name of the handler that it is for.
    pub handler: JobName,
    /// What the handler is given.
    pub payload: Option<String>,
    /// The policy's text, as it was when the run became due; [`policy`](Self::policy) reads it.
    pub policy: String,
    /// Where it lined up.
    pub queue: JobName,
    /// Its priority.
    pub priority: i16,
    /// How often it was claimed and not released, this time included.
    pub attempt: u32,
    /// The number of this claim.
    pub fence: Fence,
    /// Since when it could have been claimed.
    pub at: Timestamp,
    /// When it was claimed, on the store's clock.
    pub started: Timestamp,
    /// When the lease ends, on the store's clock.
    pub lease_until: Timestamp,
}

impl ClaimedRun {
    /// What proves that the run is the node's.
    pub fn hold(&self) -> Hold {
        Hold { run: self.id, fence: self.fence }
    }

    /// Reads the policy.
    ///
    /// # Errors
    /// If the text is no policy, since a newer program wrote it, for example.
    pub fn policy(&self) -> Result<Policy, PolicyError> {
        self.policy.parse()
    }
}

/// Proves that a run is a node's: the run, and the number of the claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hold {
    /// Which run.
    pub run: RunId,
    /// The claim's number.
    pub fence: Fence,
}

/// What a heartbeat says about a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Beat {
    /// The lease is as long as asked, from now.
    Kept,
    /// The same, and somebody wants the run cancelled.
    CancelWanted,
    /// The run is not the node's any more: what it still does will not be recorded.
    Lost,
}

/// What became of a run whose lease ended without a word from its node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaped {
    /// Which run.
    pub id: RunId,
    /// The job's name, or the handler's where there is no job.
    pub name: JobName,
    /// The node that had it.
    pub node: String,
    /// How often it was claimed.
    pub attempt: u32,
    /// Whether it has ended as failed, having been lost too often; else it is due again.
    pub is_failed: bool,
}

/// What became of a run that somebody wanted cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cancelled {
    /// It had not started, and will not.
    Done,
    /// It runs; its node hears of it with the next heartbeat.
    Asked,
    /// There is no such run that has not ended.
    Gone,
}
