//! The wheel that speaks `Duration`: rounding is away from early.

use std::time::Duration;

use mainspring_wheel::DurationWheel;

const fn ns(ns: u64) -> Duration {
    Duration::from_nanos(ns)
}

#[test]
fn deadlines_are_rounded_up_and_the_time_down() {
    for (at, deadline) in [(0, 0), (1, 100), (99, 100), (100, 100), (101, 200)] {
        let mut wheel = DurationWheel::new(ns(100));
        let key = wheel.insert(ns(at), "timer");
        assert_eq!(wheel.deadline_of(key), Some(ns(deadline)));
        assert_eq!(wheel.next_deadline(), Some(ns(deadline)));
        if let Some(before) = deadline.checked_sub(1) {
            assert_eq!(wheel.advance_to(ns(before), |_, _| ()), Ok(0));
        }
        let mut fired = Vec::new();
        wheel.advance_to(ns(deadline), |at, value| fired.push((at, value))).expect("not back");
        assert_eq!(fired, [(ns(deadline), "timer")]);
    }
}

#[test]
fn going_back_within_a_tick_is_not_going_back() {
    let mut wheel = DurationWheel::<()>::new(ns(100));
    assert_eq!(wheel.advance_to(ns(299), |_, ()| ()), Ok(0));
    assert_eq!(wheel.now(), ns(200));
    assert_eq!(wheel.advance_to(ns(250), |_, ()| ()), Ok(0));
    let error = wheel.advance_to(ns(199), |_, ()| ()).expect_err("back");
    assert_eq!((error.asked(), error.now()), (1, 2));
}

#[test]
fn what_is_too_far_away_for_any_tick_never_fires() {
    let mut wheel = DurationWheel::new(ns(1));
    wheel.insert(Duration::MAX, "never");
    let soon = wheel.insert(Duration::from_nanos(u64::MAX) - ns(1), "in 584 years");
    assert_eq!(wheel.next_deadline(), wheel.deadline_of(soon));
    assert_eq!(
        wheel.advance_to(Duration::MAX, |_, value| assert_eq!(value, "in 584 years")),
        Ok(1)
    );
    assert_eq!((wheel.len(), wheel.next_deadline()), (1, None));

    // Longer ticks reach further.
    let mut wheel = DurationWheel::new(Duration::from_secs(1));
    wheel.insert(Duration::from_secs(1 << 60), "in 36 milliard years");
    assert_eq!(wheel.advance_to(Duration::from_secs((1 << 60) - 1), |_, _| ()), Ok(0));
    assert_eq!(wheel.advance_to(Duration::from_secs(1 << 60), |_, _| ()), Ok(1));
}

#[test]
fn a_period_in_the_callback_keeps_its_beat() {
    let ms = Duration::from_millis;
    let mut wheel = DurationWheel::new(ms(1));
    wheel.insert(ms(100), "beat");
    let mut beats = Vec::new();
    wheel
        .advance_with(ms(450), |wheel, due, value| {
            beats.push(due);
            wheel.insert(due + ms(100), value);
        })
        .expect("not back");
    assert_eq!(beats, [ms(100), ms(200), ms(300), ms(400)]);
}

#[test]
fn keys_work_as_in_the_wheel_of_ticks() {
    let mut wheel = DurationWheel::new(ns(10));
    let key = wheel.insert(ns(50), 1);
    *wheel.get_mut(key).expect("armed") += 1;
    assert_eq!(wheel.get(key), Some(&2));
    assert!(wheel.contains(key) && wheel.reschedule(key, ns(75)));
    assert_eq!(wheel.deadline_of(key), Some(ns(80)));
    assert_eq!(wheel.cancel(key), Some(2));
    assert!(!wheel.contains(key) && !wheel.reschedule(key, ns(1)) && wheel.is_empty());
    wheel.insert(ns(5), 3);
    wheel.clear();
    assert_eq!((wheel.len(), wheel.tick()), (0, ns(10)));
}

#[test]
#[should_panic(expected = "a tick of 1 to u64::MAX nanoseconds")]
fn a_tick_without_length_is_refused() {
    DurationWheel::<()>::new(Duration::ZERO);
}
