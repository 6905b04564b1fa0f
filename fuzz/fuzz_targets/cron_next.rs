//! Asks any expression for its next and previous instants, from any instant in any zone.
//!
//! It must not panic, must move strictly, and both directions must see the same instants.
//!
//! The input: 16 bytes for the instant, one for the dialect, one for the zone, then the expression.
//! With the first bit of the zone's byte set, the text up to the first `;` is a rule in POSIX form.

#![no_main]

use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use libfuzzer_sys::fuzz_target;
use mainspring_schedule::{Cron, Dialect};

const DIALECTS: [Dialect; 4] = [Dialect::Default, Dialect::Posix, Dialect::Vixie, Dialect::Quartz];

const ZONES: [&str; 8] = [
    "Africa/Casablanca",
    "America/New_York",
    "America/Nuuk",
    "Antarctica/Troll",
    "Australia/Lord_Howe",
    "Europe/Dublin",
    "Pacific/Apia",
    "Pacific/Kwajalein",
];

fuzz_target!(|data: &[u8]| {
    let Some((instant, rest)) = data.split_first_chunk::<16>() else { return };
    let [dialect, zone_byte, text @ ..] = rest else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let Some((zone, text)) = zone(*zone_byte, text) else { return };
    let dialect = DIALECTS[usize::from(*dialect) % DIALECTS.len()];
    let cron = match Cron::parse_as(text, dialect) {
        Ok(cron) => cron,
        Err(error) => {
            assert!(error.column() <= text.chars().count() + 1);
            assert!(!error.to_string().is_empty() && !error.pointer().is_empty());
            return;
        }
    };
    assert_eq!(Cron::parse_as(cron.as_str(), dialect).as_ref(), Ok(&cron));

    let range = Timestamp::MAX.as_nanosecond() - Timestamp::MIN.as_nanosecond() + 1;
    let instant = Timestamp::MIN.as_nanosecond() + i128::from_le_bytes(*instant).rem_euclid(range);
    let Ok(start) = Timestamp::from_nanosecond(instant) else { return };
    let a_little = SignedDuration::from_nanos(1);
    let mut at = start;
    for _ in 0..8 {
        let Some(next) = cron.next_after(at, &zone) else { break };
        assert!(next > at && next.subsec_nanosecond() == 0);
        if let Ok(after) = next.checked_add(a_little) {
            assert_eq!(cron.previous_before(after, &zone), Some(next));
        }
        let _ = cron.transition_at(next, &zone);
        at = next;
    }
    let mut at = start;
    for _ in 0..8 {
        let Some(previous) = cron.previous_before(at, &zone) else { break };
        assert!(previous < at && previous.subsec_nanosecond() == 0);
        if let Ok(before) = previous.checked_sub(a_little) {
            assert_eq!(cron.next_after(before, &zone), Some(previous));
        }
        at = previous;
    }
});

fn zone(byte: u8, text: &str) -> Option<(TimeZone, &str)> {
    if byte & 1 == 1 {
        let (rule, text) = text.split_once(';')?;
        return Some((TimeZone::posix(rule).ok()?, text));
    }
    let index = usize::from(byte >> 1);
    let zone = match index.checked_sub(ZONES.len()) {
        None => TimeZone::get(ZONES[index]).ok()?,
        Some(minutes) => TimeZone::fixed(Offset::from_seconds(minutes as i32 * 900 - 43_200).ok()?),
    };
    Some((zone, text))
}
