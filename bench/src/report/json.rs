//! Everything that was measured, for programs.

use serde_json::{Value, json};

use super::Run;
use crate::harness::{Better, Report, Verdict};

/// One object, indented.
pub fn render(run: &Run) -> String {
    let machine = &run.machine;
    let versions: serde_json::Map<String, Value> = run
        .versions
        .iter()
        .map(|(peer, version)| ((*peer).to_owned(), Value::from(version.as_str())))
        .collect();
    let value = json!({
        "machine": {
            "processor": machine.processor,
            "cores": machine.cores,
            "kernel": machine.kernel,
        },
        "compiler": machine.compiler,
        "commit": machine.commit,
        "date": machine.date,
        "rounds": run.settings.rounds,
        "sample_us": run.settings.sample.as_micros() as u64,
        "versions": versions,
        "questions": run.reports.iter().map(question).collect::<Vec<_>>(),
    });
    format!("{value:#}\n")
}

fn question(report: &Report) -> Value {
    let rows: Vec<Value> = report
        .rows
        .iter()
        .map(|row| {
            let answers: serde_json::Map<String, Value> = report
                .peers
                .iter()
                .zip(&row.results)
                .map(|(peer, verdict)| ((*peer).to_owned(), answer(verdict)))
                .collect();
            json!({
                "name": row.name,
                "ours_to_best": row.ours_to_best(&report.peers, report.better),
                "answers": answers,
            })
        })
        .collect();
    json!({
        "name": report.name,
        "sentence": report.sentence,
        "unit": report.unit,
        "better": match report.better {
            Better::Lower => "lower",
            Better::Higher => "higher",
        },
        "rows": rows,
    })
}

fn answer(verdict: &Verdict) -> Value {
    match verdict {
        Verdict::Measured { summary, ratio, remark } => json!({
            "min": summary.min,
            "p25": summary.p25,
            "median": summary.median,
            "p75": summary.p75,
            "max": summary.max,
            "ratio": ratio,
            "remark": remark,
        }),
        Verdict::Cannot(reason) => json!({ "cannot": reason }),
        Verdict::Wrong(reason) => json!({ "wrong": reason }),
    }
}
