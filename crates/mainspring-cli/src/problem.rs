//! Says what is wrong with a file: where, what, and what would be right.

use std::fmt;

/// Columns of a source line that are shown around the culprit.
const SHOWN_CHARS: usize = 100;

/// One thing that is wrong with a file.
///
/// `Display` gives the whole report: `file:line:column: error: …`, the line, and a caret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) file: String,
    /// `None` where the file as a whole is wrong.
    pub(crate) place: Option<Place>,
    /// What is wrong, without the place.
    pub(crate) text: String,
    /// What would be right; may be empty.
    pub(crate) help: String,
}

/// A part of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// From 1.
    pub(crate) line: usize,
    /// From 1, in characters.
    pub(crate) column: usize,
    /// In characters, at least 1.
    pub(crate) width: usize,
    /// The line as it was written, without its line end.
    pub(crate) source: String,
}

impl Problem {
    pub(crate) fn of_file(file: &str, text: impl Into<String>, help: impl Into<String>) -> Self {
        Self { file: file.to_owned(), place: None, text: text.into(), help: help.into() }
    }

    pub(crate) fn at(
        file: &str,
        place: Place,
        text: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self { file: file.to_owned(), place: Some(place), text: text.into(), help: help.into() }
    }

    /// The same in one line, for a log.
    pub(crate) fn one_line(&self) -> String {
        let Self { file, place, text, help } = self;
        let place = place.as_ref().map_or(String::new(), |p| format!(":{}:{}", p.line, p.column));
        let help = if help.is_empty() { String::new() } else { format!("; {help}") };
        format!("{}{place}: {text}{help}", printable(file))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (bold, red, cyan) = (style().bold(), colour(1).bold(), colour(6).bold());
        write!(f, "{bold}{}", printable(&self.file))?;
        if let Some(place) = &self.place {
            write!(f, ":{}:{}", place.line, place.column)?;
        }
        write!(f, ":{bold:#} {red}error:{red:#} {bold}{}{bold:#}", self.text)?;
        if let Some(place) = &self.place {
            let (shown, indent, width) = window(&place.source, place.column, place.width);
            let number = place.line.to_string();
            let gutter = number.len();
            write!(f, "\n {cyan}{number} |{cyan:#} {shown}")?;
            let carets = "^".repeat(width);
            write!(f, "\n {cyan}{:gutter$} |{cyan:#} {:indent$}{red}{carets}{red:#}", "", "")?;
        }
        if !self.help.is_empty() {
            write!(f, "\n   {cyan}={cyan:#} {}", self.help)?;
        }
        Ok(())
    }
}

/// The part of `source` around a culprit, how far the culprit is indented there, and its width there.
fn window(source: &str, column: usize, width: usize) -> (String, usize, usize) {
    let chars: Vec<char> = source.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let at = column.saturating_sub(1);
    if chars.len() <= SHOWN_CHARS {
        return (chars.into_iter().collect(), at, width.max(1));
    }
    let start = at.saturating_sub(SHOWN_CHARS / 2).min(chars.len() - SHOWN_CHARS);
    let end = start + SHOWN_CHARS;
    let before = if start > 0 { "…" } else { "" };
    let after = if end < chars.len() { "…" } else { "" };
    let shown: String = chars[start..end].iter().collect();
    let indent = at - start + before.chars().count();
    (
        format!("{before}{shown}{after}"),
        indent,
        width.clamp(1, SHOWN_CHARS - (at - start).min(SHOWN_CHARS - 1)),
    )
}

/// A name that cannot move the terminal's cursor.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

pub(crate) fn style() -> anstyle::Style {
    anstyle::Style::new()
}

fn colour(index: u8) -> anstyle::Style {
    style().fg_color(Some(anstyle::Ansi256Color(index).into()))
}
