//! `mainspring check`: all that is wrong with files of jobs, and nothing runs.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;

use mainspring_job::Overlap;

use crate::cli::Check;
use crate::exit::Exit;
use crate::jobs::{self, JobFile, Reading};
use crate::problem::{self, Problem};
use crate::sys;

/// Reads the files and says what it finds.
pub(crate) fn check(arguments: &Check) -> io::Result<Exit> {
    let reading = Reading {
        form: arguments.reading.form,
        dialect: arguments.reading.dialect,
        zone: None,
        overlap: Overlap::Allow,
        judge_user: if arguments.any_user { |_| Ok(()) } else { sys::judge_user },
    };
    let (mut right, mut problems) = (Vec::new(), Vec::new());
    let mut out = anstream::stdout().lock();
    for file in &arguments.files {
        match JobFile::read(file, reading) {
            Ok(read) => {
                well(&mut out, file, &read)?;
                right.push(read);
            }
            Err(found) => {
                out.flush()?;
                report(&found);
                problems.extend(found);
            }
        }
    }
    out.flush()?;
    let conflicts = jobs::conflicts(&right);
    report(&conflicts);
    problems.extend(conflicts);
    if problems.is_empty() {
        return Ok(Exit::Well);
    }
    let files =
        problems.iter().map(|problem| &problem.file).collect::<std::collections::HashSet<_>>();
    let (errors, files) = (count(problems.len(), "error"), count(files.len(), "file"));
    let _closed = writeln!(anstream::stderr(), "{errors} in {files}");
    Ok(Exit::Input)
}

/// Shows each problem on standard error, with its line and a caret.
pub(crate) fn report(problems: &[Problem]) {
    let mut text = String::new();
    for problem in problems {
        let _infallible = writeln!(text, "{problem}");
    }
    // Nobody is left to tell if standard error is closed.
    let _closed = anstream::stderr().lock().write_all(text.as_bytes());
}

fn well(out: &mut impl io::Write, file: &Path, read: &JobFile) -> io::Result<()> {
    let file = problem::printable(&file.display().to_string());
    for (number, text) in &read.notes {
        writeln!(out, "{file}:{number}: note: {text}")?;
    }
    writeln!(out, "{file}: {}, no errors", count(read.jobs.len(), "job"))
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
