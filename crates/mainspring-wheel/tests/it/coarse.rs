//! Coarse wheels: never early, late by at most the stated share, placed once.

use std::time::Duration;

use mainspring_wheel::{Coarse, Resolution, Wheel};

use crate::random::Random;

/// Arms one timer and returns the tick it fires at.
fn fires_at(coarse: &Coarse, now: u64, deadline: u64) -> u64 {
    let mut wheel = Wheel::coarse(coarse.clone());
    wheel.advance_to(now, |_, _| ()).expect("not back");
    wheel.insert(deadline, ());
    let next = wheel.next_deadline().expect("a timer");
    assert_eq!(wheel.advance_to(next.saturating_sub(1).max(now), |_, ()| ()), Ok(0));
    assert_eq!(wheel.advance_to(next, |_, ()| ()), Ok(1));
    next
}

#[test]
fn every_length_is_late_by_less_than_the_share() {
    let mut random = Random(9);
    for one_in in [1, 3, 8, 32] {
        for coarse in [
            Coarse::new(one_in),
            Coarse::of(&Resolution::ALL).one_in(one_in),
            Coarse::of(&[Resolution::Sec]).one_in(one_in),
            Coarse::of(&[Resolution::TenMs, Resolution::Min]).one_in(one_in),
        ] {
            for _ in 0..50 {
                let now = random.of_any_length();
                let deadline = now.saturating_add(random.of_any_length()).max(now + 1);
                let late = fires_at(&coarse, now, deadline).checked_sub(deadline).expect("early");
                let length = deadline - now;
                let within = late == 0 || u128::from(late) * u128::from(one_in) < length.into();
                assert!(within, "1/{one_in}: {length} is late by {late}");
            }
        }
    }
}

#[test]
fn short_timers_are_exact() {
    for one_in in [1, 8, 64] {
        for length in 1..2 * u64::from(one_in) {
            assert_eq!(fires_at(&Coarse::new(one_in), 1_000, 1_000 + length), 1_000 + length);
        }
    }
}

#[test]
fn rings_are_as_long_as_it_takes_to_reach_the_next() {
    use Resolution::{Hour, HundredMs, Min, Ms, Sec, TenMs};
    for (resolutions, sizes) in [
        (&[Ms, TenMs, HundredMs, Sec, Min, Hour][..], &[10, 10, 10, 60, 60, 24][..]),
        (&[Ms, TenMs, Sec], &[10, 100, 60]),
        (&[Ms, HundredMs, Sec, Min], &[100, 10, 60, 60]),
        (&[Ms, Sec], &[1_000, 60]),
        (&[TenMs, HundredMs, Sec], &[10, 10, 60]),
        (&[Ms], &[1_000]),
        (&[HundredMs], &[10]),
        (&[Hour], &[24]),
        (&[Sec, Hour], &[60, 24]),
    ] {
        assert_eq!(Coarse::of(resolutions).sizes(), sizes, "{resolutions:?}");
    }
}

#[test]
fn resolutions_come_in_any_order_and_more_than_once() {
    use Resolution::{Min, Sec, TenMs};
    let coarse = Coarse::of(&[Sec, Min, TenMs, Min]);
    assert_eq!(coarse, Coarse::of(&[TenMs, Sec, Min]));
    assert_eq!(coarse.tick(), Some(Duration::from_millis(10)));
    assert_eq!(Coarse::new(8).tick(), None);
}

#[test]
fn a_timer_waits_in_the_ring_of_its_resolution() {
    let all = Coarse::of(&Resolution::ALL);
    for (length, at) in [(9, 9), (10, 10), (11, 20), (1_300, 2_000), (59_001, 60_000)] {
        assert_eq!(fires_at(&all, 0, length), at, "{length}");
    }
    // With minutes missing, more than a minute of seconds goes by minutes all the same.
    assert_eq!(fires_at(&Coarse::of(&[Resolution::Sec]), 0, 61), 120);
}

#[test]
fn rings_due_at_the_same_tick_all_fire() {
    let mut wheel = Wheel::coarse(Coarse::of(&Resolution::ALL));
    // Armed at different times, these wait in rings of 1, 10, 100 and 1,000 ticks.
    for (now, deadline) in [(0, 1_999), (1_800, 1_950), (1_980, 1_995), (1_995, 2_000)] {
        wheel.advance_to(now, |_, _| panic!("early")).expect("not back");
        wheel.insert(deadline, deadline);
    }
    assert_eq!(wheel.next_deadline(), Some(2_000));
    assert_eq!(wheel.advance(1_999).expect("not back").next(), None);
    // One at a time, with the advance abandoned in between.
    let mut fired: Vec<u64> = Vec::new();
    for _ in 0..4 {
        fired.extend(wheel.advance(2_000).expect("not back").next().map(|(deadline, _)| deadline));
        assert_eq!(wheel.now(), 2_000);
    }
    fired.sort_unstable();
    assert_eq!(fired, [1_950, 1_995, 1_999, 2_000]);
}

#[test]
fn the_last_tick_of_all_is_not_too_late() {
    for coarse in [Coarse::new(1), Coarse::new(8), Coarse::of(&Resolution::ALL)] {
        for now in [0, 1 << 40, u64::MAX - 1_000] {
            assert_eq!(fires_at(&coarse, now, u64::MAX), u64::MAX);
        }
    }
}

#[test]
#[should_panic(expected = "one_in is 0, it must be from 1 to 64")]
fn one_in_nothing_is_refused() {
    Coarse::new(0);
}

#[test]
#[should_panic(expected = "at least one resolution")]
fn no_resolution_is_refused() {
    Coarse::of(&[]);
}
