//! Says what is wrong with a schedule's text: where, what, and what would be right.
//!
//! # Ground rules
//! - A position is a byte offset into the whole input while it travels, and a column (1-based, in
//!   characters) when a person reads it.
//! - The text of the message is not part of the stable interface; the questions are.

use std::fmt;
use std::ops::Range;

/// Why a text is not a schedule.
///
/// `Display` gives one line that names the column and what is allowed there;
/// [`Error::pointer`] draws the input with a caret beneath the culprit.
///
/// ```
/// use mainspring_schedule::Schedule;
///
/// let error = "30 25 * * *".parse::<Schedule>().unwrap_err();
/// assert_eq!((error.column(), error.width()), (4, 2));
/// println!("{}", error.pointer()); // the text with a caret beneath the 25
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    inner: Box<Inner>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    input: String,
    span: Range<usize>,
    problem: String,
    allowed: String,
}

impl Error {
    /// `span` is in bytes of `input`; `problem` says what is wrong, `allowed` what would be right
    /// there (it may be empty).
    pub(crate) fn new(
        input: impl Into<String>,
        span: Range<usize>,
        problem: impl Into<String>,
        allowed: impl Into<String>,
    ) -> Self {
        let input = input.into();
        let start = span.start.min(input.len());
        let span = start..span.end.clamp(start, input.len());
        Self {
            inner: Box::new(Inner {
                input,
                span,
                problem: problem.into(),
                allowed: allowed.into(),
            }),
        }
    }

    /// The same error inside a longer text, in which the old input begins at byte `offset`.
    pub(crate) fn within(self, input: &str, offset: usize) -> Self {
        let Inner { span, problem, allowed, .. } = *self.inner;
        Self::new(input, span.start + offset..span.end + offset, problem, allowed)
    }

    /// The text that was read.
    pub fn input(&self) -> &str {
        &self.inner.input
    }

    /// Where the culprit begins: 1-based, in characters.
    pub fn column(&self) -> usize {
        self.inner.input.get(..self.inner.span.start).map_or(0, |before| before.chars().count()) + 1
    }

    /// How many characters the culprit has; at least 1.
    pub fn width(&self) -> usize {
        self.inner.input.get(self.inner.span.clone()).map_or(1, |part| part.chars().count().max(1))
    }

    /// What is wrong, without the place.
    pub fn problem(&self) -> &str {
        &self.inner.problem
    }

    /// What is allowed at that place; empty where nothing shorter than the documentation would say.
    pub fn allowed(&self) -> &str {
        &self.inner.allowed
    }

    /// The input with a caret under the culprit, in two lines without a final line feed.
    ///
    /// Characters that would move a terminal's cursor are drawn as a space.
    pub fn pointer(&self) -> String {
        let shown: String =
            self.inner.input.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        format!("{shown}\n{:indent$}{}", "", "^".repeat(self.width()), indent = self.column() - 1)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at column {}", self.problem(), self.column())?;
        if !self.allowed().is_empty() {
            write!(f, "; allowed: {}", self.allowed())?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
