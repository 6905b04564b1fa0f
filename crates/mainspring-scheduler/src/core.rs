//! Keeps what of a job never changes, in one piece of memory with its handler.
//!
//! # Ground rules
//! - A run needs this and nothing else of its job, so that it goes on when the job is removed.
//! - Most jobs have no name of their own, the same policy and nothing special: they share one
//!   [`Traits`], and their name is made when somebody asks for it.

use std::sync::{Arc, LazyLock, OnceLock};

use mainspring_job::{JobId, JobName, Policy};

use crate::Spawn;
use crate::callbacks::Callbacks;
use crate::handler::{Handle, RetryIf};
use crate::jobs::Slot;

pub(crate) type Core = CoreOf<dyn Handle>;

pub(crate) struct CoreOf<H: ?Sized> {
    id: JobId,
    slot: Slot,
    is_named: bool,
    name: OnceLock<JobName>,
    traits: Arc<Traits>,
    pub(crate) handler: H,
}

/// What a job's owner has decided.
#[derive(Default)]
pub(crate) struct Traits {
    pub(crate) policy: Policy,
    pub(crate) retry_if: Option<RetryIf>,
    pub(crate) callbacks: Option<Callbacks>,
    pub(crate) data: Option<serde_json::Value>,
    /// In place of the scheduler's.
    pub(crate) spawn: Option<Arc<dyn Spawn>>,
}

static PLAIN: LazyLock<Arc<Traits>> = LazyLock::new(Arc::default);

impl Traits {
    /// Shares what most jobs have.
    pub(crate) fn shared(self) -> Arc<Self> {
        let is_special = self.retry_if.is_some()
            || self.callbacks.is_some()
            || self.data.is_some()
            || self.spawn.is_some();
        if is_special || self.policy != PLAIN.policy { Arc::new(self) } else { PLAIN.clone() }
    }
}

impl<H> CoreOf<H> {
    /// A core for a job that has not been added; [`be_added`](Core::be_added) completes it.
    pub(crate) fn new(traits: Arc<Traits>, handler: H) -> Self {
        let (id, slot) = (JobId::from_u64(0), Slot::default());
        Self { id, slot, is_named: false, name: OnceLock::new(), traits, handler }
    }
}

impl Core {
    pub(crate) fn be_added(&mut self, id: JobId, slot: Slot, name: Option<JobName>) {
        self.id = id;
        self.slot = slot;
        self.is_named = name.is_some();
        self.name = name.map(OnceLock::from).unwrap_or_default();
    }

    pub(crate) fn id(&self) -> JobId {
        self.id
    }

    /// Where the job is kept, while it is there.
    pub(crate) fn slot(&self) -> Slot {
        self.slot
    }

    /// Whether it was given a name.
    pub(crate) fn is_named(&self) -> bool {
        self.is_named
    }

    /// The name that it was given, or `job-` and its number.
    pub(crate) fn name(&self) -> &JobName {
        self.name.get_or_init(|| {
            JobName::new(&default_name(self.id)).expect("short, and without control characters")
        })
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.traits.policy
    }

    pub(crate) fn retry_if(&self) -> Option<&RetryIf> {
        self.traits.retry_if.as_ref()
    }

    pub(crate) fn callbacks(&self) -> Option<&Callbacks> {
        self.traits.callbacks.as_ref()
    }

    pub(crate) fn data(&self) -> Option<&serde_json::Value> {
        self.traits.data.as_ref()
    }

    /// Where its runs go, if not where the scheduler's others do.
    pub(crate) fn spawn(&self) -> Option<&dyn Spawn> {
        self.traits.spawn.as_deref()
    }
}

/// What a job is called that was given no name.
pub(crate) fn default_name(id: JobId) -> String {
    format!("job-{id}")
}
