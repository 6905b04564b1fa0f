//! Shows jobs and runs: a table for people, or a JSON object per line.

use std::io::{self, Write};

use jiff::Timestamp;
use mainspring_job::store::{StoredJob, StoredRun};
use serde_json::json;

use crate::log;
use crate::problem::{printable, style};

/// Lines whose columns are as wide as their widest cell.
struct Columns {
    names: Vec<&'static str>,
    lines: Vec<Vec<String>>,
}

impl Columns {
    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let width = |column: usize| {
            let cells = self.lines.iter().map(|line| line[column].chars().count());
            cells.chain([self.names[column].chars().count()]).max().unwrap_or_default()
        };
        let widths: Vec<usize> = (0..self.names.len()).map(width).collect();
        let aligned = |line: &[&str]| {
            let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        let bold = style().bold();
        writeln!(out, "{bold}{}{bold:#}", aligned(&self.names))?;
        for line in &self.lines {
            let line: Vec<&str> = line.iter().map(String::as_str).collect();
            writeln!(out, "{}", aligned(&line))?;
        }
        Ok(())
    }
}

pub(super) struct JobTable {
    json: bool,
    columns: Columns,
}

impl JobTable {
    pub(super) fn new(json: bool) -> Self {
        let names = vec!["NAME", "SCHEDULE", "NEXT", "RUNNING", "WAITING"];
        Self { json, columns: Columns { names, lines: Vec::new() } }
    }

    pub(super) fn push(&mut self, job: &StoredJob, out: &mut impl Write) -> io::Result<()> {
        if self.json {
            return writeln!(out, "{}", job_json(job));
        }
        let next = match job.next_due {
            _ if job.is_paused => "paused".to_owned(),
            Some(due) => seconds(due),
            None => "–".to_owned(),
        };
        let schedule = if job.schedule.is_empty() { "–" } else { &job.schedule };
        self.columns.lines.push(vec![
            printable(job.name.as_str()),
            printable(schedule),
            next,
            job.running.to_string(),
            job.waiting.to_string(),
        ]);
        Ok(())
    }

    pub(super) fn finish(self, out: &mut impl Write) -> io::Result<()> {
        if self.json { Ok(()) } else { self.columns.write(out) }
    }
}

pub(super) struct RunTable {
    json: bool,
    ended: bool,
    columns: Columns,
}

impl RunTable {
    pub(super) fn new(json: bool, ended: bool) -> Self {
        let names = match ended {
            true => vec!["NAME", "DUE", "STATE", "ATTEMPT", "TOOK", "NODE", "SAYS"],
            false => vec!["NAME", "DUE", "STATE", "ATTEMPT", "SINCE", "NODE", "SAYS"],
        };
        Self { json, ended, columns: Columns { names, lines: Vec::new() } }
    }

    pub(super) fn push(&mut self, run: &StoredRun, out: &mut impl Write) -> io::Result<()> {
        if self.json {
            return writeln!(out, "{}", run_json(run));
        }
        let time = match (self.ended, run.started, run.ended) {
            (true, Some(started), Some(ended)) => {
                format!("{:.3} s", ended.duration_since(started).as_secs_f64())
            }
            (false, Some(started), _) => seconds(started),
            (false, None, _) => format!("from {}", seconds(run.at)),
            _ => "–".to_owned(),
        };
        self.columns.lines.push(vec![
            printable(run.name.as_str()),
            log::shortened(run.id.due).to_string(),
            run.state.to_string(),
            run.attempt.to_string(),
            time,
            printable(run.node.as_deref().unwrap_or("–")),
            first_line(run),
        ]);
        Ok(())
    }

    pub(super) fn finish(self, out: &mut impl Write) -> io::Result<()> {
        if self.json { Ok(()) } else { self.columns.write(out) }
    }
}

/// Why it failed, or the beginning of what came out.
fn first_line(run: &StoredRun) -> String {
    const LONGEST_CHARS: usize = 60;
    let text = run.error.as_deref().or(run.output.as_deref()).unwrap_or_default();
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() <= LONGEST_CHARS {
        return printable(line);
    }
    let kept: String = line.chars().take(LONGEST_CHARS - 1).collect();
    printable(&kept) + "…"
}

fn seconds(at: Timestamp) -> String {
    log::whole_second(at).to_string()
}

fn text(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}

fn job_json(job: &StoredJob) -> serde_json::Value {
    json!({
        "name": job.name.as_str(),
        "schedule": Some(&job.schedule).filter(|text| !text.is_empty()),
        "handler": job.handler.as_str(),
        "queue": job.queue.as_str(),
        "priority": job.priority,
        "policy": job.policy,
        "paused": job.is_paused,
        "next_due": text(job.next_due),
        "running": job.running,
        "waiting": job.waiting,
        "payload": job.payload,
    })
}

fn run_json(run: &StoredRun) -> serde_json::Value {
    json!({
        "name": run.name.as_str(),
        "due": run.id.due.to_string(),
        "state": run.state.as_str(),
        "attempt": run.attempt,
        "fence": run.fence.map(|fence| fence.as_u64()),
        "node": run.node,
        "queue": run.queue.as_str(),
        "priority": run.priority,
        "at": run.at.to_string(),
        "started": text(run.started),
        "lease_until": text(run.lease_until),
        "ended": text(run.ended),
        "error": run.error,
        "output": run.output,
    })
}
