//! Rounds instants to what every store can keep: whole microseconds.
//!
//! # Ground rules
//! - Up, never down: what is due is not early.

use jiff::Timestamp;

/// `at` in whole microseconds, rounded up.
///
/// ```
/// use mainspring_job::store::whole_micros;
///
/// let at = "2026-03-01T12:00:00.000000001Z".parse()?;
/// assert_eq!(whole_micros(at), "2026-03-01T12:00:00.000001Z".parse()?);
/// # Ok::<(), jiff::Error>(())
/// ```
pub fn whole_micros(at: Timestamp) -> Timestamp {
    from_micros(to_micros(at))
}

/// Microseconds since 1970 began, rounded up.
pub fn to_micros(at: Timestamp) -> i64 {
    // A timestamp's years have four digits: its microseconds fit.
    -((-at.as_nanosecond()).div_euclid(1000)) as i64
}

/// The instant so many microseconds after 1970 began; one that no calendar has is the calendar's end.
pub fn from_micros(micros: i64) -> Timestamp {
    let end = if micros < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_microsecond(micros).unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::{from_micros, to_micros};
    use jiff::Timestamp;

    #[test]
    fn rounding_is_up_on_both_sides_of_1970() {
        for (nanos, micros) in [(0, 0), (1, 1), (1000, 1), (1001, 2), (-1, 0), (-1000, -1)] {
            let at = Timestamp::from_nanosecond(nanos).expect("within the calendar");
            assert_eq!(to_micros(at), micros, "{nanos}");
        }
    }

    #[test]
    fn the_ends_stay_in_the_calendar() {
        for at in [Timestamp::MIN, Timestamp::MAX] {
            let kept = from_micros(to_micros(at));
            assert_eq!(from_micros(to_micros(kept)), kept);
        }
        assert_eq!(from_micros(i64::MIN), Timestamp::MIN);
    }
}
