//! Links of texts lead somewhere, and so do their tables of contents.

use std::path::{Component, Path, PathBuf};

/// The links of a Markdown file that lead to no file and to no heading of its own. `exists` is asked about paths
/// from the root.
pub(crate) fn check(path: &str, text: &str, exists: impl Fn(&Path) -> bool) -> Vec<String> {
    let folder = Path::new(path).parent().unwrap_or(Path::new(""));
    let headings: Vec<String> =
        text.lines().filter(|line| line.starts_with('#')).map(anchor).collect();
    let mut complaints = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for target in targets(line) {
            let is_right = match target.strip_prefix('#') {
                Some(heading) => headings.iter().any(|known| known == heading),
                None => exists(&within(folder, target.split('#').next().unwrap_or(target))),
            };
            if !is_right {
                complaints.push(format!("{path}:{}: `{target}` leads nowhere", index + 1));
            }
        }
    }
    complaints
}

/// What the line's links name, but for addresses in the world.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    let ends = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    // Code has parentheses after brackets too.
    ends.filter(|target| {
        !target.contains("://") && !target.contains([' ', '`', '"']) && !target.is_empty()
    })
}

/// What a heading is called by links to it.
fn anchor(heading: &str) -> String {
    let words = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = words.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The path without `.` and `..`.
fn within(folder: &Path, target: &str) -> PathBuf {
    let mut path = PathBuf::new();
    for part in folder.join(target).components() {
        match part {
            Component::ParentDir => {
                path.pop();
            }
            Component::CurDir => {}
            part => path.push(part),
        }
    }
    path
}

#[test]
fn links_that_lead_nowhere_are_found() {
    let there = |path: &Path| [Path::new("README.md"), Path::new("docs/a.md")].contains(&path);
    let complaints = |text: &str| check("docs/a.md", text, there);
    let right =
        "# What it *is*\n[a](../README.md) [b](a.md#x), ![c](#what-it-is) [d](https://e.org)\n";
    assert_eq!(complaints(right), Vec::<String>::new());
    assert_eq!(complaints("one\n[a](README.md)\n"), ["docs/a.md:2: `README.md` leads nowhere"]);
    assert_eq!(complaints("[a](#there)\n").len(), 1);
    assert_eq!(
        complaints("[a](../../README.md) [b](b.md)\n").len(),
        1,
        "above the root is the root"
    );
}
