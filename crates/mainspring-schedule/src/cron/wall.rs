//! Finds matching readings of a wall clock, as if no zone existed.
//!
//! # Ground rules
//! - A reading is a count of seconds since 1970-01-01 00:00:00 *on that wall*: what an instant would
//!   be if the zone were UTC.
//! - Every search ends with the years -9999 and 9999, and an impossible expression is not searched.

use super::calendar::{YEAR_MAX, date_of, days_in, first_day_of, weekday_of};
use super::masks::Masks;

pub(crate) const DAY: i64 = 86_400;

impl Masks {
    /// Whether this very reading matches.
    pub(crate) fn matches(&self, reading: i64) -> bool {
        self.first_from(reading) == Some(reading)
    }

    /// The first matching reading at or after `reading`.
    #[inline]
    pub(crate) fn first_from(&self, reading: i64) -> Option<i64> {
        let day = reading.div_euclid(DAY);
        let second = reading.rem_euclid(DAY) as u32;
        if self.every_day {
            return Some(match self.second_from(second) {
                Some(second) => day * DAY + i64::from(second),
                None => (day + 1) * DAY + i64::from(self.first_second()),
            });
        }
        self.first_on_some_day_from(day as i32, second)
    }

    /// The last matching reading at or before `reading`.
    pub(crate) fn last_up_to(&self, reading: i64) -> Option<i64> {
        let day = reading.div_euclid(DAY);
        let second = reading.rem_euclid(DAY) as u32;
        if self.every_day {
            return Some(match self.second_up_to(second) {
                Some(second) => day * DAY + i64::from(second),
                None => (day - 1) * DAY + i64::from(self.last_second()),
            });
        }
        self.last_on_some_day_up_to(day as i32, second)
    }

    fn first_on_some_day_from(&self, day: i32, second: u32) -> Option<i64> {
        if !self.possible {
            return None;
        }
        let (mut year, mut month, day_of_month) = date_of(day);
        let matching_year = self.year_from(year)?;
        if matching_year == year && self.has_month(month) {
            let first_day = day - day_of_month as i32 + 1;
            let days = self.days_in_month(year, month, first_day) >> day_of_month;
            if days & 1 != 0
                && let Some(second) = self.second_from(second)
            {
                return Some(i64::from(day) * DAY + i64::from(second));
            }
            let later = days & !1;
            if later != 0 {
                return Some(self.first_of(day + later.trailing_zeros() as i32));
            }
        }
        if matching_year > year {
            (year, month) = (matching_year, 0);
        }
        loop {
            let later = u32::from(self.months) >> (month + 1);
            if later != 0 {
                month += 1 + later.trailing_zeros();
            } else {
                let step = if self.only_leap_day() { 4 - year.rem_euclid(4) } else { 1 };
                year = self.year_from(year + step)?;
                month = self.months.trailing_zeros();
            }
            if year > YEAR_MAX {
                return None;
            }
            let first_day = first_day_of(year, month);
            let days = self.days_in_month(year, month, first_day);
            if days != 0 {
                return Some(self.first_of(first_day + days.trailing_zeros() as i32 - 1));
            }
        }
    }

    fn last_on_some_day_up_to(&self, day: i32, second: u32) -> Option<i64> {
        if !self.possible {
            return None;
        }
        let (mut year, mut month, day_of_month) = date_of(day);
        let matching_year = self.year_up_to(year)?;
        if matching_year == year && self.has_month(month) {
            let first_day = day - day_of_month as i32 + 1;
            let days = self.days_in_month(year, month, first_day) << (31 - day_of_month);
            if days >> 31 != 0
                && let Some(second) = self.second_up_to(second)
            {
                return Some(i64::from(day) * DAY + i64::from(second));
            }
            let earlier = days << 1;
            if earlier != 0 {
                return Some(self.last_of(day - 1 - earlier.leading_zeros() as i32));
            }
        }
        if matching_year < year {
            (year, month) = (matching_year, 13);
        }
        loop {
            let earlier = u32::from(self.months) & ((1 << month) - 1);
            if earlier != 0 {
                month = earlier.ilog2();
            } else {
                let step = if self.only_leap_day() { (year - 1).rem_euclid(4) + 1 } else { 1 };
                year = self.year_up_to(year - step)?;
                month = self.months.ilog2();
            }
            if year < -YEAR_MAX {
                return None;
            }
            let first_day = first_day_of(year, month);
            let days = self.days_in_month(year, month, first_day);
            if days != 0 {
                return Some(self.last_of(first_day + days.ilog2() as i32 - 1));
            }
        }
    }

    #[inline]
    fn has_month(&self, month: u32) -> bool {
        self.months >> month & 1 != 0
    }

    #[inline]
    fn days_in_month(&self, year: i32, month: u32, first_day: i32) -> u32 {
        self.days_of(days_in(year, month), weekday_of(first_day))
    }

    fn first_of(&self, day: i32) -> i64 {
        i64::from(day) * DAY + i64::from(self.first_second())
    }

    fn last_of(&self, day: i32) -> i64 {
        i64::from(day) * DAY + i64::from(self.last_second())
    }

    /// The first matching second of a day.
    #[inline]
    fn first_second(&self) -> u32 {
        self.hours.trailing_zeros() * 3600
            + self.minutes.trailing_zeros() * 60
            + self.seconds.trailing_zeros()
    }

    #[inline]
    fn last_second(&self) -> u32 {
        self.hours.ilog2() * 3600 + self.minutes.ilog2() * 60 + self.seconds.ilog2()
    }

    /// The first matching second of a day at or after `second`.
    #[inline]
    fn second_from(&self, second: u32) -> Option<u32> {
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        if self.hours >> hour & 1 != 0 {
            let in_hour = hour * 3600;
            if self.minutes >> minute & 1 != 0 {
                let seconds = self.seconds >> second;
                if seconds != 0 {
                    return Some(in_hour + minute * 60 + second + seconds.trailing_zeros());
                }
            }
            let later = self.minutes >> minute & !1;
            if later != 0 {
                let minute = minute + later.trailing_zeros();
                return Some(in_hour + minute * 60 + self.seconds.trailing_zeros());
            }
        }
        let later = self.hours >> hour & !1;
        (later != 0).then(|| {
            (hour + later.trailing_zeros()) * 3600
                + self.minutes.trailing_zeros() * 60
                + self.seconds.trailing_zeros()
        })
    }

    /// The last matching second of a day at or before `second`.
    #[inline]
    fn second_up_to(&self, second: u32) -> Option<u32> {
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        if self.hours >> hour & 1 != 0 {
            let in_hour = hour * 3600;
            if self.minutes >> minute & 1 != 0 {
                let seconds = self.seconds & (u64::MAX >> (63 - second));
                if seconds != 0 {
                    return Some(in_hour + minute * 60 + seconds.ilog2());
                }
            }
            let earlier = self.minutes & ((1 << minute) - 1);
            if earlier != 0 {
                return Some(in_hour + earlier.ilog2() * 60 + self.seconds.ilog2());
            }
        }
        let earlier = self.hours & ((1 << hour) - 1);
        (earlier != 0)
            .then(|| earlier.ilog2() * 3600 + self.minutes.ilog2() * 60 + self.seconds.ilog2())
    }
}
