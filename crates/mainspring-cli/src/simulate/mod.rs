//! `mainspring simulate`: what a span of time would bring, without waiting for it.

mod heat;
mod report;
mod svg;
mod tally;
mod world;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use mainspring_job::Overlap;

use self::world::{Span, World};
use crate::cli::Simulate;
use crate::exit::Exit;
use crate::jobs::{JobFile, Reading};
use crate::progress::Progress;
use crate::{check, timing};

/// A minute's counts take twelve bytes; more years than this say nothing new.
const LONGEST: Duration = Duration::from_secs(10 * 366 * 86_400);

/// Replays the span and shows what came of it.
pub(crate) fn simulate(arguments: &Simulate) -> io::Result<Exit> {
    let zone = match arguments.tz.as_deref().map(timing::zone).transpose() {
        Ok(zone) => zone.unwrap_or_else(timing::system_zone),
        Err(error) => return Ok(Exit::failed(error.problem())),
    };
    let span = match span(arguments, &zone) {
        Ok(span) => span,
        Err(error) => return Ok(Exit::Failed(error)),
    };
    // Simulating another machine's jobs is all right.
    let reading = Reading {
        form: arguments.reading.form,
        dialect: arguments.reading.dialect,
        zone: arguments.tz.as_deref(),
        overlap: Overlap::Allow,
        judge_user: |_| Ok(()),
    };
    let files = match JobFile::read_all(arguments.files.iter().map(PathBuf::as_path), reading) {
        Ok(files) => files,
        Err(problems) => {
            check::report(&problems);
            return Ok(Exit::Input);
        }
    };
    let mut world = World::new(&span, arguments.duration);
    for file in &files {
        if let Err(error) = world.add(file, span.from) {
            return Ok(Exit::Failed(error));
        }
    }
    let tally = world.live(&span, shown(&span));
    if tally.lost > 0 {
        let lost = tally.lost;
        return Ok(Exit::Failed(format!(
            "too much happens at one instant: {lost} events were lost; shorten what is slept through"
        )));
    }
    if let Some(file) = &arguments.svg
        && let Err(error) = std::fs::write(file, svg::draw(&heat::Heat::new(&tally, &span, &zone)))
    {
        return Ok(Exit::Failed(format!("cannot write {}: {error}", file.display())));
    }
    if arguments.json {
        report::json(&tally, &span, &zone)?;
    } else {
        report::text(&tally, &span, &zone)?;
    }
    Ok(Exit::Well)
}

/// Shows how far the simulation has come.
fn shown(span: &Span) -> impl FnMut(Timestamp, u64) + use<> {
    let from = span.from;
    let seconds = span.to.duration_since(from).as_secs().max(1);
    let mut progress = Progress::new(Some(seconds.unsigned_abs()));
    let mut steps = 0_u32;
    move |now, runs| {
        // Looking at the clock costs more than most steps of a simulation.
        steps = steps.wrapping_add(1);
        if steps.is_multiple_of(1024) {
            let passed = now.duration_since(from).as_secs().clamp(0, seconds).unsigned_abs();
            progress.at(passed, || {
                format!("simulated until {}: {runs} runs", now.strftime("%Y-%m-%d"))
            });
        }
    }
}

fn span(arguments: &Simulate, zone: &TimeZone) -> Result<Span, String> {
    let from = instant(&arguments.from, zone)?;
    let to = instant(&arguments.to, zone)?;
    if to <= from {
        return Err(format!(
            "the end {} is not after the beginning {}",
            arguments.to, arguments.from
        ));
    }
    if to.duration_since(from).unsigned_abs() > LONGEST {
        return Err("a span of more than ten years; allowed: up to ten".into());
    }
    let mut naps = Vec::new();
    for nap in &arguments.asleep {
        let wrong =
            || format!("{nap:?} is not FROM/UNTIL, such as 2026-03-01T02:00Z/2026-03-01T05:30Z");
        let (asleep, awake) = nap.split_once('/').ok_or_else(wrong)?;
        let (asleep, awake) = (instant(asleep, zone)?, instant(awake, zone)?);
        if asleep >= awake || asleep < from || awake >= to {
            return Err(format!(
                "the sleep {nap} is not within the span, or ends before it begins"
            ));
        }
        naps.push((asleep, awake));
    }
    naps.sort();
    if naps.windows(2).any(|pair| pair[1].0 < pair[0].1) {
        return Err("two sleeps overlap".into());
    }
    Ok(Span { from, to, naps })
}

/// An instant, or a date or civil time in `zone`.
fn instant(text: &str, zone: &TimeZone) -> Result<Timestamp, String> {
    if let Ok(at) = text.parse() {
        return Ok(at);
    }
    let civil = match text.parse::<Date>() {
        Ok(date) if text.len() == "2026-03-01".len() => Some(date.at(0, 0, 0, 0)),
        _ => text.parse::<DateTime>().ok().filter(|_| !text.contains(['Z', 'z', '+', '['])),
    };
    civil.and_then(|civil| zone.to_timestamp(civil).ok()).ok_or_else(|| {
        format!("{text:?} is not an instant such as 2026-03-01, 2026-03-01T12:00 or 2026-03-01T12:00:00Z")
    })
}
