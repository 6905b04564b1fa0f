//! Counts days in the proleptic Gregorian calendar.
//!
//! # Ground rules
//! - A day is a number, 0 for 1970-01-01. Years reach from -9999 to 9999, as in jiff; a year beyond
//!   them by less than a thousand is still counted right.
//! - A weekday is 0 for Sunday to 6 for Saturday.
//! - A set of days of a month is a `u32` whose bit `d` stands for day `d`; bit 0 is never set.

/// The last year that an instant can fall into; the first one is its negative.
pub(crate) const YEAR_MAX: i32 = 9999;

/// Whole cycles of 400 years added, so that all arithmetic is on positive numbers.
const SHIFT_CYCLES: i32 = 30;
const CYCLE_DAYS: i32 = 146_097;
/// Days from 0000-03-01 to 1970-01-01.
const EPOCH_DAYS: i32 = 719_468;

/// Year, month and day of the month.
#[inline]
pub(crate) fn date_of(day: i32) -> (i32, u32, u32) {
    // Years begin in March here, so that the leap day is the last one: the method of Neri and
    // Schneider, "Euclidean affine functions and their application to calendar algorithms".
    let shifted = (day + EPOCH_DAYS + CYCLE_DAYS * SHIFT_CYCLES) as u32;
    let quarter_days = 4 * shifted + 3;
    let century = quarter_days / CYCLE_DAYS as u32;
    let in_century = (quarter_days % CYCLE_DAYS as u32) | 3;
    let scaled = 2_939_745 * u64::from(in_century);
    let year_of_century = (scaled >> 32) as u32;
    let day_of_year = (scaled as u32) / 2_939_745 / 4;
    let month_and_day = 2141 * day_of_year + 197_913;
    let month = month_and_day >> 16;
    let day_of_month = (month_and_day & 0xffff) / 2141 + 1;
    let after_december = day_of_year >= 306;
    let year = (100 * century + year_of_century) as i32 - 400 * SHIFT_CYCLES;
    if after_december { (year + 1, month - 12, day_of_month) } else { (year, month, day_of_month) }
}

/// The number of a month's first day.
#[inline]
pub(crate) fn first_day_of(year: i32, month: u32) -> i32 {
    let before_march = month <= 2;
    let year = (year - i32::from(before_march) + 400 * SHIFT_CYCLES) as u32;
    let month = if before_march { month + 12 } else { month };
    let century = year / 100;
    let days = 1461 * year / 4 - century + century / 4 + (979 * month - 2919) / 32;
    days as i32 - EPOCH_DAYS - CYCLE_DAYS * SHIFT_CYCLES
}

#[inline]
pub(crate) fn weekday_of(day: i32) -> u32 {
    // 1970-01-01 was a Thursday.
    (day + 4).rem_euclid(7) as u32
}

#[inline]
pub(crate) fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

#[inline]
pub(crate) fn days_in(year: i32, month: u32) -> u32 {
    match month {
        2 => 28 + u32::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The days 1 to `last` as a set.
#[inline]
pub(crate) fn days_up_to(last: u32) -> u32 {
    (u32::MAX >> (31 - last)) & !1
}

#[cfg(test)]
mod tests {
    use jiff::civil;

    use super::*;

    #[test]
    fn agrees_with_jiff_on_every_month() {
        let mut expected_first = -4_371_587;
        for year in -9999..=9999 {
            for month in 1..=12 {
                let date = civil::date(year, month, 1);
                let (year, month, length) =
                    (i32::from(year), month as u32, days_in(year.into(), month as u32));
                assert_eq!(length, date.days_in_month() as u32);
                let first = first_day_of(year, month);
                assert_eq!(first, expected_first);
                assert_eq!(weekday_of(first), date.weekday().to_sunday_zero_offset() as u32);
                for day in [1, 2, 15, length - 1, length] {
                    assert_eq!(date_of(first + day as i32 - 1), (year, month, day));
                }
                expected_first += length as i32;
            }
        }
        assert_eq!(expected_first - 1, date_number(civil::Date::MAX));
    }

    fn date_number(date: civil::Date) -> i32 {
        let epoch = civil::date(1970, 1, 1);
        (date - epoch).get_days()
    }

    #[test]
    fn sets_of_days_leave_bit_zero() {
        assert_eq!(days_up_to(31), 0xffff_fffe);
        assert_eq!(days_up_to(28), 0x1fff_fffe);
        assert_eq!(days_up_to(1), 2);
    }
}
