//! Each promise of the exact wheel, one test each.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use mainspring_wheel::{Coarse, DurationWheel, Key, KeyedWheel, Wheel};

use crate::random::Random;

fn advance(wheel: &mut Wheel<&'static str>, now: u64) -> Vec<(u64, &'static str)> {
    let mut fired = Vec::new();
    wheel.advance_to(now, |deadline, value| fired.push((deadline, value))).expect("not back");
    fired
}

#[test]
fn each_timer_fires_at_its_tick_and_in_the_order_of_deadlines() {
    let mut random = Random(3);
    let mut wheel = Wheel::new();
    let mut deadlines: Vec<u64> = (0..20_000).map(|_| random.of_any_length()).collect();
    for &deadline in &deadlines {
        wheel.insert(deadline, deadline);
    }
    deadlines.sort_unstable();
    let mut fired = Vec::new();
    wheel
        .advance_with(u64::MAX, |wheel, deadline, value| {
            assert_eq!(deadline, value);
            assert_eq!(wheel.now(), deadline);
            fired.push(deadline);
        })
        .expect("not back");
    assert_eq!(fired, deadlines);
}

#[test]
fn the_order_of_ties_is_the_same_whenever_the_same_is_done() {
    let order = || {
        let mut wheel = Wheel::new();
        let keys: Vec<_> = (0..500).map(|i| wheel.insert(5_000, i)).collect();
        keys.iter().step_by(3).for_each(|&key| assert!(wheel.cancel(key).is_some()));
        wheel.advance(6_000).expect("not back").map(|(_, i)| i).collect::<Vec<i32>>()
    };
    assert_eq!(order(), order());
}

#[test]
fn a_deadline_in_the_past_fires_at_the_next_advance() {
    let mut wheel = Wheel::new();
    assert_eq!(advance(&mut wheel, 1_000), []);
    wheel.insert(0, "at the beginning");
    assert_eq!(advance(&mut wheel, 1_000), [(0, "at the beginning")]);
    wheel.insert(1_000, "just now");
    assert_eq!(wheel.next_deadline(), Some(1_000));
    wheel.insert(999, "just before");
    assert_eq!(wheel.next_deadline(), Some(999));
    let mut fired = advance(&mut wheel, 1_001);
    fired.sort_unstable();
    assert_eq!(fired, [(999, "just before"), (1_000, "just now")]);
}

#[test]
fn a_timer_at_tick_zero_fires_in_an_advance_to_tick_zero() {
    let mut wheel = Wheel::new();
    wheel.insert(0, "now");
    assert_eq!(advance(&mut wheel, 0), [(0, "now")]);
}

#[test]
fn any_deadline_is_accepted_and_none_is_shortened() {
    let mut wheel = Wheel::new();
    for deadline in [u64::MAX, u64::MAX - 1, 1 << 63, (1 << 63) - 1, 1 << 32, 1 << 36] {
        for now in [0, 1, 64, 1 << 20] {
            let key = wheel.insert(deadline, "far");
            assert_eq!(wheel.deadline_of(key), Some(deadline));
            assert_eq!(wheel.next_deadline(), Some(deadline));
            wheel.cancel(key);
            let mut other = Wheel::new();
            other.advance_to(now, |_, _| ()).expect("not back");
            other.insert(deadline, "far");
            assert_eq!(advance(&mut other, deadline - 1), []);
            assert_eq!(advance(&mut other, deadline), [(deadline, "far")]);
        }
    }
}

#[test]
fn an_idle_gap_costs_what_is_occupied_and_not_what_elapsed() {
    // A wheel that visited each tick, or each slot of its finest level, would never come to an end.
    for mut wheel in [Wheel::new(), Wheel::coarse(Coarse::new(8))] {
        for i in 0..10 {
            wheel.insert(1 << (50 + i), "far");
        }
        let mut now = 0;
        for _ in 0..1_000 {
            now += (1 << 50) / 1_000;
            assert_eq!(advance(&mut wheel, now), []);
        }
        assert_eq!(advance(&mut wheel, u64::MAX).len(), 10);
    }
}

#[test]
fn the_callback_may_arm_move_and_cancel() {
    let mut wheel = Wheel::new();
    let tie: Vec<Key> = (0..3).map(|_| wheel.insert(10, "tie")).collect();
    let later = wheel.insert(20, "later");
    let moved = wheel.insert(30, "moved");

    let fired = RefCell::new(Vec::new());
    let count = wheel.advance_with(50, |wheel, deadline, value| {
        fired.borrow_mut().push((wheel.now(), deadline, value));
        if value == "tie" {
            // Whichever fires first cancels the others, which are due at the same tick.
            let cancelled = tie.iter().filter(|&&key| wheel.cancel(key).is_some()).count();
            assert_eq!(cancelled, 2);
            assert_eq!(wheel.cancel(later), Some("later"));
            assert!(wheel.reschedule(moved, 40));
            wheel.insert(35, "new");
            wheel.insert(60, "not yet");
        }
    });
    assert_eq!(count, Ok(3));
    assert_eq!(*fired.borrow(), [(10, 10, "tie"), (35, 35, "new"), (40, 40, "moved")]);
    assert_eq!(advance(&mut wheel, 60), [(60, "not yet")]);
}

#[test]
fn what_the_callback_arms_for_now_waits_for_the_next_advance() {
    let mut wheel = Wheel::new();
    wheel.insert(5, "again");
    for _ in 0..3 {
        let count = wheel.advance_with(5, |wheel, deadline, value| {
            wheel.insert(deadline, value);
        });
        assert_eq!(count, Ok(1)); // and not for ever
    }
    // On its way to 100, the advance comes to 5 and fires; what is armed for 5 then is late.
    let count = wheel.advance_with(100, |wheel, deadline, value| {
        wheel.insert(deadline, value);
    });
    assert_eq!((count, wheel.now(), wheel.next_deadline()), (Ok(1), 100, Some(5)));
}

#[test]
fn an_advance_within_the_callback_is_an_advance() {
    let mut wheel = Wheel::new();
    for deadline in [10, 20, 30] {
        wheel.insert(deadline, "timer");
    }
    let mut inner = Vec::new();
    let outer = wheel.advance_with(15, |wheel, _, _| inner = advance(wheel, 25));
    assert_eq!((outer, inner), (Ok(1), vec![(20, "timer")]));
    assert_eq!(wheel.now(), 25, "and the outer one does not go back");
    assert_eq!(advance(&mut wheel, 30), [(30, "timer")]);
}

#[test]
fn the_callback_may_even_replace_the_wheel() {
    let mut wheel = Wheel::new();
    wheel.insert(1, "old");
    wheel.insert(2, "old");
    let mut old = None;
    let fired = wheel.advance_with(10, |wheel, _, value| {
        if value == "old" {
            let mut new = Wheel::new();
            new.insert(5, "new");
            old = Some(std::mem::replace(wheel, new));
        }
    });
    assert_eq!((fired, wheel.len(), wheel.now()), (Ok(2), 0, 10));
    assert_eq!(advance(&mut old.expect("replaced"), 10), [(2, "old")]);
}

#[test]
fn advancing_to_an_earlier_time_changes_nothing_and_says_so() {
    let mut wheel = Wheel::new();
    wheel.insert(200, "armed");
    assert_eq!(advance(&mut wheel, 100), []);
    wheel.insert(50, "late");

    let error = wheel.advance_to(99, |_, _| panic!("nothing is to fire")).expect_err("back");
    assert_eq!((error.asked(), error.now()), (99, 100));
    assert_eq!(error.to_string(), "cannot go back to tick 99: the wheel is at tick 100");
    assert!(wheel.advance(0).is_err());
    assert!(wheel.advance_with(0, |_, _, _| ()).is_err());

    assert_eq!((wheel.now(), wheel.len()), (100, 2));
    assert_eq!(advance(&mut wheel, 200), [(50, "late"), (200, "armed")]);
}

#[test]
fn a_panic_in_the_callback_leaves_the_wheel_usable() {
    for mut wheel in [Wheel::new(), Wheel::coarse(Coarse::new(8))] {
        let mut keys: Vec<Key> = (0..100).map(|i| wheel.insert(10 + i / 10, "timer")).collect();
        let mut fired = 0;
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            wheel.advance_with(50, |wheel, deadline, _| {
                fired += 1;
                if fired == 35 {
                    wheel.insert(deadline, "late");
                    panic!("on purpose");
                }
            })
        }));
        assert!(panicked.is_err());
        assert_eq!((fired, wheel.len(), wheel.now()), (35, 66, 13));
        assert_eq!(wheel.next_deadline(), Some(13));

        // The rest may be cancelled, added to, and fires in the next advance, the late one too.
        keys.retain(|&key| wheel.contains(key));
        assert_eq!(wheel.cancel(keys[0]), Some("timer"));
        wheel.insert(15, "new");
        let mut values: Vec<_> = advance(&mut wheel, 50).into_iter().map(|(_, v)| v).collect();
        values.sort_unstable();
        assert_eq!((values.len(), values[0], values[1]), (66, "late", "new"));
        assert!(wheel.is_empty());
    }
}

#[test]
fn an_advance_that_is_dropped_leaves_the_rest() {
    let mut wheel = Wheel::new();
    for deadline in 1..=10 {
        wheel.insert(deadline, "timer");
    }
    assert_eq!(wheel.advance(100).expect("not back").nth(2), Some((3, "timer")));
    assert_eq!((wheel.now(), wheel.len()), (3, 7));
    drop(wheel.advance(100));
    assert_eq!((wheel.now(), wheel.len()), (3, 7));
    wheel.insert(2, "late");
    assert_eq!(advance(&mut wheel, 4), [(2, "late"), (4, "timer")]);
}

#[test]
fn a_stale_key_never_finds_another_timer() {
    let mut wheel = Wheel::new();
    let mut stale = Vec::new();
    for round in 0..200 {
        let key = wheel.insert(round + 5, "new");
        for &old in &stale {
            assert_ne!(old, key);
            assert_eq!(wheel.get(old), None);
            assert_eq!(wheel.get_mut(old), None);
            assert_eq!(wheel.deadline_of(old), None);
            assert!(!wheel.contains(old));
            assert!(!wheel.reschedule(old, 1));
            assert_eq!(wheel.cancel(old), None);
        }
        match round % 4 {
            0 => assert!(wheel.cancel(key).is_some()),
            1 => assert_eq!(advance(&mut wheel, round + 5).len(), 1),
            2 => wheel.clear(),
            _ => drop(wheel.drain()),
        }
        wheel.shrink_to_fit();
        stale.push(key);
    }
}

#[test]
fn a_key_is_eight_bytes_also_as_an_option() {
    assert_eq!((size_of::<Key>(), size_of::<Option<Key>>()), (8, 8));
}

#[test]
fn next_deadline_is_exact_on_every_level() {
    let mut wheel = Wheel::new();
    let mut keys = Vec::new();
    for exponent in (0..64).rev() {
        for offset in [3, 0, 1] {
            let deadline = (1 << exponent) + offset;
            keys.push((deadline, wheel.insert(deadline, "timer")));
            let first = keys.iter().map(|&(deadline, _)| deadline).min();
            assert_eq!(wheel.next_deadline(), first);
        }
    }
    keys.sort_unstable();
    for (deadline, key) in keys {
        assert_eq!(wheel.next_deadline(), Some(deadline));
        wheel.cancel(key);
    }
    assert_eq!(wheel.next_deadline(), None);
}

#[test]
fn room_that_was_made_is_enough() {
    let mut wheel = Wheel::with_capacity(5_000);
    let capacity = wheel.capacity();
    assert!(capacity >= 5_000);
    for deadline in 0..5_000 {
        wheel.insert(deadline, "timer");
    }
    assert_eq!(wheel.capacity(), capacity);
    wheel.reserve(10_000);
    assert!(wheel.capacity() >= 15_000);
}

#[test]
fn memory_is_given_back_on_demand() {
    let mut wheel = Wheel::new();
    let keys: Vec<Key> = (0..10_000).map(|i| wheel.insert(i, "timer")).collect();
    keys[2_000..].iter().for_each(|&key| assert!(wheel.cancel(key).is_some()));
    wheel.shrink_to_fit();
    assert_eq!(wheel.capacity(), 2_048);
    wheel.clear();
    wheel.shrink_to_fit();
    assert_eq!(wheel.capacity(), 0);
    wheel.insert(1, "again");
    assert_eq!(advance(&mut wheel, 1), [(1, "again")]);
}

/// Counts how often it is dropped.
struct Counted(Rc<Cell<usize>>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

#[test]
fn each_value_is_dropped_once() {
    let drops = Rc::new(Cell::new(0));
    let counted = || Counted(Rc::clone(&drops));
    let mut wheel = Wheel::new();
    let keys: Vec<Key> = (0..3_000).map(|deadline| wheel.insert(deadline, counted())).collect();
    keys[..100].iter().for_each(|&key| drop(wheel.cancel(key)));
    assert_eq!(drops.get(), 100);
    wheel.advance_to(999, |_, _| ()).expect("not back");
    assert_eq!(drops.get(), 1_000);
    assert_eq!(wheel.drain().take(10).count(), 10);
    assert_eq!(drops.get(), 3_000);
    wheel.extend((0..50).map(|deadline| (deadline, counted())));
    wheel.clear();
    assert_eq!(drops.get(), 3_050);
    wheel.extend((0..50).map(|deadline| (deadline, counted())));
    drop(wheel);
    assert_eq!(drops.get(), 3_100);
}

#[test]
fn a_value_that_panics_when_dropped_breaks_nothing() {
    struct Fragile(u32);
    impl Drop for Fragile {
        fn drop(&mut self) {
            assert_ne!(self.0, 7, "on purpose");
        }
    }
    let mut wheel = Wheel::new();
    let keys: Vec<Key> = (0..20).map(|i| wheel.insert(u64::from(i), Fragile(i))).collect();
    assert!(catch_unwind(AssertUnwindSafe(|| wheel.clear())).is_err());
    // All those from 8 on are still armed, and the one that panicked is not.
    assert_eq!(wheel.len(), keys[8..].len());
    assert_eq!(wheel.next_deadline(), Some(8));
    assert_eq!(wheel.advance_to(100, |_, _| ()), Ok(12));
}

#[test]
fn values_of_any_size_and_alignment() {
    #[repr(align(64))]
    #[derive(Debug, PartialEq)]
    struct Aligned([u8; 100]);

    let mut aligned = Wheel::new();
    let key = aligned.insert(9, Aligned([7; 100]));
    assert_eq!(&raw const *aligned.get(key).expect("armed") as usize % 64, 0);
    assert_eq!(aligned.cancel(key), Some(Aligned([7; 100])));

    let mut nothing = Wheel::new();
    let keys: Vec<Key> = (0..3_000).map(|deadline| nothing.insert(deadline, ())).collect();
    assert_eq!(nothing.cancel(keys[5]), Some(()));
    assert_eq!(nothing.advance_to(3_000, |_, ()| ()), Ok(2_999));
}

#[test]
fn wheels_may_be_sent_and_shared() {
    fn check<T: Send + Sync>() {}
    check::<Wheel<u64>>();
    check::<DurationWheel<u64>>();
    check::<KeyedWheel<u64, u64>>();
}
