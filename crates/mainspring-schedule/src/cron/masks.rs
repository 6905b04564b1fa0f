//! Compiles items into sets of bits.
//!
//! # Ground rules
//! - Bit `n` of a field's mask stands for the number `n`, so bit 0 of days and months is never set.
//! - What no fixed set of days can say (`L`, `15W`, `FRI#2`, years) is boxed: most expressions have
//!   none of it and stay small.

use super::Dialect;
use super::ast::{Item, What};
use super::calendar::{days_in, days_up_to, first_day_of, weekday_of};
use super::field::Field;
use super::hash::Hash;
use super::parse;
use super::years::Years;
use crate::Error;

const ALL_DAYS: u32 = 0xffff_fffe;
const ALL_MONTHS: u16 = 0x1ffe;
const ALL_WEEKDAYS: u8 = 0x7f;
const MONTHS_WITH_31: u16 = 0b1_0101_1010_1010;
const FEBRUARY: u16 = 1 << 2;

/// An expression as the search wants it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Masks {
    pub(crate) seconds: u64,
    pub(crate) minutes: u64,
    pub(crate) hours: u32,
    days: u32,
    pub(crate) months: u16,
    weekdays: u8,
    /// A day must be in both of the day fields, rather than in one of them.
    both_days: bool,
    /// No day is left out, so dates need not be looked at.
    pub(crate) every_day: bool,
    /// Some day of some year that is allowed matches.
    pub(crate) possible: bool,
    /// A `*` or a step in seconds, minutes or hours: follows the wall clock.
    pub(crate) interval: bool,
    /// An `H` is in it.
    pub(crate) hashed: bool,
    extra: Option<Box<Extra>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Extra {
    /// Bit `n` stands for `L-n`.
    before_last: u32,
    /// `LW`.
    last_weekday: bool,
    /// Bit `n` stands for `nW`.
    nearest: u32,
    /// `#1` to `#5`, each a set of weekdays.
    nth: [u8; 5],
    /// `FRIL`, a set of weekdays.
    last: u8,
    /// Any year where `None`. Those without a matching day are not in it.
    years: Option<Years>,
}

impl Masks {
    /// Compiles `text`, with `H` by `name`.
    pub(crate) fn compile(text: &str, dialect: Dialect, name: &str) -> Result<Self, Error> {
        let mut builder = Builder::new(name);
        parse::read(text, dialect, &mut |field, item| builder.add(field, item))?;
        Ok(builder.finish(dialect))
    }

    /// The matching days of a month whose day 1 is that weekday.
    #[inline]
    pub(crate) fn days_of(&self, length: u32, first_weekday: u32) -> u32 {
        let all = days_up_to(length);
        let mut days = self.days;
        let mut on_weekday = weekdays_as_days(self.weekdays, first_weekday);
        if let Some(extra) = &self.extra {
            days |= extra.days(length, first_weekday);
            on_weekday |= extra.weekdays(length, first_weekday);
        }
        all & if self.both_days { days & on_weekday } else { days | on_weekday }
    }

    /// The first year from `year` on that may match.
    #[inline]
    pub(crate) fn year_from(&self, year: i32) -> Option<i32> {
        match self.extra.as_ref().and_then(|extra| extra.years.as_ref()) {
            Some(years) => years.from(year),
            None => Some(year),
        }
    }

    /// The last year up to `year` that may match.
    #[inline]
    pub(crate) fn year_up_to(&self, year: i32) -> Option<i32> {
        match self.extra.as_ref().and_then(|extra| extra.years.as_ref()) {
            Some(years) => years.up_to(year),
            None => Some(year),
        }
    }

    /// Only leap years have a matching day.
    #[inline]
    pub(crate) fn only_leap_day(&self) -> bool {
        self.months == FEBRUARY
            && self.both_days
            && self.days == 1 << 29
            && self.extra.as_ref().is_none_or(|extra| !extra.has_days())
    }
}

impl Extra {
    fn has_days(&self) -> bool {
        self.before_last != 0 || self.last_weekday || self.nearest != 0
    }

    fn days(&self, length: u32, first_weekday: u32) -> u32 {
        // Bit n becomes bit `length - n`; what falls below day 1 falls off.
        let mut days = self.before_last.reverse_bits() >> (31 - length) & !1;
        if self.last_weekday {
            days |= 1 << nearest_weekday(length, length, first_weekday);
        }
        let mut wanted = self.nearest & days_up_to(length);
        while wanted != 0 {
            days |= 1 << nearest_weekday(wanted.trailing_zeros(), length, first_weekday);
            wanted &= wanted - 1;
        }
        days
    }

    fn weekdays(&self, length: u32, first_weekday: u32) -> u32 {
        let mut days = 0;
        for (week, weekdays) in self.nth.iter().enumerate() {
            days |= weekdays_as_days(*weekdays, first_weekday) & (0xfe << (7 * week));
        }
        let last_seven = 0x7f << (length - 6);
        days | (weekdays_as_days(self.last, first_weekday) & last_seven)
    }
}

/// The days of a month (up to 31) that fall on those weekdays.
#[inline]
fn weekdays_as_days(weekdays: u8, first_weekday: u32) -> u32 {
    let weekdays = u32::from(weekdays);
    let from_first = (weekdays >> first_weekday | weekdays << (7 - first_weekday)) & 0x7f;
    // Once for each week, then day 1 to bit 1; the last week has no room for all of its days.
    from_first.wrapping_mul(0x1020_4081) << 1
}

/// The Monday-to-Friday day nearest to `day` that is in the same month.
fn nearest_weekday(day: u32, length: u32, first_weekday: u32) -> u32 {
    match (first_weekday + day - 1) % 7 {
        6 if day == 1 => 3,
        6 => day - 1,
        0 if day == length => day - 2,
        0 => day + 1,
        _ => day,
    }
}

/// Gathers items into masks.
struct Builder {
    hash: Hash,
    masks: Masks,
    extra: Extra,
    has_extra: bool,
    any_year: bool,
    has_seconds: bool,
    /// For the day of month and the weekday.
    day_fields: [DayField; 2],
}

#[derive(Clone, Copy, Default)]
struct DayField {
    items: u32,
    /// Begins with `*` or `?`.
    star: bool,
    /// The first item is exactly that.
    plain_star: bool,
}

impl DayField {
    fn is_free(self) -> bool {
        self.items == 1 && self.plain_star
    }
}

impl Builder {
    fn new(name: &str) -> Self {
        Self {
            hash: Hash::of(name),
            masks: Masks {
                seconds: 0,
                minutes: 0,
                hours: 0,
                days: 0,
                months: 0,
                weekdays: 0,
                both_days: false,
                every_day: false,
                possible: false,
                interval: false,
                hashed: false,
                extra: None,
            },
            extra: Extra::default(),
            has_extra: false,
            any_year: false,
            has_seconds: false,
            day_fields: [DayField::default(); 2],
        }
    }

    fn add(&mut self, field: Field, item: Item) {
        let plain_star = item.what == What::Any && item.step.is_none();
        if let Some(index) = match field {
            Field::DayOfMonth => Some(0),
            Field::DayOfWeek => Some(1),
            _ => None,
        } {
            let day_field = &mut self.day_fields[index];
            if day_field.items == 0 {
                day_field.star = item.what == What::Any;
                day_field.plain_star = plain_star;
            }
            day_field.items += 1;
        }
        if field == Field::Year {
            self.any_year |= plain_star;
            let (first, last) = ends(field, item);
            let step = item.step.unwrap_or(1);
            self.extra.years.get_or_insert_default().add(first, last, step);
            return;
        }
        if matches!(field, Field::Second | Field::Minute | Field::Hour) {
            self.masks.interval |= item.what == What::Any || item.step.is_some();
        }
        let bits = match item.what {
            What::Any | What::Value(_) | What::Range(..) => bits(field, item),
            What::Hash(range) => {
                self.masks.hashed = true;
                self.hash.bits(field, range, item.step)
            }
            What::LastDay { before } => {
                self.has_extra = true;
                self.extra.before_last |= 1 << before;
                0
            }
            What::LastWeekday => {
                self.has_extra = true;
                self.extra.last_weekday = true;
                0
            }
            What::NearestWeekday(day) => {
                self.has_extra = true;
                self.extra.nearest |= 1 << day;
                0
            }
            What::Nth { weekday, nth } => {
                self.has_extra = true;
                self.extra.nth[usize::from(nth) - 1] |= 1 << weekday;
                0
            }
            What::Last { weekday } => {
                self.has_extra = true;
                self.extra.last |= 1 << weekday;
                0
            }
        };
        match field {
            Field::Second => {
                self.has_seconds = true;
                self.masks.seconds |= bits;
            }
            Field::Minute => self.masks.minutes |= bits,
            Field::Hour => self.masks.hours |= bits as u32,
            Field::DayOfMonth => self.masks.days |= bits as u32,
            Field::Month => self.masks.months |= bits as u16,
            Field::DayOfWeek => self.masks.weekdays |= bits as u8,
            Field::Year => {}
        }
    }

    fn finish(self, dialect: Dialect) -> Masks {
        let Self { mut masks, mut extra, mut has_extra, day_fields, .. } = self;
        if !self.has_seconds {
            masks.seconds = 1;
        }
        if self.any_year {
            extra.years = None;
        }
        has_extra |= extra.years.is_some();
        masks.both_days = day_fields.iter().any(|field| field.is_free())
            || (dialect == Dialect::Vixie && day_fields.iter().any(|field| field.star));
        masks.every_day = !has_extra
            && masks.months == ALL_MONTHS
            && if masks.both_days {
                masks.days == ALL_DAYS && masks.weekdays == ALL_WEEKDAYS
            } else {
                masks.days == ALL_DAYS || masks.weekdays == ALL_WEEKDAYS
            };
        if has_extra {
            masks.extra = Some(Box::new(extra));
        }
        masks.possible = masks.is_possible();
        masks.drop_barren_years();
        masks
    }
}

impl Masks {
    /// Takes the years without a matching day out of the year field, where there can be such years,
    /// so that no search has to pass over thousands of them.
    fn drop_barren_years(&mut self) {
        let every_february = days_up_to(28);
        let plain_weekdays = !self.both_days && self.weekdays != 0;
        if plain_weekdays || (self.weekdays == ALL_WEEKDAYS && self.days & every_february != 0) {
            return;
        }
        let Some(mut years) = self.extra.as_mut().and_then(|extra| extra.years.take()) else {
            return;
        };
        years.retain(|year| {
            (1..=12).filter(|month| self.months & 1 << month != 0).any(|month| {
                let first_weekday = weekday_of(first_day_of(year, month));
                self.days_of(days_in(year, month), first_weekday) != 0
            })
        });
        self.possible &= !years.is_empty();
        if let Some(extra) = &mut self.extra {
            extra.years = Some(years);
        }
    }

    /// Whether any month that can be has a matching day; years are not looked at.
    fn is_possible(&self) -> bool {
        let simple = self.extra.as_ref().is_none_or(|extra| !extra.has_days());
        if simple && self.both_days && self.weekdays == ALL_WEEKDAYS && self.days != 0 {
            // The smallest day decides.
            return match self.days.trailing_zeros() {
                ..=29 => true,
                30 => self.months & !FEBRUARY != 0,
                _ => self.months & MONTHS_WITH_31 != 0,
            };
        }
        // Each month begins on each weekday within 400 years, a leap February too.
        (1..=12).filter(|month| self.months & 1 << month != 0).any(|month| {
            let longest = days_in(2000, month);
            let shortest = days_in(1999, month);
            (shortest..=longest)
                .any(|length| (0..7).any(|first_weekday| self.days_of(length, first_weekday) != 0))
        })
    }
}

/// The first and last number that an item spans; the last is below the first where a range wraps.
fn ends(field: Field, item: Item) -> (u16, u16) {
    let (min, max) = field.bounds();
    match item.what {
        What::Value(value) if item.step.is_some() => (value, max),
        What::Value(value) => (value, value),
        What::Range(first, last) => (first, last),
        _ => (min, max),
    }
}

/// The numbers of a plain item as a set.
#[inline]
fn bits(field: Field, item: Item) -> u64 {
    let (first, last) = ends(field, item);
    let (first, last) = (u32::from(first), u32::from(last));
    let step = u32::from(item.step.unwrap_or(1));
    if step == 1 && first <= last {
        return (u64::MAX >> (63 - last)) & (u64::MAX << first);
    }
    if first <= last {
        return progression(first, last, step);
    }
    let (min, max) = field.bounds();
    let (min, size) = (u32::from(min), u32::from(max - min) + 1);
    // The steps go on over the end of the field.
    let mut bits = 0;
    let mut value = first;
    while value <= last + size {
        bits |= 1 << ((value - min) % size + min);
        value += step;
    }
    bits
}

/// `first`, `first + step`, … up to `last`, as a set.
pub(crate) fn progression(first: u32, last: u32, step: u32) -> u64 {
    let mut bits = 0;
    let mut value = first;
    while value <= last {
        bits |= 1 << value;
        value += step;
    }
    bits
}
