//! Jobs on their way to TOML, with the comments that go with them.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

use toml_writer::{ToTomlKey as _, ToTomlValue as _, TomlKeyBuilder, TomlStringBuilder};

/// A job that is to be written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Draft {
    pub(super) name: String,
    pub(super) comments: Vec<String>,
    pub(super) schedule: String,
    pub(super) zone: Option<String>,
    pub(super) command: String,
    pub(super) input: Option<String>,
    pub(super) user: Option<String>,
    pub(super) cwd: Option<String>,
    pub(super) env: Vec<(String, String)>,
    /// `overlap`, `misfire`, `spread`, `timeout`, `group`: words and lengths of time.
    pub(super) policies: Vec<(&'static str, String)>,
    pub(super) limit: Option<u32>,
    /// Another job may bear its name: then both are one job of another program, and one group here.
    pub(super) is_twin: bool,
}

/// Numbers the names that are taken, and gives jobs that were one a group that lets one run at a time.
pub(super) fn make_names_unique(drafts: &mut [Draft]) {
    let mut taken = HashSet::new();
    for draft in drafts {
        let plain = draft.name.clone();
        let mut number = 1;
        while !taken.insert(draft.name.clone()) {
            number += 1;
            draft.name = format!("{plain}-{number}");
        }
        if draft.is_twin {
            draft.policies.push(("group", plain));
        }
    }
}

/// The text of a file with these jobs.
pub(super) fn write(drafts: &[Draft]) -> String {
    let mut text = String::new();
    let mut groups = BTreeMap::new();
    for draft in drafts {
        for (name, value) in &draft.policies {
            if *name == "group" {
                groups.insert(value.as_str(), 1);
            }
        }
    }
    let common = common_environment(drafts);
    if let Some(env) = common {
        text.push_str("[env]\n");
        for (name, value) in env {
            let _infallible = writeln!(text, "{} = {}", key(name), quoted(value));
        }
    }
    if !groups.is_empty() {
        text.push_str(if text.is_empty() { "[groups]\n" } else { "\n[groups]\n" });
        for (name, limit) in groups {
            let _infallible = writeln!(text, "{} = {limit}", key(name));
        }
    }
    for draft in drafts {
        if !text.is_empty() {
            text.push('\n');
        }
        draft.write(&mut text, common.is_some());
    }
    text
}

/// The variables that are the same for all.
fn common_environment(drafts: &[Draft]) -> Option<&[(String, String)]> {
    let [first, others @ ..] = drafts else { return None };
    let is_common = !others.is_empty() && others.iter().all(|other| other.env == first.env);
    (is_common && !first.env.is_empty()).then_some(first.env.as_slice())
}

impl Draft {
    fn write(&self, text: &mut String, env_is_common: bool) {
        for comment in &self.comments {
            for line in comment.lines() {
                let line: String =
                    line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
                let _infallible = writeln!(text, "# {line}");
            }
        }
        let _infallible = writeln!(text, "[jobs.{}]", key(&self.name));
        let mut field = |name: &str, value: &str| {
            let _infallible = writeln!(text, "{name} = {}", quoted(value));
        };
        field("schedule", &self.schedule);
        self.zone.iter().for_each(|zone| field("zone", zone));
        field("command", &self.command);
        for (name, value) in [("input", &self.input), ("user", &self.user), ("cwd", &self.cwd)] {
            value.iter().for_each(|value| field(name, value));
        }
        for (name, value) in &self.policies {
            field(name, value);
        }
        if let Some(limit) = self.limit {
            let _infallible = writeln!(text, "limit = {limit}");
        }
        if !self.env.is_empty() && !env_is_common {
            let pairs: Vec<String> = self
                .env
                .iter()
                .map(|(name, value)| format!("{} = {}", key(name), quoted(value)))
                .collect();
            let _infallible = writeln!(text, "env = {{ {} }}", pairs.join(", "));
        }
    }
}

fn key(name: &str) -> String {
    TomlKeyBuilder::new(name).as_default().to_toml_key()
}

fn quoted(value: &str) -> String {
    let builder = TomlStringBuilder::new(value);
    // On one line, whatever is in it.
    builder
        .as_basic_pretty()
        .unwrap_or_else(|| builder.as_literal().unwrap_or_else(|| builder.as_basic()))
        .to_toml_value()
}
