//! Shows when each job of a file is due next.

use std::io::{self, Write};
use std::path::Path;

use jiff::Timestamp;
use mainspring_job::Overlap;
use serde::Serialize;

use super::answer::{Answer, write_line};
use super::table;
use crate::check;
use crate::cli::Next;
use crate::exit::Exit;
use crate::jobs::{Job, JobFile, Reading, When};
use crate::problem::style;

pub(super) fn show(file: &Path, arguments: &Next, from: Timestamp) -> io::Result<Exit> {
    // Looking at another machine's file is all right.
    let reading = Reading {
        form: arguments.form,
        dialect: arguments.dialect,
        zone: arguments.tz.as_deref(),
        overlap: Overlap::Allow,
        judge_user: |_| Ok(()),
    };
    let read = match JobFile::read(file, reading) {
        Ok(read) => read,
        Err(problems) => {
            check::report(&problems);
            return Ok(Exit::Input);
        }
    };
    let mut out = anstream::stdout().lock();
    for job in &read.jobs {
        if arguments.json {
            write_json(&mut out, job, arguments.count, from)?;
        } else {
            write_text(&mut out, &read.file, job, arguments.count, from)?;
        }
    }
    out.flush()?;
    Ok(Exit::Well)
}

fn answer(job: &Job, count: usize, from: Timestamp) -> Option<Answer> {
    match &job.when {
        When::Start => None,
        When::Schedule { text, schedule, .. } => {
            Some(Answer::new(text.clone(), (**schedule).clone(), from, count))
        }
    }
}

fn write_text(
    out: &mut impl Write,
    file: &str,
    job: &Job,
    count: usize,
    from: Timestamp,
) -> io::Result<()> {
    let (bold, dim) = (style().bold(), style().dimmed());
    let (number, schedule, title) = (job.number, job.schedule_text(), job.title());
    let name = job.name.as_ref().map(|name| format!("[{name}] ")).unwrap_or_default();
    writeln!(out, "{file}:{number}: {name}{bold}{schedule}{bold:#} {title}")?;
    match answer(job, count, from) {
        Some(answer) => {
            writeln!(out, "  {dim}{}{dim:#}", answer.schedule.describe())?;
            table::write_times(out, &answer)
        }
        None => writeln!(out, "  {dim}once, when `mainspring run` starts{dim:#}"),
    }
}

fn write_json(out: &mut impl Write, job: &Job, count: usize, from: Timestamp) -> io::Result<()> {
    let answer = answer(job, count, from);
    write_line(
        out,
        &Object {
            name: job.name.as_deref(),
            expression: job.schedule_text(),
            description: answer.as_ref().map(|answer| answer.schedule.describe()),
            zone: answer.as_ref().map(Answer::zone),
            next: answer.iter().flat_map(|a| &a.times).map(Timestamp::to_string).collect(),
            line: job.number,
            user: job.user.as_deref(),
            command: &job.command.text,
        },
    )
}

/// What is said about a lone schedule, and the job that it belongs to.
#[derive(Serialize)]
struct Object<'a> {
    /// Absent for a line of a crontab.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    expression: &'a str,
    /// Absent for `@reboot`, as is the zone.
    description: Option<String>,
    zone: Option<String>,
    next: Vec<String>,
    line: usize,
    user: Option<&'a str>,
    command: &'a str,
}
