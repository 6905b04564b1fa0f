//! Turns places in a TOML text into lines, columns and carets, and gathers what is wrong there.

use std::cell::RefCell;
use std::ops::Range;

use crate::problem::{Place, Problem};

/// A file's text, and the problems found in it so far.
pub(super) struct Source<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
    problems: RefCell<Vec<Problem>>,
}

impl<'a> Source<'a> {
    pub(super) fn new(file: &'a str, text: &'a str) -> Self {
        Self { file, text, problems: RefCell::default() }
    }

    /// Says what is wrong at `span`, in bytes, and what would be right there.
    pub(super) fn problem(
        &self,
        span: Range<usize>,
        text: impl Into<String>,
        help: impl Into<String>,
    ) {
        let problem = Problem::at(self.file, self.place(span), text, help);
        self.problems.borrow_mut().push(problem);
    }

    /// Everything found, in the order of the lines.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        let place = |problem: &Problem| problem.place.as_ref().map(|at| (at.line, at.column));
        problems.sort_by_key(place);
        problems
    }

    pub(super) fn is_right(&self) -> bool {
        self.problems.borrow().is_empty()
    }

    /// From 1.
    pub(super) fn line_of(&self, byte: usize) -> usize {
        self.text[..byte].matches('\n').count() + 1
    }

    /// What goes over the end of its line is cut there.
    pub(super) fn place(&self, span: Range<usize>) -> Place {
        let start = floor(self.text, span.start);
        let end = floor(self.text, span.end).max(start);
        let line_start = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = self.text[start..].find('\n').map_or(self.text.len(), |at| start + at);
        let source = self.text[line_start..line_end].trim_end_matches('\r');
        Place {
            line: self.line_of(start),
            column: self.text[line_start..start].chars().count() + 1,
            width: self.text[start..end.min(line_end)].chars().count().max(1),
            source: source.to_owned(),
        }
    }

    /// The part of a text value that begins at its `column` (from 1) and is `width` characters wide;
    /// the whole value where it is not written letter by letter.
    pub(super) fn part_of(
        &self,
        span: Range<usize>,
        value: &str,
        column: usize,
        width: usize,
    ) -> Range<usize> {
        let written = &self.text[span.clone()];
        let is_literal = written.len() == value.len() + 2 && written[1..].starts_with(value);
        if !is_literal {
            return span;
        }
        let byte = |chars: usize| {
            value.char_indices().nth(chars).map_or(value.len(), |(byte, _)| byte) + span.start + 1
        };
        byte(column - 1)..byte(column - 1 + width)
    }
}

fn floor(text: &str, byte: usize) -> usize {
    text.floor_char_boundary(byte.min(text.len()))
}
