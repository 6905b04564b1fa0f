//! Reads the fields of a TOML table, each with its place, and finds those that nobody knows.

use std::ops::Range;
use std::time::Duration;

use jiff::SignedDuration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use toml::value::Datetime;

use super::source::Source;

/// A table whose fields are read one by one. A field that is wrong is told, and reads as absent.
pub(super) struct Fields<'a> {
    pub(super) source: &'a Source<'a>,
    table: &'a DeTable<'a>,
    /// Where to point when something is absent.
    pub(super) at: Range<usize>,
}

/// A value that has been read, and where it stands.
pub(super) struct Found<T> {
    pub(super) value: T,
    pub(super) span: Range<usize>,
}

impl<'a> Fields<'a> {
    /// Complains about every field that is not among `known`; `of` says whose fields these are.
    pub(super) fn new(
        source: &'a Source<'a>,
        table: &'a DeTable<'a>,
        at: Range<usize>,
        known: &[&str],
        of: &str,
    ) -> Self {
        for key in table.keys() {
            let name: &str = key.get_ref();
            if !known.contains(&name) {
                let text = format!("unknown field {name:?} of {of}");
                let help = match nearest(name, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("allowed: {}", known.join(", ")),
                };
                source.problem(key.span(), text, help);
            }
        }
        Self { source, table, at }
    }

    pub(super) fn value(&self, name: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.table.get(name)
    }

    /// A text.
    pub(super) fn text(&self, name: &str, example: &str) -> Option<Found<&'a str>> {
        let value = self.value(name)?;
        match value.get_ref() {
            DeValue::String(text) => Some(Found { value: text, span: value.span() }),
            other => self.wrong(value, other, &format!("a text such as \"{example}\"")),
        }
    }

    /// A text that is one of a few words.
    pub(super) fn word<T: Copy>(&self, name: &str, words: &[(&str, T)]) -> Option<Found<T>> {
        let allowed = || words.iter().map(|(word, _)| format!("\"{word}\"")).collect::<Vec<_>>();
        let value = self.value(name)?;
        let DeValue::String(text) = value.get_ref() else {
            return self.wrong(value, value.get_ref(), &allowed().join(", "));
        };
        if let Some((_, meaning)) = words.iter().find(|(word, _)| word == text) {
            return Some(Found { value: *meaning, span: value.span() });
        }
        let help = match nearest(text, words.iter().map(|(word, _)| *word)) {
            Some(near) => format!("did you mean \"{near}\"? allowed: {}", allowed().join(", ")),
            None => format!("allowed: {}", allowed().join(", ")),
        };
        self.source.problem(value.span(), format!("unknown word {text:?}"), help);
        None
    }

    /// A whole number from `least` on.
    pub(super) fn number(&self, name: &str, least: u32) -> Option<Found<u32>> {
        let value = self.value(name)?;
        number(self.source, value, least)
    }

    /// A length of time, longer than zero where `or_zero` is false.
    pub(super) fn duration(&self, name: &str, or_zero: bool) -> Option<Found<Duration>> {
        let found = self.text(name, "1m30s")?;
        let signed = found.value.parse::<SignedDuration>().ok();
        match signed.and_then(|signed| Duration::try_from(signed).ok()) {
            Some(value) if or_zero || !value.is_zero() => Some(Found { value, span: found.span }),
            _ => {
                let help = "allowed: lengths of time such as \"10s\", \"1m30s\", \"2h\"";
                self.source.problem(found.span, "not a length of time", help);
                None
            }
        }
    }

    /// A date, with or without a time, bare or in quotes.
    pub(super) fn date(&self, name: &str) -> Option<Found<Datetime>> {
        date(self.source, self.value(name)?)
    }

    pub(super) fn table(&self, name: &str) -> Option<Found<&'a DeTable<'a>>> {
        let value = self.value(name)?;
        match value.get_ref() {
            DeValue::Table(table) => Some(Found { value: table, span: value.span() }),
            other => self.wrong(value, other, "a table"),
        }
    }

    /// Complains that `name` is absent, and says what it is for.
    pub(super) fn missing<T>(&self, name: &str, help: &str) -> Option<T> {
        if self.value(name).is_none() {
            self.source.problem(self.at.clone(), format!("no `{name}`"), help);
        }
        None
    }

    fn wrong<T>(&self, value: &Spanned<DeValue<'_>>, is: &DeValue<'_>, allowed: &str) -> Option<T> {
        wrong(self.source, value.span(), is, allowed)
    }
}

/// A whole number from `least` on.
pub(super) fn number(
    source: &Source<'_>,
    value: &Spanned<DeValue<'_>>,
    least: u32,
) -> Option<Found<u32>> {
    let read = match value.get_ref() {
        DeValue::Integer(digits) => u32::from_str_radix(digits.as_str(), digits.radix()).ok(),
        _ => None,
    };
    match read {
        Some(read) if read >= least => Some(Found { value: read, span: value.span() }),
        _ => {
            let help = format!("allowed: whole numbers from {least} to {}", u32::MAX);
            source.problem(value.span(), "not such a number", help);
            None
        }
    }
}

/// A date, with or without a time, bare or in quotes.
pub(super) fn date(source: &Source<'_>, value: &Spanned<DeValue<'_>>) -> Option<Found<Datetime>> {
    let read = match value.get_ref() {
        DeValue::Datetime(date) => Some(*date),
        DeValue::String(text) => text.parse().ok(),
        _ => None,
    };
    match read {
        Some(read) if read.date.is_some() => Some(Found { value: read, span: value.span() }),
        _ => {
            let help = "allowed: dates such as 2026-12-24, with a time 2026-12-24T18:00:00 or an \
                        offset 2026-12-24T18:00:00Z";
            source.problem(value.span(), "not a date", help);
            None
        }
    }
}

/// Complains about a value of another kind.
pub(super) fn wrong<T>(
    source: &Source<'_>,
    span: Range<usize>,
    is: &DeValue<'_>,
    allowed: &str,
) -> Option<T> {
    let kind = match is {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    source.problem(span, format!("{kind} in the wrong place"), format!("allowed: {allowed}"));
    None
}

/// The candidate that was probably meant.
pub(super) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::normalized_damerau_levenshtein(word, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= 0.6)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, candidate)| candidate)
}
