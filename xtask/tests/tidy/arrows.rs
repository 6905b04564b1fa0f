//! Compares the arrows drawn in ARCHITECTURE.md with those built by the manifests.
//!
//! The block's lines are `ROLE crate: dependency…`. Our crates go by their short names (`job` for
//! `mainspring-job`), an optional dependency wears a `?`, and `-` means none. Crates that tell or
//! decide list everything they stand on; the others list ours alone.

use std::collections::BTreeSet;

use crate::manifests::{Manifest, is_ours};

const ROLES: [&str; 6] = ["TELLS", "DECIDES", "WAITS", "KEEPS", "PROVES", "SHOWS"];

/// One line of the block.
#[derive(Clone, Debug)]
pub(crate) struct Arrow {
    role: String,
    name: String,
    to: BTreeSet<String>,
}

/// Reads the block fenced as `arrows`.
pub(crate) fn block_of(document: &str) -> Result<Vec<Arrow>, String> {
    let after = document.split_once("```arrows\n").ok_or("no block is fenced as ```arrows")?.1;
    let block = after.split_once("```").ok_or("the arrows block does not end")?.0;
    block.lines().filter(|line| !line.trim().is_empty()).map(Arrow::parse).collect()
}

impl Arrow {
    fn parse(line: &str) -> Result<Self, String> {
        let shape = || format!("`{line}` is not of the form `ROLE crate: dependency…`");
        let (head, tail) = line.split_once(':').ok_or_else(shape)?;
        let mut head = head.split_whitespace();
        let (Some(role), Some(name), None) = (head.next(), head.next(), head.next()) else {
            return Err(shape());
        };
        if !ROLES.contains(&role) {
            return Err(format!("`{role}` in `{line}` is none of {}", ROLES.join(", ")));
        }
        let to = tail.split_whitespace().filter(|&to| to != "-").map(str::to_owned).collect();
        Ok(Self { role: role.to_owned(), name: name.to_owned(), to })
    }

    /// Whether the line names dependencies from outside as well.
    fn lists_all(&self) -> bool {
        matches!(self.role.as_str(), "TELLS" | "DECIDES")
    }
}

/// What the document and the manifests say differently.
pub(crate) fn compare(told: &[Arrow], built: &[Manifest]) -> Vec<String> {
    let mut complaints = Vec::new();
    for manifest in built {
        let name = short(manifest.name());
        let Some(arrow) = told.iter().find(|arrow| arrow.name == name) else {
            complaints.push(format!("ARCHITECTURE.md: no arrows for `{name}`"));
            continue;
        };
        let built = dependencies(manifest, arrow.lists_all());
        for extra in built.difference(&arrow.to) {
            complaints
                .push(format!("`{name}` depends on `{extra}`, ARCHITECTURE.md does not say so"));
        }
        for missing in arrow.to.difference(&built) {
            complaints.push(format!("ARCHITECTURE.md: `{name}` does not depend on `{missing}`"));
        }
    }
    for arrow in told {
        if !built.iter().any(|manifest| short(manifest.name()) == arrow.name) {
            complaints.push(format!("ARCHITECTURE.md: there is no crate `{}`", arrow.name));
        }
    }
    complaints
}

/// Arrows that must never be drawn: what decides neither waits nor reads a clock, only what shows
/// stands on what shows, and a store knows no scheduler.
pub(crate) fn forbidden(told: &[Arrow]) -> Vec<String> {
    let mut complaints = Vec::new();
    for from in told {
        // An optional arrow is one all the same.
        let is_drawn =
            |to: &&Arrow| from.to.iter().any(|name| name.trim_end_matches('?') == to.name);
        for to in told.iter().filter(is_drawn) {
            let never = match (from.role.as_str(), to.role.as_str()) {
                ("TELLS", _) => true,
                ("DECIDES", role) => role != "DECIDES",
                ("KEEPS", role) => role == "WAITS",
                (from, to) => to == "SHOWS" && from != "SHOWS",
            };
            if never {
                complaints.push(format!(
                    "`{}` ({}) must not depend on `{}` ({})",
                    from.name, from.role, to.name, to.role
                ));
            }
        }
    }
    complaints
}

fn dependencies(manifest: &Manifest, with_foreign: bool) -> BTreeSet<String> {
    let tables = ["dependencies", "build-dependencies"];
    tables
        .iter()
        .flat_map(|table| manifest.dependencies(table))
        .filter(|dependency| with_foreign || is_ours(dependency.package))
        .map(|dependency| {
            let mark = if dependency.is_optional { "?" } else { "" };
            format!("{}{mark}", short(dependency.package))
        })
        .collect()
}

fn short(package: &str) -> &str {
    package.strip_prefix("mainspring-").unwrap_or(package)
}

const DOCUMENT: &str = "# Title\n```arrows\n\
    TELLS   clock:     -\n\
    DECIDES schedule:  jiff serde?\n\
    WAITS   scheduler: clock schedule\n```\nmore";

fn manifests() -> Vec<Manifest> {
    [
        "[package]\nname = 'mainspring-clock'\n[dev-dependencies]\njiff = '0'",
        "[package]\nname = 'mainspring-schedule'\n[dependencies]\njiff = '0'\n\
         serde = { version = '1', optional = true }",
        "[package]\nname = 'mainspring-scheduler'\n[dependencies]\ntokio = '1'\n\
         mainspring-clock.workspace = true\n\
         [target.'cfg(unix)'.dependencies]\nmainspring-schedule.workspace = true",
    ]
    .map(|text| Manifest::parse(text).expect("the sample parses"))
    .into()
}

#[track_caller]
fn check(from: &str, to: &str, complaint: &str) {
    assert!(DOCUMENT.contains(from), "`{from}` is not in the sample");
    let told = block_of(&DOCUMENT.replace(from, to)).expect("the sample is read");
    let complaints = [compare(&told, &manifests()), forbidden(&told)].concat();
    assert!(complaints.iter().any(|found| found.contains(complaint)), "{complaints:?}");
}

#[test]
fn arrows_that_agree_pass() {
    let told = block_of(DOCUMENT).expect("the sample is read");
    assert_eq!(compare(&told, &manifests()), Vec::<String>::new());
    assert_eq!(forbidden(&told), Vec::<String>::new());
}

#[test]
fn arrows_that_differ_are_found() {
    check("jiff serde?", "serde?", "`schedule` depends on `jiff`");
    check("jiff serde?", "jiff serde", "`schedule` depends on `serde?`");
    check("clock:     -", "clock: jiff", "`clock` does not depend on `jiff`");
    check("clock schedule\n", "clock schedule wheel\n", "does not depend on `wheel`");
    check("TELLS   clock:     -\n", "", "no arrows for `clock`");
    check("TELLS   clock", "DECIDES wheel: -\nTELLS clock", "no crate `wheel`");
}

#[test]
fn forbidden_arrows_are_found() {
    check("jiff serde?", "jiff clock", "must not depend on `clock` (TELLS)");
    check("jiff serde?", "jiff scheduler", "must not depend on `scheduler` (WAITS)");
    check("jiff serde?", "jiff scheduler?", "must not depend on `scheduler` (WAITS)");
    check("TELLS   clock:     -", "TELLS clock: schedule", "`clock` (TELLS) must not");
    check("TELLS   clock", "SHOWS   clock", "must not depend on `clock` (SHOWS)");
    check("WAITS   scheduler: clock", "KEEPS schedule2: scheduler\nWAITS scheduler:", "(KEEPS)");
}

#[test]
fn a_malformed_block_is_said() {
    for wrong in
        ["no block", "```arrows\nWAITS a: b", "```arrows\na: b\n```", "```arrows\nX a: b\n```"]
    {
        assert!(block_of(wrong).is_err(), "{wrong}");
    }
}
