//! Turns the command line of a service (`ExecStart=`) into one for a shell.

/// A command for `sh -c`, and what is to be said about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Converted {
    pub(super) command: String,
    pub(super) comments: Vec<String>,
}

/// Reads a command line. Words are quoted for the shell wherever it would read them otherwise; variables
/// stay variables.
pub(super) fn convert(line: &str) -> Converted {
    let mut comments = Vec::new();
    let body = line.trim_start_matches(['-', '@', ':', '+', '!', '|']);
    let prefixes = &line[..line.len() - body.len()];
    let mut words = words(body);
    if prefixes.contains('@') && words.len() > 1 {
        words.remove(1);
        comments.push("the name that `@` gives the program was left out".into());
    }
    if prefixes.contains(['+', '!']) {
        comments.push(format!("`{prefixes}` ran with full privileges: {body}"));
    }
    let specifiers = specifiers(body);
    if !specifiers.is_empty() {
        comments.push(format!("{} means nothing here", specifiers.join(", ")));
    }
    let has_variables = !prefixes.contains(':');
    let words: Vec<String> = words.iter().map(|word| word_for_shell(word, has_variables)).collect();
    let mut command = words.join(" ");
    if prefixes.contains('-') {
        // Its failure is none.
        command = format!("{{ {command} || true; }}");
    }
    Converted { command, comments }
}

/// Splits at blanks outside of quotes, and takes the quotes away.
pub(super) fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            ('\'' | '"', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            ('\\', _) => {
                let escaped = match chars.next() {
                    Some('n') => '\n',
                    Some('t') => '\t',
                    Some('s') => ' ',
                    Some(other) => other,
                    None => '\\',
                };
                word.get_or_insert_default().push(escaped);
            }
            (c, None) if c.is_whitespace() => words.extend(word.take()),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

fn word_for_shell(word: &str, has_variables: bool) -> String {
    let word = word.replace("%%", "%");
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word;
    }
    if has_variables && word.contains('$') {
        let name = word.strip_prefix('$').unwrap_or_default();
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        // A word of its own is split into words, in both worlds.
        if !name.is_empty() && name.chars().all(is_name) {
            return word;
        }
        let escaped = word.replace('\\', "\\\\").replace('"', "\\\"").replace('`', "\\`");
        return format!("\"{}\"", escaped.replace("$$", "\\$"));
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// `%i` and the like, but for `%%`.
fn specifiers(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c == '%'
            && let Some(letter) = chars.next().filter(char::is_ascii_alphabetic)
        {
            found.push(format!("%{letter}"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::convert;

    #[test]
    fn commands_for_the_shell() {
        for (line, command) in [
            ("/usr/bin/certbot -q renew", "/usr/bin/certbot -q renew"),
            (
                "-/usr/lib/apt/apt-helper wait-online",
                "{ /usr/lib/apt/apt-helper wait-online || true; }",
            ),
            ("find /var -name *.gz -delete", "find /var -name '*.gz' -delete"),
            ("sh -c 'a; b | c'", "sh -c 'a; b | c'"),
            ("sh -c \"it's\"", "sh -c 'it'\\''s'"),
            ("mdcheck --duration ${FOR}", "mdcheck --duration \"${FOR}\""),
            ("anacron -d $ARGS", "anacron -d $ARGS"),
            ("echo $$HOME a\\sb ''", "echo \"\\$HOME\" 'a b' ''"),
            (":echo $HOME", "echo '$HOME'"),
            ("date +%%F", "date +%F"),
            ("@/bin/sh name -c x", "/bin/sh -c x"),
        ] {
            assert_eq!(convert(line).command, command, "{line}");
        }
        assert_eq!(convert("x %i %%i").comments, ["%i means nothing here"]);
        assert_eq!(convert("+x").comments.len(), 1);
    }
}
