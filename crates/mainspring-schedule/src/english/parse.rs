//! Reads phrases into a plan.

use std::ops::Range;

use super::plan::{Every, Plan};
use super::tokens::Token;
use super::vocabulary::{
    Ordinal, Unit, WORDS, adverb, month, number, ordinal, short_interval, unit, weekday,
};
use crate::Error;
use crate::near::nearest;

/// Walks over the tokens of one text.
pub(super) struct Parser<'a> {
    text: &'a str,
    tokens: &'a [Token],
    at: usize,
    pub(super) plan: Plan,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str, tokens: &'a [Token]) -> Self {
        Self { text, tokens, at: 0, plan: Plan::default() }
    }

    /// Reads all phrases.
    pub(super) fn plan(mut self) -> Result<Plan, Error> {
        while !self.word().is_empty() {
            self.phrase()?;
            // Between phrases a comma means nothing.
            while self.take(",") {}
        }
        Ok(self.plan)
    }

    fn phrase(&mut self) -> Result<(), Error> {
        let word = self.word();
        match word {
            "every" | "each" => self.every(),
            "at" => {
                self.advance();
                self.at_times()
            }
            "on" => {
                self.advance();
                self.days()
            }
            "in" | "of" | "during" => {
                self.advance();
                self.months()
            }
            "from" | "between" => {
                self.advance();
                self.window()
            }
            "and" | "&" => {
                self.advance();
                let problem = "`and` joins days with days and times with times";
                Err(self.error(self.span(), problem, "another of the same kind; or two schedules"))
            }
            _ if adverb(word).is_some() => self.adverb(),
            _ if self.is_day() => self.days(),
            _ if self.is_clock_time() => self.at_times(),
            _ => Err(self.unexpected(PHRASES)),
        }
    }

    fn adverb(&mut self) -> Result<(), Error> {
        let span = self.span();
        match adverb(self.word()) {
            Some(unit) => {
                self.advance();
                self.set_every(1, unit, span)
            }
            None => Err(self.unexpected(PHRASES)),
        }
    }

    /// `every` and what may come after it.
    fn every(&mut self) -> Result<(), Error> {
        let start = self.span().start;
        self.advance();
        if let Some(unit) = self.unit_here() {
            self.advance();
            return self.set_every(1, unit, start..self.end());
        }
        if self.is_date() {
            return self.days();
        }
        let counted = match (ordinal(self.word()), number(self.word())) {
            // `every 2nd hour`; but `every 2nd day of the month` is a day.
            (Some(Ordinal::Nth(n)), _)
                if unit(self.word_at(1)).is_some() && self.word_at(2) != "of" =>
            {
                Some(u64::from(n))
            }
            (_, Some(n)) => Some(n),
            _ if self.word() == "other" => Some(2),
            _ => None,
        };
        if let Some(n) = counted {
            return self.every_n(n, start);
        }
        if let Some((n, unit)) = short_interval(self.word()) {
            return self.set_every_from(n, unit, start);
        }
        match self.word() {
            "half" if self.word_at(1) == "hour" => {
                self.advance();
                self.set_every_from(30, Unit::Minute, start)
            }
            "quarter" if self.word_at(1) == "hour" => {
                self.advance();
                self.set_every_from(15, Unit::Minute, start)
            }
            "quarter" => self.set_every_from(3, Unit::Month, start),
            _ if self.is_day() => {
                self.refuse_every_nth_weekday(start)?;
                self.days()
            }
            _ => Err(self.unexpected(AFTER_EVERY)),
        }
    }

    fn every_n(&mut self, n: u64, start: usize) -> Result<(), Error> {
        self.advance();
        let Some(unit) = unit(self.word()) else {
            if weekday(self.word()).is_some() {
                return self.ambiguous_nth(start);
            }
            return Err(self.unexpected(UNITS));
        };
        self.set_every_from(n, unit, start)
    }

    /// Stands on the last word of the interval.
    fn set_every_from(&mut self, n: u64, unit: Unit, start: usize) -> Result<(), Error> {
        self.advance();
        let span = start..self.end();
        if n == 0 {
            return Err(self.error(span, "every 0 is never", "a whole number from 1"));
        }
        self.set_every(n, unit, span)
    }

    /// `every second monday`: of the month, or every other one?
    fn refuse_every_nth_weekday(&mut self, start: usize) -> Result<(), Error> {
        let nth = matches!(ordinal(self.word()), Some(Ordinal::Nth(2..)));
        if nth && weekday(self.word_at(1)).is_some() && self.word_at(2) != "of" {
            self.advance();
            return self.ambiguous_nth(start);
        }
        Ok(())
    }

    /// Stands on the weekday.
    fn ambiguous_nth(&self, start: usize) -> Result<(), Error> {
        let problem = "the nth of each month, or one in n weeks?";
        let day = self.word().strip_suffix('s').unwrap_or(self.word());
        let allowed = format!("`on the second {day} of every month`, or `every {day}`");
        Err(self.error(start..self.span().end, problem, allowed))
    }

    pub(super) fn set_every(
        &mut self,
        n: u64,
        unit: Unit,
        span: Range<usize>,
    ) -> Result<(), Error> {
        if self.plan.every.is_some() {
            return Err(self.error(span, "a second interval", "one interval in a schedule"));
        }
        self.plan.every = Some(Every { n, unit, span });
        Ok(())
    }

    /// A unit, unless it is an ordinal: `second` before a weekday.
    fn unit_here(&self) -> Option<Unit> {
        let next = self.word_at(1);
        let is_ordinal = self.word() == "second"
            && (weekday(next).is_some() || unit(next).is_some() || ordinal(next).is_some());
        if is_ordinal { None } else { unit(self.word()) }
    }

    /// The current word; empty at the end.
    pub(super) fn word(&self) -> &'a str {
        self.word_at(0)
    }

    pub(super) fn word_at(&self, ahead: usize) -> &'a str {
        self.tokens.get(self.at + ahead).map_or("", |token| &token.word)
    }

    /// The place of the current word, or just after the last.
    pub(super) fn span(&self) -> Range<usize> {
        match self.tokens.get(self.at) {
            Some(token) => token.span.clone(),
            None => self.end()..self.end(),
        }
    }

    /// Where the word before the current one ends.
    pub(super) fn end(&self) -> usize {
        let before = self.at.min(self.tokens.len()).checked_sub(1);
        before.map_or(0, |before| self.tokens[before].span.end)
    }

    pub(super) fn advance(&mut self) {
        self.at += 1;
    }

    /// Steps over the word if it is this one.
    pub(super) fn take(&mut self, word: &str) -> bool {
        let is = self.word() == word;
        if is {
            self.advance();
        }
        is
    }

    /// Steps over `,`, `and` or both, if an item of the list comes after them.
    pub(super) fn take_separator(&mut self, is_item: impl Fn(&Self) -> bool) -> bool {
        let start = self.at;
        let mut separated = false;
        while matches!(self.word(), "," | "and" | "&") {
            self.advance();
            separated = true;
        }
        if separated && is_item(self) {
            return true;
        }
        self.at = start;
        false
    }

    /// Steps over a word that makes a range of what is before and behind it.
    pub(super) fn take_through(&mut self) -> bool {
        ["through", "to", "thru", "until", "till", "-", "–"].iter().any(|word| self.take(word))
    }

    /// Whether a range goes on here and its end is such an item.
    pub(super) fn is_through(&self, is_item: impl Fn(&str) -> bool) -> bool {
        let through =
            matches!(self.word(), "through" | "to" | "thru" | "until" | "till" | "-" | "–");
        through && is_item(self.word_at(1))
    }

    pub(super) fn is_month(&self) -> bool {
        month(self.word()).is_some()
    }

    pub(super) fn error(
        &self,
        span: Range<usize>,
        problem: impl Into<String>,
        allowed: impl Into<String>,
    ) -> Error {
        Error::new(self.text, span, problem, allowed)
    }

    /// The current word does not belong here.
    pub(super) fn unexpected(&self, allowed: &str) -> Error {
        let word = self.word();
        if word.is_empty() {
            return self.error(self.span(), "the text ends too early", allowed);
        }
        let written = self.text.get(self.span()).unwrap_or(word);
        let problem = if WORDS.contains(&word) {
            format!("unexpected word `{written}`")
        } else {
            match nearest(word, WORDS) {
                Some(near) => format!("unknown word `{written}`, perhaps `{near}`?"),
                None => format!("unknown word `{written}`"),
            }
        };
        self.error(self.span(), problem, allowed)
    }
}

pub(super) const PHRASES: &str = "`every …`, `daily`, `at TIME`, `on DAY`, `the 1st of the month`, `in MONTH`, \
     `from TIME through TIME`, or `in ZONE`, `starting`, `ending`, `limit`, `spread`, `excluding`";
const AFTER_EVERY: &str = "a number, `second`, `minute`, `hour`, `day`, `week`, `month`, `year`, \
     `weekday`, `weekend`, the name of a weekday, `1st`, `last`, or a month";
const UNITS: &str = "`seconds`, `minutes`, `hours`, `days`, `weeks`, `months` or `years`";
