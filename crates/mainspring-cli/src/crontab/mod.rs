//! Crontab files: lines that say when, for whom, and what.

mod command;
mod environment;
mod parse;
mod read;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use mainspring_schedule::{Dialect, Schedule};

use crate::problem::Problem;
pub(crate) use command::Command;

/// One file that has been read without an error.
#[derive(Clone, Debug)]
pub(crate) struct Crontab {
    /// As it was named on the command line.
    pub(crate) file: String,
    pub(crate) lines: Vec<Line>,
    /// What is no error but worth saying, each with its line.
    pub(crate) notes: Vec<(usize, String)>,
}

/// One job of a crontab.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// Where it stands, from 1.
    pub(crate) number: usize,
    pub(crate) when: When,
    /// The user column; `None` in a file without one.
    pub(crate) user: Option<String>,
    pub(crate) command: Command,
    /// The variables that were set above it, later ones last; without those that are ours.
    pub(crate) variables: Arc<[(String, String)]>,
}

/// See [`Line::identity`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    schedule: String,
    zone: Option<String>,
    user: Option<String>,
    command: Command,
    variables: Arc<[(String, String)]>,
}

/// When a line's command runs.
#[derive(Clone, Debug)]
pub(crate) enum When {
    /// `@reboot`: once, when the program starts.
    Start,
    Schedule {
        /// As it was written.
        text: String,
        /// `CRON_TZ` as it stood above the line.
        zone: Option<String>,
        schedule: Box<Schedule>,
    },
}

impl When {
    /// `H` in a schedule stands for a value that depends on `name` alone: the command, so that a job
    /// keeps its times while lines move.
    fn for_name(self, name: &str) -> Self {
        match self {
            Self::Schedule { text, zone, schedule } => {
                Self::Schedule { text, zone, schedule: Box::new(schedule.for_name(name)) }
            }
            Self::Start => self,
        }
    }
}

/// How files are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading<'a> {
    pub(crate) form: Form,
    pub(crate) dialect: Option<Dialect>,
    /// The zone above the first `CRON_TZ`; the system's if `None`.
    pub(crate) zone: Option<&'a str>,
    /// Says why the name in a user column will not do.
    pub(crate) judge_user: fn(&str) -> Result<(), UserProblem>,
}

/// Why a command cannot run as the user that its line names.
#[derive(Clone, Debug)]
pub(crate) struct UserProblem {
    pub(crate) text: String,
    pub(crate) help: String,
}

/// Whether lines have a user column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Form {
    /// By its place: `etc/crontab` and files in a directory `cron.d` have a user column
    #[default]
    Auto,
    /// Schedule, command
    User,
    /// Schedule, user, command
    System,
}

impl Crontab {
    /// Reads and judges a whole file: all that is wrong with it, or what it says.
    pub(crate) fn read(path: &Path, reading: Reading<'_>) -> Result<Self, Vec<Problem>> {
        let file = path.display().to_string();
        match read::read(path) {
            Ok(bytes) => {
                let form = reading.form.of(path);
                parse::parse(&file, &bytes, Reading { form, ..reading })
            }
            Err(reason) => Err(vec![Problem::of_file(&file, reason, "")]),
        }
    }

    /// Reads all files, and gives either all of them or every problem of each.
    pub(crate) fn read_all<'a>(
        paths: impl IntoIterator<Item = &'a Path>,
        reading: Reading<'_>,
    ) -> Result<Vec<Self>, Vec<Problem>> {
        let (mut crontabs, mut problems) = (Vec::new(), Vec::new());
        for path in paths {
            match Self::read(path, reading) {
                Ok(crontab) => crontabs.push(crontab),
                Err(found) => problems.extend(found),
            }
        }
        if problems.is_empty() { Ok(crontabs) } else { Err(problems) }
    }
}

impl Line {
    /// The command in one short line, for people.
    pub(crate) fn title(&self) -> String {
        const LONGEST_CHARS: usize = 60;
        let words = self.command.text.split_whitespace().collect::<Vec<_>>().join(" ");
        if words.chars().count() <= LONGEST_CHARS {
            return words;
        }
        words.chars().take(LONGEST_CHARS - 1).chain(['…']).collect()
    }

    /// What makes it the job it is: two lines with the same do the same at the same times, wherever
    /// they stand.
    pub(crate) fn identity(&self) -> Identity {
        let zone = match &self.when {
            When::Start => None,
            When::Schedule { zone, .. } => zone.clone(),
        };
        Identity {
            schedule: self.schedule_text().to_owned(),
            zone,
            user: self.user.clone(),
            command: self.command.clone(),
            variables: self.variables.clone(),
        }
    }

    /// The schedule as it was written.
    pub(crate) fn schedule_text(&self) -> &str {
        match &self.when {
            When::Start => "@reboot",
            When::Schedule { text, .. } => text,
        }
    }
}

impl Form {
    /// The form of a file in this place; never `Auto`.
    pub(crate) fn of(self, path: &Path) -> Self {
        if self != Self::Auto {
            return self;
        }
        let parent = path.parent().and_then(Path::file_name);
        let in_cron_d = parent.is_some_and(|name| name == "cron.d");
        let is_etc_crontab = parent.is_some_and(|name| name == "etc")
            && path.file_name().is_some_and(|name| name == "crontab");
        if in_cron_d || is_etc_crontab { Self::System } else { Self::User }
    }
}
