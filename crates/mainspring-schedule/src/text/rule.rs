//! The rule at the head of a text: cron, `@every`, `@at`, or English.

use jiff::tz::TimeZone;

use super::duration::parse_duration;
use super::instant::{Edge, parse_instant};
use super::words::{Word, span};
use crate::english::{self, Meaning};
use crate::near::nearest;
use crate::schedule::{ZERO_INTERVAL, parse_zone};
use crate::{Cron, Dialect, Error, Schedule};

/// Takes `CRON_TZ=ZONE` or `TZ=ZONE` off the front; `clause` is the zone that `in` named.
pub(super) fn zone_prefix<'a, 'b>(
    text: &str,
    words: &'a [Word<'b>],
    clause: Option<TimeZone>,
) -> Result<(&'a [Word<'b>], TimeZone), Error> {
    let prefix = words.first().and_then(|word| {
        let (variable, name) = word.text.split_once('=')?;
        matches!(variable, "CRON_TZ" | "TZ").then_some((word, name))
    });
    let Some((word, name)) = prefix else {
        return Ok((words, clause.unwrap_or(TimeZone::UTC)));
    };
    if clause.is_some() {
        return Err(Error::new(text, word.span(), "two time zones", "this one, or `in ZONE`"));
    }
    let zone = parse_zone(name).map_err(|error| error.within(text, word.end() - name.len()))?;
    Ok((&words[1..], zone))
}

/// Reads the rule; the bounds come later.
pub(super) fn read(text: &str, words: &[Word<'_>], zone: &TimeZone) -> Result<Schedule, Error> {
    let Some((first, rest)) = words.split_first() else {
        return Err(Error::new(text, text.len()..text.len(), "no schedule", RULES));
    };
    if first.is("@every") {
        return cycle(text, first, rest);
    }
    if first.is("@at") {
        return once(text, first, rest, zone);
    }
    if let [at, rest @ ..] = rest
        && first.is("once")
        && (at.is("at") || at.is("on"))
    {
        return once(text, at, rest, zone);
    }
    if let Some(name) = first.text.strip_suffix(':')
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
    {
        let dialect = name.parse().map_err(|error: Error| error.within(text, first.start))?;
        return cron(text, first.end(), rest, dialect);
    }
    if first.text.starts_with('@')
        && let Some(near) = nearest(first.text, ["@every", "@at"])
    {
        let problem = format!("unknown word `{}`, perhaps `{near}`?", first.text);
        return Err(Error::new(text, first.span(), problem, RULES));
    }
    if is_english(words) {
        return match english::read(text, words)? {
            Meaning::Cron(expression) => cron_from_english(text, words, &expression),
            Meaning::Cycle(interval) => Schedule::every(interval),
        };
    }
    cron(text, first.start, words, Dialect::Default)
}

const RULES: &str =
    "a cron expression, `@every DURATION`, `@at INSTANT`, or English such as `every 15 minutes`";

fn cron(text: &str, start: usize, words: &[Word<'_>], dialect: Dialect) -> Result<Schedule, Error> {
    let place = if words.is_empty() { start..start } else { span(words) };
    Cron::parse_as(&text[place.clone()], dialect)
        .map(Schedule::from)
        .map_err(|error| error.within(text, place.start))
}

/// English makes valid expressions only; should it ever fail to, the whole text is to blame.
fn cron_from_english(text: &str, words: &[Word<'_>], expression: &str) -> Result<Schedule, Error> {
    Schedule::cron(expression)
        .map_err(|error| Error::new(text, span(words), error.problem(), error.allowed()))
}

fn cycle(text: &str, first: &Word<'_>, rest: &[Word<'_>]) -> Result<Schedule, Error> {
    const EXPECTED: &str = "a duration longer than zero, such as `15m` or `1h30m`";
    if rest.is_empty() {
        let place = first.end()..first.end();
        return Err(Error::new(text, place, "nothing after `@every`", EXPECTED));
    }
    let place = span(rest);
    let interval =
        parse_duration(&text[place.clone()]).map_err(|error| error.within(text, place.start))?;
    Schedule::every(interval).map_err(|_| Error::new(text, place, ZERO_INTERVAL, EXPECTED))
}

fn once(
    text: &str,
    first: &Word<'_>,
    rest: &[Word<'_>],
    zone: &TimeZone,
) -> Result<Schedule, Error> {
    if rest.is_empty() {
        let place = first.end()..first.end();
        let problem = format!("nothing after `{}`", first.text);
        return Err(Error::new(text, place, problem, "an instant such as `2026-12-01T09:00:00Z`"));
    }
    let place = span(rest);
    parse_instant(&text[place.clone()], zone, Edge::First)
        .map(Schedule::once)
        .map_err(|error| error.within(text, place.start))
}

/// English begins with a letter, or with `9:30`, `9am` or `1st`. Cron fields never do, but for `H`;
/// and a star or a question mark anywhere is cron's.
fn is_english(words: &[Word<'_>]) -> bool {
    let Some(first) = words.first() else { return false };
    // A lone `hourly` is a slip for `@hourly`, of which cron's own error speaks.
    if words.len() == 1 && english::is_adverb(first.text) {
        return false;
    }
    if words.iter().any(|word| word.text.contains(['*', '?'])) {
        return false;
    }
    let mut letters = first.text.chars();
    match (letters.next(), letters.next()) {
        (Some('H' | 'h'), None | Some('/' | '(' | ',' | '-')) => false,
        (Some(letter), _) if letter.is_alphabetic() => true,
        (Some(digit), _) if digit.is_ascii_digit() => {
            let rest = first.text.trim_start_matches(|c: char| c.is_ascii_digit());
            rest.starts_with(|c: char| c == ':' || c.is_ascii_alphabetic())
        }
        _ => false,
    }
}
