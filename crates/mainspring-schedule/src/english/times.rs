//! Reads times of day: `9`, `9:30`, `5pm`, `noon`, and what lies between two of them.

use super::parse::Parser;
use super::plan::{Time, Window};
use super::vocabulary::month;
use crate::Error;

impl Parser<'_> {
    /// Whether a time stands here that needs no `at` before it.
    pub(super) fn is_clock_time(&self) -> bool {
        let word = self.word();
        let half = |word: &str| HALVES.iter().any(|(name, _)| word == *name);
        matches!(word, "noon" | "midnight" | "midday")
            || word.starts_with(|c: char| c.is_ascii_digit())
                && (word.contains(':') || HALVES.iter().any(|(name, _)| word.ends_with(name)))
            || word.bytes().all(|b| b.is_ascii_digit()) && half(self.word_at(1))
    }

    /// After `at`, or at a time that needs none.
    pub(super) fn at_times(&mut self) -> Result<(), Error> {
        match self.word() {
            "minute" | "minutes" => return self.minutes_of_hour(),
            "second" | "seconds" => return self.seconds_of_minute(),
            word if word.starts_with(':') => return self.minutes_of_hour(),
            _ => {}
        }
        let start = self.span().start;
        let mut bare = None;
        let mut halved = false;
        loop {
            let span = self.span();
            let read = self.time()?;
            halved |= read.is_halved;
            if read.is_bare {
                bare = bare.or(Some(span));
            }
            self.plan.times.push(read.time);
            if !self.take_separator(Parser::is_time) {
                break;
            }
        }
        if let (Some(span), true) = (bare, halved) {
            let problem = "morning or afternoon?";
            return Err(self.error(
                span,
                problem,
                "`am` or `pm` after it, or minutes as in `9:00`",
            ));
        }
        self.plan.times_span = start..self.end();
        Ok(())
    }

    /// After `from` or `between`: two times, or two weekdays or months.
    pub(super) fn window(&mut self) -> Result<(), Error> {
        let start = self.span().start;
        if month(self.word()).is_some() {
            return self.months();
        }
        if self.is_day() && !self.is_clock_time() {
            return self.days();
        }
        let from = self.time()?;
        if !self.take_through() && !self.take("and") {
            return Err(self.unexpected("`through` and a time, `:` in a time, `am`, or `pm`"));
        }
        let to_start = self.span().start;
        let to = self.time()?;
        if from.is_bare && to.is_halved {
            let span = start..to_start;
            let problem = "morning or afternoon?";
            return Err(self.error(span, problem, "`am` or `pm` after each time, or `9:00`"));
        }
        let span = start..self.end();
        if self.plan.window.is_some() {
            return Err(self.error(span, "hours for the second time", "one range of hours"));
        }
        let to_span = to_start..self.end();
        self.plan.window = Some(Window { from: from.time, to: to.time, to_span, span });
        Ok(())
    }

    /// `minute 15`, `minutes 0, 15 and 30`, `:15`.
    fn minutes_of_hour(&mut self) -> Result<(), Error> {
        let start = self.span().start;
        self.plan.minutes = if self.word().starts_with(':') {
            let mut minutes = vec![self.colon_minute()?];
            while self.take_separator(|it| it.word().starts_with(':')) {
                minutes.push(self.colon_minute()?);
            }
            minutes
        } else {
            self.advance();
            self.sixtieths()?
        };
        self.plan.minutes_span = start..self.end();
        // `at minute 15 and second 30`
        if self.word() == "and" && self.word_at(1) == "second" {
            self.advance();
            return self.seconds_of_minute();
        }
        Ok(())
    }

    fn seconds_of_minute(&mut self) -> Result<(), Error> {
        let start = self.span().start;
        self.advance();
        self.plan.seconds = self.sixtieths()?;
        self.plan.seconds_span = start..self.end();
        Ok(())
    }

    fn colon_minute(&mut self) -> Result<u8, Error> {
        let minute = two_digits(&self.word()[1..]).filter(|n| *n < 60);
        let minute = minute.ok_or_else(|| self.unexpected("`:00` to `:59`"))?;
        self.advance();
        Ok(minute)
    }

    fn sixtieths(&mut self) -> Result<Vec<u8>, Error> {
        let sixtieth = |word: &str| word.parse().ok().filter(|n: &u8| *n < 60);
        let mut found = Vec::new();
        loop {
            let Some(n) = sixtieth(self.word()) else { return Err(self.unexpected("0 to 59")) };
            found.push(n);
            self.advance();
            if !self.take_separator(|it| sixtieth(it.word()).is_some()) {
                return Ok(found);
            }
        }
    }

    fn is_time(&self) -> bool {
        let digits = !self.word().is_empty() && self.word().bytes().all(|b| b.is_ascii_digit());
        self.is_clock_time() || digits
    }

    fn time(&mut self) -> Result<ReadTime, Error> {
        let span = self.span();
        let word = self.word();
        let noon = match word {
            "noon" | "midday" => Some(12),
            "midnight" => Some(0),
            _ => None,
        };
        if let Some(hour) = noon {
            self.advance();
            let time = Time { hour, minute: 0, second: 0 };
            return Ok(ReadTime { time, is_bare: false, is_halved: false });
        }
        let attached = HALVES.iter().find(|(name, _)| {
            word.strip_suffix(name).is_some_and(|rest| rest.ends_with(|c: char| c.is_ascii_digit()))
        });
        let digits = attached.map_or(word, |(name, _)| &word[..word.len() - name.len()]);
        let Some((time, is_bare)) = clock(digits) else {
            return Err(if word.starts_with(|c: char| c.is_ascii_digit()) {
                self.error(span, format!("`{word}` is not a time of day"), TIMES)
            } else {
                self.unexpected(TIMES)
            });
        };
        self.advance();
        let half = attached.or_else(|| HALVES.iter().find(|(name, _)| self.word() == *name));
        if half.is_some() && attached.is_none() {
            self.advance();
        }
        self.take("o'clock");
        let Some((_, afternoon)) = half else {
            return Ok(ReadTime { time, is_bare, is_halved: false });
        };
        if !(1..=12).contains(&time.hour) {
            let span = span.start..self.end();
            return Err(self.error(span, "no such hour on a twelve-hour clock", "1 to 12"));
        }
        let hour = time.hour % 12 + if *afternoon { 12 } else { 0 };
        Ok(ReadTime { time: Time { hour, ..time }, is_bare: false, is_halved: true })
    }
}

struct ReadTime {
    time: Time,
    /// An hour alone: `9`.
    is_bare: bool,
    /// With `am` or `pm`.
    is_halved: bool,
}

const HALVES: [(&str, bool); 4] = [("am", false), ("pm", true), ("a.m.", false), ("p.m.", true)];

/// `9`, `9:30`, `9:30:15`; and whether it is an hour alone.
fn clock(digits: &str) -> Option<(Time, bool)> {
    let mut parts = digits.split(':');
    let hour = parts.next().filter(|hour| hour.len() <= 2).and_then(number_of)?;
    let minute = parts.next().map(two_digits);
    let second = parts.next().map(two_digits);
    if parts.next().is_some() {
        return None;
    }
    let (minute, second) = (minute.unwrap_or(Some(0))?, second.unwrap_or(Some(0))?);
    let time = Time { hour, minute, second };
    (hour < 24 && minute < 60 && second < 60).then_some((time, !digits.contains(':')))
}

fn two_digits(text: &str) -> Option<u8> {
    if text.len() == 2 { number_of(text) } else { None }
}

/// `parse` alone would take a sign.
fn number_of(text: &str) -> Option<u8> {
    if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}

const TIMES: &str = "a time such as `9:30`, `17:00`, `5pm`, `noon` or `midnight`";
