//! Splits English into lower-case words and commas, keeping places.

use std::ops::Range;

use crate::text::Word;

/// A word, or a comma.
#[derive(Clone, Debug)]
pub(super) struct Token {
    /// In lower case; `,` for a comma.
    pub(super) word: String,
    pub(super) span: Range<usize>,
}

/// `monday,tuesday` is three tokens; so is `monday-friday`, with `-` in the middle.
pub(super) fn tokens(words: &[Word<'_>]) -> Vec<Token> {
    let mut tokens = Vec::new();
    for word in words {
        let mut from = 0;
        let mut push = |part: Range<usize>| {
            if !part.is_empty() {
                let span = word.start + part.start..word.start + part.end;
                tokens.push(Token { word: word.text[part].to_lowercase(), span });
            }
        };
        for (at, mark) in word.text.char_indices() {
            if mark == ',' || mark == '-' || mark == '–' {
                push(from..at);
                from = at + mark.len_utf8();
                push(at..from);
            }
        }
        push(from..word.text.len());
    }
    tokens
}
