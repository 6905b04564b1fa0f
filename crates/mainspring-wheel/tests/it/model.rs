//! A wheel beside a sorted map that should hold the same; the fuzz target `wheel_model` uses it too.

use std::collections::{BTreeMap, BTreeSet};

use mainspring_wheel::{Coarse, Key, Wheel};

/// One step; `which` picks among all keys ever made, so that stale ones are asked for too.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Insert { ahead: u64 },
    InsertPast { behind: u64 },
    Cancel { which: usize },
    Reschedule { which: usize, ahead: u64 },
    ReschedulePast { which: usize, behind: u64 },
    Look { which: usize },
    NextDeadline,
    Advance { by: u64 },
    AdvanceToNext,
    AdvanceAndAct { by: u64, ahead: u64, which: usize },
    AdvanceSome { by: u64, count: usize },
    AdvanceBack { by: u64 },
    Drain { count: usize },
    Clear,
    Shrink,
    Iterate,
}

/// What the wheel should hold: a value is its timer's number.
struct Model {
    now: u64,
    /// Deadline as asked for, and the ticks between which it may fire.
    timers: BTreeMap<u64, Due>,
    /// Timers that have to wait for the next advance.
    late: BTreeSet<u64>,
    one_in: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
struct Due {
    deadline: u64,
    latest: u64,
}

/// Both sides.
pub(crate) struct Pair {
    wheel: Wheel<u64>,
    model: Model,
    keys: Vec<Key>,
}

impl Pair {
    pub(crate) fn exact() -> Self {
        Self::new(Wheel::new(), None)
    }

    pub(crate) fn coarse(coarse: Coarse, one_in: u64) -> Self {
        Self::new(Wheel::coarse(coarse), Some(one_in))
    }

    fn new(wheel: Wheel<u64>, one_in: Option<u64>) -> Self {
        let model = Model { now: 0, timers: BTreeMap::new(), late: BTreeSet::new(), one_in };
        Self { wheel, model, keys: Vec::new() }
    }

    fn insert(&mut self, deadline: u64) {
        let number = self.keys.len() as u64;
        let key = self.wheel.insert(deadline, number);
        self.keys.push(key);
        self.model.arm(number, deadline);
    }

    fn key(&self, which: usize) -> Option<(u64, Key)> {
        let which = which.checked_rem(self.keys.len())?;
        Some((which as u64, self.keys[which]))
    }

    fn reschedule(&mut self, which: usize, deadline: u64) {
        let Some((number, key)) = self.key(which) else { return };
        let known = self.model.timers.contains_key(&number);
        assert_eq!(self.wheel.reschedule(key, deadline), known);
        if known {
            self.model.arm(number, deadline);
        }
    }

    fn cancel(&mut self, which: usize) {
        let Some((number, key)) = self.key(which) else { return };
        let known = self.model.disarm(number).map(|_| number);
        assert_eq!(self.wheel.cancel(key), known);
    }

    fn advance(&mut self, to: u64, count: usize, mut act: impl FnMut(&mut Self)) {
        self.model.begin();
        // The iterator borrows the wheel, so that it is asked anew for each timer; what is armed late
        // on the way must not fire, so one wheel is taken out for the whole advance.
        let mut wheel = std::mem::take(&mut self.wheel);
        let mut advance = wheel.advance(to).expect("not back");
        let mut finished = false;
        for _ in 0..count {
            let Some((deadline, number)) = advance.next() else {
                finished = true;
                break;
            };
            let tick = advance.wheel().now();
            assert!(tick <= to);
            assert!(!self.model.late.contains(&number), "{number} fires in the same advance");
            let due = self.model.disarm(number).expect("a timer that is armed");
            assert_eq!(due.deadline, deadline);
            assert!(deadline <= tick, "{deadline} is early at {tick}");
            assert!(tick <= due.latest, "{due:?} fires at {tick}");
            self.model.now = tick;
            std::mem::swap(&mut self.wheel, advance.wheel());
            act(self);
            std::mem::swap(&mut self.wheel, advance.wheel());
        }
        drop(advance);
        self.wheel = wheel;
        if finished {
            self.model.now = to;
            self.model.assert_nobody_missed();
        }
        assert_eq!(self.wheel.now(), self.model.now);
    }

    /// Takes one step on both sides, and compares what they say.
    pub(crate) fn step(&mut self, step: &Step) {
        let now = self.model.now;
        match *step {
            Step::Insert { ahead } => self.insert(now.saturating_add(ahead)),
            Step::InsertPast { behind } => self.insert(now.saturating_sub(behind)),
            Step::Cancel { which } => self.cancel(which),
            Step::Reschedule { which, ahead } => self.reschedule(which, now.saturating_add(ahead)),
            Step::ReschedulePast { which, behind } => {
                self.reschedule(which, now.saturating_sub(behind));
            }
            Step::Look { which } => {
                let Some((number, key)) = self.key(which) else { return };
                let due = self.model.timers.get(&number);
                assert_eq!(self.wheel.contains(key), due.is_some());
                assert_eq!(self.wheel.deadline_of(key), due.map(|due| due.deadline));
                assert_eq!(self.wheel.get(key), due.map(|_| &number));
                assert_eq!(self.wheel.get_mut(key).copied(), due.map(|_| number));
            }
            Step::NextDeadline => self.check_next_deadline(),
            Step::Advance { by } => self.advance(now.saturating_add(by), usize::MAX, |_| ()),
            Step::AdvanceToNext => {
                let Some(next) = self.wheel.next_deadline() else { return };
                let before = self.wheel.len();
                self.advance(next.max(now), usize::MAX, |_| ());
                assert!(self.wheel.len() < before, "nothing fires at the next deadline");
            }
            Step::AdvanceAndAct { by, ahead, which } => {
                let mut left = 3; // or a short period would go on for ever
                self.advance(now.saturating_add(by), usize::MAX, |pair| {
                    if left > 0 {
                        left -= 1;
                        pair.insert(pair.model.now.saturating_add(ahead));
                        pair.cancel(which);
                        pair.reschedule(which / 2, pair.model.now.saturating_add(ahead / 2));
                        pair.check_next_deadline();
                    }
                });
            }
            Step::AdvanceSome { by, count } => {
                self.advance(now.saturating_add(by), count, |_| ());
            }
            Step::AdvanceBack { by } => {
                let Some(to) = now.checked_sub(by.max(1)) else { return };
                let error = self.wheel.advance_to(to, |_, _| panic!("back")).expect_err("back");
                assert_eq!((error.asked(), error.now()), (to, now));
            }
            Step::Drain { count } => {
                let some: Vec<_> = self.wheel.drain().take(count).collect();
                for (deadline, number) in some {
                    let due = self.model.disarm(number).expect("a timer that is armed");
                    assert_eq!(due.deadline, deadline);
                }
                self.model.timers.clear();
                self.model.late.clear();
            }
            Step::Clear => {
                self.wheel.clear();
                self.model.timers.clear();
                self.model.late.clear();
            }
            Step::Shrink => self.wheel.shrink_to_fit(),
            Step::Iterate => {
                let mut found: Vec<_> =
                    self.wheel.iter().map(|(key, deadline, &n)| (n, key, deadline)).collect();
                found.sort_unstable();
                let known = self.model.timers.iter();
                let known: Vec<_> =
                    known.map(|(&n, due)| (n, self.keys[n as usize], due.deadline)).collect();
                assert_eq!(found, known);
            }
        }
        assert_eq!(self.wheel.len(), self.model.timers.len());
        assert_eq!(self.wheel.is_empty(), self.model.timers.is_empty());
        assert_eq!(self.wheel.now(), self.model.now);
    }

    fn check_next_deadline(&mut self) {
        let next = self.wheel.next_deadline();
        let first = self.model.timers.values().map(|due| due.deadline).min();
        assert_eq!(next.is_some(), first.is_some());
        let (Some(next), Some(first)) = (next, first) else { return };
        if self.model.one_in.is_none() {
            assert_eq!(next, first);
        } else {
            assert!(next >= first, "{next} is before any deadline");
            let latest = self.model.timers.values().map(|due| due.latest).min().expect("some");
            assert!(next <= latest.max(self.model.now), "{next} is after {latest}");
        }
    }
}

impl Model {
    fn arm(&mut self, number: u64, deadline: u64) {
        let length = deadline.saturating_sub(self.now);
        let share = self.one_in.map_or(0, |one_in| (length / one_in).saturating_sub(1));
        let latest = deadline.max(self.now).saturating_add(share);
        self.timers.insert(number, Due { deadline, latest });
        self.late.remove(&number);
        if deadline <= self.now {
            self.late.insert(number);
        }
    }

    /// An advance begins: what was late is due now.
    fn begin(&mut self) {
        for number in std::mem::take(&mut self.late) {
            self.timers.get_mut(&number).expect("a timer that is armed").latest = self.now;
        }
    }

    fn disarm(&mut self, number: u64) -> Option<Due> {
        self.late.remove(&number);
        self.timers.remove(&number)
    }

    /// An advance has ended: who had to fire by now has fired.
    fn assert_nobody_missed(&self) {
        for (number, due) in &self.timers {
            let waits = due.latest > self.now || self.late.contains(number);
            assert!(waits, "{number} {due:?} at {}", self.now);
        }
    }
}
