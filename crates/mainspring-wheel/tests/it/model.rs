//! The wheel does what a sorted map does, step by step, whatever the steps are.

use std::collections::{BTreeMap, BTreeSet};

use mainspring_wheel::{Coarse, Key, Resolution, Wheel};
use proptest::prelude::*;

use crate::random::Random;

/// One step; `which` picks among all keys ever made, so that stale ones are asked for too.
#[derive(Clone, Debug)]
enum Step {
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

struct Pair {
    wheel: Wheel<u64>,
    model: Model,
    keys: Vec<Key>,
}

impl Pair {
    fn exact() -> Self {
        Self::new(Wheel::new(), None)
    }

    fn coarse(coarse: Coarse, one_in: u64) -> Self {
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

    fn step(&mut self, step: &Step) {
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

fn random_step(random: &mut Random, busy: bool) -> Step {
    let ahead = random.of_any_length().min(if busy { 100_000 } else { u64::MAX });
    let by = random.of_any_length() >> if busy { 52 } else { random.below(65).min(63) };
    let behind = random.of_any_length();
    let which = random.next() as usize;
    match random.below(1000) {
        0..400 => Step::Insert { ahead },
        400..420 => Step::InsertPast { behind },
        420..600 => Step::Cancel { which },
        600..700 => Step::Reschedule { which, ahead },
        700..710 => Step::ReschedulePast { which, behind },
        710..760 => Step::Look { which },
        760..860 => Step::NextDeadline,
        860..900 => Step::Advance { by },
        900..950 => Step::AdvanceToNext,
        950..970 => Step::AdvanceAndAct { by, ahead, which },
        970..985 => Step::AdvanceSome { by, count: random.below(20) as usize },
        985..992 => Step::AdvanceBack { by },
        992 => Step::Drain { count: random.below(20) as usize },
        993 => Step::Clear,
        994..996 => Step::Shrink,
        _ => Step::Iterate,
    }
}

/// Many short lives, as time only goes on until it is at its end.
fn run_random(seed: u64, steps: usize, pair: impl Fn() -> Pair) {
    let mut random = Random(seed);
    let mut done = 0;
    while done < steps {
        let mut pair = pair();
        let busy = random.below(2) == 0;
        for _ in 0..random.below(2_000) {
            pair.step(&random_step(&mut random, busy));
            done += 1;
        }
        pair.step(&Step::Iterate);
    }
}

#[test]
fn exact_at_random() {
    run_random(1, 2_000_000, Pair::exact);
}

#[test]
fn coarse_at_random() {
    for one_in in [1, 2, 7, 8, 33, 64] {
        let pair = || Pair::coarse(Coarse::new(one_in), one_in.into());
        run_random(one_in.into(), 150_000, pair);
    }
}

#[test]
fn resolutions_at_random() {
    let mut random = Random(5);
    for seed in 0..30 {
        let some = Resolution::ALL.into_iter().filter(|_| random.below(2) == 0);
        let some: Vec<_> = some.chain([Resolution::ALL[seed % 6]]).collect();
        let one_in = [1, 2, 5][seed % 3];
        let coarse = Coarse::of(&some).one_in(one_in);
        run_random(seed as u64, 5_000, || Pair::coarse(coarse.clone(), one_in.into()));
    }
}

fn any_step() -> impl Strategy<Value = Step> {
    any::<(u64, bool)>().prop_map(|(seed, busy)| random_step(&mut Random(seed), busy))
}

fn any_length() -> impl Strategy<Value = u64> {
    (0u32..=64, any::<u64>()).prop_map(|(bits, x)| x.checked_shr(64 - bits).unwrap_or(0))
}

fn shrinking_step() -> impl Strategy<Value = Step> {
    let which = any::<usize>();
    prop_oneof![
        6 => any_length().prop_map(|ahead| Step::Insert { ahead }),
        1 => any_length().prop_map(|behind| Step::InsertPast { behind }),
        3 => which.prop_map(|which| Step::Cancel { which }),
        2 => (which, any_length()).prop_map(|(which, ahead)| Step::Reschedule { which, ahead }),
        2 => Just(Step::NextDeadline),
        3 => any_length().prop_map(|by| Step::Advance { by }),
        2 => Just(Step::AdvanceToNext),
        1 => (any_length(), any_length(), which)
            .prop_map(|(by, ahead, which)| Step::AdvanceAndAct { by, ahead, which }),
        1 => (any_length(), 0usize..5).prop_map(|(by, count)| Step::AdvanceSome { by, count }),
        1 => Just(Step::Shrink),
        1 => any_step(),
    ]
}

proptest! {
    #[test]
    fn exact_shrinks(steps in prop::collection::vec(shrinking_step(), 0..200)) {
        let mut pair = Pair::exact();
        steps.iter().for_each(|step| pair.step(step));
    }

    #[test]
    fn coarse_shrinks(
        steps in prop::collection::vec(shrinking_step(), 0..200),
        one_in in 1u32..=64,
    ) {
        let mut pair = Pair::coarse(Coarse::new(one_in), one_in.into());
        steps.iter().for_each(|step| pair.step(step));
    }
}
