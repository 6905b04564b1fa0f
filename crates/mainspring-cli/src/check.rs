//! `mainspring check`: all that is wrong with crontab files, and nothing runs.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;

use crate::cli::Check;
use crate::crontab::{Crontab, Reading};
use crate::exit::Exit;
use crate::problem::{self, Problem};
use crate::sys;

/// Reads the files and says what it finds.
pub(crate) fn check(arguments: &Check) -> io::Result<Exit> {
    let reading = Reading {
        form: arguments.reading.form,
        dialect: arguments.reading.dialect,
        zone: None,
        judge_user: if arguments.any_user { |_| Ok(()) } else { sys::judge_user },
    };
    let mut problems = Vec::new();
    let mut out = anstream::stdout().lock();
    for file in &arguments.files {
        match Crontab::read(file, reading) {
            Ok(crontab) => well(&mut out, file, &crontab)?,
            Err(found) => {
                out.flush()?;
                report(&found);
                problems.extend(found);
            }
        }
    }
    out.flush()?;
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

fn well(out: &mut impl io::Write, file: &Path, crontab: &Crontab) -> io::Result<()> {
    let file = problem::printable(&file.display().to_string());
    for (number, text) in &crontab.notes {
        writeln!(out, "{file}:{number}: note: {text}")?;
    }
    writeln!(out, "{file}: {}, no errors", count(crontab.lines.len(), "job"))
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
