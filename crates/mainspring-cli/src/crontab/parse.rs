//! Reads the text of a crontab, line by line, and gathers all that is wrong with it.
//!
//! # Ground rules
//! - A variable holds for the lines below it, as `CRON_TZ` (the zone) and `CRON_FIELDS` do.
//! - A schedule has 5 fields; 6 (seconds first) or 7 (a year last) only below `CRON_FIELDS=6` or
//!   `7`. Nothing is guessed from the command: `* * * * * 7 …` could be either.
//! - Places travel in bytes of the line; [`Problem`]s carry columns.

use std::ops::Range;
use std::sync::Arc;

use mainspring_job::Policy;
use mainspring_schedule::Dialect;

use super::environment::{self, Flaw, Setting};
use crate::jobs::{Command, Form, Job, JobFile, Reading, When};
use crate::problem::{Place, Problem};
use crate::timing;

/// Reads the bytes of a file; every problem in it, if it has any.
pub(crate) fn parse(
    file: &str,
    bytes: &[u8],
    reading: Reading<'_>,
) -> Result<JobFile, Vec<Problem>> {
    let mut parser = Parser {
        file,
        reading,
        fields: if reading.dialect == Some(Dialect::Quartz) { 6 } else { 5 },
        zone: reading.zone.map(Into::into),
        variables: Vec::new(),
        shared: None,
        number: 0,
        crontab: JobFile {
            file: file.to_owned(),
            jobs: Vec::new(),
            groups: Vec::new(),
            notes: Vec::new(),
        },
        problems: Vec::new(),
    };
    for line in bytes.split(|&byte| byte == b'\n') {
        parser.number += 1;
        parser.line(line);
    }
    if parser.problems.is_empty() { Ok(parser.crontab) } else { Err(parser.problems) }
}

struct Parser<'a> {
    file: &'a str,
    reading: Reading<'a>,
    /// 5, 6 or 7.
    fields: usize,
    zone: Option<String>,
    variables: Vec<(String, String)>,
    /// `variables` as the lines above have it already.
    shared: Option<Arc<[(String, String)]>>,
    number: usize,
    crontab: JobFile,
    problems: Vec<Problem>,
}

impl Parser<'_> {
    fn line(&mut self, bytes: &[u8]) {
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        let bytes = if self.number == 1 {
            bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
        } else {
            bytes
        };
        let start = bytes.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        if matches!(bytes.get(start), None | Some(b'#')) {
            return;
        }
        let source = match str::from_utf8(bytes) {
            Ok(source) => source,
            Err(error) => {
                let source = String::from_utf8_lossy(bytes);
                let at = error.valid_up_to();
                return self.problem(&source, at..at, "not UTF-8", "save the file as UTF-8");
            }
        };
        match environment::read(&source[start..]) {
            Some(Ok(setting)) => self.setting(source, start, &setting),
            Some(Err(Flaw { at, text, help })) => {
                self.problem(source, start + at.start..start + at.end, text, help);
            }
            None => self.job(source, start),
        }
    }

    fn setting(&mut self, source: &str, start: usize, setting: &Setting<'_>) {
        let Setting { name, value, .. } = *setting;
        let at = start + setting.value_at.start..start + setting.value_at.end;
        match name {
            "CRON_TZ" if value.is_empty() => self.zone = self.reading.zone.map(Into::into),
            "CRON_TZ" => match timing::judge_zone(value) {
                Ok(()) => self.zone = Some(value.to_owned()),
                Err(error) => self.problem(source, at, error.problem(), timing::help(&error)),
            },
            "CRON_FIELDS" => match value {
                "5" => self.fields = 5,
                "6" => self.fields = 6,
                "7" => self.fields = 7,
                _ => {
                    let help = "allowed: 5, 6 (seconds first) or 7 (seconds first, year last)";
                    self.problem(source, at, "not a number of fields", help);
                }
            },
            "LOGNAME" | "USER" => {
                let text =
                    format!("{name} is ignored: it always names the user that runs the command");
                self.crontab.notes.push((self.number, text));
            }
            _ => {
                if matches!(name, "MAILTO" | "MAILFROM") {
                    let text = format!("{name} sends no mail: what commands print goes to the log");
                    self.crontab.notes.push((self.number, text));
                }
                self.variables.retain(|(known, _)| known != name);
                self.variables.push((name.to_owned(), value.to_owned()));
                self.shared = None;
            }
        }
    }

    fn job(&mut self, source: &str, start: usize) {
        let known = self.problems.len();
        let Some((schedule_at, wanted)) = self.schedule_place(source, start) else { return };
        let when = self.when(source, schedule_at.clone());
        let mut rest = skip_blanks(source, schedule_at.end);

        let word = word_at(source, rest);
        if wanted == self.fields && looks_like_field(&source[word.clone()]) {
            let text = "one field too many";
            let help = "write `CRON_FIELDS=6` on a line above for seconds first, `CRON_FIELDS=7` \
                        for a year as well";
            return self.problem(source, word, text, help);
        }
        let user = if self.reading.form == Form::System {
            if word.is_empty() {
                let help = "a line in this file is a schedule, a user and a command";
                return self.problem(source, word, "no user and no command", help);
            }
            if let Err(flaw) = (self.reading.judge_user)(&source[word.clone()]) {
                self.problem(source, word.clone(), flaw.text, flaw.help);
            }
            rest = skip_blanks(source, word.end);
            Some(source[word].to_owned())
        } else {
            if &source[word] == "root" {
                let text =
                    "the command is `root`: is it a user column? then `--form system` reads it";
                self.crontab.notes.push((self.number, text.into()));
            }
            None
        };
        let command = source[rest..].trim_end();
        if command.is_empty() {
            let end = source.trim_end().len();
            return self.problem(
                source,
                end..end,
                "no command",
                "the command follows the schedule",
            );
        }
        let command = Command::split(command);
        let Some(when) = when.map(|when| when.for_name(&command.text)) else { return };
        if self.problems.len() > known {
            return;
        }
        let variables = self.shared.get_or_insert_with(|| self.variables.as_slice().into()).clone();
        self.crontab.jobs.push(Job {
            name: None,
            number: self.number,
            when,
            user,
            command,
            directory: None,
            variables,
            policy: Policy::default().overlap(self.reading.overlap),
            duration: None,
        });
    }

    /// Where the schedule stands, and how many words of the line it takes.
    fn schedule_place(&mut self, source: &str, start: usize) -> Option<(Range<usize>, usize)> {
        let first = word_at(source, start);
        let wanted = match &source[first] {
            "@every" | "@at" => 2,
            word if word.starts_with('@') => 1,
            _ => self.fields,
        };
        let mut end = start;
        for found in 0..wanted {
            let word = word_at(source, skip_blanks(source, end));
            if word.is_empty() {
                let text = format!("{found} of {wanted} fields, and no command");
                let help =
                    "a line is a schedule and a command, or NAME=value, or a comment after #";
                let end = source.trim_end().len();
                self.problem(source, end..end, text, help);
                return None;
            }
            end = word.end;
        }
        Some((start..end, wanted))
    }

    fn when(&mut self, source: &str, at: Range<usize>) -> Option<When> {
        let text = &source[at.clone()];
        if text == "@reboot" {
            return Some(When::Start);
        }
        // Never English: its words could not be told from the command's.
        let dialect = Some(self.reading.dialect.unwrap_or_default());
        match timing::read(text, dialect, self.zone.as_deref()) {
            Ok(schedule) => {
                Some(When::Schedule { text: text.to_owned(), schedule: Box::new(schedule) })
            }
            Err(error) => {
                let before = source[..at.start].chars().count();
                self.problems.push(Problem {
                    file: self.file.to_owned(),
                    place: Some(Place {
                        line: self.number,
                        column: before + error.column(),
                        width: error.width(),
                        source: source.to_owned(),
                    }),
                    text: error.problem().to_owned(),
                    help: timing::help(&error),
                });
                None
            }
        }
    }

    fn problem(
        &mut self,
        source: &str,
        at: Range<usize>,
        text: impl Into<String>,
        help: impl Into<String>,
    ) {
        let place = Place {
            line: self.number,
            column: source[..at.start].chars().count() + 1,
            width: source[at].chars().count().max(1),
            source: source.to_owned(),
        };
        self.problems.push(Problem {
            file: self.file.to_owned(),
            place: Some(place),
            text: text.into(),
            help: help.into(),
        });
    }
}

/// The word that begins at `start`; empty at the end of the line.
fn word_at(source: &str, start: usize) -> Range<usize> {
    let length = source[start..].find([' ', '\t']).unwrap_or(source.len() - start);
    start..start + length
}

fn skip_blanks(source: &str, start: usize) -> usize {
    let rest = &source[start..];
    start + rest.len() - rest.trim_start_matches([' ', '\t']).len()
}

/// Whether a word can only be one more field of a schedule, and no command.
fn looks_like_field(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '*' | '?'))
        && word.chars().all(|c| c.is_ascii_digit() || matches!(c, '*' | '?' | '/' | ',' | '-'))
}
