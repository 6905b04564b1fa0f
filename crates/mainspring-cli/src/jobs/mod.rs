//! Jobs as files declare them: when, for whom, what, and by which policies.
//!
//! # Ground rules
//! - A file is read whole: all that is wrong with it, or what it says.
//! - What is TOML goes by its name, `….toml`; everything else is a crontab.

mod command;
mod read;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use mainspring_job::{Overlap, Policy};
use mainspring_schedule::{Dialect, Schedule};

pub(crate) use self::command::Command;
use crate::crontab;
use crate::jobs_toml;
use crate::problem::{Place, Problem};

/// One file that has been read without an error.
#[derive(Clone, Debug)]
pub(crate) struct JobFile {
    /// As it was named on the command line.
    pub(crate) file: String,
    pub(crate) jobs: Vec<Job>,
    pub(crate) groups: Vec<Group>,
    /// What is no error but worth saying, each with its line.
    pub(crate) notes: Vec<(usize, String)>,
}

/// One job of a file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Job {
    /// A line of a crontab has none; it goes by its place.
    pub(crate) name: Option<String>,
    /// The line where it stands, from 1.
    pub(crate) number: usize,
    pub(crate) when: When,
    /// `None` for whoever runs this program.
    pub(crate) user: Option<String>,
    pub(crate) command: Command,
    /// Where the command starts; HOME if `None`.
    pub(crate) directory: Option<PathBuf>,
    /// What is set for the command, later ones last; without those that are ours.
    pub(crate) variables: Arc<[(String, String)]>,
    pub(crate) policy: Policy,
    /// How long a run takes, as far as the file says; for simulations.
    pub(crate) duration: Option<Duration>,
}

/// When a job's command runs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum When {
    /// `@reboot`: once, when the program starts.
    Start,
    Schedule {
        /// As it was written.
        text: String,
        schedule: Box<Schedule>,
    },
}

/// A limit that several jobs share.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) name: String,
    /// How many runs of its jobs may go on at once.
    pub(crate) limit: usize,
    pub(crate) place: Place,
}

/// How files are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading<'a> {
    pub(crate) form: Form,
    /// That of crontabs; a schedule in TOML names its own.
    pub(crate) dialect: Option<Dialect>,
    /// That of schedules above the first `CRON_TZ`, or without a zone in TOML; the system's if `None`.
    pub(crate) zone: Option<&'a str>,
    /// That of crontab lines, which cannot say.
    pub(crate) overlap: Overlap,
    /// Says why commands cannot run as the user of that name.
    pub(crate) judge_user: fn(&str) -> Result<(), UserProblem>,
}

/// Why a command cannot run as the user that its job names.
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

impl JobFile {
    /// Reads and judges a whole file.
    pub(crate) fn read(path: &Path, reading: Reading<'_>) -> Result<Self, Vec<Problem>> {
        let file = path.display().to_string();
        let bytes = match read::read(path) {
            Ok(bytes) => bytes,
            Err(reason) => return Err(vec![Problem::of_file(&file, reason, "")]),
        };
        if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml")) {
            return jobs_toml::parse(&file, &bytes, reading);
        }
        let form = reading.form.of(path);
        crontab::parse(&file, &bytes, Reading { form, ..reading })
    }

    /// Reads all files, and gives either all of them or every problem of each.
    pub(crate) fn read_all<'a>(
        paths: impl IntoIterator<Item = &'a Path>,
        reading: Reading<'_>,
    ) -> Result<Vec<Self>, Vec<Problem>> {
        let (mut files, mut problems) = (Vec::new(), Vec::new());
        for path in paths {
            match Self::read(path, reading) {
                Ok(file) => files.push(file),
                Err(found) => problems.extend(found),
            }
        }
        problems.extend(conflicts(&files));
        if problems.is_empty() { Ok(files) } else { Err(problems) }
    }
}

/// Names that two files give to different things.
pub(crate) fn conflicts(files: &[JobFile]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut names: HashMap<&str, String> = HashMap::new();
    let mut limits: HashMap<&str, (usize, String)> = HashMap::new();
    for file in files {
        for job in &file.jobs {
            let Some(name) = &job.name else { continue };
            let place = format!("{}:{}", file.file, job.number);
            if let Some(other) = names.insert(name, place.clone()) {
                let text = format!("line {}: a second job {name:?}", job.number);
                let help = format!("the first is at {other}; names tell jobs apart");
                problems.push(Problem::of_file(&file.file, text, help));
            }
        }
        for group in &file.groups {
            let place = format!("{}:{}", file.file, group.place.line);
            match limits.get(group.name.as_str()) {
                Some((limit, other)) if *limit != group.limit => {
                    let text = format!("another limit for the group {:?}", group.name);
                    let help = format!("{other} says {limit}; a group has one limit for all files");
                    problems.push(Problem::at(&file.file, group.place.clone(), text, help));
                }
                _ => drop(limits.insert(&group.name, (group.limit, place))),
            }
        }
    }
    problems
}

impl Job {
    /// The command in one short line, for people.
    pub(crate) fn title(&self) -> String {
        const LONGEST_CHARS: usize = 60;
        let words = self.command.text.split_whitespace().collect::<Vec<_>>().join(" ");
        if words.chars().count() <= LONGEST_CHARS {
            return words;
        }
        words.chars().take(LONGEST_CHARS - 1).chain(['…']).collect()
    }

    /// What makes it the job it is: two with the same do the same at the same times, wherever they
    /// stand.
    pub(crate) fn identity(&self) -> Self {
        Self { number: 0, ..self.clone() }
    }

    /// The schedule as it was written.
    pub(crate) fn schedule_text(&self) -> &str {
        match &self.when {
            When::Start => "@reboot",
            When::Schedule { text, .. } => text,
        }
    }

    /// `None` for a job that runs at the start of the program.
    pub(crate) fn schedule(&self) -> Option<&Schedule> {
        match &self.when {
            When::Start => None,
            When::Schedule { schedule, .. } => Some(schedule),
        }
    }

    /// What logs and tables call it: its name, or else its place.
    pub(crate) fn label(&self, file: &str) -> String {
        match &self.name {
            Some(name) => name.clone(),
            None => format!("{file}:{}", self.number),
        }
    }
}

impl When {
    /// `H` and spread in a schedule stand for a value that depends on `name` alone, so that a job
    /// keeps its times while lines move.
    pub(crate) fn for_name(self, name: &str) -> Self {
        match self {
            Self::Schedule { text, schedule } => {
                Self::Schedule { text, schedule: Box::new(schedule.for_name(name)) }
            }
            Self::Start => self,
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
