//! One question about a schedule, and its answer.

use std::io::{self, Write};

use jiff::Timestamp;
use mainspring_schedule::{Dialect, Error, Schedule};
use serde::Serialize;

use crate::timing;

/// When does this fire next?
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'a> {
    pub(super) expression: &'a str,
    pub(super) zone: Option<&'a str>,
    /// The times are strictly after it.
    pub(super) from: Timestamp,
    pub(super) count: usize,
    pub(super) dialect: Option<Dialect>,
}

/// The times, fewer than asked for if no more exist.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) expression: String,
    pub(super) schedule: Schedule,
    pub(super) times: Vec<Timestamp>,
}

/// What is wrong with a question.
#[derive(Debug)]
pub(super) enum Wrong {
    Expression(String, Error),
    Zone(Error),
}

impl Question<'_> {
    pub(super) fn answer(&self) -> Result<Answer, Wrong> {
        // A zone that the expression overrules must be right all the same.
        if let Some(zone) = self.zone {
            timing::judge_zone(zone).map_err(Wrong::Zone)?;
        }
        let schedule = timing::read(self.expression, self.dialect, self.zone)
            .map_err(|error| Wrong::Expression(self.expression.to_owned(), error))?;
        Ok(Answer::new(self.expression.to_owned(), schedule, self.from, self.count))
    }
}

impl Answer {
    pub(super) fn new(
        expression: String,
        schedule: Schedule,
        from: Timestamp,
        count: usize,
    ) -> Self {
        let times = schedule.upcoming(from).take(count).collect();
        Self { expression, schedule, times }
    }

    pub(super) fn zone(&self) -> String {
        timing::zone_name(self.schedule.zone())
    }

    /// One object on one line.
    pub(super) fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        write_line(
            out,
            &Object {
                expression: &self.expression,
                description: &self.schedule.describe(),
                zone: &self.zone(),
                next: self.times.iter().map(Timestamp::to_string).collect(),
            },
        )
    }
}

impl Wrong {
    /// One line for machines.
    pub(super) fn one_line(&self) -> String {
        match self {
            Self::Expression(_, error) => error.to_string(),
            // The column would be that of another text than the expression.
            Self::Zone(error) => without_column(error),
        }
    }

    /// With the expression and a caret, for people.
    pub(super) fn for_people(&self) -> String {
        match self {
            Self::Expression(expression, error) => {
                let shown: String =
                    expression.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
                let indent = error.column() - 1;
                let carets = "^".repeat(error.width());
                format!("{error}\n  {shown}\n  {:indent$}{carets}", "")
            }
            Self::Zone(error) => without_column(error),
        }
    }
}

fn without_column(error: &Error) -> String {
    match timing::help(error) {
        help if help.is_empty() => error.problem().to_owned(),
        help => format!("{}; {help}", error.problem()),
    }
}

#[derive(Serialize)]
struct Object<'a> {
    expression: &'a str,
    description: &'a str,
    zone: &'a str,
    /// RFC 3339 in UTC.
    next: Vec<String>,
}

pub(super) fn write_line(out: &mut impl Write, object: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, object)?;
    out.write_all(b"\n")
}
