//! Where ferris is wrong, and what it does right, in our words.

use std::time::Duration;

use mainspring_wheel::{Coarse, KeyedWheel, Resolution, Wheel};

use crate::random::Random;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

const HOUR: Duration = Duration::from_secs(3_600);

/// Both shapes of a wheel with all resolutions.
fn wheels<K: std::hash::Hash + Eq + Clone>() -> [KeyedWheel<K>; 2] {
    [KeyedWheel::coarse(Coarse::of(&Resolution::ALL)), KeyedWheel::new(ms(1))]
}

/// Ticks until the first timer fires, and returns which one and after how many ticks.
fn first<K: std::hash::Hash + Eq + Clone>(
    wheel: &mut KeyedWheel<K>,
    most: u64,
) -> Option<(u64, K)> {
    (1..=most).find_map(|tick| wheel.expire().pop().map(|(key, ())| (tick, key)))
}

#[test]
fn a_time_below_the_finest_resolution_fires() {
    for mut wheel in wheels() {
        wheel.start("500 µs on a wheel of 1 ms", Duration::from_micros(500));
        wheel.start("nothing at all", Duration::ZERO);
        let mut fired: Vec<_> = (0..2).flat_map(|_| wheel.expire()).collect();
        fired.sort_unstable();
        assert_eq!(fired, [("500 µs on a wheel of 1 ms", ()), ("nothing at all", ())]);
    }
    let mut seconds = KeyedWheel::coarse(Coarse::of(&[Resolution::Sec]));
    seconds.start("10 ms on a wheel of seconds", ms(10));
    assert_eq!(first(&mut seconds, 10), Some((2, "10 ms on a wheel of seconds")));
}

#[test]
fn a_time_beyond_the_coarsest_resolution_is_not_shortened() {
    for mut wheel in wheels() {
        wheel.start("30 h", 30 * HOUR);
        assert_eq!(wheel.advance_to(24 * HOUR + ms(2), |_, _| ()), Ok(0));
        assert_eq!(wheel.advance_to(30 * HOUR, |_, _| ()), Ok(0));
        // Late by less than its length, as this wheel promises.
        assert_eq!(wheel.advance_to(60 * HOUR, |_, _| ()), Ok(1));
    }
    let mut minute = KeyedWheel::coarse(Coarse::of(&[Resolution::Sec]));
    minute.start("a year", 365 * 24 * HOUR);
    assert_eq!(minute.advance_to(365 * 24 * HOUR, |_, _| ()), Ok(0));
    assert_eq!(minute.advance_to(2 * 365 * 24 * HOUR, |_, _| ()), Ok(1));
}

#[test]
fn a_restarted_key_fires_at_its_new_time() {
    for mut wheel in wheels() {
        assert!(!wheel.start("key", ms(5)));
        assert!(wheel.start("key", ms(500)));
        let (tick, _) = first(&mut wheel, 2_000).expect("fires");
        assert!((500..1_000).contains(&tick), "{tick}");
        assert!(wheel.is_empty());
        assert_eq!(first(&mut wheel, 2_000), None, "and once only");

        wheel.start("key", ms(500));
        wheel.start("key", ms(5));
        let (tick, _) = first(&mut wheel, 100).expect("fires");
        assert!((5..10).contains(&tick), "{tick}");
    }
}

#[test]
fn no_timer_is_lost_when_a_million_fire_over_a_minute() {
    let mut random = Random(1);
    for mut wheel in [Wheel::new(), Wheel::coarse(Coarse::of(&Resolution::ALL))] {
        for i in 0..1_000_000_u32 {
            wheel.insert(1 + random.below(60_000), i);
        }
        let mut seen = vec![false; 1_000_000];
        let mut most_late = 0.0_f64;
        for now in 1..=120_000 {
            wheel
                .advance_to(now, |deadline, i| {
                    assert!(deadline <= now && !seen[i as usize]);
                    seen[i as usize] = true;
                    most_late = most_late.max((now - deadline) as f64 / deadline as f64);
                })
                .expect("not back");
        }
        assert!(seen.iter().all(|&seen| seen) && wheel.is_empty());
        assert!(most_late < if wheel.coarseness().is_some() { 1.0 } else { f64::EPSILON });
    }
}

#[test]
fn memory_does_not_grow_under_churn() {
    let mut random = Random(2);
    for mut wheel in [Wheel::new(), Wheel::coarse(Coarse::of(&Resolution::ALL))] {
        let mut keys: Vec<_> =
            (0..10_000).map(|i| wheel.insert(1 + random.below(60_000), i)).collect();
        let before = wheel.capacity();
        for round in 0..500_000 {
            let i = random.below(10_000) as usize;
            if round % 2 == 0 {
                wheel.cancel(keys[i]);
                keys[i] = wheel.insert(wheel.now() + 1 + random.below(60_000), i);
            } else if !wheel.reschedule(keys[i], wheel.now() + 1 + random.below(60_000)) {
                keys[i] = wheel.insert(wheel.now() + 1 + random.below(60_000), i);
            }
            if round % 10 == 0 {
                let now = wheel.now() + 1;
                wheel.advance_to(now, |_, _| ()).expect("not back");
            }
        }
        assert_eq!(wheel.capacity(), before);
    }
}

#[test]
fn the_next_deadline_is_known_so_that_nobody_has_to_tick() {
    for mut wheel in wheels() {
        wheel.start("later", Duration::from_secs(700));
        wheel.start("sooner", Duration::from_secs(7));
        let mut wakes = Vec::new();
        while let Some(next) = wheel.next_deadline() {
            assert_eq!(wheel.advance_to(next - ms(1), |_, _| ()), Ok(0));
            wheel.advance_to(next, |key, ()| wakes.push((key, next))).expect("not back");
        }
        assert_eq!([wakes[0].0, wakes[1].0], ["sooner", "later"]);
        assert!(wakes[0].1 >= Duration::from_secs(7) && wakes[0].1 < Duration::from_secs(14));
        assert!(wakes[1].1 >= Duration::from_secs(700) && wakes[1].1 < Duration::from_secs(1400));
    }
}

/// What ferris does right stays so: one timer per resolution, each at its tick.
#[test]
fn one_timer_per_resolution_fires_after_its_time() {
    let timers = [
        ("5 ms", ms(5), 6),
        ("35 ms", ms(35), 40),
        ("150 ms", ms(150), 200),
        ("5.01 s", ms(5_010), 6_000),
        ("310 s", ms(310_000), 360_000),
    ];
    let mut wheel = KeyedWheel::coarse(Coarse::of(&Resolution::ALL));
    for (key, duration, _) in timers {
        wheel.start(key, duration);
    }
    for tick in 1..=360_000 {
        let due: Vec<_> =
            timers.iter().filter(|timer| timer.2 == tick).map(|t| (t.0, ())).collect();
        assert_eq!(wheel.expire(), due, "tick {tick}");
    }
}

#[test]
fn a_stopped_timer_does_not_fire() {
    for mut wheel in wheels() {
        for i in 0..6 {
            wheel.start(i, ms(5 * 8_u64.pow(i)));
        }
        for i in 0..6 {
            assert_eq!(wheel.stop(&i), Some(()));
            assert_eq!(wheel.stop(&i), None);
        }
        assert_eq!(wheel.next_deadline(), None);
        assert_eq!(wheel.advance_to(100 * HOUR, |_, _| ()), Ok(0));
    }
}
