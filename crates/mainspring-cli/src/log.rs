//! Writes the log: one line per event on standard error, for people or for machines.
//!
//! A line for people is `time level job message: command field=value …`, with what a command printed
//! as `stdout: text`. A line for machines is one JSON object with the same fields under their names.

use std::fmt;
use std::io;

use anstream::ColorChoice;
use anstyle::AnsiColor;
use jiff::{RoundMode, Timestamp, TimestampRound, Unit};
use mainspring_clock::{SystemClock, WallClock};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;

use crate::cli::LogFormat;
use crate::spans::Spans;

/// Begins to log, and to send spans; once per process.
pub(crate) fn start(format: LogFormat, spans: &Spans) {
    let colours = anstream::AutoStream::choice(&io::stderr()) != ColorChoice::Never;
    // The scheduler's words on a run would repeat ours, which know the command.
    let wanted = Targets::new()
        .with_default(Level::INFO)
        .with_target("mainspring_scheduler::runner", LevelFilter::OFF);
    let builder = tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(colours)
        // When nobody reads the log any more, the jobs go on.
        .log_internal_errors(false);
    match format {
        LogFormat::Text => spans.begin(builder.event_format(Text).finish().with(wanted)),
        LogFormat::Json => {
            let builder = builder.with_timer(Milliseconds).json().flatten_event(true);
            spans.begin(builder.with_target(false).finish().with(wanted));
        }
    }
}

/// The wall clock's time, for a log or a due instant.
pub(crate) fn now() -> Timestamp {
    SystemClock.wall_now().try_into().unwrap_or(Timestamp::MIN)
}

/// An instant without what is below a millisecond; most have nothing below a second.
pub(crate) fn shortened(at: Timestamp) -> Timestamp {
    floor(at, Unit::Millisecond)
}

/// An instant without what is below a second.
pub(crate) fn whole_second(at: Timestamp) -> Timestamp {
    floor(at, Unit::Second)
}

fn floor(at: Timestamp, unit: Unit) -> Timestamp {
    at.round(TimestampRound::new().smallest(unit).mode(RoundMode::Floor)).unwrap_or(at)
}

struct Milliseconds;

impl FormatTime for Milliseconds {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        write!(writer, "{:.3}", now())
    }
}

/// The format for people.
struct Text;

impl<S, N> FormatEvent<S, N> for Text
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let colours = writer.has_ansi_escapes();
        let paint = |style: anstyle::Style| if colours { style } else { anstyle::Style::new() };
        let (dim, bold) =
            (paint(anstyle::Style::new().dimmed()), paint(anstyle::Style::new().bold()));
        let (name, colour) = match *event.metadata().level() {
            Level::ERROR => ("ERROR", AnsiColor::Red),
            Level::WARN => ("WARN ", AnsiColor::Yellow),
            _ => ("INFO ", AnsiColor::Green),
        };
        let level = paint(colour.on_default());
        let mut fields = Fields::default();
        event.record(&mut fields);

        write!(writer, "{dim}{:.3}{dim:#} {level}{name}{level:#}", now())?;
        if let Some(job) = &fields.job {
            write!(writer, " {bold}{}{bold:#}", Shown(job))?;
        }
        if let (Some(stream), Some(line)) = (&fields.stream, &fields.line) {
            return writeln!(writer, " {dim}{stream}:{dim:#} {}", Shown(line));
        }
        write!(writer, " {}", Shown(&fields.message))?;
        if let Some(command) = &fields.command {
            write!(writer, ": {}", Shown(command))?;
        }
        for (name, value) in &fields.others {
            if value.is_empty() || value.contains([' ', '"', '=']) {
                write!(writer, " {dim}{name}={dim:#}{value:?}")?;
            } else {
                write!(writer, " {dim}{name}={dim:#}{}", Shown(value))?;
            }
        }
        writeln!(writer)
    }
}

#[derive(Default)]
struct Fields {
    message: String,
    job: Option<String>,
    stream: Option<String>,
    line: Option<String>,
    command: Option<String>,
    others: Vec<(&'static str, String)>,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let value = format!("{value:?}");
        match field.name() {
            "message" => self.message = value,
            "job" => self.job = Some(value),
            "stream" => self.stream = Some(value),
            "line" => self.line = Some(value),
            "command" => self.command = Some(value),
            name => self.others.push((name, value)),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}

/// Text in which nothing moves the terminal's cursor or changes its colours.
struct Shown<'a>(&'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some(at) = rest.find(|c: char| c.is_control() && c != '\t') {
            f.write_str(&rest[..at])?;
            let mut chars = rest[at..].chars();
            if let Some(control) = chars.next() {
                write!(f, "{}", control.escape_default())?;
            }
            rest = chars.as_str();
        }
        f.write_str(rest)
    }
}
