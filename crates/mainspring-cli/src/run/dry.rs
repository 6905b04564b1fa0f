//! `--dry-run`: what would run and when, and nothing starts.

use std::io::{self, Write};

use jiff::Timestamp;
use serde::Serialize;

use super::{read, reading, refuse};
use crate::cli::{LogFormat, Run};
use crate::exit::Exit;
use crate::jobs::Job;
use crate::log;
use crate::problem::style;

/// What would be the first run of a job.
struct First<'a> {
    /// `None` if it never runs.
    due: Option<Timestamp>,
    label: String,
    job: &'a Job,
}

#[derive(Serialize)]
struct Object<'a> {
    job: &'a str,
    due: Option<String>,
    schedule: &'a str,
    user: Option<&'a str>,
    command: &'a str,
}

/// Shows each job with its first run, the earliest first.
pub(super) fn show(arguments: &Run) -> io::Result<Exit> {
    let files = match read(&arguments.files, reading(arguments)) {
        Ok(files) => files,
        Err(problems) => {
            refuse(&problems, LogFormat::Text);
            return Ok(Exit::Input);
        }
    };
    let now = log::now();
    let all = files.iter().flat_map(|file| file.jobs.iter().map(move |job| (file, job)));
    let mut firsts: Vec<First<'_>> = all
        .map(|(file, job)| {
            let due = match job.schedule() {
                Some(schedule) if !arguments.once => schedule.next_after(now),
                _ => Some(now),
            };
            First { due, label: job.label(&file.file), job }
        })
        .collect();
    firsts.sort_by_key(|first| (first.due.is_none(), first.due));
    let mut out = anstream::stdout().lock();
    for first in &firsts {
        match arguments.log_format {
            LogFormat::Text => text(&mut out, first, now)?,
            LogFormat::Json => json(&mut out, first)?,
        }
    }
    out.flush()?;
    Ok(Exit::Well)
}

fn text(out: &mut impl Write, first: &First<'_>, now: Timestamp) -> io::Result<()> {
    let (bold, dim) = (style().bold(), style().dimmed());
    let First { due, label, job } = first;
    let due = match (due, job.schedule()) {
        (Some(due), _) if *due == now => "at once".to_owned(),
        (Some(due), Some(schedule)) => {
            let there = log::shortened(*due).to_zoned(schedule.zone().clone());
            there.strftime("%a %Y-%m-%d %H:%M:%S%.f %:z").to_string()
        }
        _ => "never".to_owned(),
    };
    let user = job.user.as_ref().map(|user| format!(" as {user}")).unwrap_or_default();
    let title = job.title();
    write!(out, "{due:<30}  {bold}{label}{bold:#}{user}: {title}")?;
    match job.schedule() {
        Some(schedule) => writeln!(out, "  {dim}{}{dim:#}", schedule.describe()),
        None => writeln!(out, "  {dim}once, at the start{dim:#}"),
    }
}

fn json(out: &mut impl Write, first: &First<'_>) -> io::Result<()> {
    let First { due, label, job } = first;
    let object = Object {
        job: label,
        due: due.map(|due| log::shortened(due).to_string()),
        schedule: job.schedule_text(),
        user: job.user.as_deref(),
        command: &job.command.text,
    };
    serde_json::to_writer(&mut *out, &object)?;
    out.write_all(b"\n")
}
