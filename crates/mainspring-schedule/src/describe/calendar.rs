//! Words the date: days of the month, weekdays, months and years.

use super::items::{Part, Shape, parts_of, shape, spelled_out};
use super::words::{list, ordinal};
use crate::Dialect;
use crate::cron::ast::{Item, What};

/// What of it the expression restricts, in the order day, month, year.
pub(super) fn parts(
    day_of_month: &[Item],
    month: &[Item],
    day_of_week: &[Item],
    year: Option<&[Item]>,
    dialect: Dialect,
) -> Vec<String> {
    let month = shape(month, 1, 12);
    let dates = Field { items: day_of_month, first: 1, last: 31 };
    let weekdays = Field { items: day_of_week, first: 0, last: 6 };
    // Only with a single kind of day is it clear what `of January` belongs to.
    let months = month.numbers().filter(|months| months.len() <= 3);
    let single_kind = match (dates.is_free(), weekdays.is_free()) {
        (true, false) => weekdays.plain().is_empty(),
        (free, other) => free != other,
    };
    let of_month = match (&months, single_kind) {
        (Some(months), true) => list(&month_names(months), "and"),
        _ => "the month".to_owned(),
    };
    let mut parts = Vec::new();
    let mut says_month = false;
    match (dates.is_free(), weekdays.is_free()) {
        (true, true) => {}
        (false, true) if dates.is_all() => {}
        (false, true) => {
            says_month = of_month != "the month";
            parts.push(match (single_date(&dates), &months) {
                (Some(day), Some(months)) if months.len() == 1 => {
                    format!("on {} {day}", MONTHS[usize::from(months[0]) - 1])
                }
                _ => format!("on {}", dates_of(&dates, &of_month)),
            });
        }
        (true, false) if weekdays.is_all() => {}
        (true, false) => {
            says_month = of_month != "the month";
            parts.push(weekdays_of(&weekdays, &of_month));
        }
        (false, false) => parts.extend(both(&dates, &weekdays, dialect)),
    }
    if !says_month {
        parts.extend(months_text(&month));
    }
    parts.extend(year.and_then(years));
    parts
}

/// One of the two fields of days.
struct Field<'a> {
    items: &'a [Item],
    first: u16,
    last: u16,
}

impl Field<'_> {
    /// Exactly `*` or `?`.
    fn is_free(&self) -> bool {
        matches!(self.items, [Item { what: What::Any, step: None }])
    }

    fn begins_with_star(&self) -> bool {
        matches!(self.items, [Item { what: What::Any, .. }, ..])
    }

    /// Restricted in form, but every day matches: `*/1`.
    fn is_all(&self) -> bool {
        shape(self.items, self.first, self.last) == Shape::Any
    }

    fn plain(&self) -> Vec<Part> {
        parts_of(self.items, self.first, self.last)
    }
}

/// Both fields restrict the day: either one is enough, or in Vixie's cron, if one begins with a star,
/// both are needed.
fn both(dates: &Field<'_>, weekdays: &Field<'_>, dialect: Dialect) -> Option<String> {
    let star = dates.begins_with_star() || weekdays.begins_with_star();
    let needs_both = dialect == Dialect::Vixie && star;
    let date = || format!("on {}", dates_of(dates, "the month"));
    match (dates.is_all(), weekdays.is_all(), needs_both) {
        (true, true, _) => None,
        (true, false, true) => Some(weekdays_of(weekdays, "the month")),
        (false, true, true) => Some(date()),
        (false, false, true) => {
            let names = weekday_names(weekdays, "or");
            Some(format!("{}, but only if that day is {names}", date()))
        }
        (false, false, false) => {
            Some(format!("{} or {}", date(), weekdays_of(weekdays, "the month")))
        }
        // Either one is enough, and one of them is every day.
        (_, _, false) => None,
    }
}

fn single_date(dates: &Field<'_>) -> Option<u16> {
    match dates.items {
        [Item { what: What::Value(day), step: None }] => Some(*day),
        _ => None,
    }
}

/// `day 1 of the month`, `days 1 and 15 and the last day of January`.
fn dates_of(dates: &Field<'_>, month: &str) -> String {
    let plain = dates.plain();
    if dates.items.len() == 1 {
        match plain.as_slice() {
            [Part::Stepped { from, to, step }] => {
                let through =
                    if to + step > 31 { String::new() } else { format!(" through day {to}") };
                let nth = ordinal(*step);
                return format!("every {nth} day of {month} from day {from}{through}");
            }
            [Part::Hash { range, step: None }] => {
                let from =
                    range.map_or(String::new(), |(from, to)| format!(" from {from} through {to}"));
                return format!("a day{from} of {month} chosen by the job's name");
            }
            [Part::Hash { step: Some(step), .. }] => {
                let nth = ordinal(*step);
                return format!("every {nth} day of {month}, the first chosen by the job's name");
            }
            _ => {}
        }
    }
    let mut groups = Vec::new();
    if !plain.is_empty() {
        groups.push(numbered(&plain));
    }
    for item in dates.items {
        groups.extend(match item.what {
            What::LastDay { before: 0 } => Some("the last day".to_owned()),
            What::LastDay { before: 1 } => Some("the day before the last day".to_owned()),
            What::LastDay { before } => Some(format!("the day {before} days before the last day")),
            What::LastWeekday => Some("the last weekday".to_owned()),
            What::NearestWeekday(day) => Some(format!("the weekday nearest day {day}")),
            _ => None,
        });
    }
    format!("{} of {month}", list(&groups, "and"))
}

/// `day 1`, `days 1, 5 and 10 through 15`.
fn numbered(parts: &[Part]) -> String {
    let mut texts = Vec::new();
    for part in parts {
        match part {
            Part::Span(from, to) => texts.push(format!("{from} through {to}")),
            Part::Hash { .. } => texts.push("one chosen by the job's name".to_owned()),
            part => {
                let days = spelled_out(&[*part], 1, 31).unwrap_or_default();
                texts.extend(days.iter().map(u16::to_string));
            }
        }
    }
    let plural = if matches!(parts, [Part::One(_)]) { "" } else { "s" };
    format!("day{plural} {}", list(&texts, "and"))
}

/// With `on` before it, where English wants that.
fn weekdays_of(weekdays: &Field<'_>, month: &str) -> String {
    let plain = weekdays.plain();
    let mut groups = Vec::new();
    if !plain.is_empty() {
        let on = if matches!(plain.as_slice(), [Part::Span(..)]) { "" } else { "on " };
        groups.push(format!("{on}{}", plain_weekdays(&plain, "and")));
    }
    let nth = nth_weekdays(weekdays.items);
    if !nth.is_empty() {
        groups.push(format!("on {} of {month}", list(&nth, "and")));
    }
    list(&groups, "and")
}

/// Without `on`: `Monday, Wednesday or Friday`.
fn weekday_names(weekdays: &Field<'_>, conjunction: &str) -> String {
    let mut names = Vec::new();
    let plain = weekdays.plain();
    if !plain.is_empty() {
        names.push(plain_weekdays(&plain, conjunction));
    }
    names.extend(nth_weekdays(weekdays.items).iter().map(|nth| format!("{nth} of the month")));
    list(&names, conjunction)
}

fn plain_weekdays(parts: &[Part], conjunction: &str) -> String {
    let name = |day: u16| WEEKDAYS[usize::from(day)];
    let mut texts = Vec::new();
    for part in parts {
        match part {
            Part::Span(from, to) if *to == (from + 1) % 7 => {
                texts.extend([name(*from).to_owned(), name(*to).to_owned()]);
            }
            Part::Span(from, to) => texts.push(format!("{} through {}", name(*from), name(*to))),
            Part::Hash { .. } => {
                texts.push("a day of the week chosen by the job's name".to_owned())
            }
            part => {
                let days = spelled_out(&[*part], 0, 6).unwrap_or_default();
                texts.extend(days.iter().map(|day| name(*day).to_owned()));
            }
        }
    }
    list(&texts, conjunction)
}

/// `the first and third Monday`, `the last Friday`: one text for each weekday.
fn nth_weekdays(items: &[Item]) -> Vec<String> {
    let mut by_day: Vec<(u8, Vec<&str>)> = Vec::new();
    for item in items {
        let (weekday, place) = match item.what {
            What::Nth { weekday, nth } => (weekday, PLACES[usize::from(nth) - 1]),
            What::Last { weekday } => (weekday, "last"),
            _ => continue,
        };
        match by_day.iter_mut().find(|(day, _)| *day == weekday) {
            Some((_, places)) => places.push(place),
            None => by_day.push((weekday, vec![place])),
        }
    }
    by_day
        .iter()
        .map(|(day, places)| format!("the {} {}", list(places, "and"), WEEKDAYS[usize::from(*day)]))
        .collect()
}

fn months_text(month: &Shape) -> Option<String> {
    let parts = match month {
        Shape::Any => return None,
        Shape::Every(step) => {
            let months: Vec<u16> = (1..=12).step_by(usize::from(*step)).collect();
            return Some(format!("in {}", list(&month_names(&months), "and")));
        }
        Shape::Parts(parts) => parts,
    };
    let name = |month: u16| MONTHS[usize::from(month) - 1];
    let mut texts = Vec::new();
    for part in parts {
        match part {
            Part::Span(from, to) if *to == from % 12 + 1 => {
                texts.extend([name(*from).to_owned(), name(*to).to_owned()]);
            }
            Part::Span(from, to) => texts.push(format!("{} through {}", name(*from), name(*to))),
            Part::Hash { step: None, .. } => {
                texts.push("a month chosen by the job's name".to_owned());
            }
            Part::Hash { step: Some(step), .. } => {
                let nth = ordinal(*step);
                texts.push(format!("every {nth} month, the first chosen by the job's name"));
            }
            part => {
                let months = spelled_out(&[*part], 1, 12).unwrap_or_default();
                texts.extend(months.iter().map(|month| name(*month).to_owned()));
            }
        }
    }
    let on = if matches!(parts.as_slice(), [Part::Span(from, to)] if *to != from % 12 + 1) {
        ""
    } else {
        "in "
    };
    Some(format!("{on}{}", list(&texts, "and")))
}

fn month_names(months: &[u16]) -> Vec<&'static str> {
    months.iter().map(|month| MONTHS[usize::from(*month) - 1]).collect()
}

fn years(items: &[Item]) -> Option<String> {
    if items.iter().any(|item| item.what == What::Any && item.step.unwrap_or(1) == 1) {
        return None;
    }
    let (first, last) = (1970, 9999);
    let mut listed = Vec::new();
    let mut texts = Vec::new();
    for part in parts_of(items, first, last) {
        match part {
            Part::One(year) => listed.push(year.to_string()),
            Part::Span(from, to) => texts.push(format!("from {from} through {to}")),
            Part::Stepped { from, to, step } => {
                let through =
                    if to + step > last { String::new() } else { format!(" through {to}") };
                texts.push(format!("in every {} year from {from}{through}", ordinal(step)));
            }
            Part::Hash { .. } => {}
        }
    }
    if !listed.is_empty() {
        texts.insert(0, format!("in {}", list(&listed, "and")));
    }
    Some(list(&texts, "and"))
}

const PLACES: [&str; 5] = ["first", "second", "third", "fourth", "fifth"];

const WEEKDAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
