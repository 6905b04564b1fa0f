//! Shows how far a measurement has come: a bar on a terminal, a line for each period elsewhere.
//!
//! Written between slots only, so that it disturbs no tick.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::table::short;

pub(super) struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    pub(super) fn new(slots: usize) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{bar:40.cyan} {percent:>3} %  {msg}");
            let bar = ProgressBar::new(slots as u64);
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        Self { bar }
    }

    /// A period begins, which takes about `span`.
    pub(super) fn period(&self, period: Duration, span: Duration) {
        let text = format!("every {}", short(period));
        match &self.bar {
            Some(bar) => bar.set_message(text),
            None => {
                let span = short(span);
                let _closed = writeln!(anstream::stderr(), "measuring {text}: about {span}");
            }
        }
    }

    pub(super) fn slot(&self) {
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
