//! Words the time of day: seconds, minutes and hours together.

use super::items::{Part, Shape, shape, spelled_out};
use super::words::{count, list, ordinal};
use crate::cron::ast::Item;

/// More clock times than this are not told one by one.
const TIMES_MAX: usize = 12;

pub(super) fn parts(second: Option<&[Item]>, minute: &[Item], hour: &[Item]) -> Vec<String> {
    let zero = || Shape::Parts(vec![Part::One(0)]);
    let second = second.map_or_else(zero, |items| shape(items, 0, 59));
    let minute = shape(minute, 0, 59);
    let hour = shape(hour, 0, 23);
    if let Some(times) = clock_times(&second, &minute, &hour) {
        return vec![format!("at {}", list(&times, "and"))];
    }
    let Some(second) = second.single() else {
        return vec![within_minutes(&second, &minute, &hour)];
    };
    if let Some(minute) = minute.single() {
        return vec![hourly(&hour, minute, second)];
    }
    let mut parts = vec![named_time(&minute, &hour).unwrap_or_else(|| {
        let Lead { text, is_bound, tail } = lead(&minute, "minute");
        with_tail(text + &of_hours(&hour, is_bound, "59"), tail)
    })];
    if second != 0 {
        parts.push(format!("at second {second}"));
    }
    parts
}

/// `09:00`, `09:00:30`.
fn clock(hour: u16, minute: u16, second: Option<u16>) -> String {
    match second {
        None => format!("{hour:02}:{minute:02}"),
        Some(second) => format!("{hour:02}:{minute:02}:{second:02}"),
    }
}

/// Every time, where each field is a list of numbers and they are few.
fn clock_times(second: &Shape, minute: &Shape, hour: &Shape) -> Option<Vec<String>> {
    let (seconds, minutes, hours) = (second.numbers()?, minute.numbers()?, hour.numbers()?);
    let is_hourly = seconds.len() == 1 && minutes.len() == 1;
    if seconds.len() * minutes.len() * hours.len() > TIMES_MAX && !is_hourly {
        return None;
    }
    let has_seconds = seconds != [0];
    let mut times = Vec::new();
    for hour in &hours {
        for minute in &minutes {
            let at = |second: &u16| clock(*hour, *minute, has_seconds.then_some(*second));
            times.extend(seconds.iter().map(at));
        }
    }
    Some(times)
}

/// One run in each of some hours.
fn hourly(hour: &Shape, minute: u16, second: u16) -> String {
    let mark = match (minute, second) {
        (0, 0) => String::new(),
        (_, 0) => format!(" at minute {minute}"),
        _ => format!(" at minute {minute} and second {second}"),
    };
    let at = |hour: u16| clock(hour, minute, Some(second).filter(|second| *second > 0));
    let parts = match hour {
        Shape::Any => return format!("every hour{mark}"),
        Shape::Every(n) if 24 % n == 0 => return format!("every {n} hours{mark}"),
        Shape::Every(n) => {
            return format!("every {n} hours from {} through {}", at(0), at(23 / n * n));
        }
        Shape::Parts(parts) => parts,
    };
    let times: Vec<String> = parts
        .iter()
        .filter_map(|part| if let Part::One(hour) = part { Some(at(*hour)) } else { None })
        .collect();
    let mut phrases = Vec::new();
    if !times.is_empty() {
        phrases.push(format!("at {}", list(&times, "and")));
    }
    for part in parts {
        match *part {
            Part::One(_) => {}
            Part::Span(from, to) => {
                phrases.push(format!("every hour from {} through {}", at(from), at(to)));
            }
            Part::Stepped { from, to, step } => {
                phrases.push(format!("every {step} hours from {} through {}", at(from), at(to)));
            }
            Part::Hash { range, step } => {
                let mark = if second == 0 {
                    format!("minute {minute}")
                } else {
                    format!("minute {minute}, second {second}")
                };
                phrases.push(format!("at {mark} of {}", hashed("hour", range, step)));
            }
        }
    }
    list(&phrases, "and")
}

/// `H H * * *` and `H 3 * * *`: one time a day, chosen by the job's name.
fn named_time(minute: &Shape, hour: &Shape) -> Option<String> {
    let (Shape::Parts(minutes), Shape::Parts(hours)) = (minute, hour) else { return None };
    let [Part::Hash { range: minutes, step: None }] = minutes.as_slice() else { return None };
    let (from, to) = match (hours.as_slice(), minutes) {
        ([Part::One(hour)], range) => {
            let (from, to) = range.unwrap_or((0, 59));
            (clock(*hour, from, None), clock(*hour, to, None))
        }
        ([Part::Hash { range: None, step: None }], None) => {
            return Some("at a time chosen by the job's name".to_owned());
        }
        ([Part::Hash { range: Some((from, to)), step: None }], None) => {
            (clock(*from, 0, None), clock(*to, 59, None))
        }
        _ => return None,
    };
    Some(format!("at a time from {from} through {to} chosen by the job's name"))
}

/// Something that happens several times a minute.
fn within_minutes(second: &Shape, minute: &Shape, hour: &Shape) -> String {
    let Lead { text, is_bound, tail } = lead(second, "second");
    if *minute == Shape::Any {
        let of = if is_bound { " of every minute" } else { "" };
        return with_tail(format!("{text}{of}{}", of_hours(hour, false, "59:59")), tail);
    }
    if let (Some(minute), Some(hours)) = (minute.single(), hour.numbers()) {
        let minutes: Vec<String> = hours.iter().map(|hour| clock(*hour, minute, None)).collect();
        let plural = if minutes.len() == 1 { "" } else { "s" };
        return format!("{text} of the minute{plural} {}{tail}", list(&minutes, "and"));
    }
    let minutes = match minute {
        Shape::Any => "every minute".to_owned(),
        Shape::Every(n) => {
            format!("every {} minute from 0 through {}", ordinal(*n), 59 / n * n)
        }
        Shape::Parts(parts) => match parts.as_slice() {
            [Part::Stepped { from, to, step }] => {
                format!("every {} minute from {from} through {to}", ordinal(*step))
            }
            [Part::Hash { range, step }] => hashed("minute", *range, *step),
            parts => numbers(parts, "minute"),
        },
    };
    with_tail(format!("{text} of {minutes}{}", of_hours(hour, true, "59:59")), tail)
}

/// Says once what the name chooses, should both the smaller and the larger unit be its choice.
fn with_tail(text: String, tail: &str) -> String {
    if tail.is_empty() {
        return text;
    }
    match text.strip_suffix(BY_NAME) {
        Some(text) => {
            let text = text.strip_suffix(", the first").unwrap_or(text);
            format!("{text}, both{BY_NAME}")
        }
        None => text + tail,
    }
}

const BY_NAME: &str = " chosen by the job's name";

/// How often, within the next larger unit.
struct Lead {
    text: String,
    /// It says at which places of the larger unit, and so wants to hear of which ones.
    is_bound: bool,
    /// What comes after the larger units.
    tail: &'static str,
}

/// `unit` is `minute` or `second`.
fn lead(shape: &Shape, unit: &str) -> Lead {
    let bound = |text: String| Lead { text, is_bound: true, tail: "" };
    let free = |text: String| Lead { text, is_bound: false, tail: "" };
    let parts = match shape {
        Shape::Any => return free(format!("every {unit}")),
        Shape::Every(n) if 60 % n == 0 => return free(format!("every {n} {unit}s")),
        Shape::Every(n) => {
            return bound(format!("every {n} {unit}s from {unit} 0 through {}", 59 / n * n));
        }
        Shape::Parts(parts) => parts,
    };
    match parts.as_slice() {
        [Part::Stepped { from, to, step }] => {
            bound(format!("every {step} {unit}s from {unit} {from} through {to}"))
        }
        [Part::Hash { range, step }] => {
            let within = |what: &str| {
                range.map_or(String::new(), |(from, to)| format!(" from {what}{from} through {to}"))
            };
            match step {
                None => Lead {
                    tail: ", chosen by the job's name",
                    ..bound(format!("at a {unit}{}", within("")))
                },
                Some(step) => Lead {
                    text: format!(
                        "every {}{}",
                        count((*step).into(), unit),
                        within(&format!("{unit} "))
                    ),
                    is_bound: range.is_some() || 60 % step != 0,
                    tail: ", the first chosen by the job's name",
                },
            }
        }
        parts => bound(format!("at {}", numbers(parts, unit))),
    }
}

/// `minute 5`, `minutes 5, 10 and 20 through 30`.
fn numbers(parts: &[Part], unit: &str) -> String {
    let mut texts = Vec::new();
    for part in parts {
        match part {
            Part::Span(from, to) => texts.push(format!("{from} through {to}")),
            Part::Hash { .. } => texts.push("one chosen by the job's name".to_owned()),
            part => {
                let numbers = spelled_out(&[*part], 0, 59).unwrap_or_default();
                texts.extend(numbers.iter().map(u16::to_string));
            }
        }
    }
    let plural = if matches!(parts, [Part::One(_)]) { "" } else { "s" };
    format!("{unit}{plural} {}", list(&texts, "and"))
}

/// `an hour chosen by the job's name`.
fn hashed(unit: &str, range: Option<(u16, u16)>, step: Option<u16>) -> String {
    let article = if unit == "hour" { "an" } else { "a" };
    let within = range.map_or(String::new(), |(from, to)| format!(" from {from} through {to}"));
    match step {
        None | Some(1) => format!("{article} {unit}{within} chosen by the job's name"),
        Some(step) => {
            let nth = ordinal(step);
            format!("every {nth} {unit}{within}, the first chosen by the job's name")
        }
    }
}

/// The hours in which something happens; with a space before it, and empty for all of them unless
/// the words before it are bound to the hour. `end` is the last moment of an hour.
fn of_hours(hour: &Shape, is_bound: bool, end: &str) -> String {
    let start = if end.len() > 2 { "00:00" } else { "00" };
    let window = |from: u16, to: u16| format!("from {from:02}:{start} through {to:02}:{end}");
    let every = if is_bound { " of every hour" } else { "" };
    let parts = match hour {
        Shape::Any => return every.to_owned(),
        Shape::Every(n) => {
            return format!(" of every {} hour {}", ordinal(*n), window(0, 23 / n * n));
        }
        Shape::Parts(parts) => parts.as_slice(),
    };
    if let [Part::Stepped { from, to, step }] = parts {
        return format!(" of every {} hour {}", ordinal(*step), window(*from, *to));
    }
    if let [Part::Hash { range, step }] = parts {
        return format!(" of {}", hashed("hour", *range, *step));
    }
    let is_list = hour.numbers().is_some_and(|hours| hours.len() > 2);
    let stepped = parts.iter().any(|part| matches!(part, Part::Stepped { .. }));
    if is_list || stepped {
        let hours: Vec<String> = match spelled_out(parts, 0, 23) {
            Some(hours) => hours.iter().map(|hour| format!("{hour:02}")).collect(),
            None => vec!["chosen by the job's name".to_owned()],
        };
        return format!(" of the hours {}", list(&hours, "and"));
    }
    let windows: Vec<String> = parts
        .iter()
        .map(|part| match *part {
            Part::One(hour) => window(hour, hour),
            Part::Span(from, to) | Part::Stepped { from, to, .. } => window(from, to),
            Part::Hash { range, step } => format!("in {}", hashed("hour", range, step)),
        })
        .collect();
    format!("{every} {}", list(&windows, "and"))
}
