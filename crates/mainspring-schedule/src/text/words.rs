//! Splits a text at white space, keeping places.

use std::ops::Range;

/// A stretch of text without white space.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word<'a> {
    pub(crate) text: &'a str,
    /// The byte at which it begins.
    pub(crate) start: usize,
}

impl Word<'_> {
    pub(crate) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    pub(crate) fn span(&self) -> Range<usize> {
        self.start..self.end()
    }

    /// Whether it is this word, in any case.
    pub(crate) fn is(&self, word: &str) -> bool {
        self.text.eq_ignore_ascii_case(word)
    }
}

pub(crate) fn words(text: &str) -> Vec<Word<'_>> {
    text.split_whitespace()
        // A part of `text` begins as far behind its beginning as their addresses differ.
        .map(|word| Word { text: word, start: word.as_ptr() as usize - text.as_ptr() as usize })
        .collect()
}

/// From the beginning of the first word to the end of the last.
pub(crate) fn span(words: &[Word<'_>]) -> Range<usize> {
    match words {
        [] => 0..0,
        [first, .., last] => first.start..last.end(),
        [word] => word.span(),
    }
}
