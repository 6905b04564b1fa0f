//! Turns a systemd timer, and the service that it starts, into drafts.

use std::path::Path;

use super::calendar;
use super::draft::Draft;
use super::exec;
use super::named;
use super::timespan;
use super::unit::{Entry, Unit, is_yes};
use crate::problem::Problem;

/// Keys of a timer that change nothing here: runs are on time, and a spread is always the same.
const NOT_NEEDED: [&str; 4] =
    ["AccuracySec", "FixedRandomDelay", "RemainAfterElapse", "DeferReactivation"];

pub(super) fn convert(file: &Path) -> (Vec<Draft>, Vec<Problem>) {
    let unit = match Unit::read(file) {
        Ok(unit) => unit,
        Err(problem) => return (Vec::new(), vec![problem]),
    };
    let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or("timer").to_owned();
    let mut base = named(&stem);
    base.comments.push(unit.file.clone());
    base.comments.extend(unit.last("Unit", "Description").map(|entry| entry.value.clone()));
    base.comments.extend(conditions(&unit));
    // A unit that runs is not started once more.
    base.policies.push(("overlap", "skip".into()));
    let (mut drafts, problems) = schedules(&unit, &mut base);
    if drafts.is_empty() && problems.is_empty() {
        let problem = Problem::of_file(
            &unit.file,
            "no time in the section [Timer]",
            "allowed: OnCalendar=, OnUnitActiveSec=, OnBootSec= and their sisters",
        );
        return (Vec::new(), vec![problem]);
    }
    let service_name = match unit.last("Timer", "Unit") {
        Some(entry) => entry.value.clone(),
        None => format!("{stem}.service"),
    };
    service(file, &service_name, &mut base);
    let is_twin = drafts.len() > 1;
    for draft in &mut drafts {
        let Draft { comments, command, user, cwd, env, policies, .. } = base.clone();
        draft.comments.splice(0..0, comments);
        draft.policies.splice(0..0, policies);
        (draft.command, draft.user, draft.cwd, draft.env) = (command, user, cwd, env);
        draft.is_twin = is_twin;
    }
    (drafts, problems)
}

/// A draft for each time that the timer names; what holds for all of them goes into `base`.
fn schedules(unit: &Unit, base: &mut Draft) -> (Vec<Draft>, Vec<Problem>) {
    let (mut drafts, mut problems) = (Vec::new(), Vec::new());
    let timer = unit.section("Timer");
    let has_boot = timer.iter().any(|entry| is_after_start(&entry.key));
    for entry in &timer {
        let mut draft = named(&base.name);
        match entry.key.as_str() {
            "OnCalendar" => match calendar::convert(&entry.value) {
                Ok(converted) => {
                    draft.schedule = converted.schedule;
                    draft.zone = converted.zone;
                    drafts.push(draft);
                }
                Err(flaw) => {
                    base.comments.push(format!("OnCalendar={} is not converted", entry.value));
                    problems.push(unit.problem(entry, flaw.at, flaw.text, flaw.help));
                }
            },
            key if is_after_start(key) => {
                let Some(after) = span(unit, entry, &mut problems) else { continue };
                draft.comments.push(format!("{key}={}: counted from the start here", entry.value));
                if after == "0s" {
                    draft.schedule = "@reboot".into();
                } else {
                    draft.schedule = format!("@every {after}");
                    draft.limit = Some(1);
                }
                drafts.push(draft);
            }
            key @ ("OnUnitActiveSec" | "OnUnitInactiveSec") => {
                let Some(every) = span(unit, entry, &mut problems) else { continue };
                if key == "OnUnitInactiveSec" {
                    let comment = "OnUnitInactiveSec counts from the end of a run; here it counts \
                                   from start to start";
                    draft.comments.push(comment.into());
                }
                if has_boot {
                    let comment = "the first one is that long after the start, and not after the \
                                   run at the start";
                    draft.comments.push(comment.into());
                }
                draft.schedule = format!("@every {every}");
                drafts.push(draft);
            }
            "RandomizedDelaySec" | "RandomizedOffsetSec" => {
                if let Some(spread) = span(unit, entry, &mut problems).filter(|text| text != "0s") {
                    base.policies.push(("spread", spread));
                    base.comments.push("the delay is always the same for a job's name".into());
                }
            }
            "Persistent" if is_yes(&entry.value) => {
                base.policies.push(("misfire", "once".into()));
                let comment =
                    "Persistent: made up for over restarts too, unless by `run --store none`";
                base.comments.push(comment.into());
            }
            "Persistent" | "Unit" => {}
            key if NOT_NEEDED.contains(&key) => {}
            key if ["WakeSystem", "OnClockChange", "OnTimezoneChange"].contains(&key) => {
                if is_yes(&entry.value) {
                    base.comments.push(format!("{key}={} has no equivalent", entry.value));
                }
            }
            key => base.comments.push(format!("{key}={} was left out", entry.value)),
        }
    }
    (drafts, problems)
}

fn is_after_start(key: &str) -> bool {
    ["OnActiveSec", "OnBootSec", "OnStartupSec"].contains(&key)
}

fn span(unit: &Unit, entry: &Entry, problems: &mut Vec<Problem>) -> Option<String> {
    let read = timespan::parse(&entry.value);
    if read.is_none() {
        let help = "allowed: lengths of time such as 90, 15min, 1h 30min, 1d";
        let all = 0..entry.value.len();
        problems.push(unit.problem(entry, all, "not a length of time", help));
    }
    read.map(timespan::text)
}

/// What the service runs, and as whom; `systemctl start` where there is no file of it.
fn service(timer: &Path, name: &str, draft: &mut Draft) {
    let beside = timer.with_file_name(name);
    let unit = match Unit::read(&beside) {
        Ok(unit) if beside.is_file() => unit,
        _ => {
            draft.comments.push(format!("{name} does not stand beside it: systemd is to start it"));
            draft.command = format!("systemctl start {}", exec::convert(name).command);
            return;
        }
    };
    draft.comments.extend(conditions(&unit));
    let (mut commands, mut left_out) = (Vec::new(), Vec::new());
    for entry in unit.section("Service") {
        match entry.key.as_str() {
            "ExecStartPre" | "ExecStart" | "ExecStartPost" => {
                let order = ["ExecStartPre", "ExecStart", "ExecStartPost"];
                let rank = order.iter().position(|key| *key == entry.key);
                let converted = exec::convert(&entry.value);
                draft.comments.extend(converted.comments);
                commands.push((rank, converted.command));
            }
            "User" => draft.user = Some(entry.value.clone()),
            "WorkingDirectory" if entry.value.starts_with('/') => {
                draft.cwd = Some(entry.value.clone());
            }
            "Environment" => {
                for word in exec::words(&entry.value) {
                    if let Some((name, value)) = word.split_once('=') {
                        draft.env.push((name.to_owned(), value.to_owned()));
                    }
                }
            }
            "RuntimeMaxSec" | "TimeoutStartSec" if timespan::parse(&entry.value).is_some() => {
                let limit = timespan::parse(&entry.value).unwrap_or_default();
                if !limit.is_zero() && draft.policies.iter().all(|(name, _)| *name != "timeout") {
                    draft.policies.push(("timeout", timespan::text(limit)));
                }
            }
            "Type" | "SyslogIdentifier" => {}
            _ => {
                let assignment = format!("{}={}", entry.key, entry.value);
                left_out.push(assignment);
            }
        }
    }
    if !left_out.is_empty() {
        draft.comments.push(format!("left out of {name}: {}", left_out.join(", ")));
    }
    commands.sort_by_key(|(rank, _)| *rank);
    let commands: Vec<String> = commands.into_iter().map(|(_, command)| command).collect();
    draft.command = commands.join(" && ");
    if draft.command.is_empty() {
        draft.comments.push(format!("{name} starts nothing"));
        draft.command = format!("systemctl start {}", exec::convert(name).command);
    }
}

/// What a unit asks for before it starts.
fn conditions(unit: &Unit) -> Option<String> {
    let asked: Vec<String> = unit
        .section("Unit")
        .iter()
        .filter(|entry| entry.key.starts_with("Condition") || entry.key.starts_with("Assert"))
        .map(|entry| format!("{}={}", entry.key, entry.value))
        .collect();
    (!asked.is_empty()).then(|| format!("not asked for here: {}", asked.join(", ")))
}
