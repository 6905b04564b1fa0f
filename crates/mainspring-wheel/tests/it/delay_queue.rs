//! The situations that `DelayQueue` of tokio-util is tested in, among them those it once failed in.

use std::collections::BTreeMap;

use mainspring_wheel::{Key, Wheel};

/// A wheel whose timers have names, at a time that has gone on before the test begins.
struct Queue {
    wheel: Wheel<&'static str>,
    keys: BTreeMap<&'static str, Key>,
}

const START: u64 = 1_000;

impl Queue {
    /// Arms timers at these times after the start.
    fn with(timers: &[(&'static str, u64)]) -> Self {
        let mut queue = Self { wheel: Wheel::new(), keys: BTreeMap::new() };
        queue.at(0, &[]);
        for &(name, at) in timers {
            queue.insert(name, at);
        }
        queue
    }

    fn insert(&mut self, name: &'static str, at: u64) {
        let key = self.wheel.insert(START + at, name);
        self.keys.insert(name, key);
    }

    fn reset(&mut self, name: &'static str, at: u64) {
        assert!(self.wheel.reschedule(self.keys[name], START + at), "{name} is armed");
    }

    fn remove(&mut self, name: &'static str) {
        assert_eq!(self.wheel.cancel(self.keys[name]), Some(name));
    }

    /// Comes to this time after the start, and expects these to fire.
    #[track_caller]
    fn at(&mut self, now: u64, expected: &[&'static str]) {
        let mut fired = Vec::new();
        self.wheel.advance_to(START + now, |_, name| fired.push(name)).expect("not back");
        fired.sort_unstable();
        assert_eq!(fired, expected, "at {now}");
    }

    /// Expects to be woken at this time after the start.
    #[track_caller]
    fn wakes_at(&mut self, expected: Option<u64>) {
        assert_eq!(self.wheel.next_deadline(), expected.map(|at| START + at));
    }
}

#[test]
fn timers_for_now_fire_at_once_and_once() {
    let mut queue = Queue::with(&[("1", 0), ("2", 0), ("3", 0)]);
    queue.at(1, &["1", "2", "3"]);
    queue.at(2, &[]);
}

#[test]
fn a_short_delay_fires_at_its_end() {
    let mut queue = Queue::with(&[("foo", 5)]);
    queue.at(4, &[]);
    queue.at(5, &["foo"]);
    queue.at(1_000, &[]);
}

#[test]
fn delays_on_several_levels_fire_when_they_should() {
    let long = [1_000, 5_000, 10_000];
    let names = ["a", "b", "c"];
    let mut queue = Queue::with(&[("a", long[0]), ("b", long[1]), ("c", long[2])]);
    for now in 1..=12_000 {
        let due: Vec<_> = (0..3).filter(|&i| long[i] == now).map(|i| names[i]).collect();
        queue.at(now, &due);
    }
}

#[test]
fn a_time_in_the_past_fires_immediately() {
    let mut queue = Queue::with(&[]);
    queue.wheel.insert(START - 100, "past");
    queue.at(0, &["past"]);

    let mut queue = Queue::with(&[("foo", 200)]);
    queue.at(80, &[]);
    queue.insert("bar", 40);
    queue.wakes_at(Some(40));
    queue.at(80, &["bar"]);
}

#[test]
fn a_removed_entry_does_not_fire() {
    let mut queue = Queue::with(&[("foo", 5)]);
    queue.remove("foo");
    queue.wakes_at(None);
    queue.at(10, &[]);
}

#[test]
fn a_reset_entry_fires_at_its_new_time_only() {
    let mut queue = Queue::with(&[("foo", 5)]);
    queue.at(4, &[]);
    queue.reset("foo", 14);
    queue.at(13, &[]);
    queue.at(14, &["foo"]);
    queue.at(100, &[]);
}

#[test]
fn a_reset_to_the_past_is_seen_by_who_waits() {
    let mut queue = Queue::with(&[("foo", 500)]);
    queue.wakes_at(Some(500));
    queue.at(250, &[]);
    queue.reset("foo", 100);
    queue.wakes_at(Some(100));
    queue.at(250, &["foo"]);
}

#[test]
fn resets_to_sooner_and_sooner() {
    let mut queue = Queue::with(&[]);
    queue.at(1, &[]);
    queue.insert("foo", 200);
    queue.at(4, &[]);
    queue.reset("foo", 50);
    queue.at(24, &[]);
    queue.reset("foo", 40);
    queue.wakes_at(Some(40));
    queue.at(44, &["foo"]);

    let mut queue = Queue::with(&[("foo", 200)]);
    queue.at(3, &[]);
    queue.reset("foo", 10);
    queue.at(23, &["foo"]);
}

#[test]
fn an_expired_entry_may_be_reset_before_it_fires() {
    let mut queue = Queue::with(&[("foo", 0)]);
    queue.reset("foo", 100);
    queue.reset("foo", 50);
    queue.wakes_at(Some(50));
    queue.at(49, &[]);
    queue.at(60, &["foo"]);
    assert!(queue.wheel.is_empty());
}

#[test]
fn an_expired_entry_may_be_removed_before_it_fires() {
    let mut queue = Queue::with(&[]);
    queue.at(10, &[]);
    queue.insert("foo", 0);
    queue.remove("foo");
    queue.at(10, &[]);
}

#[test]
fn of_two_that_are_due_at_the_edge_of_a_level_one_may_remove_the_other() {
    for edge in [64, 4_096, 1 << 18] {
        let mut queue = Queue { wheel: Wheel::new(), keys: BTreeMap::new() };
        let keys =
            [("foo", queue.wheel.insert(edge, "foo")), ("bar", queue.wheel.insert(edge, "bar"))];
        let mut advance = queue.wheel.advance(edge + 16).expect("not back");
        let (_, fired) = advance.next().expect("one of them");
        for (name, key) in keys {
            let expected = (name != fired).then_some(name);
            assert_eq!(advance.wheel().cancel(key), expected);
        }
        assert_eq!(advance.next(), None);
    }
}

#[test]
fn what_is_inserted_last_may_expire_first() {
    let mut queue = Queue::with(&[("foo", 10_000)]);
    queue.wakes_at(Some(10_000));
    queue.insert("bar", 600);
    queue.wakes_at(Some(600));
    queue.at(600, &["bar"]);

    let mut queue = Queue::with(&[("one", 200)]);
    queue.wakes_at(Some(200));
    queue.insert("two", 100);
    queue.at(99, &[]);
    queue.at(100, &["two"]);
}

#[test]
fn many_resets_of_two() {
    let mut queue = Queue::with(&[("one", 200), ("two", 250)]);
    queue.wakes_at(Some(200));
    queue.reset("one", 300);
    queue.reset("two", 350);
    queue.reset("one", 400);
    queue.at(310, &[]);
    queue.at(360, &["two"]);
    queue.at(410, &["one"]);
}

#[test]
fn either_of_two_may_be_reset_to_earlier_or_later() {
    for (name, at, wakes, fired) in [
        ("one", 100, 100, "one"),
        ("two", 100, 100, "two"),
        ("one", 300, 250, "two"),
        ("two", 300, 200, "one"),
    ] {
        let mut queue = Queue::with(&[("one", 200), ("two", 250)]);
        queue.wakes_at(Some(200));
        queue.reset(name, at);
        queue.wakes_at(Some(wakes));
        queue.at(wakes - 1, &[]);
        queue.at(wakes, &[fired]);
    }
}

#[test]
fn inserting_while_entries_are_taken() {
    let mut queue = Queue::with(&[("1", 100), ("2", 100), ("3", 100)]);
    let mut fired = Vec::new();
    let mut advance = queue.wheel.advance(START + 100).expect("not back");
    while let Some((_, name)) = advance.next() {
        fired.push(name);
        advance.wheel().insert(START + 500, "foo");
    }
    fired.sort_unstable();
    assert_eq!(fired, ["1", "2", "3"]);
    queue.at(500, &["foo", "foo", "foo"]);
}

#[test]
fn a_reset_from_a_slot_that_has_begun() {
    for (armed, reset) in [(100, 120), (200, 120)] {
        let mut queue = Queue::with(&[("foo", armed)]);
        queue.wakes_at(Some(armed));
        // Time has gone on to 80, but nobody has told the wheel.
        queue.reset("foo", reset);
        queue.at(80, &[]);
        queue.wakes_at(Some(reset));
        queue.at(reset - 1, &[]);
        queue.at(reset, &["foo"]);
    }
}

#[test]
fn keys_hold_while_memory_is_given_back() {
    let mut queue = Queue::with(&[("1", 10), ("2", 10), ("3", 30), ("4", 40)]);
    queue.at(10, &["1", "2"]);
    queue.wheel.shrink_to_fit();
    queue.insert("5", 25);
    queue.wheel.shrink_to_fit();
    queue.reset("3", 20);
    queue.remove("4");
    queue.wheel.shrink_to_fit();
    assert_eq!(queue.wheel.cancel(queue.keys["1"]), None, "gone, and not a panic");
    queue.at(20, &["3"]);
    queue.at(25, &["5"]);
    queue.wheel.shrink_to_fit();
    assert_eq!((queue.wheel.len(), queue.wheel.capacity()), (0, 0));
}

#[test]
fn a_queue_may_be_older_than_any_wheel() {
    let mut queue = Queue::with(&[]);
    for age in 1..=4 {
        queue.at(age << 35, &[]);
        queue.insert("again", age << 35);
        queue.at(age << 35, &["again"]);
    }
    queue.insert("still", (4 << 35) + 1);
    queue.at((4 << 35) + 1, &["still"]);
}

#[test]
fn the_next_deadline_of_entries_that_share_a_slot() {
    let mut queue = Queue::with(&[("a", 5_020), ("b", 5_010), ("c", 5_030)]);
    queue.wakes_at(Some(5_010));
    queue.remove("b");
    queue.wakes_at(Some(5_020));
    queue.reset("a", 5_040);
    queue.wakes_at(Some(5_030));
    queue.at(5_030, &["c"]);
    queue.wakes_at(Some(5_040));
    queue.remove("a");
    queue.wakes_at(None);
}

#[test]
fn clearing_leaves_nothing_to_wait_for() {
    let mut queue = Queue::with(&[("foo", 1), ("bar", 100_000)]);
    queue.wheel.clear();
    queue.wakes_at(None);
    queue.at(200_000, &[]);
    queue.insert("foo", 200_001);
    queue.at(200_001, &["foo"]);
}
