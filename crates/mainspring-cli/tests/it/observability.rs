//! What is written about metrics, held against the metrics that there are.

use std::collections::BTreeSet;
use std::fs;

use mainspring_scheduler::metrics::Kind;
use serde_json::Value;

use crate::program::repository;

fn document(name: &str) -> String {
    fs::read_to_string(repository().join("docs").join(name)).expect("it is there")
}

/// The names in a query, without what Prometheus adds for the parts of a histogram.
fn names(query: &str) -> impl Iterator<Item = &str> {
    let words = query.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("mainspring_")).map(|word| {
        let parts = ["_bucket", "_sum", "_count"];
        parts.iter().find_map(|part| word.strip_suffix(part)).unwrap_or(word)
    })
}

#[test]
fn the_dashboard_asks_for_metrics_that_there_are() {
    let dashboard: Value = serde_json::from_str(&document("grafana.json")).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let mut asked = BTreeSet::new();
    let mut places = BTreeSet::new();
    for panel in panels {
        let place = &panel["gridPos"];
        assert!(places.insert((place["x"].as_u64(), place["y"].as_u64())), "{panel}: over another");
        for target in panel["targets"].as_array().expect("queries") {
            let query = target["expr"].as_str().expect("a query");
            let before = asked.len();
            asked.extend(names(query).map(str::to_owned));
            assert!(asked.len() > before || names(query).count() > 0, "{query}: asks for nothing");
        }
    }
    let variables = dashboard["templating"]["list"].as_array().expect("variables");
    let queries = variables.iter().filter_map(|variable| variable["query"].as_str());
    asked.extend(queries.flat_map(names).map(str::to_owned));

    let of_schedulers: BTreeSet<&str> =
        mainspring_scheduler::metrics::ALL.iter().map(|metric| metric.name).collect();
    let of_executors = mainspring_executor::metrics::ALL.iter().map(|(name, _)| *name);
    let known: BTreeSet<&str> = of_schedulers.iter().copied().chain(of_executors).collect();
    let unknown: Vec<_> = asked.iter().filter(|name| !known.contains(name.as_str())).collect();
    assert_eq!(unknown, Vec::<&String>::new());
    let unseen: Vec<_> = of_schedulers.iter().filter(|name| !asked.contains(**name)).collect();
    assert_eq!(unseen, Vec::<&&str>::new(), "no panel shows them");
}

#[test]
fn the_tables_say_what_the_lists_say() {
    let document = document("observability.md");
    let has = |line: String| assert!(document.lines().any(|it| it == line), "no line {line}");
    for metric in mainspring_scheduler::metrics::ALL {
        let kind = match metric.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            _ => "histogram",
        };
        let labels: Vec<_> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        let labels = format!(" {}", labels.join(", "));
        has(format!("| `{}` | {kind} |{} | {} |", metric.name, labels.trim_end(), metric.help));
    }
    for (name, help) in mainspring_executor::metrics::ALL {
        let kind = if name.ends_with("_total") { "counter" } else { "gauge" };
        let labels = match name {
            _ if name.contains("_delay_") => " `queue`, `quantile`",
            _ if name.contains("_queue_") => " `queue`",
            _ => "",
        };
        has(format!("| `{name}` | {kind} |{labels} | {help} |"));
    }
    let listed = document.lines().filter(|line| line.starts_with("| `mainspring_")).count();
    let all = mainspring_scheduler::metrics::ALL.len() + mainspring_executor::metrics::ALL.len();
    assert_eq!(listed, all, "no more than there are");
}
