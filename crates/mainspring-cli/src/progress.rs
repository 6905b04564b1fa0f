//! Shows how far long work has come: a bar on a terminal, a line now and then elsewhere.
//!
//! On standard error, so that what a command prints stays what it is.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use mainspring_clock::{Clock, SystemClock};

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(2);

/// Shown until it is dropped.
pub(crate) struct Progress {
    total: Option<u64>,
    bar: Option<ProgressBar>,
    last_line: Instant,
}

impl Progress {
    /// Work of so many steps; `None` where nobody knows.
    pub(crate) fn new(total: Option<u64>) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| bar(total));
        Self { total, bar, last_line: SystemClock.now() }
    }

    /// So many steps are done; `text` says what that means.
    pub(crate) fn at(&mut self, done: u64, text: impl FnOnce() -> String) {
        if let Some(bar) = &self.bar {
            bar.set_position(done);
            bar.set_message(text());
            return;
        }
        let now = SystemClock.now();
        if now - self.last_line >= LINE_EVERY {
            self.last_line = now;
            let share = self.total.and_then(|total| (done * 100).checked_div(total));
            match share {
                Some(percent) => say(&format!("{}, {percent} %", text())),
                None => say(&text()),
            }
        }
    }

    /// A part of the work begins.
    pub(crate) fn begin(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.set_message(text.to_owned()),
            None => say(text),
        }
    }

    /// One more step is done.
    pub(crate) fn step(&self) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(total: Option<u64>) -> ProgressBar {
    let (bar, style) = match total {
        Some(total) => (ProgressBar::new(total), "{bar:40.cyan} {percent:>3} %  {msg}"),
        None => (ProgressBar::new_spinner(), "{spinner:.cyan} {msg}"),
    };
    bar.with_style(
        ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()),
    )
}

fn say(text: &str) {
    let _closed = writeln!(anstream::stderr(), "{text}");
}
