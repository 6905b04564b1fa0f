//! Shows what was counted, as a table for people or as JSON.

use std::cmp::Reverse;
use std::io::{self, Write};
use std::time::Duration;

use jiff::fmt::friendly::{Designator, Spacing, SpanPrinter};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::tally::{JobTally, Minute, Tally};
use super::world::Span;
use crate::problem::style;
use crate::timing;

/// How many of the busiest minutes are shown.
const BUSIEST: usize = 10;

type Column = (&'static str, fn(&JobTally) -> String);

/// The columns of the table; those that are the same for all jobs as for an idle one are left out.
const COLUMNS: &[Column] = &[
    ("succeeded", |job| job.succeeded.to_string()),
    ("timed out", |job| job.timed_out.to_string()),
    ("retries", |job| job.retries.to_string()),
    ("cancelled", |job| job.cancelled.to_string()),
    ("overlaps", |job| job.overlaps.to_string()),
    ("skipped", |job| job.skipped.to_string()),
    ("missed", |job| job.missed.to_string()),
    ("at once", |job| job.peak.to_string()),
    ("latest by", |job| short(job.latest)),
    ("busy", |job| short(job.busy)),
];

pub(super) fn text(tally: &Tally, span: &Span, zone: &TimeZone) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    let (bold, dim) = (style().bold(), style().dimmed());
    let show = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%a %Y-%m-%d %H:%M").to_string();
    let (from, to, zone_name) = (show(span.from), show(span.to), timing::zone_name(zone));
    writeln!(out, "{bold}{from} to {to}{bold:#} {dim}({zone_name}){dim:#}\n")?;

    let idle = JobTally::default();
    let columns: Vec<&Column> = COLUMNS
        .iter()
        .filter(|(_, value)| tally.jobs.iter().any(|job| value(job) != value(&idle)))
        .collect();
    let mut rows = vec![vec!["job".to_owned(), "runs".to_owned()]];
    rows[0].extend(columns.iter().map(|(title, _)| (*title).to_owned()));
    for job in &tally.jobs {
        let mut row = vec![job.label.clone(), job.runs.to_string()];
        row.extend(columns.iter().map(|(_, value)| value(job)));
        rows.push(row);
    }
    let widths: Vec<usize> = (0..rows[0].len())
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default())
        .collect();
    for (number, row) in rows.iter().enumerate() {
        let emphasis = if number == 0 { bold } else { style() };
        write!(out, "{emphasis}{:<width$}{emphasis:#}", row[0], width = widths[0])?;
        for (value, width) in row.iter().zip(&widths).skip(1) {
            write!(out, "  {emphasis}{value:>width$}{emphasis:#}")?;
        }
        writeln!(out)?;
    }

    let total = |of: fn(&JobTally) -> u64| tally.jobs.iter().map(of).sum::<u64>();
    let (overlaps, skipped, missed) =
        (total(|job| job.overlaps), total(|job| job.skipped), total(|job| job.missed));
    let (jobs, runs, (most, when)) = (tally.jobs.len(), tally.runs(), tally.peak);
    write!(out, "\n{bold}{runs} runs{bold:#} of {jobs} jobs")?;
    writeln!(out, "; {overlaps} overlapped, {skipped} were skipped, {missed} missed")?;
    if most > 0 {
        writeln!(out, "at most {most} at once, first {}", show(when))?;
    }
    let going = tally.going();
    if going > 0 {
        writeln!(out, "{going} still going at the end")?;
    }
    let busiest = busiest(tally);
    if !busiest.is_empty() {
        writeln!(out, "\n{bold}busiest minutes{bold:#}")?;
        for (at, minute) in busiest {
            let offset = at.to_zoned(zone.clone()).strftime("%:z").to_string();
            let Minute { starts, peak, .. } = minute;
            let s = if starts == 1 { "" } else { "s" };
            writeln!(out, "{} {dim}{offset}{dim:#}  {starts} start{s}, {peak} at once", show(at))?;
        }
    }
    out.flush()
}

/// The minutes in which most runs began; of equals, the earliest.
fn busiest(tally: &Tally) -> Vec<(Timestamp, Minute)> {
    let mut minutes: Vec<_> = tally.minutes().filter(|(_, minute)| minute.starts > 0).collect();
    let key =
        |(at, minute): &(Timestamp, Minute)| (Reverse(minute.starts), Reverse(minute.peak), *at);
    if minutes.len() > BUSIEST {
        minutes.select_nth_unstable_by_key(BUSIEST, key);
        minutes.truncate(BUSIEST);
    }
    minutes.sort_unstable_by_key(key);
    minutes
}

pub(super) fn json(tally: &Tally, span: &Span, zone: &TimeZone) -> io::Result<()> {
    let object = Object {
        from: span.from.to_string(),
        to: span.to.to_string(),
        zone: timing::zone_name(zone),
        runs: tally.runs(),
        at_once: tally.peak.0,
        still_going: tally.going(),
        jobs: tally.jobs.iter().map(JobObject::new).collect(),
        busiest_minutes: busiest(tally).into_iter().map(MinuteObject::new).collect(),
    };
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &object)?;
    out.write_all(b"\n")
}

#[derive(Serialize)]
struct Object<'a> {
    /// RFC 3339 in UTC, as all instants here.
    from: String,
    to: String,
    zone: String,
    runs: u64,
    at_once: u32,
    still_going: usize,
    jobs: Vec<JobObject<'a>>,
    busiest_minutes: Vec<MinuteObject>,
}

#[derive(Serialize)]
struct JobObject<'a> {
    job: &'a str,
    runs: u64,
    succeeded: u64,
    timed_out: u64,
    cancelled: u64,
    retries: u64,
    overlaps: u64,
    skipped: u64,
    missed: u64,
    at_once: usize,
    latest_s: f64,
    busy_s: f64,
}

impl<'a> JobObject<'a> {
    fn new(job: &'a JobTally) -> Self {
        Self {
            job: &job.label,
            runs: job.runs,
            succeeded: job.succeeded,
            timed_out: job.timed_out,
            cancelled: job.cancelled,
            retries: job.retries,
            overlaps: job.overlaps,
            skipped: job.skipped,
            missed: job.missed,
            at_once: job.peak,
            latest_s: job.latest.as_secs_f64(),
            busy_s: job.busy.as_secs_f64(),
        }
    }
}

#[derive(Serialize)]
struct MinuteObject {
    minute: String,
    starts: u32,
    at_once: u32,
}

impl MinuteObject {
    fn new((at, minute): (Timestamp, Minute)) -> Self {
        Self { minute: at.to_string(), starts: minute.starts, at_once: minute.peak }
    }
}

/// To the second, as long as it is one.
fn short(duration: Duration) -> String {
    static PRINTER: SpanPrinter =
        SpanPrinter::new().designator(Designator::Compact).spacing(Spacing::None);
    let seconds = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
    let rounded = if duration < Duration::from_secs(1) {
        seconds
    } else {
        SignedDuration::from_secs(seconds.as_secs())
    };
    PRINTER.duration_to_string(&rounded)
}
