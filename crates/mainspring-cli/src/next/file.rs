//! Shows when each line of a crontab fires next.

use std::io::{self, Write};
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;

use super::answer::{Answer, write_line};
use super::table;
use crate::check;
use crate::cli::Next;
use crate::crontab::{Crontab, Line, Reading, When};
use crate::exit::Exit;
use crate::problem::style;

pub(super) fn show(file: &Path, arguments: &Next, from: Timestamp) -> io::Result<Exit> {
    // Looking at another machine's crontab is all right.
    let reading = Reading {
        form: arguments.form,
        dialect: arguments.dialect,
        zone: arguments.tz.as_deref(),
        judge_user: |_| Ok(()),
    };
    let crontab = match Crontab::read(file, reading) {
        Ok(crontab) => crontab,
        Err(problems) => {
            check::report(&problems);
            return Ok(Exit::Input);
        }
    };
    let mut out = anstream::stdout().lock();
    for line in &crontab.lines {
        if arguments.json {
            write_json(&mut out, line, arguments.count, from)?;
        } else {
            write_text(&mut out, &crontab.file, line, arguments.count, from)?;
        }
    }
    out.flush()?;
    Ok(Exit::Well)
}

fn answer(line: &Line, count: usize, from: Timestamp) -> Option<Answer> {
    match &line.when {
        When::Start => None,
        When::Schedule { text, schedule, .. } => {
            Some(Answer::new(text.clone(), (**schedule).clone(), from, count))
        }
    }
}

fn write_text(
    out: &mut impl Write,
    file: &str,
    line: &Line,
    count: usize,
    from: Timestamp,
) -> io::Result<()> {
    let (bold, dim) = (style().bold(), style().dimmed());
    let (number, schedule, title) = (line.number, line.schedule_text(), line.title());
    writeln!(out, "{file}:{number}: {bold}{schedule}{bold:#} {title}")?;
    match answer(line, count, from) {
        Some(answer) => {
            writeln!(out, "  {dim}{}{dim:#}", answer.schedule.describe())?;
            table::write_times(out, &answer)
        }
        None => writeln!(out, "  {dim}once, when `mainspring run` starts{dim:#}"),
    }
}

fn write_json(out: &mut impl Write, line: &Line, count: usize, from: Timestamp) -> io::Result<()> {
    let answer = answer(line, count, from);
    write_line(
        out,
        &Object {
            expression: line.schedule_text(),
            description: answer.as_ref().map(|answer| answer.schedule.describe()),
            zone: answer.as_ref().map(Answer::zone),
            next: answer.iter().flat_map(|a| &a.times).map(Timestamp::to_string).collect(),
            line: line.number,
            user: line.user.as_deref(),
            command: &line.command.text,
        },
    )
}

/// What is said about a lone schedule, and the line that it comes from.
#[derive(Serialize)]
struct Object<'a> {
    expression: &'a str,
    /// Absent for `@reboot`, as is the zone.
    description: Option<String>,
    zone: Option<String>,
    next: Vec<String>,
    line: usize,
    user: Option<&'a str>,
    command: &'a str,
}
