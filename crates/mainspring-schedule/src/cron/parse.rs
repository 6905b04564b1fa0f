//! Reads an expression's text, item by item.
//!
//! # Ground rules
//! - Nothing is kept here: each item goes to the caller's sink in the order in which it is written,
//!   so that a compiler into masks needs no tree.
//! - What arrives at the sink obeys the rules of [`ast`](super::ast): bounds are checked, names are
//!   numbers, Sunday is 0.
//! - Positions are bytes of the text as it was given.

use std::ops::Range;

use super::Dialect;
use super::ast::{Expression, Item, What};
use super::field::Field;
use crate::Error;
use crate::near::nearest;

const STEP_MAX: u16 = 9999;

const ALIASES: [(&str, &str); 7] = [
    ("@hourly", "0 * * * *"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"),
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
];

/// Hands every item of `text` to `sink`.
pub(crate) fn read(
    text: &str,
    dialect: Dialect,
    sink: &mut dyn FnMut(Field, Item),
) -> Result<(), Error> {
    let (fields, count) = split(text);
    if count > 0 && text.as_bytes()[fields[0].start] == b'@' {
        let expression = alias(text, dialect, fields[0].start)?;
        let (fields, count) = split(expression);
        return read_fields(expression, Dialect::Default, &fields[..count], sink);
    }
    check_count(text, dialect, &fields, count)?;
    read_fields(text, dialect, &fields[..count], sink)
}

/// The expression as it is written, for the describer; an alias is spelled out.
pub(crate) fn expression(text: &str, dialect: Dialect) -> Result<Expression, Error> {
    let mut fields: [Vec<Item>; 7] = Default::default();
    read(text, dialect, &mut |field, item| fields[field as usize].push(item))?;
    let [second, minute, hour, day_of_month, month, day_of_week, year] = fields;
    Ok(Expression {
        second: Some(second).filter(|items| !items.is_empty()),
        minute,
        hour,
        day_of_month,
        month,
        day_of_week,
        year: Some(year).filter(|items| !items.is_empty()),
    })
}

/// The first eight fields, between blanks, and how many of them there are.
fn split(text: &str) -> ([Range<usize>; 8], usize) {
    let bytes = text.as_bytes();
    let mut fields: [Range<usize>; 8] = Default::default();
    let mut count = 0;
    let mut at = 0;
    loop {
        while at < bytes.len() && bytes[at].is_ascii_whitespace() {
            at += 1;
        }
        if at == bytes.len() || count == fields.len() {
            return (fields, count);
        }
        let start = at;
        while at < bytes.len() && !bytes[at].is_ascii_whitespace() {
            at += 1;
        }
        fields[count] = start..at;
        count += 1;
    }
}

fn alias(text: &str, dialect: Dialect, start: usize) -> Result<&'static str, Error> {
    let written = text[start..].trim_ascii_end();
    let span = start..start + written.len();
    let names = ALIASES.map(|(name, _)| name);
    if !dialect.has_aliases() {
        let problem = format!("the {dialect} dialect has no aliases");
        return Err(Error::new(text, span, problem, dialect.fields_allowed()));
    }
    if let Some((_, expression)) = ALIASES.iter().find(|(n, _)| n.eq_ignore_ascii_case(written)) {
        return Ok(expression);
    }
    let word = written.split_ascii_whitespace().next().unwrap_or_default();
    let problem = if word.eq_ignore_ascii_case("@reboot") {
        "`@reboot` is not a time; only a crontab may have it".to_owned()
    } else if word.eq_ignore_ascii_case("@every") {
        "`@every` is an interval, not a cron expression".to_owned()
    } else if let Some(near) = nearest(written, names) {
        format!("unknown alias, perhaps {near}?")
    } else {
        "unknown alias".to_owned()
    };
    Err(Error::new(text, span, problem, names.join(", ")))
}

fn check_count(
    text: &str,
    dialect: Dialect,
    fields: &[Range<usize>; 8],
    count: usize,
) -> Result<(), Error> {
    let (fewest, most) = dialect.field_counts();
    if (fewest..=most).contains(&count) {
        return Ok(());
    }
    let allowed = dialect.fields_allowed();
    if count > most {
        let problem = format!("too many fields: number {} is one too many", most + 1);
        return Err(Error::new(text, fields[most].clone(), problem, allowed));
    }
    if count == 0 {
        return Err(Error::new(text, text.len()..text.len(), "nothing to read", allowed));
    }
    let end = fields[count - 1].end;
    if count == 1 && dialect.has_aliases() {
        let word = &text[fields[0].clone()];
        let names = ALIASES.map(|(name, _)| &name[1..]);
        if let Some(near) = nearest(word, names).filter(|_| word.len() > 3) {
            let problem = format!("a single word, perhaps @{near}?");
            return Err(Error::new(text, fields[0].clone(), problem, allowed));
        }
    }
    let plural = if count == 1 { "" } else { "s" };
    let problem = format!("too few fields: {count} field{plural}");
    Err(Error::new(text, end..end, problem, allowed))
}

fn read_fields(
    text: &str,
    dialect: Dialect,
    spans: &[Range<usize>],
    sink: &mut dyn FnMut(Field, Item),
) -> Result<(), Error> {
    // Five fields begin with the minute, more of them with the second.
    let first = usize::from(spans.len() == 5);
    for (field, span) in Field::ALL[first..].iter().zip(spans) {
        let bytes = &text.as_bytes()[..span.end];
        let mut reader =
            Reader { text, bytes, dialect, field: *field, span: span.clone(), at: span.start };
        reader.items(sink)?;
    }
    if dialect == Dialect::Quartz {
        let [days, _, weekdays] = [3, 4, 5].map(|index: usize| spans[index].clone());
        let open = |span: &Range<usize>| &text[span.clone()] == "?";
        if open(&days) == open(&weekdays) {
            let problem = "exactly one of the two day fields must be `?`";
            let allowed = Field::DayOfWeek.allowed(dialect);
            return Err(Error::new(text, weekdays, problem, allowed));
        }
    }
    Ok(())
}

/// Reads one field.
struct Reader<'a> {
    text: &'a str,
    /// The text up to the end of the field.
    bytes: &'a [u8],
    dialect: Dialect,
    field: Field,
    span: Range<usize>,
    at: usize,
}

/// One end of a range.
#[derive(Clone, Copy)]
struct Number {
    value: u16,
    /// Written as the 7 that means Sunday, and so the end of the week rather than its beginning.
    late_sunday: bool,
}

impl<'a> Reader<'a> {
    fn items(&mut self, sink: &mut dyn FnMut(Field, Item)) -> Result<(), Error> {
        loop {
            let item = self.item()?;
            sink(self.field, item);
            match self.peek() {
                None => return Ok(()),
                Some(b',') => self.at += 1,
                Some(_) => return Err(self.unexpected()),
            }
        }
    }

    fn item(&mut self) -> Result<Item, Error> {
        let start = self.at;
        let what = match self.peek() {
            None | Some(b',') => return Err(self.empty_item()),
            Some(b'*') => {
                self.at += 1;
                What::Any
            }
            Some(b'?') => self.question_mark()?,
            Some(b'0'..=b'9') => self.number_and_more()?,
            Some(byte) if byte.is_ascii_alphabetic() => self.word_and_more()?,
            Some(_) => return Err(self.unexpected()),
        };
        let step = self.step(start, &what)?;
        match (what, step) {
            // From the end of the week to the end of the week.
            (What::Value(0), Some(_)) if self.text.as_bytes()[start] == b'7' => {
                Ok(Item { what, step: None })
            }
            _ => Ok(Item { what, step }),
        }
    }

    fn question_mark(&mut self) -> Result<What, Error> {
        let start = self.at;
        self.at += 1;
        if !self.dialect.has_day_extras() {
            return Err(self.error(start, format!("the {} dialect has no `?`", self.dialect)));
        }
        if !self.field.is_day() {
            let problem = format!("`?` belongs to the two day fields, not to the {}", self.name());
            return Err(self.error(start, problem));
        }
        if self.span.len() > 1 {
            return Err(self.error(start, "`?` stands alone in its field"));
        }
        Ok(What::Any)
    }

    /// `5`, `5-8`, `15W`, `5L`, `5#2`.
    fn number_and_more(&mut self) -> Result<What, Error> {
        let number = self.number()?;
        self.after_value(number)
    }

    /// `JAN`, `MON-FRI`, `FRI#2`, `FRIL`, `L`, `L-3`, `LW`, `H`, `H(0-29)`.
    fn word_and_more(&mut self) -> Result<What, Error> {
        let start = self.at;
        let word = self.word();
        if self.dialect.has_names()
            && let Some(value) = self.field.named(word)
        {
            return self.after_value(Number { value, late_sunday: false });
        }
        let extras = self.dialect.has_day_extras();
        if extras && self.field == Field::DayOfWeek {
            if let [name @ .., b'l' | b'L'] = word
                && let Some(weekday) = self.field.named(name)
            {
                return Ok(What::Last { weekday: weekday as u8 });
            }
            if self.dialect == Dialect::Quartz && word.eq_ignore_ascii_case(b"L") {
                return Ok(What::Value(6));
            }
        }
        if extras && self.field == Field::DayOfMonth {
            if word.eq_ignore_ascii_case(b"LW") {
                return Ok(What::LastWeekday);
            }
            if word.eq_ignore_ascii_case(b"L") {
                return self.last_day();
            }
        }
        if self.dialect.has_hash() && word.eq_ignore_ascii_case(b"H") && self.field != Field::Year {
            return self.hash();
        }
        Err(self.unknown_word(start))
    }

    /// What may follow a number or a name.
    fn after_value(&mut self, first: Number) -> Result<What, Error> {
        let extras = self.dialect.has_day_extras();
        match (self.peek(), self.field) {
            (Some(b'-'), _) => self.range(first),
            (Some(b'W' | b'w'), Field::DayOfMonth) if extras => {
                self.at += 1;
                Ok(What::NearestWeekday(first.value as u8))
            }
            (Some(b'L' | b'l'), Field::DayOfWeek) if extras => {
                self.at += 1;
                Ok(What::Last { weekday: first.value as u8 })
            }
            (Some(b'#'), Field::DayOfWeek) if extras => {
                self.at += 1;
                let start = self.at;
                let nth = self.digits("the number after `#` is missing", "1-5")?;
                if !(1..=5).contains(&nth) {
                    let problem = format!("a month has no {nth}th such weekday");
                    return Err(self.error_allowing(start, problem, "1-5"));
                }
                Ok(What::Nth { weekday: first.value as u8, nth: nth as u8 })
            }
            _ => Ok(What::Value(first.value)),
        }
    }

    fn range(&mut self, first: Number) -> Result<What, Error> {
        let dash = self.at;
        self.at += 1;
        let start = self.at;
        let last = match self.peek() {
            Some(b'0'..=b'9') => self.number()?,
            Some(byte) if byte.is_ascii_alphabetic() => {
                let word = self.word();
                match self.field.named(word).filter(|_| self.dialect.has_names()) {
                    Some(value) => Number { value, late_sunday: false },
                    None => return Err(self.unknown_word(start)),
                }
            }
            _ => {
                self.at = start;
                return Err(self.error(dash, "the end of the range is missing"));
            }
        };
        if last.late_sunday && !first.late_sunday {
            // All week from Sunday to Sunday; `5-7` is written on as Friday to Sunday.
            return Ok(What::Range(first.value, if first.value == 0 { 6 } else { 0 }));
        }
        let backwards = first.value > last.value || (first.late_sunday && !last.late_sunday);
        if backwards && (!self.dialect.has_wrapping_ranges() || self.field == Field::Year) {
            let problem = match self.field {
                Field::Year => "the range ends before it begins".to_owned(),
                _ => format!("the range wraps, which the {} dialect has not", self.dialect),
            };
            return Err(self.error(dash, problem));
        }
        Ok(What::Range(first.value, last.value))
    }

    /// `L` is read; `-3` may follow.
    fn last_day(&mut self) -> Result<What, Error> {
        if self.peek() != Some(b'-') {
            return Ok(What::LastDay { before: 0 });
        }
        self.at += 1;
        let start = self.at;
        let before = self.digits("the number after `L-` is missing", "0-30")?;
        if before > 30 {
            let problem = "no month has so many days before its last one";
            return Err(self.error_allowing(start, problem, "0-30"));
        }
        Ok(What::LastDay { before: before as u8 })
    }

    /// `H` is read; `(0-29)` may follow.
    fn hash(&mut self) -> Result<What, Error> {
        if self.peek() != Some(b'(') {
            return Ok(What::Hash(None));
        }
        let open = self.at;
        let allowed = "H, H(0-29), H/15, H(0-29)/10, within the field's bounds";
        self.at += 1;
        let mut ends = [0; 2];
        for (end, closing) in ends.iter_mut().zip([b'-', b')']) {
            if !matches!(self.peek(), Some(b'0'..=b'9')) {
                return Err(self.error_allowing(open, "a number is missing after `H(`", allowed));
            }
            *end = self.number()?.value;
            if self.peek() != Some(closing) {
                let problem = format!("`{}` is missing after `H(`", char::from(closing));
                return Err(self.error_allowing(open, problem, allowed));
            }
            self.at += 1;
        }
        let [from, to] = ends;
        if from > to {
            return Err(self.error_allowing(open, "the range ends before it begins", allowed));
        }
        Ok(What::Hash(Some((from, to))))
    }

    fn step(&mut self, start: usize, what: &What) -> Result<Option<u16>, Error> {
        if self.peek() != Some(b'/') {
            return Ok(None);
        }
        let slash = self.at;
        let before = &self.text[start..slash];
        self.at += 1;
        if !self.dialect.has_steps() {
            return Err(self.error(slash, format!("the {} dialect has no steps", self.dialect)));
        }
        match what {
            What::Any | What::Range(..) | What::Hash(_) => {}
            What::Value(_) if self.dialect.has_open_steps() => {}
            What::Value(_) => {
                let problem = format!("a step follows `*` or a range, not the single `{before}`");
                return Err(self.error(slash, problem));
            }
            _ => return Err(self.error(slash, format!("`{before}` takes no step"))),
        }
        let allowed = "a whole number from 1 to 9999";
        let start = self.at;
        let step = self.digits("the step is missing", allowed)?;
        if step == 0 {
            let problem = "a step of 0 never moves on";
            return Err(self.error_allowing(start, problem, allowed));
        }
        if step > STEP_MAX {
            return Err(self.error_allowing(start, "the step is too large", allowed));
        }
        Ok(Some(step))
    }

    /// A number within the field's bounds.
    fn number(&mut self) -> Result<Number, Error> {
        let start = self.at;
        let written = self.digits("a number is missing", "")?;
        let (min, max) = self.field.written_bounds(self.dialect);
        if written < min || written > max {
            let size = if written < min { "small" } else { "large" };
            let shown = &self.text[start..self.at];
            let problem = format!("{shown} is too {size} for the {}", self.name());
            return Err(self.error(start, problem));
        }
        Ok(match (self.field, self.dialect) {
            (Field::DayOfWeek, Dialect::Quartz) => {
                Number { value: written - 1, late_sunday: false }
            }
            (Field::DayOfWeek, _) if written == 7 => Number { value: 0, late_sunday: true },
            _ => Number { value: written, late_sunday: false },
        })
    }

    /// Digits as a number; one that is too long becomes the largest.
    fn digits(&mut self, missing: &str, allowed: &str) -> Result<u16, Error> {
        let start = self.at;
        let mut value = 0u16;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            value = value.saturating_mul(10).saturating_add(u16::from(digit - b'0'));
            self.at += 1;
        }
        if self.at == start {
            return Err(self.error_allowing(start, missing, allowed));
        }
        Ok(value)
    }

    fn word(&mut self) -> &'a [u8] {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_alphabetic()) {
            self.at += 1;
        }
        &self.text.as_bytes()[start..self.at]
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn name(&self) -> &'static str {
        self.field.name()
    }

    /// An error about the text from `start` to where the reader is, at least one byte of it.
    fn error(&self, start: usize, problem: impl Into<String>) -> Error {
        self.error_allowing(start, problem, self.field.allowed(self.dialect))
    }

    fn error_allowing(
        &self,
        start: usize,
        problem: impl Into<String>,
        allowed: impl Into<String>,
    ) -> Error {
        let next = self.text[start..].chars().next().map_or(0, char::len_utf8);
        // At the end of a field there is nothing to point at, and the blank after it will do.
        Error::new(self.text, start..self.at.max(start + next), problem, allowed)
    }

    fn empty_item(&self) -> Error {
        // At the comma that has nothing on one of its sides.
        let comma = if self.peek().is_none() { self.at - 1 } else { self.at };
        let problem = "an item of the list is empty";
        let allowed = self.field.allowed(self.dialect);
        Error::new(self.text, comma..comma + 1, problem, allowed)
    }

    fn unexpected(&self) -> Error {
        let rest = &self.text[self.at..self.span.end];
        let letters = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        let length = letters.max(rest.chars().next().map_or(0, char::len_utf8));
        let problem =
            format!("unexpected `{}` in the {}", rest[..length].escape_debug(), self.name());
        let allowed = self.field.allowed(self.dialect);
        Error::new(self.text, self.at..self.at + length, problem, allowed)
    }

    fn unknown_word(&self, start: usize) -> Error {
        let word = &self.text[start..self.at];
        let bytes = word.as_bytes();
        let elsewhere = [Field::Month, Field::DayOfWeek]
            .into_iter()
            .find(|field| *field != self.field && field.named(bytes).is_some());
        let is_named = matches!(self.field, Field::Month | Field::DayOfWeek);
        let problem = if is_named && !self.dialect.has_names() {
            format!("the {} dialect has no names", self.dialect)
        } else if let Some(field) = elsewhere {
            format!("`{word}` is a {}, and this is the {}", field.name(), self.name())
        } else if bytes.get(..3).is_some_and(|short| self.field.named(short).is_some()) {
            format!("`{word}` is not a name; names have three letters")
        } else {
            format!("unexpected `{word}` in the {}", self.name())
        };
        self.error(start, problem)
    }
}
