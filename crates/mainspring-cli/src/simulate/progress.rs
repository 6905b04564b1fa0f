//! Shows how far a simulation has come: a bar on a terminal, a line now and then elsewhere.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use mainspring_clock::{Clock, SystemClock};

use super::world::Span;

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(2);

pub(super) struct Progress {
    from: Timestamp,
    seconds: i64,
    bar: Option<ProgressBar>,
    last_line: Instant,
    /// Looking at the clock costs more than most steps of a simulation.
    steps: u32,
}

impl Progress {
    pub(super) fn new(span: &Span) -> Self {
        let seconds = span.to.duration_since(span.from).as_secs().max(1);
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{bar:40.cyan} {percent:>3} %  {msg}");
            let bar = ProgressBar::new(seconds.unsigned_abs());
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        Self { from: span.from, seconds, bar, last_line: SystemClock.now(), steps: 0 }
    }

    pub(super) fn passed(&mut self, now: Timestamp, runs: u64) {
        self.steps = self.steps.wrapping_add(1);
        if !self.steps.is_multiple_of(1024) {
            return;
        }
        let passed = now.duration_since(self.from).as_secs().clamp(0, self.seconds);
        let day = now.strftime("%Y-%m-%d");
        if let Some(bar) = &self.bar {
            bar.set_position(passed.unsigned_abs());
            bar.set_message(format!("{day}  {runs} runs"));
            return;
        }
        let real_now = SystemClock.now();
        if real_now - self.last_line >= LINE_EVERY {
            self.last_line = real_now;
            let percent = passed * 100 / self.seconds;
            let _closed =
                writeln!(anstream::stderr(), "simulated until {day}, {percent} %: {runs} runs");
        }
    }

    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
