//! Reads systemd's unit files: sections, assignments, comments, lines that go on.

use std::fs;
use std::path::Path;

use crate::problem::{Place, Problem};

/// The assignments of a file, in its order.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) file: String,
    entries: Vec<Entry>,
}

/// `Key=value` in a section.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    section: String,
    pub(super) key: String,
    pub(super) value: String,
    /// Of the value.
    place: Place,
}

impl Unit {
    pub(super) fn read(path: &Path) -> Result<Self, Problem> {
        let file = path.display().to_string();
        match fs::read_to_string(path) {
            Ok(text) => Ok(Self::parse(&file, &text)),
            Err(error) => Err(Problem::of_file(&file, format!("cannot be read: {error}"), "")),
        }
    }

    fn parse(file: &str, text: &str) -> Self {
        let mut entries: Vec<Entry> = Vec::new();
        let mut section = String::new();
        let mut goes_on = false;
        for (index, line) in text.lines().enumerate() {
            let trimmed = line.trim();
            // Comments between the parts of a line do not end it.
            if trimmed.starts_with(['#', ';']) {
                continue;
            }
            let (part, will_go_on) = match trimmed.strip_suffix('\\') {
                Some(part) => (part.trim_end(), true),
                None => (trimmed, false),
            };
            let went_on = std::mem::replace(&mut goes_on, will_go_on);
            if went_on && let Some(entry) = entries.last_mut() {
                entry.value.push(' ');
                entry.value.push_str(part);
            } else if let Some(name) = part.strip_prefix('[').and_then(|p| p.strip_suffix(']')) {
                name.clone_into(&mut section);
            } else if let Some((key, value)) = part.split_once('=') {
                let value = value.trim();
                let byte = line.find('=').map_or(0, |at| at + 1);
                let byte = byte + line[byte..].len() - line[byte..].trim_start().len();
                let place = Place {
                    line: index + 1,
                    column: line[..byte].chars().count() + 1,
                    width: value.chars().count().max(1),
                    source: line.to_owned(),
                };
                let (key, value) = (key.trim().to_owned(), value.to_owned());
                entries.push(Entry { section: section.clone(), key, value, place });
            }
        }
        Self { file: file.to_owned(), entries }
    }

    /// All assignments of a section. An empty value takes back what was said before it.
    pub(super) fn section(&self, name: &str) -> Vec<&Entry> {
        let mut entries: Vec<&Entry> = Vec::new();
        for entry in self.entries.iter().filter(|entry| entry.section == name) {
            if entry.value.is_empty() {
                entries.retain(|earlier| earlier.key != entry.key);
            } else {
                entries.push(entry);
            }
        }
        entries
    }

    /// The last value of a key.
    pub(super) fn last(&self, section: &str, key: &str) -> Option<&Entry> {
        self.section(section).into_iter().rfind(|entry| entry.key == key)
    }

    /// A problem with a part of a value, given in bytes of it.
    pub(super) fn problem(
        &self,
        entry: &Entry,
        at: std::ops::Range<usize>,
        text: impl Into<String>,
        help: impl Into<String>,
    ) -> Problem {
        let mut place = entry.place.clone();
        let chars = |to: usize| entry.value.get(..to).map_or(0, |part| part.chars().count());
        place.column += chars(at.start);
        place.width = (chars(at.end) - chars(at.start)).max(1);
        Problem::at(&self.file, place, text, help)
    }
}

/// Whether a value means yes.
pub(super) fn is_yes(value: &str) -> bool {
    ["1", "yes", "y", "true", "t", "on"].iter().any(|yes| value.eq_ignore_ascii_case(yes))
}

#[cfg(test)]
mod tests {
    use super::Unit;

    #[test]
    fn lines_and_sections() {
        let text = "# c\n[Timer]\nOnCalendar=daily\nOnCalendar=\n OnCalendar = a \\\n# between\n; too\n  b\nPersistent=true\n[X]\nOnCalendar=z\n";
        let unit = Unit::parse("f", text);
        let timer: Vec<_> =
            unit.section("Timer").iter().map(|e| (e.key.clone(), e.value.clone())).collect();
        let expected = [("OnCalendar", "a b"), ("Persistent", "true")];
        assert_eq!(timer, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
        assert_eq!(unit.last("X", "OnCalendar").map(|e| e.value.as_str()), Some("z"));
        let entry = unit.section("Timer")[0];
        let problem = unit.problem(entry, 0..1, "wrong", "");
        let place = problem.place.expect("a place");
        assert_eq!((place.line, place.column, place.width), (5, 15, 1));
    }
}
