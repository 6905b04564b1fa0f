//! Reads days: weekdays, days of the month, months.

use super::parse::Parser;
use super::plan::{DayField, MonthDays, Weekdays};
use super::vocabulary::{Ordinal, Unit, month, ordinal, weekday};
use crate::Error;

impl Parser<'_> {
    /// Whether a day, or what leads to one, stands here.
    pub(super) fn is_day(&self) -> bool {
        let word = self.word();
        let is_group = matches!(word, "weekday" | "weekdays" | "weekend" | "weekends" | "the");
        is_group
            || weekday(word).is_some()
            || month(word).is_some()
            || ordinal(word).is_some()
            || self.is_date()
    }

    /// After `on` or `every`, or without either.
    pub(super) fn days(&mut self) -> Result<(), Error> {
        match self.word() {
            "every" | "each" => {
                self.advance();
                self.days()
            }
            "weekday" | "weekdays" | "weekend" | "weekends" => self.weekdays(),
            "day" | "days" => self.numbered_days(),
            word if weekday(word).is_some() => self.weekdays(),
            word if month(word).is_some() => self.months(),
            "the" => {
                self.advance();
                if ordinal(self.word()).is_some() {
                    self.ordinals()
                } else if matches!(self.word(), "weekend" | "weekends") {
                    self.weekdays()
                } else {
                    Err(self.unexpected(ORDINALS))
                }
            }
            word if ordinal(word).is_some() => self.ordinals(),
            _ if self.is_date() => self.date(),
            _ => Err(self.unexpected(DAYS)),
        }
    }

    fn weekdays(&mut self) -> Result<(), Error> {
        let start = self.span().start;
        let mut chosen = [false; 7];
        loop {
            match self.word() {
                "weekday" | "weekdays" => {
                    self.advance();
                    chosen[1..=5].fill(true);
                }
                "weekend" | "weekends" => {
                    self.advance();
                    chosen[0] = true;
                    chosen[6] = true;
                }
                word => {
                    let Some(first) = weekday(word) else { return Err(self.unexpected(DAYS)) };
                    self.advance();
                    let mut last = first;
                    if self.is_through(|word| weekday(word).is_some()) {
                        self.take_through();
                        last = weekday(self.word()).unwrap_or(first);
                        self.advance();
                    }
                    let mut day = first;
                    chosen[usize::from(day)] = true;
                    while day != last {
                        day = (day + 1) % 7;
                        chosen[usize::from(day)] = true;
                    }
                }
            }
            let more = self.take_separator(|it| {
                let group = matches!(it.word(), "weekday" | "weekdays" | "weekend" | "weekends");
                group || weekday(it.word()).is_some()
            });
            if !more {
                break;
            }
        }
        let days = [1, 2, 3, 4, 5, 6, 0].into_iter().filter(|day| chosen[usize::from(*day)]);
        let span = start..self.end();
        if self.plan.weekdays.is_some() {
            return Err(self.error(span, "weekdays for the second time", "one list of weekdays"));
        }
        self.plan.weekdays = Some(Weekdays { days: days.collect(), span });
        Ok(())
    }

    /// `1st and 15th of every month`, `last day of the month`, `first and third monday`.
    fn ordinals(&mut self) -> Result<(), Error> {
        let start = self.span().start;
        let mut places = Vec::new();
        loop {
            self.take("the");
            let Some(place) = ordinal(self.word()) else { return Err(self.unexpected(ORDINALS)) };
            places.push((place, self.span()));
            self.advance();
            let more = self.take_separator(|it| {
                let ahead = usize::from(it.word() == "the");
                ordinal(it.word_at(ahead)).is_some()
            });
            if !more {
                break;
            }
        }
        if weekday(self.word()).is_some() {
            return self.nth_weekdays(start, &places);
        }
        let of_weekdays = matches!(self.word(), "weekday" | "weekdays");
        let named = of_weekdays || matches!(self.word(), "day" | "days");
        if named {
            self.advance();
        }
        let mut items = Vec::new();
        for (place, span) in places {
            items.push(match place {
                Ordinal::Last if of_weekdays => "LW".to_owned(),
                Ordinal::Nth(1) if of_weekdays => "1W".to_owned(),
                Ordinal::Nth(_) if of_weekdays => {
                    let allowed = "the first or the last weekday, or a named day: `second monday`";
                    return Err(self.error(span, "no rule finds this weekday", allowed));
                }
                Ordinal::Last if named => "L".to_owned(),
                Ordinal::Last => return Err(self.unexpected("`day`, `weekday`, or a named day")),
                Ordinal::Nth(n) => n.to_string(),
            });
        }
        self.set_month_days(DayField::OfMonth, items, start)
    }

    /// Stands on the first weekday after `first and third`.
    fn nth_weekdays(
        &mut self,
        start: usize,
        places: &[(Ordinal, std::ops::Range<usize>)],
    ) -> Result<(), Error> {
        let mut items = Vec::new();
        let mut places = places.to_vec();
        loop {
            let Some(day) = weekday(self.word()) else { return Err(self.unexpected(DAYS)) };
            self.advance();
            let name = WEEKDAY_NAMES[usize::from(day)];
            for (place, span) in places {
                items.push(match place {
                    Ordinal::Last => format!("{name}L"),
                    Ordinal::Nth(n @ 1..=5) => format!("{name}#{n}"),
                    Ordinal::Nth(_) => {
                        let problem = "no month has so many of them";
                        return Err(self.error(span, problem, "first to fifth, or last"));
                    }
                });
            }
            // `the first monday and the third friday`
            let more = self.take_separator(|it| {
                let ahead = usize::from(it.word() == "the");
                ordinal(it.word_at(ahead)).is_some() && weekday(it.word_at(ahead + 1)).is_some()
            });
            if !more {
                break;
            }
            self.take("the");
            places = ordinal(self.word()).map(|place| (place, self.span())).into_iter().collect();
            self.advance();
        }
        self.set_month_days(DayField::OfWeek, items, start)
    }

    /// `day 1 of the month`, `days 1, 5 and 10 through 15`.
    fn numbered_days(&mut self) -> Result<(), Error> {
        let start = self.span().start;
        self.advance();
        let items = self.day_numbers()?;
        self.set_month_days(DayField::OfMonth, items, start)
    }

    fn day_numbers(&mut self) -> Result<Vec<String>, Error> {
        let mut items = Vec::new();
        loop {
            let first = self.day_number()?;
            if self.is_through(|word| day_of_month(word).is_some()) {
                self.take_through();
                let last = self.day_number()?;
                items.push(format!("{first}-{last}"));
            } else {
                items.push(first.to_string());
            }
            if !self.take_separator(|it| day_of_month(it.word()).is_some() && !it.is_clock_time()) {
                return Ok(items);
            }
        }
    }

    fn day_number(&mut self) -> Result<u8, Error> {
        let Some(day) = day_of_month(self.word()) else {
            return Err(self.unexpected("a day of the month, 1 to 31"));
        };
        self.advance();
        Ok(day)
    }

    /// Months, and the days that may follow the name of one: `december 24 and 25`. `the month` and
    /// `every month` say nothing new; after minutes there may be `of every hour`.
    pub(super) fn months(&mut self) -> Result<(), Error> {
        if matches!(self.word(), "the" | "every" | "each") && self.word_at(1) == "month" {
            self.advance();
            self.advance();
            return Ok(());
        }
        let start = self.span().start;
        let larger = match (self.word(), self.word_at(1)) {
            ("every" | "each", "hour") => Some(Unit::Hour),
            ("every" | "each", "minute") => Some(Unit::Minute),
            _ => None,
        };
        if let Some(unit) = larger {
            self.advance();
            self.advance();
            return self.set_every(1, unit, start..self.end());
        }
        loop {
            let Some(first) = month(self.word()) else {
                return Err(self.unexpected("`the month`, `every month`, or the name of a month"));
            };
            self.advance();
            let mut last = first;
            if self.is_through(|word| month(word).is_some()) {
                self.take_through();
                last = month(self.word()).unwrap_or(first);
                self.advance();
            }
            self.add_months(first, last);
            if !self.take_separator(Parser::is_month) {
                break;
            }
        }
        if day_of_month(self.word()).is_some() && !self.is_clock_time() {
            let start = self.span().start;
            let items = self.day_numbers()?;
            self.set_month_days(DayField::OfMonth, items, start)?;
        }
        Ok(())
    }

    fn add_months(&mut self, first: u8, last: u8) {
        let mut month = first;
        loop {
            if !self.plan.months.contains(&month) {
                self.plan.months.push(month);
            }
            if month == last {
                return;
            }
            month = month % 12 + 1;
        }
    }

    /// `25 december`.
    pub(super) fn is_date(&self) -> bool {
        day_of_month(self.word()).is_some() && month(self.word_at(1)).is_some()
    }

    fn date(&mut self) -> Result<(), Error> {
        let start = self.span().start;
        let day = self.day_number()?;
        self.set_month_days(DayField::OfMonth, vec![day.to_string()], start)?;
        self.months()
    }

    fn set_month_days(
        &mut self,
        field: DayField,
        items: Vec<String>,
        start: usize,
    ) -> Result<(), Error> {
        let span = start..self.end();
        if self.plan.month_days.is_some() {
            let problem = "days of the month for the second time";
            return Err(self.error(span, problem, "one list of days"));
        }
        self.plan.month_days = Some(MonthDays { field, items, span });
        Ok(())
    }
}

pub(super) const WEEKDAY_NAMES: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// `25` or `25th`.
fn day_of_month(word: &str) -> Option<u8> {
    match ordinal(word) {
        Some(Ordinal::Nth(n)) => Some(n),
        _ => word.parse().ok().filter(|n| (1..=31).contains(n)),
    }
}

const DAYS: &str = "the name of a weekday, `weekdays`, `weekends`, `the 1st`, `the last day`, \
     `the first monday`, `day 1`, or a date such as `december 24`";
const ORDINALS: &str = "`1st` to `31st`, or `last`";
