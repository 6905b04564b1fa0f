//! `mainspring next`: when schedules fire, without waiting for it.

mod answer;
mod file;
mod questions;
mod table;

use std::io::{self, Write};
use std::path::Path;

use crate::cli::{self, Next};
use crate::exit::Exit;
use crate::{log, timing};
use answer::{Question, Wrong};

/// Answers what the arguments ask.
pub(crate) fn next(arguments: &Next) -> io::Result<Exit> {
    if arguments.stdin {
        return questions::answer_all(arguments);
    }
    let from = match arguments.from.as_deref().map(cli::instant).transpose() {
        // Between two whole seconds nothing is due but what counts from now; its times read better.
        Ok(from) => from.unwrap_or_else(|| log::whole_second(log::now())),
        Err(error) => return Ok(Exit::failed(error)),
    };
    if let Some(Err(error)) = arguments.tz.as_deref().map(timing::judge_zone) {
        return Ok(Exit::Failed(Wrong::Zone(error).for_people()));
    }
    if let [file] = arguments.what.as_slice()
        && Path::new(file).exists()
    {
        return file::show(Path::new(file), arguments, from);
    }
    let expression = arguments.what.join(" ");
    let question = Question {
        expression: &expression,
        zone: arguments.tz.as_deref(),
        from,
        count: arguments.count,
        dialect: arguments.dialect,
    };
    let answer = match question.answer() {
        Ok(answer) => answer,
        Err(error) if expression.contains(char::is_whitespace) => {
            return Ok(Exit::Failed(error.for_people()));
        }
        Err(error) => {
            let text = error.for_people();
            return Ok(Exit::Failed(format!("{text}\n  nor is there a file of that name")));
        }
    };
    let mut out = anstream::stdout().lock();
    if arguments.json {
        answer.write_json(&mut out)?;
    } else {
        table::write(&mut out, &answer)?;
    }
    out.flush()?;
    Ok(Exit::Well)
}
