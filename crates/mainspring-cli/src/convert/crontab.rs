//! Turns the lines of a crontab into drafts.

use std::path::Path;

use mainspring_job::Overlap;

use super::draft::Draft;
use super::named;
use crate::cli::ReadingArgs;
use crate::jobs::{Job, JobFile, Reading};
use crate::problem::Problem;
use crate::timing;

pub(super) fn convert(file: &Path, arguments: &ReadingArgs) -> (Vec<Draft>, Vec<Problem>) {
    let reading = |zone| Reading {
        form: arguments.form,
        dialect: arguments.dialect,
        zone: Some(zone),
        overlap: Overlap::Allow,
        judge_user: |_| Ok(()),
    };
    // A zone that is the same under two others was written into the file.
    let (read, other) =
        match (JobFile::read(file, reading("UTC")), JobFile::read(file, reading("Asia/Tokyo"))) {
            (Ok(read), Ok(other)) => (read, other),
            (Err(problems), _) | (_, Err(problems)) => return (Vec::new(), problems),
        };
    let mut drafts: Vec<Draft> = read
        .jobs
        .iter()
        .zip(&other.jobs)
        .map(|(job, other)| {
            let zone = job.schedule().map(|schedule| schedule.zone());
            let is_named = zone == other.schedule().map(|schedule| schedule.zone());
            let zone = zone.filter(|_| is_named).map(timing::zone_name);
            draft(&read.file, job, zone, arguments)
        })
        .collect();
    if let Some(first) = drafts.first_mut() {
        let notes =
            read.notes.iter().map(|(number, note)| format!("{}:{number}: {note}", read.file));
        first.comments.splice(0..0, notes);
    }
    (drafts, Vec::new())
}

fn draft(file: &str, job: &Job, zone: Option<String>, arguments: &ReadingArgs) -> Draft {
    let text = job.schedule_text().split_whitespace().collect::<Vec<_>>().join(" ");
    let mut draft = named(&name(&job.command.text));
    draft.comments.push(format!("{file}:{}", job.number));
    let fields = text.split_whitespace();
    if !text.starts_with('@') && fields.clone().any(|field| field.starts_with(['H', 'h'])) {
        draft.comments.push("H now goes by the job's name, and may fall on another time".into());
    }
    draft.schedule = match arguments.dialect {
        Some(dialect) if !text.starts_with('@') => format!("{dialect}: {text}"),
        _ => text,
    };
    draft.zone = zone;
    draft.command.clone_from(&job.command.text);
    draft.input.clone_from(&job.command.stdin);
    draft.user.clone_from(&job.user);
    draft.env = job.variables.to_vec();
    draft
}

/// The name of what a command starts, as far as that can be told.
fn name(command: &str) -> String {
    let words = || command.split(|c: char| c.is_whitespace() || "\"'();&|<>`{}=".contains(c));
    let path =
        words().find(|word| word.contains('/') && word.len() > 1 && !word.starts_with("/dev/"));
    let is_name = |word: &&str| word.starts_with(|c: char| c.is_ascii_alphabetic());
    let word = path.or_else(|| words().find(is_name)).unwrap_or("job");
    let last = word.rsplit('/').find(|part| !part.is_empty()).unwrap_or("job");
    let name: String = last
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' })
        .take(60)
        .collect();
    match name.trim_matches('-') {
        "" => "job".into(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn names_of_commands() {
        for (command, expected) in [
            ("echo hello", "echo"),
            (
                "test -x /usr/bin/certbot -a \\! -d /run/systemd/system && certbot -q renew",
                "certbot",
            ),
            ("[ -x /usr/lib/php/sessionclean ] && /usr/lib/php/sessionclean", "sessionclean"),
            ("cd / && run-parts --report /etc/cron.hourly", "cron-hourly"),
            ("command -v debian-sa1 > /dev/null && debian-sa1 1 1", "command"),
            ("$X", "job"),
            ("!!", "job"),
        ] {
            assert_eq!(name(command), expected, "{command}");
        }
    }
}
