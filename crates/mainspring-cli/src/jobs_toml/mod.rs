//! Jobs in TOML: `jobs.toml`, with every policy that a job may have.
//!
//! # Ground rules
//! - Everything wrong is told at once, each with its line, column and caret; an unknown field is wrong.
//! - What a field means is said once, in the schema that editors read (`schema/jobs.json`). A test holds
//!   the fields below against it.

mod fields;
mod job;
mod schema;
mod source;
#[cfg(test)]
mod tests;

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use self::fields::Fields;
use self::source::Source;
use crate::jobs::{Group, JobFile, Reading};
use crate::problem::Problem;
use crate::timing;

pub(crate) use self::fields_of::{FILE, JOB, MISFIRE, RETRY};
pub(crate) use self::schema::SCHEMA;

/// The names of all fields, by the table that they stand in.
mod fields_of {
    pub(crate) const FILE: &[&str] = &["zone", "env", "groups", "jobs"];
    pub(crate) const JOB: &[&str] = &[
        "schedule",
        "zone",
        "starting",
        "ending",
        "limit",
        "excluding",
        "spread",
        "command",
        "input",
        "user",
        "cwd",
        "env",
        "overlap",
        "concurrency",
        "group",
        "misfire",
        "timeout",
        "retry",
        "history",
        "duration",
    ];
    pub(crate) const MISFIRE: &[&str] = &["run", "horizon", "grace"];
    pub(crate) const RETRY: &[&str] = &["attempts", "backoff", "pause", "max-pause"];
}

/// Reads the bytes of a file; every problem in it, if it has any.
pub(crate) fn parse(
    file: &str,
    bytes: &[u8],
    reading: Reading<'_>,
) -> Result<JobFile, Vec<Problem>> {
    let text = match str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let line = bytes[..error.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count();
            let text = format!("line {} is not UTF-8", line + 1);
            return Err(vec![Problem::of_file(file, text, "save the file as UTF-8")]);
        }
    };
    let source = Source::new(file, text);
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        source.problem(error.span().unwrap_or(0..0), error.message(), "");
    }
    // What follows from a slip in the syntax would only hide it.
    let read = if errors.is_empty() { Some(read(&source, &table, reading)) } else { None };
    match read {
        Some(read) if source.is_right() => Ok(read),
        _ => Err(source.into_problems()),
    }
}

fn read<'a>(
    source: &'a Source<'a>,
    table: &'a Spanned<DeTable<'a>>,
    reading: Reading<'_>,
) -> JobFile {
    let fields = Fields::new(source, table.get_ref(), 0..0, FILE, "the file");
    let zone = zone(&fields);
    let env = variables(&fields);
    let groups = groups(&fields);
    let common = job::Common {
        reading: Reading { zone: zone.or(reading.zone), ..reading },
        variables: env,
        groups: groups.iter().map(|group| group.name.as_str()).collect(),
    };
    let mut read = JobFile {
        file: source.file.to_owned(),
        jobs: Vec::new(),
        groups: Vec::new(),
        notes: Vec::new(),
    };
    for (key, value) in fields.table("jobs").iter().flat_map(|found| found.value) {
        let DeValue::Table(table) = value.get_ref() else {
            let allowed = "a table such as [jobs.backup]";
            let _told: Option<()> = fields::wrong(source, value.span(), value.get_ref(), allowed);
            continue;
        };
        let at = key.span();
        let fields = Fields::new(source, table, at.clone(), JOB, "a job");
        let line = source.line_of(at.start);
        read.notes.extend(job::notes(&fields).map(|note| (line, note)));
        read.jobs.extend(job::read(&fields, key.get_ref(), line, &common));
    }
    // A table of TOML is sorted by its keys; people sort their jobs otherwise.
    read.jobs.sort_by_key(|job| job.number);
    read.notes.sort();
    read.groups = groups;
    read
}

fn groups(fields: &Fields<'_>) -> Vec<Group> {
    let source = fields.source;
    let Some(found) = fields.table("groups") else { return Vec::new() };
    let read = |key: &Spanned<_>, value| {
        let limit = fields::number(source, value, 1)?;
        let place = source.place(key.span());
        let name: &std::borrow::Cow<'_, str> = key.get_ref();
        Some(Group { name: name.to_string(), limit: limit.value as usize, place })
    };
    found.value.iter().filter_map(|(key, value)| read(key, value)).collect()
}

/// The zone that is named there, if it is one.
fn zone<'a>(fields: &Fields<'a>) -> Option<&'a str> {
    let found = fields.text("zone", "Europe/Berlin")?;
    match timing::judge_zone(found.value) {
        Ok(()) => Some(found.value),
        Err(error) => {
            fields.source.problem(found.span, error.problem(), timing::help(&error));
            None
        }
    }
}

/// The variables in the table `env`.
fn variables(fields: &Fields<'_>) -> Vec<(String, String)> {
    let Some(found) = fields.table("env") else { return Vec::new() };
    let source = fields.source;
    let mut variables = Vec::new();
    for (key, value) in found.value {
        let name: &str = key.get_ref();
        let problem = |span: Range<usize>, text, help| source.problem(span, text, help);
        match value.get_ref() {
            DeValue::String(text) if text.contains('\0') => {
                problem(value.span(), "no variable can hold a zero byte", "");
            }
            DeValue::String(text) if !name.is_empty() && !name.contains(['=', '\0']) => {
                variables.push((name.to_owned(), text.to_string()));
            }
            DeValue::String(_) => {
                problem(key.span(), "not a variable name", "allowed: names without `=`");
            }
            other => {
                let _told: Option<()> =
                    fields::wrong(source, value.span(), other, "a text, numbers in quotes too");
            }
        }
    }
    variables
}
