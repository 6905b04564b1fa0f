//! Splits what stands behind the schedule into the command and its standard input.

/// What the shell gets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Command {
    /// The text for `sh -c`.
    pub(crate) text: String,
    /// What the command reads; nothing at all if `None`.
    pub(crate) stdin: Option<String>,
}

impl Command {
    /// The first `%` ends the command, the rest is its standard input with `%` as line end; `\%` is
    /// a plain `%`. The input ends with a line end.
    pub(crate) fn split(written: &str) -> Self {
        let mut text = String::with_capacity(written.len());
        let mut stdin: Option<String> = None;
        let mut chars = written.chars().peekable();
        while let Some(c) = chars.next() {
            let c = match c {
                '\\' if chars.next_if_eq(&'%').is_some() => '%',
                '%' if stdin.is_none() => {
                    stdin = Some(String::new());
                    continue;
                }
                '%' => '\n',
                _ => c,
            };
            stdin.as_mut().unwrap_or(&mut text).push(c);
        }
        if let Some(input) = &mut stdin
            && !input.ends_with('\n')
        {
            input.push('\n');
        }
        Self { text, stdin }
    }
}

#[cfg(test)]
mod tests {
    use super::Command;

    #[track_caller]
    fn check(written: &str, text: &str, stdin: Option<&str>) {
        let expected = Command { text: text.into(), stdin: stdin.map(Into::into) };
        assert_eq!(Command::split(written), expected, "{written:?}");
    }

    #[test]
    fn percent_signs() {
        check("date +\\%d", "date +%d", None);
        check("mail -s hi%first%second", "mail -s hi", Some("first\nsecond\n"));
        check("cat%", "cat", Some("\n"));
        check("cat%%", "cat", Some("\n"));
        check("cat%a\\%b%", "cat", Some("a%b\n"));
        check("printf '\\n'", "printf '\\n'", None);
        check("printf '\\\\n' \\", "printf '\\\\n' \\", None);
        check("\\%%\\%", "%", Some("%\n"));
    }
}
