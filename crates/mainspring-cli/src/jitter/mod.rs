//! `mainspring jitter`: measures how late ticks are on this machine.

mod measure;
mod picture;
mod table;

use std::fs;
use std::io::{self, Write};

use mainspring_timer::isolated;

use crate::cli::Jitter;
use crate::exit::Exit;
use measure::{Series, measure};

/// Measures, and shows what was measured.
pub(crate) fn jitter(arguments: &Jitter) -> io::Result<Exit> {
    let plan = measure::Plan { periods: arguments.periods(), span: arguments.span };
    let all: Vec<Series> = if arguments.isolated {
        let thread = isolated("jitter", move || measure(plan))?;
        table::write_isolation(&mut anstream::stderr(), thread.isolation())?;
        match thread.join() {
            Ok(all) => all?,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    } else {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(measure(plan))?
    };
    // First, as whoever reads the tables may stop reading.
    if let Some(path) = &arguments.svg
        && let Err(error) = fs::write(path, picture::draw(&all))
    {
        return Ok(Exit::failed(format!("{}: {error}", path.display())));
    }
    let mut out = anstream::stdout().lock();
    if arguments.json {
        for series in &all {
            writeln!(out, "{}", table::json(series))?;
        }
    } else {
        table::write(&mut out, &all)?;
    }
    Ok(Exit::Well)
}
