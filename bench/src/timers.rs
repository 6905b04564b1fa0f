//! What a keeper of timers has to say to be asked, and the work that questions put to it.
//!
//! Ticks are milliseconds. Timers are due 1 ms … 60 s ahead, at random, unless a question says
//! otherwise. A value holds its timer's deadline and number, so that whatever fires can be checked
//! without looking anything up.

use crate::harness::{Answer, Ask};
use crate::stopwatch;

/// One way to keep timers.
pub trait TimerPeer: Sized + 'static {
    const NAME: &'static str;
    const PACKAGE: &'static str;
    /// Why it cannot cancel, if it cannot.
    const NO_CANCEL: Option<&'static str> = None;
    /// Why it cannot tell the next deadline, if it cannot.
    const NO_NEXT: Option<&'static str> = None;
    /// Whether what fires tells its value; if not, only how many fire can be checked.
    const TELLS_VALUES: bool = true;

    type Key;

    /// Empty, at tick 0.
    fn new() -> Self;
    fn insert(&mut self, deadline: u64, value: u64) -> Self::Key;
    /// The timer may have fired, if this peer does not tell values.
    fn cancel(&mut self, key: Self::Key);
    fn reset(&mut self, key: &mut Self::Key, deadline: u64, value: u64);
    /// Comes to tick `now`, by as many steps as this peer needs.
    fn advance(&mut self, now: u64, fired: impl FnMut(u64));
    fn next_deadline(&mut self) -> Option<u64>;
}

/// The furthest that a timer is due, in ticks.
pub const SPAN: u64 = 60_000;

/// By when the last of them has fired, those that are rounded up too.
pub const END: u64 = 2 * SPAN;

const NUMBER_BITS: u32 = 24;

pub fn value(deadline: u64, number: usize) -> u64 {
    deadline << NUMBER_BITS | number as u64
}

pub fn number_of(value: u64) -> usize {
    (value & ((1 << NUMBER_BITS) - 1)) as usize
}

pub fn deadline_of(value: u64) -> u64 {
    value >> NUMBER_BITS
}

/// SplitMix64: the same in every run.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % end
    }

    pub fn ahead(&mut self) -> u64 {
        1 + self.below(SPAN)
    }

    /// The numbers below `end`, in any order.
    pub fn order(&mut self, end: usize) -> Vec<u32> {
        let mut order: Vec<u32> = (0..end as u32).collect();
        for i in (1..end).rev() {
            order.swap(i, self.below(i as u64 + 1) as usize);
        }
        order
    }

    /// How far ahead each of so many timers is due.
    pub fn aheads(&mut self, count: usize) -> Vec<u64> {
        (0..count).map(|_| self.ahead()).collect()
    }
}

/// A peer with timers, and their keys by number.
pub struct Filled<P: TimerPeer> {
    pub peer: P,
    pub keys: Vec<Option<P::Key>>,
}

impl<P: TimerPeer> Filled<P> {
    pub fn empty(room: usize) -> Self {
        Self { peer: P::new(), keys: Vec::with_capacity(room) }
    }

    pub fn with(aheads: &[u64]) -> Self {
        let mut filled = Self::empty(aheads.len());
        filled.fill(0, aheads);
        filled
    }

    /// Arms one timer for each of these, counted from `now`.
    pub fn fill(&mut self, now: u64, aheads: &[u64]) {
        for (number, ahead) in aheads.iter().enumerate() {
            let deadline = now + ahead;
            self.keys.push(Some(self.peer.insert(deadline, value(deadline, number))));
        }
    }

    /// Cancels a timer, unless it has fired.
    pub fn cancel(&mut self, number: usize) {
        if let Some(key) = self.keys[number].take() {
            self.peer.cancel(key);
        }
    }

    /// Comes to `now` and forgets the keys of what fires.
    pub fn advance(&mut self, now: u64) {
        let keys = &mut self.keys;
        self.peer.advance(now, |value| {
            if P::TELLS_VALUES {
                keys[number_of(value)] = None;
            }
        });
    }
}

/// Watches what fires: how many, how early, how late.
#[derive(Default)]
pub struct Watch {
    pub now: u64,
    fired: usize,
    early: usize,
    late: usize,
    /// The greatest lateness, in percent of the timer's length.
    late_percent: u64,
}

impl Watch {
    pub fn at(now: u64) -> Self {
        Self { now, ..Self::default() }
    }

    /// A timer that was armed at tick 0 fires.
    pub fn see(&mut self, value: u64) {
        self.fired += 1;
        let deadline = deadline_of(value);
        if deadline > self.now {
            self.early += 1;
        } else if deadline < self.now {
            self.late += 1;
            self.late_percent =
                self.late_percent.max((self.now - deadline) * 100 / deadline.max(1));
        }
    }

    /// What is not right about it; whether lateness counts depends on who advanced how.
    pub fn remark<P: TimerPeer>(&self, expected: usize, each_tick: bool) -> Option<String> {
        let mut faults = Vec::new();
        if self.fired < expected {
            faults.push(format!("loses {} of {expected}", expected - self.fired));
        }
        if self.fired > expected {
            faults.push(format!("fires {} for {expected}", self.fired));
        }
        if P::TELLS_VALUES && self.early > 0 {
            faults.push(format!("{} of {expected} early", self.early));
        }
        if P::TELLS_VALUES && each_tick && self.late > 0 {
            let percent = self.late_percent;
            faults.push(format!("{} of {expected} late, by up to {percent} %", self.late));
        }
        (!faults.is_empty()).then(|| faults.join(", "))
    }
}

/// Nanoseconds per operation of `work`, which does `operations`.
pub fn per_operation(operations: usize, work: impl FnOnce()) -> f64 {
    stopwatch::time(work).as_nanos() as f64 / operations as f64
}

/// Longer than this, and one answer is enough.
const PATIENCE_NS: f64 = 4e9;

/// Asks `measure` in every round, for nanoseconds per operation and a remark; what takes seconds is
/// asked once, and the answer stands.
pub fn patiently(
    operations: usize,
    mut measure: impl FnMut() -> (f64, Option<String>) + 'static,
) -> Ask {
    let mut stands = None;
    Box::new(move || {
        if let Some(answer) = &stands {
            return Answer::clone(answer);
        }
        let (value, remark) = measure();
        let answer = Answer::Measured { value, remark };
        if value * operations as f64 > PATIENCE_NS {
            stands = Some(answer.clone());
        }
        answer
    })
}
