//! What a wheel holds comes back after a restart.

use std::fmt::Debug;
use std::time::Duration;

use mainspring_wheel::{Coarse, DurationWheel, KeyedWheel, Resolution, Wheel};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::random::Random;

fn restart<W: Serialize + DeserializeOwned>(wheel: &W) -> W {
    let text = serde_json::to_string(wheel).expect("serialises");
    serde_json::from_str(&text).expect(&text)
}

fn contents<T: Clone + Ord + Debug>(wheel: &Wheel<T>) -> Vec<(u64, T)> {
    let mut contents: Vec<_> = wheel.iter().map(|(_, d, value)| (d, value.clone())).collect();
    contents.sort();
    contents
}

#[test]
fn a_wheel_comes_back_with_its_tick_its_kind_and_its_timers() {
    let mut random = Random(8);
    let described = Coarse::of(&[Resolution::Ms, Resolution::Sec]).one_in(8);
    for mut wheel in [Wheel::new(), Wheel::coarse(Coarse::new(3)), Wheel::coarse(described)] {
        wheel.advance_to(12_345, |_, _| ()).expect("not back");
        for i in 0..1_000 {
            wheel.insert(random.of_any_length(), i.to_string());
        }
        let mut back: Wheel<String> = restart(&wheel);
        assert_eq!(back.now(), 12_345);
        assert_eq!(back.coarseness(), wheel.coarseness());
        assert_eq!(contents(&back), contents(&wheel));
        assert_eq!(back.next_deadline(), wheel.next_deadline());
        let fired = |wheel: &mut Wheel<String>| wheel.advance_to(1 << 40, |_, _| ());
        assert_eq!(fired(&mut back), fired(&mut wheel));
    }
}

#[test]
fn the_text_is_plain() {
    let mut wheel = Wheel::new();
    wheel.insert(7, "seven");
    let text = serde_json::to_string(&wheel).expect("serialises");
    assert_eq!(text, r#"{"now":0,"coarse":null,"timers":[[7,"seven"]]}"#);
}

#[test]
fn the_other_shapes_come_back_too() {
    let ms = Duration::from_millis;
    let mut wheel = DurationWheel::new(ms(10));
    wheel.advance_to(ms(500), |_, _: String| ()).expect("not back");
    wheel.insert(ms(625), "timer".to_owned());
    let mut back = restart(&wheel);
    assert_eq!((back.now(), back.next_deadline()), (ms(500), Some(ms(630))));

    let mut keyed = KeyedWheel::new(ms(10));
    keyed.start_with("a".to_owned(), ms(100), 1);
    keyed.start_with("b".to_owned(), ms(200), 2);
    let mut back: KeyedWheel<String, i32> = restart(&keyed);
    assert_eq!(back.deadline_of("a"), keyed.deadline_of("a"));
    assert_eq!(back.start_with("b".to_owned(), ms(300), 3), Some(2));
    assert_eq!(back.stop("a"), Some(1));
    assert_eq!(back.len(), 1);
}

#[test]
fn a_name_that_comes_twice_counts_once() {
    let text =
        r#"{"tick_ns":1000,"wheel":{"now":0,"coarse":null,"timers":[[5,["a",1]],[6,["a",2]]]}}"#;
    let mut back: KeyedWheel<String, i32> = serde_json::from_str(text).expect("deserialises");
    assert_eq!(back.len(), 1);
    assert_eq!(back.stop("a"), Some(2));
    assert!(back.is_empty());
}

#[test]
fn nonsense_is_refused_and_said() {
    for (text, said) in [
        (
            r#"{"tick_ns":0,"wheel":{"now":0,"coarse":null,"timers":[]}}"#,
            "a tick must have a length",
        ),
        (
            r#"{"tick_ns":1,"wheel":{"now":0,"coarse":{"one_in":65,"resolutions":[]},"timers":[]}}"#,
            "one_in is 65, it must be from 1 to 64",
        ),
        (r#"{"tick_ns":1,"wheel":{"now":-1,"coarse":null,"timers":[]}}"#, "-1"),
    ] {
        let error = serde_json::from_str::<DurationWheel<u8>>(text).expect_err(text);
        assert!(error.to_string().contains(said), "{error}");
    }
}
