//! `mainspring convert`: systemd timers and crontabs as jobs in TOML.
//!
//! # Ground rules
//! - What has no place in TOML is said in a comment; nothing is dropped in silence.
//! - What cannot be said at all is an error with its place. The rest is converted all the same.
//! - What is written is read back before it is shown.

mod calendar;
mod crontab;
mod draft;
mod exec;
mod timer;
mod timespan;
mod unit;

use std::io::{self, Write};

use mainspring_job::Overlap;

use self::draft::Draft;
use crate::cli::Convert;
use crate::exit::Exit;
use crate::jobs::{Form, Reading};
use crate::problem::Problem;
use crate::{check, jobs_toml};

/// Writes all files as one file of jobs.
pub(crate) fn convert(arguments: &Convert) -> io::Result<Exit> {
    let (mut drafts, mut problems) = (Vec::new(), Vec::new());
    for file in &arguments.files {
        let is_timer = file.extension().is_some_and(|extension| extension == "timer");
        let (found, wrong) = if is_timer {
            timer::convert(file)
        } else {
            crontab::convert(file, &arguments.reading)
        };
        drafts.extend(found);
        problems.extend(wrong);
    }
    draft::make_names_unique(&mut drafts);
    let text = draft::write(&drafts);
    problems.extend(judge(&text));
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    check::report(&problems);
    Ok(if problems.is_empty() { Exit::Well } else { Exit::Input })
}

/// What `check` would say of the result.
fn judge(text: &str) -> Vec<Problem> {
    let reading = Reading {
        form: Form::Auto,
        dialect: None,
        zone: None,
        overlap: Overlap::Allow,
        judge_user: |_| Ok(()),
    };
    jobs_toml::parse("the result", text.as_bytes(), reading).err().unwrap_or_default()
}

/// A job as it will be written.
fn named(name: &str) -> Draft {
    Draft { name: name.to_owned(), ..Draft::default() }
}
