//! A table for people.

use std::fmt::Write as _;

use super::{Run, number};
use crate::harness::{Better, OURS, Report, RowReport, Verdict};

const CELL: usize = 20;
const BEST: &str = "ours ÷ best other";

/// With more peers than this a table is turned round: they no longer fit on a line.
const PEERS_ABREAST: usize = 7;

/// The machine, then one table for each question, then what has to be said about its cells.
pub fn render(run: &Run) -> String {
    let mut out = String::new();
    heading(&mut out, run);
    for report in &run.reports {
        out.push('\n');
        table(&mut out, report);
    }
    out
}

fn heading(out: &mut String, run: &Run) {
    let machine = &run.machine;
    let versions: Vec<String> =
        run.versions.iter().map(|(peer, version)| format!("{peer} {version}")).collect();
    let lines = [
        format!("{}, {} cores, {}", machine.processor, machine.cores, machine.kernel),
        machine.compiler.to_owned(),
        format!("{}, commit {}", machine.date, machine.commit),
        format!("{} rounds of {:?}", run.settings.rounds, run.settings.sample),
        versions.join(", "),
    ];
    for line in lines {
        push_line(out, &line);
    }
}

fn table(out: &mut String, report: &Report) {
    let better = match report.better {
        Better::Lower => "less is better",
        Better::Higher => "more is better",
    };
    push_line(out, &format!("{}: {}", report.name, report.sentence));
    push_line(
        out,
        &format!(
            "{}: median ± half the distance of the quartiles, × times ours; {better}",
            report.unit
        ),
    );

    let mut notes = Vec::new();
    if report.peers.len() > PEERS_ABREAST {
        one_line_per_peer(out, report, &mut notes);
    } else {
        one_line_per_row(out, report, &mut notes);
    }
    for (number, note) in notes.iter().enumerate() {
        push_line(out, &format!("  [{}] {note}", number + 1));
    }
}

fn one_line_per_row(out: &mut String, report: &Report, notes: &mut Vec<String>) {
    let width = report.rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
    let mut line = format!("{:width$}", "");
    for peer in &report.peers {
        write!(line, "{peer:>CELL$}").expect("a String takes it");
    }
    write!(line, "{BEST:>CELL$}").expect("a String takes it");
    push_line(out, &line);
    for row in &report.rows {
        push_line(out, &row_line(row, report, width, notes));
    }
}

fn one_line_per_peer(out: &mut String, report: &Report, notes: &mut Vec<String>) {
    let mut line = format!("{:CELL$}", "");
    for row in &report.rows {
        write!(line, "{:>CELL$}", row.name).expect("a String takes it");
    }
    push_line(out, &line);
    for (index, peer) in report.peers.iter().enumerate() {
        let mut line = format!("{peer:CELL$}");
        for row in &report.rows {
            let (shown, remark) = cell(peer, &row.results[index]);
            let mark = remark.map(|remark| mark(notes, format!("{peer}: {remark}")));
            let shown = format!("{shown}{}", mark.unwrap_or_default());
            write!(line, "{shown:>CELL$}").expect("a String takes it");
        }
        push_line(out, &line);
    }
    let mut line = format!("{BEST:CELL$}");
    for row in &report.rows {
        write!(line, "{:>CELL$}", best(row, report)).expect("a String takes it");
    }
    push_line(out, &line);
}

fn row_line(row: &RowReport, report: &Report, width: usize, notes: &mut Vec<String>) -> String {
    let mut line = format!("{:width$}", row.name);
    for (peer, verdict) in report.peers.iter().zip(&row.results) {
        let (shown, remark) = cell(peer, verdict);
        let mark = remark.map(|remark| mark(notes, format!("{peer}: {remark}")));
        let shown = format!("{shown}{}", mark.unwrap_or_default());
        write!(line, "{shown:>CELL$}").expect("a String takes it");
    }
    write!(line, "{:>CELL$}", best(row, report)).expect("a String takes it");
    line
}

fn best(row: &RowReport, report: &Report) -> String {
    row.ours_to_best(&report.peers, report.better).map_or_else(|| "–".to_owned(), number)
}

fn cell<'a>(peer: &str, verdict: &'a Verdict) -> (String, Option<&'a str>) {
    match verdict {
        Verdict::Measured { summary, ratio, remark } => {
            let mut shown = number(summary.median);
            if summary.min < summary.max {
                write!(shown, " ±{:.0}%", summary.spread_percent()).expect("a String takes it");
            }
            if let Some(ratio) = ratio.filter(|_| peer != OURS) {
                write!(shown, " ×{}", number(ratio)).expect("a String takes it");
            }
            (shown, remark.as_deref())
        }
        Verdict::Cannot(reason) => ("–".to_owned(), Some(reason)),
        Verdict::Wrong(reason) => ("wrong".to_owned(), Some(reason)),
    }
}

/// The note's number; the same words are said once.
fn mark(notes: &mut Vec<String>, note: String) -> String {
    let index = notes.iter().position(|known| *known == note).unwrap_or_else(|| {
        notes.push(note);
        notes.len() - 1
    });
    format!(" [{}]", index + 1)
}

fn push_line(out: &mut String, line: &str) {
    out.push_str(line.trim_end());
    out.push('\n');
}
