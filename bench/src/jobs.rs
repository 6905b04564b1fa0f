//! What a scheduler has to say to be asked, and the jobs it is given.
//!
//! Jobs do nothing but note when they were called. Each has its place in the beat, in whole seconds:
//! a job of a beat of an hour is due at the same second of each hour, and the places are scattered, so
//! that equally many are due in every second.
//!
//! A peer answers in a process of its own ([`process`]), so that neither one's leftovers nor its
//! threads weigh on the next.

pub mod process;
pub mod slot;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use crate::stopwatch;

/// One way to run jobs, on a tokio runtime of two threads.
pub trait JobsPeer: Sized {
    const NAME: &'static str;
    const PACKAGE: &'static str;

    /// A schedule as this peer takes it. Made beforehand: neither its time nor its bytes count.
    type Rule;
    type Key;

    /// `cron` has seconds and is the same as `place`.
    fn rule(cron: &str, place: Place) -> Self::Rule;
    fn new() -> impl Future<Output = Self>;
    fn add(&mut self, rule: &Self::Rule, note: Note) -> impl Future<Output = Self::Key>;
    /// Jobs run from now on, if they do not run since they were added.
    fn start(&mut self) -> impl Future<Output = ()>;
    fn remove(&mut self, key: Self::Key) -> impl Future<Output = ()>;
}

/// How many jobs, and how often each is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Crowd {
    pub count: usize,
    pub beat: Beat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Beat {
    Second,
    Hour,
    Day,
}

impl Beat {
    pub const fn seconds(self) -> u64 {
        match self {
            Self::Second => 1,
            Self::Hour => 3_600,
            Self::Day => 86_400,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        [Self::Second, Self::Hour, Self::Day].into_iter().find(|beat| beat.name() == name)
    }
}

/// When a job is due: so many seconds after each beat of the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub beat: Beat,
    pub second: u64,
}

impl Place {
    pub fn cron(self) -> String {
        let (second, minute, hour) = (self.second % 60, self.second / 60 % 60, self.second / 3_600);
        match self.beat {
            Beat::Second => "* * * * * *".to_owned(),
            Beat::Hour => format!("{second} {minute} * * * *"),
            Beat::Day => format!("{second} {minute} {hour} * * *"),
        }
    }

    /// How long after its last due instant `since_epoch` is.
    fn after(self, since_epoch: Duration) -> Duration {
        let seconds = self.beat.seconds();
        let whole = (since_epoch.as_secs() + seconds - self.second) % seconds;
        Duration::new(whole, since_epoch.subsec_nanos())
    }

    /// How long from `since_epoch` to the next due instant; never zero.
    pub fn until_next(self, since_epoch: Duration) -> Duration {
        Duration::from_secs(self.beat.seconds()) - self.after(since_epoch)
    }
}

impl Crowd {
    /// The places that there are; job `n` has the one at `n` modulo their number.
    pub fn places(self) -> impl Iterator<Item = Place> {
        // A prime that divides no beat: each place once, neighbours far apart.
        const STRIDE: u64 = 7_919;
        let Self { beat, .. } = self;
        (0..beat.seconds())
            .map(move |index| Place { beat, second: index * STRIDE % beat.seconds() })
    }

    /// How often the jobs are due in the seconds from `from` to before `to`.
    pub fn due_between(self, from: u64, to: u64) -> usize {
        let seconds = self.beat.seconds();
        let places = self.places().enumerate().map(|(index, place)| {
            let jobs = (self.count + seconds as usize - 1 - index) / seconds as usize;
            let times = (from..to).filter(|second| second % seconds == place.second).count();
            jobs * times
        });
        places.sum()
    }
}

/// What runs note: only those that were due within the window count.
pub struct Log {
    /// Whole seconds since the epoch; all ones until the window is known.
    from: AtomicU64,
    to: AtomicU64,
    runs: AtomicUsize,
    /// Microseconds, of the first so many runs.
    late: Box<[AtomicU32]>,
}

impl Log {
    pub fn with_room(runs: usize) -> Arc<Self> {
        Arc::new(Self {
            from: AtomicU64::new(u64::MAX),
            to: AtomicU64::new(u64::MAX),
            runs: AtomicUsize::new(0),
            // Written to, so that its pages are not charged to the jobs.
            late: (0..runs).map(|_| AtomicU32::new(u32::MAX)).collect(),
        })
    }

    pub fn open(&self, from: u64, to: u64) {
        self.to.store(to, Ordering::Relaxed);
        self.from.store(from, Ordering::Relaxed);
    }

    pub fn runs(&self) -> usize {
        self.runs.load(Ordering::Relaxed)
    }

    /// Microseconds, sorted.
    pub fn late(&self) -> Vec<u32> {
        let known = self.late.iter().take(self.runs());
        let mut late: Vec<u32> = known.map(|late| late.load(Ordering::Relaxed)).collect();
        late.sort_unstable();
        late
    }

    fn note(&self, due: u64, late: Duration) {
        let is_within =
            self.from.load(Ordering::Relaxed) <= due && due < self.to.load(Ordering::Relaxed);
        if is_within {
            let index = self.runs.fetch_add(1, Ordering::Relaxed);
            if let Some(place) = self.late.get(index) {
                let micros = u32::try_from(late.as_micros()).unwrap_or(u32::MAX);
                place.store(micros, Ordering::Relaxed);
            }
        }
    }
}

/// What a job does: notes that it runs.
#[derive(Clone)]
pub struct Note {
    log: Arc<Log>,
    place: Place,
}

impl Note {
    pub fn new(log: &Arc<Log>, place: Place) -> Self {
        Self { log: Arc::clone(log), place }
    }

    /// Runs now, for the instant at which it was last due: how a peer tells it has to be believed by
    /// nobody. Who is a whole beat late seems to be in time for the next, and is lost for the last.
    pub fn ran(&self) {
        let now = stopwatch::since_epoch();
        let late = self.place.after(now);
        self.log.note((now - late).as_secs(), late);
    }
}

#[cfg(test)]
mod tests;
