//! A table for people.

use std::fmt::Write as _;

use super::{Run, number};
use crate::harness::{Better, OURS, Report, RowReport, Verdict};

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
    let lines = if report.peers.len() > PEERS_ABREAST {
        one_line_per_peer(report, &mut notes)
    } else {
        one_line_per_row(report, &mut notes)
    };
    push_lines(out, &lines);
    for (number, note) in notes.iter().enumerate() {
        push_line(out, &format!("  [{}] {note}", number + 1));
    }
}

fn one_line_per_row(report: &Report, notes: &mut Vec<String>) -> Vec<Vec<String>> {
    let mut lines = vec![vec![String::new()]];
    lines[0].extend(report.peers.iter().map(|peer| (*peer).to_owned()));
    lines[0].push(BEST.to_owned());
    for row in &report.rows {
        let mut line = vec![row.name.clone()];
        let cells = report.peers.iter().zip(&row.results);
        line.extend(cells.map(|(peer, verdict)| marked_cell(peer, verdict, notes)));
        line.push(best(row, report));
        lines.push(line);
    }
    lines
}

fn one_line_per_peer(report: &Report, notes: &mut Vec<String>) -> Vec<Vec<String>> {
    let mut lines = vec![vec![String::new()]];
    lines[0].extend(report.rows.iter().map(|row| row.name.clone()));
    for (index, peer) in report.peers.iter().enumerate() {
        let mut line = vec![(*peer).to_owned()];
        let cells = report.rows.iter().map(|row| &row.results[index]);
        line.extend(cells.map(|verdict| marked_cell(peer, verdict, notes)));
        lines.push(line);
    }
    let mut line = vec![BEST.to_owned()];
    line.extend(report.rows.iter().map(|row| best(row, report)));
    lines.push(line);
    lines
}

/// Columns as wide as their widest cell; all but the first are flush right.
fn push_lines(out: &mut String, lines: &[Vec<String>]) {
    let width = |column: usize| {
        lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..lines.first().map_or(0, Vec::len)).map(width).collect();
    for line in lines {
        let mut text = String::new();
        for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
            match column {
                0 => write!(text, "{cell:width$}"),
                _ => write!(text, "  {cell:>width$}"),
            }
            .expect("a String takes it");
        }
        push_line(out, &text);
    }
}

fn marked_cell(peer: &str, verdict: &Verdict, notes: &mut Vec<String>) -> String {
    let (shown, remark) = cell(peer, verdict);
    let mark = remark.map(|remark| mark(notes, format!("{peer}: {remark}")));
    format!("{shown}{}", mark.unwrap_or_default())
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
