//! The bounds after a rule: `in`, `starting`, `ending`, `since`, `limit`, `spread`, `excluding`.

use std::ops::Range;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::duration::parse_duration;
use super::instant::{Edge, parse_instant};
use super::words::{Word, span};
use crate::english::is_month;
use crate::schedule::parse_zone;
use crate::{Error, Schedule};

/// Where the first clause begins; a clause is never the first word.
pub(super) fn first_clause(words: &[Word<'_>]) -> usize {
    (1..words.len()).find(|at| is_clause(words, *at)).unwrap_or(words.len())
}

/// The clauses of one text, by keyword, with their arguments not yet read: the zone, which decides
/// how others are read, may come last.
pub(super) struct Clauses<'a> {
    text: &'a str,
    /// By keyword, in the order of [`Keyword::ALL`].
    arguments: [Option<Range<usize>>; Keyword::ALL.len()],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keyword {
    In,
    Starting,
    Ending,
    Since,
    Limit,
    Spread,
    Excluding,
}

impl Keyword {
    const ALL: [Self; 7] = [
        Self::In,
        Self::Starting,
        Self::Ending,
        Self::Since,
        Self::Limit,
        Self::Spread,
        Self::Excluding,
    ];

    fn of(word: &Word<'_>) -> Option<Self> {
        Self::ALL.into_iter().find(|keyword| word.is(keyword.name()))
    }

    fn name(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Starting => "starting",
            Self::Ending => "ending",
            Self::Since => "since",
            Self::Limit => "limit",
            Self::Spread => "spread",
            Self::Excluding => "excluding",
        }
    }

    fn expected(self) -> &'static str {
        match self {
            Self::In => "a time zone such as `Europe/Berlin`",
            Self::Starting | Self::Ending | Self::Since => {
                "an instant such as `2026-01-01T00:00:00Z`, or a date"
            }
            Self::Limit => "a whole number up to 4294967295",
            Self::Spread => "a duration such as `5m`",
            Self::Excluding => "dates such as `2026-12-25`, separated by commas",
        }
    }
}

impl<'a> Clauses<'a> {
    pub(super) fn read(text: &'a str, words: &[Word<'_>]) -> Result<Self, Error> {
        let mut clauses = Self { text, arguments: Default::default() };
        let mut at = 0;
        while let Some((word, keyword)) =
            words.get(at).and_then(|word| Some((word, Keyword::of(word)?)))
        {
            let end = (at + 1..words.len()).find(|at| is_clause(words, *at));
            let arguments = &words[at + 1..end.unwrap_or(words.len())];
            if arguments.is_empty() {
                let problem = format!("nothing after `{}`", keyword.name());
                return Err(Error::new(text, word.end()..word.end(), problem, keyword.expected()));
            }
            let argument = &mut clauses.arguments[keyword as usize];
            if argument.is_some() {
                let problem = format!("a second `{}`", keyword.name());
                return Err(Error::new(text, word.span(), problem, "each bound once"));
            }
            *argument = Some(span(arguments));
            at += 1 + arguments.len();
        }
        Ok(clauses)
    }

    pub(super) fn zone(&self) -> Result<Option<TimeZone>, Error> {
        let Some((name, place)) = self.argument(Keyword::In) else { return Ok(None) };
        parse_zone(name).map(Some).map_err(|error| error.within(self.text, place.start))
    }

    /// Puts the bounds around a rule whose zone is set.
    pub(super) fn bound(&self, mut schedule: Schedule) -> Result<Schedule, Error> {
        let instant = |keyword: Keyword, edge: Edge| match self.argument(keyword) {
            None => Ok(None),
            Some((written, place)) => parse_instant(written, schedule.zone(), edge)
                .map(Some)
                .map_err(|error| error.within(self.text, place.start)),
        };
        let starting = instant(Keyword::Starting, Edge::First)?;
        let ending = instant(Keyword::Ending, Edge::Last)?;
        let since = instant(Keyword::Since, Edge::First)?;
        if let Some((number, place)) = self.argument(Keyword::Limit) {
            let Ok(n) = number.parse() else {
                let problem = format!("`{number}` is not a number of runs");
                return Err(Error::new(self.text, place, problem, Keyword::Limit.expected()));
            };
            schedule = schedule.limit(n);
        }
        if let Some(start) = starting {
            schedule = schedule.starting_at(start);
        }
        if let Some(end) = ending {
            schedule = schedule.ending_at(end);
        }
        if let Some(since) = since {
            schedule = schedule.anchored_at(since);
            if schedule.anchor().is_none() {
                let place = self.argument(Keyword::Since).map_or(0..0, |(_, place)| place);
                let allowed = "`since` for a cycle or a limit that has no `starting`";
                return Err(Error::new(self.text, place, "nothing counts from here", allowed));
            }
        }
        if let Some((written, place)) = self.argument(Keyword::Spread) {
            let spread = parse_duration(written);
            schedule =
                schedule.spread(spread.map_err(|error| error.within(self.text, place.start))?);
        }
        for day in self.excluded()? {
            schedule = schedule.excluding(day);
        }
        Ok(schedule)
    }

    fn excluded(&self) -> Result<Vec<Date>, Error> {
        let Some((list, place)) = self.argument(Keyword::Excluding) else { return Ok(Vec::new()) };
        let mut days = Vec::new();
        let mut at = place.start;
        for part in list.split_inclusive(|c: char| c == ',' || c.is_whitespace()) {
            let written = part.trim_end_matches(|c: char| c == ',' || c.is_whitespace());
            if !written.is_empty() && !written.eq_ignore_ascii_case("and") {
                let Ok(day) = written.parse() else {
                    let problem = format!("`{written}` is not a date");
                    let place = at..at + written.len();
                    return Err(Error::new(
                        self.text,
                        place,
                        problem,
                        Keyword::Excluding.expected(),
                    ));
                };
                days.push(day);
            }
            at += part.len();
        }
        if days.is_empty() {
            return Err(Error::new(self.text, place, "no date", Keyword::Excluding.expected()));
        }
        Ok(days)
    }

    fn argument(&self, keyword: Keyword) -> Option<(&'a str, Range<usize>)> {
        let place = self.arguments[keyword as usize].clone()?;
        Some((&self.text[place.clone()], place))
    }
}

/// `in january` names a month, not a zone.
fn is_clause(words: &[Word<'_>], at: usize) -> bool {
    match Keyword::of(&words[at]) {
        Some(Keyword::In) => !words.get(at + 1).is_some_and(|next| is_month(next.text)),
        keyword => keyword.is_some(),
    }
}
