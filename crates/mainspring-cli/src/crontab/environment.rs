//! Reads the lines of a crontab that set a variable: `NAME=value`.

use std::ops::Range;

/// A line that sets a variable, or tries to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Setting<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
    /// Where the value stands, in bytes of the line.
    pub(super) value_at: Range<usize>,
}

/// Why a line that looks like `NAME=value` is none; the place is in bytes of the line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Flaw {
    pub(super) at: Range<usize>,
    pub(super) text: &'static str,
    pub(super) help: &'static str,
}

/// `None` if this is no such line at all. Name and value may be quoted, with either quote; blanks
/// around `=` do not count; nothing in the value is expanded.
pub(super) fn read(line: &str) -> Option<Result<Setting<'_>, Flaw>> {
    let (name, after_name) = name(line)?;
    let gap = blanks(&line[after_name..]);
    if !line[after_name + gap..].starts_with('=') {
        return None;
    }
    if !is_name(&line[name.clone()]) {
        return Some(Err(Flaw {
            at: name,
            text: "not a variable name",
            help: "allowed: letters, digits and `_`, not a digit first",
        }));
    }
    let start = after_name + gap + 1;
    let start = start + blanks(&line[start..]);
    Some(value(line, start).map(|value_at| Setting {
        name: &line[name],
        value: &line[value_at.clone()],
        value_at,
    }))
}

/// The bytes of a name, and where what follows it begins.
fn name(line: &str) -> Option<(Range<usize>, usize)> {
    let first = line.chars().next()?;
    if matches!(first, '"' | '\'') {
        let end = 1 + line[1..].find(first)?;
        return Some((1..end, end + 1));
    }
    let end = line.find(['=', ' ', '\t'])?;
    Some((0..end, end))
}

fn value(line: &str, start: usize) -> Result<Range<usize>, Flaw> {
    let rest = line[start..].trim_end();
    let Some(quote @ ('"' | '\'')) = rest.chars().next() else {
        return Ok(start..start + rest.len());
    };
    let all = start..start + rest.len();
    let Some(length) = rest[1..].find(quote) else {
        return Err(Flaw { at: all, text: "a quote that is never closed", help: "" });
    };
    let end = start + 1 + length;
    if end + 1 < all.end {
        let help = "the value ends with its closing quote; comments stand on lines of their own";
        return Err(Flaw { at: end + 1..all.end, text: "text after the closing quote", help });
    }
    Ok(start + 1..end)
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn blanks(text: &str) -> usize {
    text.len() - text.trim_start_matches([' ', '\t']).len()
}

#[cfg(test)]
mod tests {
    use super::read;

    #[track_caller]
    fn sets(line: &str, name: &str, value: &str) {
        let setting = read(line).expect("a setting").expect("no flaw");
        assert_eq!((setting.name, setting.value), (name, value), "{line:?}");
        assert_eq!(&line[setting.value_at], value, "{line:?}");
    }

    #[track_caller]
    fn flawed(line: &str, culprit: &str) {
        let flaw = read(line).expect("a setting").expect_err("a flaw");
        assert_eq!(&line[flaw.at], culprit, "{line:?}");
    }

    #[test]
    fn settings() {
        sets("SHELL=/bin/sh", "SHELL", "/bin/sh");
        sets("A = b c  ", "A", "b c");
        sets("A\t=\t", "A", "");
        sets("A=", "A", "");
        sets("A=\"\"", "A", "");
        sets("A='b \" c' ", "A", "b \" c");
        sets("\"A\"=\"b\"", "A", "b");
        sets("A=b # c", "A", "b # c");
        sets("A=$HOME:b=c", "A", "$HOME:b=c");
        sets("_1=é", "_1", "é");
    }

    #[test]
    fn other_lines() {
        for line in ["* * * * * A=b c", "@daily A=b", "A b=c", "A", "", "\"A", "\"A=b"] {
            assert_eq!(read(line), None, "{line:?}");
        }
    }

    #[test]
    fn flaws() {
        flawed("A.B=c", "A.B");
        flawed("1A=c", "1A");
        flawed("=c", "");
        flawed("A='b", "'b");
        flawed("A='b' # c", " # c");
    }
}
