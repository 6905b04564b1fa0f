//! Never panics, never runs for ever and never goes back, whatever the input.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use mainspring_schedule::{Cron, Dialect};
use proptest::prelude::*;
use proptest::sample::select;

fn dialect() -> impl Strategy<Value = Dialect> {
    select(&[Dialect::Default, Dialect::Posix, Dialect::Vixie, Dialect::Quartz][..])
}

/// Texts that come near to an expression.
fn near_cron() -> impl Strategy<Value = String> {
    let piece = select(
        &[
            "*", "?", "0", "1", "5", "7", "12", "29", "31", "59", "60", "2030", "/", "-", ",", "#",
            "L", "W", "LW", "H", "H(1-5)", "(", ")", "JAN", "fri", "SUN", "FRIL", "FRI#2", "15W",
            "L-3", " ", "\t", "@daily", "@", "é", "\0", "*/2", "1-5", "20-10/3", "99999",
        ][..],
    );
    let words = proptest::collection::vec(piece, 1..4).prop_map(|pieces| pieces.concat());
    proptest::collection::vec(words, 4..8).prop_map(|words| words.join(" "))
}

fn instant() -> impl Strategy<Value = Timestamp> {
    let (min, max) = (Timestamp::MIN.as_nanosecond(), Timestamp::MAX.as_nanosecond());
    let day = 86_400_000_000_000;
    let nanosecond = prop_oneof![
        4 => min..=max,
        1 => min..=min + day,
        1 => max - day..=max,
        2 => -day * 36_500..=day * 36_500,
        1 => select(vec![min, min + 1, -1, 0, 1, max - 1, max]),
    ];
    nanosecond.prop_map(|nanosecond| Timestamp::from_nanosecond(nanosecond).unwrap())
}

/// Among them rules that make no sense: jumps of a day, a summer of an hour, one that never ends.
fn zone() -> impl Strategy<Value = TimeZone> {
    let named = select(
        &["UTC", "Europe/Berlin", "Pacific/Apia", "Africa/Casablanca", "America/Juneau"][..],
    );
    let posix = select(
        &[
            "EST5EDT,M3.2.0,M11.1.0",
            "AAA0BBB-24,J60/0,J61/0",
            "AAA24BBB-24,J1/0,J365/24",
            "AAA0BBB,J100/2,J100/3",
            "AAA0BBB-1,J100/-167,J100/167",
            "XXX-2<+01>-1,0/0,J365/23",
            "AAA0BBB0,J10,J20",
            // Its end falls into the next year.
            "AAA23BBB,0/0,J365/24",
            "AAA-0:00:01BBB24:59:59,365/167,0/-167",
        ][..],
    );
    prop_oneof![
        named.prop_map(|name| TimeZone::get(name).unwrap()),
        posix.prop_map(|rule| TimeZone::posix(rule).unwrap()),
        (-93_599..=93_599i32)
            .prop_map(|s| TimeZone::fixed(jiff::tz::Offset::from_seconds(s).unwrap())),
    ]
}

proptest! {
    #[test]
    fn any_text_is_read_or_rejected_within_itself(
        text in prop_oneof![any::<String>(), near_cron()],
        dialect in dialect(),
    ) {
        match Cron::parse_as(&text, dialect) {
            Ok(cron) => {
                prop_assert_eq!(&Cron::parse_as(cron.as_str(), dialect).unwrap(), &cron);
                let _ = cron.for_name(&text);
            }
            Err(error) => {
                prop_assert!(error.column() + error.width() <= text.chars().count() + 2);
                prop_assert!(!error.problem().is_empty() && !error.allowed().is_empty());
                prop_assert!(!error.to_string().chars().any(char::is_control));
                prop_assert_eq!(error.pointer().lines().count(), 2);
            }
        }
    }

    #[test]
    fn any_instant_in_any_zone(
        text in select(&[
            "* * * * *", "0 0 * * *", "30 2 * * *", "0 0 29 2 *", "0 0 30 2 *", "* * * * * *",
            "59 59 23 31 12 *", "0 0 0 1 1 * 9999", "0 0 0 1 1 * 1970-2000/7", "0 0 1 1 MON#1",
            "0 1-3 * * *", "*/20 2 10 4 *", "0 0 LW * FRIL", "0 0 31W 2-12/3 *",
            "0 0 0 29 2 ? 1972/8",
        ][..]),
        at in instant(),
        zone in zone(),
    ) {
        let cron = Cron::parse(text).unwrap();
        let mut last = at;
        for _ in 0..20 {
            let Some(next) = cron.next_after(last, &zone) else { break };
            prop_assert!(next > last && next.subsec_nanosecond() == 0);
            let _ = cron.transition_at(next, &zone);
            if let Ok(after) = next.checked_add(jiff::SignedDuration::from_nanos(1)) {
                prop_assert_eq!(cron.previous_before(after, &zone), Some(next));
            }
            last = next;
        }
        let mut last = at;
        for _ in 0..20 {
            let Some(previous) = cron.previous_before(last, &zone) else { break };
            prop_assert!(previous < last && previous.subsec_nanosecond() == 0);
            if let Ok(before) = previous.checked_sub(jiff::SignedDuration::from_nanos(1)) {
                prop_assert_eq!(cron.next_after(before, &zone), Some(previous));
            }
            last = previous;
        }
    }
}
