//! Timers named by the caller's own keys do what a map of keys to times does.

use std::collections::BTreeMap;
use std::time::Duration;

use mainspring_wheel::{Coarse, KeyedWheel, Resolution};

use crate::random::Random;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn keys_and_values_at_random() {
    let mut random = Random(4);
    let mut wheel = KeyedWheel::new(ms(1));
    let mut model: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut now = 0;
    for step in 0..200_000 {
        let key = random.below(300).to_string();
        match random.below(10) {
            0..4 => {
                let length = random.below(5_000);
                let old = model.insert(key.clone(), (now + 1 + length, step));
                assert_eq!(wheel.start_with(key, ms(length), step), old.map(|(_, value)| value));
            }
            4..6 => {
                let old = model.remove(&key).map(|(_, value)| value);
                assert_eq!(wheel.stop(key.as_str()), old);
            }
            6 => {
                let known = model.get_mut(&key);
                assert_eq!(wheel.is_running(key.as_str()), known.is_some());
                let deadline = known.as_ref().map(|(deadline, _)| ms(*deadline));
                assert_eq!(wheel.deadline_of(key.as_str()), deadline);
                assert_eq!(wheel.get(key.as_str()), known.as_ref().map(|(_, value)| value));
                assert_eq!(wheel.get_mut(key.as_str()), known.map(|(_, value)| value));
            }
            7 => {
                let first = model.values().map(|(deadline, _)| ms(*deadline)).min();
                assert_eq!(wheel.next_deadline(), first);
            }
            _ => {
                now += 1;
                let mut fired = wheel.expire();
                fired.sort_unstable();
                let due: Vec<_> = model.extract_if(.., |_, due| due.0 <= now).collect();
                let due: Vec<_> = due.into_iter().map(|(key, (_, value))| (key, value)).collect();
                assert_eq!(fired, due);
            }
        }
        assert_eq!(wheel.len(), model.len());
    }
    wheel.clear();
    assert!(wheel.is_empty() && !wheel.is_running("1"));
}

#[test]
fn a_timer_never_fires_before_its_duration_however_late_in_a_tick_it_starts() {
    for coarse in [false, true] {
        let mut wheel = if coarse {
            KeyedWheel::coarse(Coarse::of(&Resolution::ALL))
        } else {
            KeyedWheel::new(ms(1))
        };
        for start in [0, 17, 930] {
            while wheel.now() < ms(start) {
                wheel.expire();
            }
            for length in [1, 9, 10, 95, 1_234] {
                wheel.start("timer", ms(length));
                // The start may have been at the very end of the tick.
                let end = wheel.now() + ms(1) + ms(length);
                while wheel.expire().is_empty() {}
                assert!(wheel.now() >= end);
            }
        }
    }
}

#[test]
fn a_timer_that_fires_may_be_started_again() {
    let mut wheel = KeyedWheel::new(ms(10));
    wheel.start_with("session", ms(10), 0);
    let mut times = Vec::new();
    for _ in 0..10 {
        for (key, count) in wheel.expire() {
            times.push(wheel.now());
            wheel.start_with(key, ms(10), count + 1);
        }
    }
    assert_eq!(times, [20, 40, 60, 80, 100].map(ms));
    assert_eq!(wheel.get("session"), Some(&5));
}
