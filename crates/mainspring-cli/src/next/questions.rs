//! `--stdin`: one question per line, one answer per line, in the same order.

use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};

use serde::Serialize;

use super::answer::{Question, write_line};
use crate::cli::{self, Next};
use crate::exit::Exit;

/// As long as any sane question; what is longer is answered with an error.
const LONGEST_BYTES: u64 = 64 * 1024;

/// Answers until standard input ends. A wrong question has `error` in place of `next`.
pub(super) fn answer_all(arguments: &Next) -> io::Result<Exit> {
    let mut input = BufReader::new(io::stdin().lock());
    let mut out = BufWriter::new(io::stdout().lock());
    let mut line = Vec::new();
    loop {
        // Thousands at once are written at once; who asks one by one is answered one by one.
        if input.buffer().is_empty() {
            out.flush()?;
        }
        line.clear();
        if input.by_ref().take(LONGEST_BYTES).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        } else if line.len() as u64 == LONGEST_BYTES {
            input.skip_until(b'\n')?;
            line.truncate(80);
            let shown = String::from_utf8_lossy(&line);
            refuse(&mut out, &shown, None, &format!("longer than {LONGEST_BYTES} bytes"))?;
            continue;
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        answer(&mut out, arguments, &String::from_utf8_lossy(&line))?;
    }
    out.flush()?;
    Ok(Exit::Well)
}

fn answer(out: &mut impl Write, arguments: &Next, line: &str) -> io::Result<()> {
    // From the right: an expression may have tabs between its fields.
    let mut columns = line.rsplitn(3, '\t');
    let (Some(from), Some(zone), Some(expression)) =
        (columns.next(), columns.next(), columns.next())
    else {
        let error = "three columns, separated by tabs: expression, zone, RFC 3339 instant";
        return refuse(out, line, None, error);
    };
    let from = match cli::instant(from) {
        Ok(from) => from,
        Err(error) => return refuse(out, expression, Some(zone), &error),
    };
    let (count, dialect) = (arguments.count, arguments.dialect);
    let question = Question { expression, zone: Some(zone), from, count, dialect };
    match question.answer() {
        Ok(answer) => answer.write_json(out),
        Err(error) => refuse(out, expression, Some(zone), &error.one_line()),
    }
}

fn refuse(
    out: &mut impl Write,
    expression: &str,
    zone: Option<&str>,
    error: &str,
) -> io::Result<()> {
    write_line(out, &Refusal { expression, description: None, zone, error })
}

#[derive(Serialize)]
struct Refusal<'a> {
    expression: &'a str,
    /// The keys are those of an answer; a wrong expression has no description.
    description: Option<&'a str>,
    zone: Option<&'a str>,
    error: &'a str,
}
