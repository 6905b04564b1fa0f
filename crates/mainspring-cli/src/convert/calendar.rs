//! Turns systemd's calendar events (`OnCalendar=`) into schedules.
//!
//! `Mon..Fri *-*-1..7 9:00/15 Europe/Berlin` is a set of weekdays, of dates and of times, and a zone. An
//! instant must be in all of the sets. Cron has no "both" for weekdays and days of the month; where the days
//! are a week of the month, `SAT#1` and `SATL` say the same.

use std::ops::Range;

use crate::timing;

/// A schedule that says the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Converted {
    pub(super) schedule: String,
    pub(super) zone: Option<String>,
}

/// Why there is none; the place is in bytes of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Flaw {
    pub(super) at: Range<usize>,
    pub(super) text: String,
    pub(super) help: String,
}

const WORDS: [(&str, &str); 10] = [
    ("minutely", "* * * * *"),
    ("hourly", "0 * * * *"),
    ("daily", "0 0 * * *"),
    ("weekly", "0 0 * * MON"),
    ("monthly", "0 0 1 * *"),
    ("quarterly", "0 0 1 1,4,7,10 *"),
    ("semiannually", "0 0 1 1,7 *"),
    ("semi-annually", "0 0 1 1,7 *"),
    ("yearly", "0 0 1 1 *"),
    ("annually", "0 0 1 1 *"),
];

const WEEKDAYS: [&str; 7] = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];

/// Reads a calendar event.
pub(super) fn convert(text: &str) -> Result<Converted, Flaw> {
    let mut words = words(text);
    let zone = words.pop_if(|(_, word)| is_zone(word)).map(|(_, word)| word.to_owned());
    if let [(_, word)] = words.as_slice()
        && let Some((_, schedule)) = WORDS.iter().find(|(name, _)| word.eq_ignore_ascii_case(name))
    {
        return Ok(Converted { schedule: (*schedule).to_owned(), zone });
    }
    if let [(_, word), (at, other), ..] = words.as_slice()
        && WORDS.iter().any(|(name, _)| word.eq_ignore_ascii_case(name))
    {
        let help = format!("nothing but a zone may follow `{word}`");
        return Err(flaw(*at..at + other.len(), format!("`{other}` is no time zone"), help));
    }
    let mut event = Event::default();
    for (at, word) in &words {
        let span = *at..at + word.len();
        let is_first = *at == words[0].0;
        if is_first && word.starts_with(|c: char| c.is_ascii_alphabetic()) {
            event.weekdays = weekdays(word, *at)?;
        } else if word.contains(':') && event.time.is_none() {
            event.time = Some(time(word, *at)?);
        } else if word.contains(['-', '~']) && event.date.is_none() && event.time.is_none() {
            event.date = Some(date(word, *at)?);
        } else {
            let help =
                "allowed: weekdays, year-month-day, hour:minute:second, a zone, in this order";
            return Err(flaw(span, format!("`{word}` is no part of a calendar event"), help));
        }
    }
    if words.is_empty() {
        return Err(flaw(0..0, "no calendar event", "allowed: daily, Mon *-*-* 12:00, *:0/15"));
    }
    let schedule = event.schedule(text)?;
    // What is out of range is cron's to say.
    if let Err(error) = timing::read(&schedule, None, Some("UTC")) {
        return Err(flaw(0..text.len(), error.problem(), timing::help(&error)));
    }
    Ok(Converted { schedule, zone })
}

#[derive(Default)]
struct Event {
    /// Empty for all.
    weekdays: Vec<usize>,
    date: Option<Date>,
    time: Option<[String; 3]>,
}

struct Date {
    year: String,
    month: String,
    days: Days,
    /// Where the days stand.
    at: Range<usize>,
}

enum Days {
    /// A field of cron.
    Field(String),
    /// From the first to the last one.
    Week { first: u32, last: u32 },
    /// Counted from the end of the month: from the earliest to the latest.
    FromEnd(Vec<u32>),
}

impl Event {
    fn schedule(&self, text: &str) -> Result<String, Flaw> {
        let midnight = ["0", "0", "0"].map(str::to_owned);
        let [hour, minute, second] = self.time.as_ref().unwrap_or(&midnight);
        let every = Days::Field("*".into());
        let (year, month, days, at) = match &self.date {
            Some(date) => (date.year.as_str(), date.month.as_str(), &date.days, date.at.clone()),
            None => ("*", "*", &every, 0..text.len()),
        };
        let (day, weekday) = self.days(days, at)?;
        let main = format!("{minute} {hour} {day} {month} {weekday}");
        Ok(match (second.as_str(), year) {
            ("0", "*") => main,
            (_, "*") => format!("{second} {main}"),
            _ => format!("{second} {main} {year}"),
        })
    }

    /// The two day fields of cron.
    fn days(&self, days: &Days, at: Range<usize>) -> Result<(String, String), Flaw> {
        let names = |suffix: &str| {
            let names: Vec<String> =
                self.weekdays.iter().map(|day| format!("{}{suffix}", WEEKDAYS[*day])).collect();
            names.join(",")
        };
        let last = |from_end: &u32| match from_end {
            1 => "L".to_owned(),
            number => format!("L-{}", number - 1),
        };
        match days {
            Days::FromEnd(list) if self.weekdays.is_empty() => {
                Ok((list.iter().map(last).collect::<Vec<_>>().join(","), "*".into()))
            }
            Days::FromEnd(list) if *list == [7, 6, 5, 4, 3, 2, 1] => Ok(("*".into(), names("L"))),
            Days::Week { first, last } if self.weekdays.is_empty() => {
                Ok((format!("{first}-{last}"), "*".into()))
            }
            Days::Week { first, last } if first % 7 == 1 && *last == first + 6 && *first <= 22 => {
                Ok(("*".into(), names(&format!("#{}", first / 7 + 1))))
            }
            Days::Field(field) if field == "*" || self.weekdays.is_empty() => {
                Ok((field.clone(), self.weekday_field()))
            }
            _ => {
                let help =
                    "allowed beside weekdays: the days 1..7, 8..14, 15..21, 22..28, and ~07/1";
                Err(flaw(at, "no schedule asks for both a weekday and a day of the month", help))
            }
        }
    }

    fn weekday_field(&self) -> String {
        let days = &self.weekdays;
        match days.as_slice() {
            [] => "*".into(),
            [first, .., last] if days.len() > 2 && last - first + 1 == days.len() => {
                format!("{}-{}", WEEKDAYS[*first], WEEKDAYS[*last])
            }
            days => days.iter().map(|day| WEEKDAYS[*day]).collect::<Vec<_>>().join(","),
        }
    }
}

/// `Mon`, `Mon..Fri`, `Sat,Sun`; sorted, Monday first.
fn weekdays(word: &str, at: usize) -> Result<Vec<usize>, Flaw> {
    let mut days = Vec::new();
    for (start, part) in parts(word, ',') {
        let at = at + start;
        if part.is_empty() {
            continue;
        }
        let (first, last) =
            part.split_once("..").or_else(|| part.split_once('-')).unwrap_or((part, part));
        let (Some(first), Some(last)) = (weekday(first), weekday(last)) else {
            let help = "allowed: Mon, Tue, Wed, Thu, Fri, Sat, Sun, or a word such as daily";
            return Err(flaw(at..at + part.len(), format!("`{part}` is no weekday"), help));
        };
        // Ranges go around the end of the week.
        let length = (last + 7 - first) % 7;
        days.extend((first..=first + length).map(|day| day % 7));
    }
    days.sort_unstable();
    days.dedup();
    Ok(if days.len() == 7 { Vec::new() } else { days })
}

fn weekday(name: &str) -> Option<usize> {
    const LONG: [&str; 7] =
        ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"];
    let name = name.to_ascii_uppercase();
    (0..7).find(|day| name == WEEKDAYS[*day] || name == LONG[*day])
}

/// `*-*-1..7`, `*-12-24`, `12-24`, `*-*~1`.
fn date(word: &str, at: usize) -> Result<Date, Flaw> {
    let (rest, days_start, is_from_end) = match (word.rfind('~'), word.rfind('-')) {
        (Some(place), _) => (&word[..place], place + 1, true),
        (None, Some(place)) => (&word[..place], place + 1, false),
        (None, None) => (word, word.len(), false),
    };
    let days_at = at + days_start..at + word.len();
    let days = &word[days_start..];
    let parts = parts(rest, '-');
    let (year, month) = match parts.as_slice() {
        [(_, month)] => ((0, "*"), (0, *month)),
        [year, month] => (*year, *month),
        _ => {
            let help = "allowed: year-month-day or month-day, such as *-*-01";
            return Err(flaw(at..at + word.len(), "not a date", help));
        }
    };
    let days =
        if is_from_end { from_end(days, days_at.clone())? } else { plain(days, days_at.clone())? };
    Ok(Date {
        year: years(year.1, at + year.0)?,
        month: field(month.1, at + month.0, 1)?,
        days,
        at: days_at,
    })
}

/// Two digits stand for the years from 1970 to 2069.
fn years(text: &str, at: usize) -> Result<String, Flaw> {
    let field = field(text, at, 1970)?;
    let is_short = !field.is_empty() && field.len() <= 2 && field != "*";
    match field.parse::<u32>() {
        Ok(year) if is_short && year < 70 => Ok((2000 + year).to_string()),
        Ok(year) if is_short => Ok((1900 + year).to_string()),
        _ => Ok(field),
    }
}

fn plain(text: &str, at: Range<usize>) -> Result<Days, Flaw> {
    if let Some((first, last)) = text.split_once("..")
        && let (Ok(first), Ok(last)) = (first.parse(), last.parse())
        && first <= last
    {
        return Ok(Days::Week { first, last });
    }
    field(text, at.start, 1).map(Days::Field)
}

/// `01`, `07..01`, `07/1`: the seventh day from the end, and so on to the last.
fn from_end(text: &str, at: Range<usize>) -> Result<Days, Flaw> {
    let wrong = || {
        flaw(at.clone(), "not days from the end of the month", "allowed: ~1, ~1,3, ~07/1, ~7..1")
    };
    let number = |text: &str| text.parse().ok().filter(|day| (1..=28).contains(day));
    let mut days: Vec<u32> = Vec::new();
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (part, None),
        };
        let (first, last) = match range.split_once("..") {
            Some((first, last)) => (number(first), number(last)),
            None => (number(range), step.map_or(number(range), |_| Some(1))),
        };
        let step = step.map_or(Some(1), |step| step.parse::<usize>().ok()).filter(|step| *step > 0);
        let (Some(first), Some(last), Some(step)) = (first, last, step) else {
            return Err(wrong());
        };
        if first < last {
            return Err(wrong());
        }
        days.extend((last..=first).rev().step_by(step));
    }
    days.sort_unstable_by(|one, other| other.cmp(one));
    days.dedup();
    Ok(Days::FromEnd(days))
}

/// `9:00`, `*:0/15`, `07..23:30:00`.
fn time(word: &str, at: usize) -> Result<[String; 3], Flaw> {
    let parts = parts(word, ':');
    let (hour, minute, second) = match parts.as_slice() {
        [hour, minute] => (hour, minute, (word.len(), "0")),
        [hour, minute, second] => (hour, minute, *second),
        _ => {
            let help = "allowed: hour:minute or hour:minute:second";
            return Err(flaw(at..at + word.len(), "not a time", help));
        }
    };
    if let Some(point) = second.1.find('.').filter(|point| !second.1[*point..].starts_with("..")) {
        let point = at + second.0 + point;
        let help = "a schedule is as fine as a second";
        return Err(flaw(point..at + word.len(), "fractions of a second", help));
    }
    Ok([
        field(hour.1, at + hour.0, 0)?,
        field(minute.1, at + minute.0, 0)?,
        field(second.1, at + second.0, 0)?,
    ])
}

/// A list of numbers, ranges and steps as cron has them.
fn field(text: &str, at: usize, least: u32) -> Result<String, Flaw> {
    let mut items = Vec::new();
    for (start, part) in parts(text, ',') {
        let span = at + start..at + start + part.len();
        let wrong = || {
            let help = "allowed: *, numbers, ranges 1..5, steps 0/15, and lists of them";
            flaw(span.clone(), format!("`{part}` is not a part of a date or time"), help)
        };
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step.parse::<u32>().map_err(|_| wrong())?)),
            None => (part, None),
        };
        let number = |text: &str| text.parse::<u32>().map_err(|_| wrong());
        let range = match range.split_once("..") {
            _ if range == "*" => "*".to_owned(),
            Some((first, last)) => {
                let (first, last) = (number(first)?, number(last)?);
                if first > last {
                    return Err(flaw(span.clone(), "the range ends before it begins", ""));
                }
                format!("{first}-{last}")
            }
            None => number(range)?.to_string(),
        };
        items.push(match step {
            Some(0) => return Err(flaw(span.clone(), "a step of zero", "")),
            Some(1) if range == "*" => range,
            Some(1) if range == least.to_string() => "*".into(),
            Some(step) if range == least.to_string() => format!("*/{step}"),
            Some(step) => format!("{range}/{step}"),
            None => range,
        });
    }
    Ok(if items.iter().any(|item| item == "*") { "*".into() } else { items.join(",") })
}

fn is_zone(word: &str) -> bool {
    let is_other = word.contains(['*', ':', '~'])
        || word.starts_with(|c: char| c.is_ascii_digit())
        || WORDS.iter().any(|(name, _)| word.eq_ignore_ascii_case(name))
        || weekdays(word, 0).is_ok();
    !is_other && timing::judge_zone(word).is_ok()
}

/// Words with the bytes at which they begin.
fn words(text: &str) -> Vec<(usize, &str)> {
    let start = text.as_ptr() as usize;
    text.split_whitespace().map(|word| (word.as_ptr() as usize - start, word)).collect()
}

fn parts(text: &str, separator: char) -> Vec<(usize, &str)> {
    let mut at = 0;
    text.split(separator)
        .map(|part| {
            let start = at;
            at += part.len() + 1;
            (start, part)
        })
        .collect()
}

fn flaw(at: Range<usize>, text: impl Into<String>, help: impl Into<String>) -> Flaw {
    Flaw { at, text: text.into(), help: help.into() }
}

#[cfg(test)]
mod tests {
    use super::{Converted, convert};

    #[track_caller]
    fn check(event: &str, schedule: &str) {
        let expected = Converted { schedule: schedule.to_owned(), zone: None };
        assert_eq!(convert(event), Ok(expected), "{event}");
    }

    #[test]
    fn words_of_systemd() {
        check("minutely", "* * * * *");
        check("Daily", "0 0 * * *");
        check("weekly", "0 0 * * MON");
        check("quarterly", "0 0 1 1,4,7,10 *");
    }

    /// The left column is that of the examples in systemd.time(7).
    #[test]
    fn the_examples_of_the_manual() {
        check("Sat,Thu,Mon..Wed,Sat..Sun", "0 0 * * MON,TUE,WED,THU,SAT,SUN");
        check("Mon,Sun 12-*-* 2,1:23", "0 23 2,1 * * MON,SUN 2012");
        check("Wed 17:48", "48 17 * * WED");
        check("10-15 1:2:3", "3 2 1 15 10 *");
        check("*-*-7 0:0:0", "0 0 7 * *");
        check("Mon *-*-* 00:00", "0 0 * * MON");
    }

    #[test]
    fn dates_and_times() {
        check("*-*-* 07..23:30", "30 7-23 * * *");
        check("*-*-* 00,12:00:00", "0 0,12 * * *");
        check("*-*-* 6,18:00", "0 6,18 * * *");
        check("*-*-* *:09,39:00", "9,39 * * * *");
        check("*:00/10", "*/10 * * * *");
        check("*:5/15", "5/15 * * * *");
        check("*:*:0/20", "*/20 * * * * *");
        check("Sun *-*-* 03:10:00", "10 3 * * SUN");
        check("Mon..Fri 09:00", "0 9 * * MON-FRI");
        check("Fri..Mon 09:00", "0 9 * * MON,FRI,SAT,SUN");
        check("Mon..Sun 09:00", "0 9 * * *");
        check("12-24 18:00", "0 18 24 12 *");
        check("2026-12-24 18:00:05", "5 0 18 24 12 * 2026");
        check("26-12-24", "0 0 0 24 12 * 2026");
        check("*-01,07-01", "0 0 1 1,7 *");
        check("*-*-1..15/2 4:00", "0 4 1-15/2 * *");
    }

    #[test]
    fn the_end_of_the_month() {
        check("*-*~01", "0 0 L * *");
        check("*-*~3 4:00", "0 4 L-2 * *");
        check("*-*~1,3 4:00", "0 4 L-2,L * *");
        check("Fri *-*~07/1 22:00", "0 22 * * FRIL");
        check("Mon *-05~07/1", "0 0 * 5 MONL");
    }

    #[test]
    fn weekdays_in_a_week_of_the_month() {
        check("Sun *-*-1..7 1:00:00", "0 1 * * SUN#1");
        check("Tue,Thu *-*-15..21 1:00", "0 1 * * TUE#3,THU#3");
        check("*-*-1..7 1:00", "0 1 1-7 * *");
    }

    #[test]
    fn zones() {
        let expected = |schedule: &str, zone: &str| {
            Ok(Converted { schedule: schedule.to_owned(), zone: Some(zone.to_owned()) })
        };
        assert_eq!(convert("daily UTC"), expected("0 0 * * *", "UTC"));
        let berlin = "Mon..Fri *-*-* 9:30 Europe/Berlin";
        assert_eq!(convert(berlin), expected("30 9 * * MON-FRI", "Europe/Berlin"));
    }

    #[test]
    fn what_cannot_be_said_has_a_place() {
        for (event, part) in [
            ("Fri *-*-13 12:00", "13"),
            ("Mon *-*-1..8 12:00", "1..8"),
            ("*-*-* 12:00:00.5", ".5"),
            ("*-*-* 25:00", "*-*-* 25:00"),
            ("Mom 12:00", "Mom"),
            ("12:00 Mon", "Mon"),
            ("*-*-x 12:00", "x"),
            ("*-*-* 5..1:00", "5..1"),
            ("*:0/0", "0/0"),
            ("1:2:3:4", "1:2:3:4"),
            ("*-*~40", "40"),
            ("1-2-3-4", "1-2-3-4"),
            ("@1395716396", "@1395716396"),
            ("daily Mars/Olympus", "Mars/Olympus"),
        ] {
            let flaw = convert(event).expect_err(event);
            assert_eq!(&event[flaw.at.clone()], part, "{event}: {flaw:?}");
        }
        assert!(convert("").is_err());
    }
}
