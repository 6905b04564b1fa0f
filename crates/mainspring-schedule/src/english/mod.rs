//! Reads plain English: `every 15 minutes`, `every weekday at 9:30`, `on the last day of the month`.
//!
//! A text is a row of phrases in any order: how often (`every 2 hours`, `daily`), on which days (`on
//! monday`, `the 1st and 15th of every month`), in which months, at which times, within which hours.
//! [`parse`] fills a [`Plan`](plan::Plan) from them, [`build`] turns the plan into a rule.
//!
//! # Ground rules
//! - What people read in two ways is an error that names both, not a guess.
//! - An interval that divides the next larger unit keeps to the clock and becomes cron; any other is
//!   a cycle.
//! - The list of what is allowed that an error carries is the list that the code tried.

mod build;
mod days;
mod parse;
mod plan;
mod times;
mod tokens;
mod vocabulary;

use std::time::Duration;

use self::parse::Parser;
use self::tokens::tokens;
use crate::Error;
use crate::text::Word;

/// What a text means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// A cron expression in the default dialect.
    Cron(String),
    /// Real time between two runs; never zero.
    Cycle(Duration),
}

/// Reads `words`, which are parts of `text`.
pub(crate) fn read(text: &str, words: &[Word<'_>]) -> Result<Meaning, Error> {
    let tokens = tokens(words);
    let plan = Parser::new(text, &tokens).plan()?;
    build::meaning(text, &plan)
}

/// Whether a word is the name of a month: `in march` is no time zone.
pub(crate) fn is_month(word: &str) -> bool {
    vocabulary::month(&word.trim_end_matches(',').to_ascii_lowercase()).is_some()
}

/// Whether a word is one like `hourly`, which says it all.
pub(crate) fn is_adverb(word: &str) -> bool {
    vocabulary::adverb(&word.to_ascii_lowercase()).is_some()
}

#[cfg(test)]
mod tests;
