//! What few schedules have: bounds, a limit, a spread, excluded days.

use std::hash::{Hash, Hasher};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;

use super::limit::Counter;

/// Everything about a schedule that is not its rule or its zone.
#[derive(Clone, Default)]
pub(super) struct Extras {
    pub(super) starting_at: Option<Timestamp>,
    pub(super) ending_at: Option<Timestamp>,
    /// Where counting begins when there is no `starting_at`; itself not an occurrence.
    pub(super) since: Option<Timestamp>,
    pub(super) limit: Option<u32>,
    /// Zero when there is none.
    pub(super) spread: Duration,
    /// The job's own share of the spread; zero until the job's name is known.
    pub(super) offset: Duration,
    /// Sorted, without repeats.
    pub(super) excluded: Vec<Date>,
    pub(super) counter: Counter,
}

impl Extras {
    /// All that makes a schedule what it is, in one tuple for comparing and hashing.
    fn key(&self) -> impl Eq + Hash + '_ {
        let Self { starting_at, ending_at, since, limit, spread, offset, excluded, counter: _ } =
            self;
        (starting_at, ending_at, since, limit, spread, offset, excluded)
    }
}

impl PartialEq for Extras {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Extras {}

impl Hash for Extras {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}
