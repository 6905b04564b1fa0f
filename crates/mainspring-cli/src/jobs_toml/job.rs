//! Reads one job: the fields of a table `[jobs.NAME]`.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use mainspring_job::{JobName, Misfire, Overlap, Policy, Retry};
use mainspring_schedule::Schedule;
use toml::de::DeValue;
use toml::value::Datetime;

use super::fields::{self, Fields, Found, nearest};
use super::{MISFIRE, RETRY, variables, zone};
use crate::jobs::{Command, Job, Reading, When};
use crate::timing;

/// What the file says for all of its jobs.
pub(super) struct Common<'a> {
    pub(super) reading: Reading<'a>,
    pub(super) variables: Vec<(String, String)>,
    pub(super) groups: Vec<&'a str>,
}

/// Reads a job; says what is wrong with it. Half a job may come of it, for which nobody asks then.
pub(super) fn read(
    fields: &Fields<'_>,
    name: &str,
    number: usize,
    common: &Common<'_>,
) -> Option<Job> {
    if let Err(error) = JobName::new(name) {
        fields.source.problem(fields.at.clone(), error.to_string(), "");
    }
    let when = when(fields, name, common);
    let command = command(fields);
    let user = user(fields, common);
    let directory = directory(fields);
    let mut set = common.variables.clone();
    for (name, value) in variables(fields) {
        set.retain(|(known, _)| *known != name);
        set.push((name, value));
    }
    set.retain(|(name, _)| !is_ours(name));
    let policy = policy(fields, common);
    let duration = fields.duration("duration", true).map(|found| found.value);
    Some(Job {
        name: Some(name.to_owned()),
        number,
        when: when?,
        user,
        command: command?,
        directory,
        variables: set.into(),
        policy,
        duration,
    })
}

/// What is no error but worth saying.
pub(super) fn notes(fields: &Fields<'_>) -> impl Iterator<Item = String> {
    let table = fields.value("env").and_then(|value| value.get_ref().as_table());
    let names = table.into_iter().flatten().map(|(key, _)| key.get_ref().to_string());
    names
        .filter(|name| is_ours(name))
        .map(|name| format!("{name} is ignored: it always names the user that runs the command"))
}

fn is_ours(name: &str) -> bool {
    matches!(name, "LOGNAME" | "USER")
}

fn when(fields: &Fields<'_>, name: &str, common: &Common<'_>) -> Option<When> {
    const HELP: &str = "a job says when it runs: schedule = \"every weekday at 9:30\", \
                        \"0 3 * * *\", \"@every 90s\", \"@at 2026-12-24T18:00\", \"@reboot\"";
    let own_zone = zone(fields);
    let found =
        fields.text("schedule", "0 3 * * *").or_else(|| fields.missing("schedule", HELP))?;
    if found.value.trim() == "@reboot" {
        for bound in ["zone", "starting", "ending", "limit", "excluding", "spread"] {
            if let Some(value) = fields.value(bound) {
                let text = format!("`{bound}` has nothing to say to @reboot");
                fields.source.problem(value.span(), text, "@reboot runs once, at the start");
            }
        }
        return Some(When::Start);
    }
    let zone = own_zone.or(common.reading.zone);
    let schedule = match timing::read(found.value, None, zone) {
        Ok(schedule) => schedule,
        Err(error) => {
            let (column, width) = (error.column(), error.width());
            let span = fields.source.part_of(found.span, found.value, column, width);
            fields.source.problem(span, error.problem(), timing::help(&error));
            return None;
        }
    };
    if own_zone.is_some() && timing::names_zone(found.value) {
        twice(fields, "zone");
    }
    let schedule = bounded(fields, schedule)?;
    let text = found.value.to_owned();
    Some(When::Schedule { text, schedule: Box::new(schedule) }.for_name(name))
}

/// Puts the bounds around a schedule that may have some in its own text.
fn bounded(fields: &Fields<'_>, mut schedule: Schedule) -> Option<Schedule> {
    let zone = schedule.zone().clone();
    if let Some(found) = fields.date("starting") {
        unless_known(fields, "starting", schedule.start().is_some())?;
        let first = |date: Date| zone.to_timestamp(date.at(0, 0, 0, 0)).ok();
        schedule = schedule.starting_at(instant(fields, &found, &zone, first)?);
    }
    if let Some(found) = fields.date("ending") {
        unless_known(fields, "ending", schedule.end().is_some())?;
        let last = |date: Date| {
            let next = zone.to_timestamp(date.tomorrow().ok()?.at(0, 0, 0, 0)).ok()?;
            Timestamp::from_nanosecond(next.as_nanosecond() - 1).ok()
        };
        schedule = schedule.ending_at(instant(fields, &found, &zone, last)?);
    }
    if let Some(found) = fields.number("limit", 1) {
        unless_known(fields, "limit", schedule.limit_count().is_some())?;
        schedule = schedule.limit(found.value);
    }
    if let Some(found) = fields.duration("spread", true) {
        unless_known(fields, "spread", !schedule.spread_width().is_zero())?;
        schedule = schedule.spread(found.value);
    }
    for date in excluded(fields) {
        schedule = schedule.excluding(date);
    }
    Some(schedule)
}

fn unless_known(fields: &Fields<'_>, name: &str, is_known: bool) -> Option<()> {
    if is_known {
        return twice(fields, name);
    }
    Some(())
}

fn twice(fields: &Fields<'_>, name: &str) -> Option<()> {
    let span = fields.value(name)?.span();
    let text = format!("`{name}` twice: here and in the schedule");
    fields.source.problem(span, text, "one of them is enough");
    None
}

/// `whole_day` gives the instant that a date without a time stands for.
fn instant(
    fields: &Fields<'_>,
    found: &Found<Datetime>,
    zone: &TimeZone,
    whole_day: impl Fn(Date) -> Option<Timestamp>,
) -> Option<Timestamp> {
    let text = found.value.to_string();
    let at = match (found.value.time, found.value.offset) {
        (Some(_), Some(_)) => text.parse().ok(),
        (Some(_), None) => {
            text.parse::<DateTime>().ok().and_then(|civil| zone.to_timestamp(civil).ok())
        }
        (None, _) => text.parse().ok().and_then(whole_day),
    };
    if at.is_none() {
        fields.source.problem(found.span.clone(), "no calendar has this instant", "");
    }
    at
}

fn excluded(fields: &Fields<'_>) -> Vec<Date> {
    let Some(value) = fields.value("excluding") else { return Vec::new() };
    let DeValue::Array(list) = value.get_ref() else {
        let allowed = "a list of dates such as [2026-12-24, 2026-12-31]";
        let _told: Option<()> =
            fields::wrong(fields.source, value.span(), value.get_ref(), allowed);
        return Vec::new();
    };
    let mut dates = Vec::new();
    for found in list.iter().filter_map(|value| fields::date(fields.source, value)) {
        match found.value.to_string().parse() {
            Ok(date) if found.value.time.is_none() => dates.push(date),
            _ => {
                let help = "whole days are excluded: 2026-12-24";
                fields.source.problem(found.span, "not a date alone", help);
            }
        }
    }
    dates
}

fn command(fields: &Fields<'_>) -> Option<Command> {
    const HELP: &str = "a job says what it runs: command = \"backup --all\"";
    let found =
        fields.text("command", "backup --all").or_else(|| fields.missing("command", HELP))?;
    let input = fields.text("input", "yes\\n");
    for text in [Some(&found), input.as_ref()].into_iter().flatten() {
        if text.value.contains('\0') {
            fields.source.problem(text.span.clone(), "no command can be given a zero byte", "");
        }
    }
    if found.value.trim().is_empty() {
        fields.source.problem(found.span, "an empty command", HELP);
        return None;
    }
    let stdin = input.map(|input| input.value.to_owned());
    Some(Command { text: found.value.to_owned(), stdin })
}

fn user(fields: &Fields<'_>, common: &Common<'_>) -> Option<String> {
    let found = fields.text("user", "www-data")?;
    if let Err(flaw) = (common.reading.judge_user)(found.value) {
        fields.source.problem(found.span, flaw.text, flaw.help);
    }
    Some(found.value.to_owned())
}

fn directory(fields: &Fields<'_>) -> Option<PathBuf> {
    let found = fields.text("cwd", "/srv/shop")?;
    if !Path::new(found.value).is_absolute() {
        let help = "allowed: paths from the root, such as \"/srv/shop\"";
        fields.source.problem(found.span, "not an absolute path", help);
        return None;
    }
    Some(found.value.into())
}

fn policy(fields: &Fields<'_>, common: &Common<'_>) -> Policy {
    const OVERLAPS: &[(&str, Overlap)] = &[
        ("allow", Overlap::Allow),
        ("skip", Overlap::Skip),
        ("queue", Overlap::Queue),
        ("cancel-previous", Overlap::CancelPrevious),
    ];
    let mut policy = Policy::default();
    let overlap = fields.word("overlap", OVERLAPS).map(|found| found.value);
    if let Some(overlap) = overlap {
        policy = policy.overlap(overlap);
    }
    if let Some(found) = fields.number("concurrency", 1) {
        if matches!(overlap, None | Some(Overlap::Allow)) {
            let text = "`concurrency` has nothing to say while runs may overlap freely";
            let help = "add overlap = \"queue\", \"skip\" or \"cancel-previous\"";
            fields.source.problem(found.span, text, help);
        }
        policy = policy.concurrency(found.value);
    }
    if let Some(name) = group(fields, common) {
        policy = policy.group(name);
    }
    if let Some(misfire) = misfire(fields) {
        policy = policy.misfire(misfire);
    }
    if let Some(found) = fields.duration("timeout", false) {
        policy = policy.timeout(found.value);
    }
    if let Some(retry) = retry(fields) {
        policy = policy.retry(retry);
    }
    if let Some(found) = fields.number("history", 0) {
        policy = policy.history(found.value);
    }
    policy
}

fn group<'a>(fields: &Fields<'a>, common: &Common<'_>) -> Option<&'a str> {
    let found = fields.text("group", "database")?;
    if common.groups.contains(&found.value) {
        return Some(found.value);
    }
    let name = found.value;
    let help = match nearest(name, common.groups.iter().copied()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("a group has its limit in the table [groups]: {name:?} = 1"),
    };
    fields.source.problem(found.span, format!("unknown group {name:?}"), help);
    None
}

/// `"skip"`, `"once"`, or a table that says more.
fn misfire(fields: &Fields<'_>) -> Option<Misfire> {
    #[derive(Clone, Copy, PartialEq)]
    enum Late {
        Skip,
        Once,
        All,
    }
    const WORDS: &[(&str, Late)] = &[("skip", Late::Skip), ("once", Late::Once)];
    const ALL_WORDS: &[(&str, Late)] =
        &[("skip", Late::Skip), ("once", Late::Once), ("all", Late::All)];

    let value = fields.value("misfire")?;
    let DeValue::Table(table) = value.get_ref() else {
        if value.get_ref().as_str() == Some("all") {
            let help = "misfire = { run = \"all\", horizon = \"6h\" }";
            fields.source.problem(value.span(), "`all` needs a horizon", help);
            return None;
        }
        return fields.word("misfire", WORDS).map(|found| match found.value {
            Late::Skip => Misfire::skip(),
            _ => Misfire::run_once(),
        });
    };
    let fields = Fields::new(fields.source, table, value.span(), MISFIRE, "`misfire`");
    let late = fields.word("run", ALL_WORDS);
    let horizon = fields.duration("horizon", false);
    let grace = fields.duration("grace", true);
    let is_all = late.as_ref().is_some_and(|late| late.value == Late::All);
    let misfire = match (&late, horizon) {
        (Some(late), Some(horizon)) if late.value != Late::All => {
            let help = "`skip` and `once` look back as far as need be";
            fields.source.problem(horizon.span, "a horizon is for run = \"all\"", help);
            None
        }
        (None, Some(horizon)) if fields.value("run").is_none() => {
            fields.source.problem(horizon.span, "a horizon is for run = \"all\"", "");
            None
        }
        (_, Some(horizon)) => Some(Misfire::run_all(horizon.value)),
        (Some(_), None) if is_all => {
            fields.missing("horizon", "how far back to look: horizon = \"6h\"")
        }
        (Some(late), None) if late.value == Late::Skip => Some(Misfire::skip()),
        (_, None) => Some(Misfire::run_once()),
    }?;
    Some(match grace {
        Some(grace) => misfire.grace(grace.value),
        None => misfire,
    })
}

fn retry(fields: &Fields<'_>) -> Option<Retry> {
    #[derive(Clone, Copy, PartialEq)]
    enum Backoff {
        Fixed,
        Exponential,
    }
    const WORDS: &[(&str, Backoff)] =
        &[("fixed", Backoff::Fixed), ("exponential", Backoff::Exponential)];

    let table = fields.table("retry")?;
    let fields = Fields::new(fields.source, table.value, table.span, RETRY, "`retry`");
    let attempts = fields.number("attempts", 1);
    let backoff = fields.word("backoff", WORDS).map_or(Backoff::Fixed, |found| found.value);
    let max = fields.duration("max-pause", true);
    let pause = fields
        .duration("pause", true)
        .or_else(|| fields.missing("pause", "how long to wait before the next attempt: \"10s\""))?;
    let retry = match (backoff, max) {
        (Backoff::Fixed, None) => Retry::fixed(pause.value),
        (Backoff::Fixed, Some(max)) => {
            let help = "a fixed pause stays as it is; backoff = \"exponential\" doubles it";
            fields.source.problem(max.span, "`max-pause` is for exponential pauses", help);
            return None;
        }
        (Backoff::Exponential, Some(max)) if max.value < pause.value => {
            fields.source.problem(max.span, "shorter than `pause`", "");
            return None;
        }
        (Backoff::Exponential, Some(max)) => Retry::exponential(pause.value, max.value),
        (Backoff::Exponential, None) => {
            return fields.missing("max-pause", "where doubling ends: max-pause = \"5m\"");
        }
    };
    Some(match attempts {
        Some(attempts) => retry.attempts(attempts.value),
        None => retry,
    })
}
