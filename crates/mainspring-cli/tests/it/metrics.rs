//! `/metrics` beside the dashboard, as Prometheus would read it: a parser of others' reads it here.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use mainspring_scheduler::metrics::ALL;
use prometheus_parse::{Scrape, Value};

use crate::program::{Directory, Running};

/// How long a number may take to become what it must be.
const PATIENCE: Duration = Duration::from_secs(30);

const GLANCE: Duration = Duration::from_millis(50);

const JOBS: &str = "[jobs.good]\nschedule = '@reboot'\ncommand = 'true'\n\
                    [jobs.bad]\nschedule = '@reboot'\ncommand = 'exit 7'\n\
                    [jobs.later]\nschedule = '0 0 1 1 *'\ncommand = 'true'\n";

fn run(directory: &Directory, store: &str) -> (Running, String) {
    let file = directory.write("jobs.toml", JOBS);
    let file = file.to_str().expect("UTF-8");
    let mut running = Running::start(&["--store", store, "--listen", "127.0.0.1:0", file]);
    let url = running.wait_for(|event| event["url"].is_string())["url"].to_string();
    let address = url.trim_matches('"').trim_start_matches("http://").trim_end_matches('/');
    (running, address.to_owned())
}

/// What stands at `/metrics`.
fn text(address: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    let request = format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert!(head.to_lowercase().contains("content-type: text/plain"), "{head}");
    body.to_owned()
}

fn scrape(address: &str) -> Scrape {
    let text = text(address);
    Scrape::parse(text.lines().map(|line| Ok(line.to_owned()))).expect("it reads")
}

fn number(scrape: &Scrape, name: &str, label: &str) -> f64 {
    let is_it = |metric: &str, labels: &prometheus_parse::Labels| {
        metric == name && (label.is_empty() || labels.values().any(|value| value == label))
    };
    let sample = scrape.samples.iter().find(|sample| is_it(&sample.metric, &sample.labels));
    match sample.map(|sample| &sample.value) {
        Some(Value::Counter(value) | Value::Gauge(value) | Value::Untyped(value)) => *value,
        other => panic!("{name} {label}: {other:?}"),
    }
}

/// Waits until both runs are counted.
fn counted(address: &str) -> Scrape {
    let mut waited = Duration::ZERO;
    loop {
        let scrape = scrape(address);
        let runs = |outcome| number(&scrape, "mainspring_runs_total", outcome);
        if (runs("succeeded"), runs("failed")) == (1.0, 1.0) {
            return scrape;
        }
        assert!(waited < PATIENCE, "{scrape:?}");
        std::thread::sleep(GLANCE);
        waited += GLANCE;
    }
}

#[test]
fn runs_of_a_store_are_counted() {
    let directory = Directory::new("metrics-store");
    let store = format!("sqlite:{}", directory.path().join("jobs.db").display());
    let (mut running, address) = run(&directory, &store);
    let scrape = counted(&address);
    // No call has failed, and what has not happened is not told.
    for metric in ALL.iter().filter(|metric| metric.name != "mainspring_store_errors_total") {
        assert_eq!(scrape.docs.get(metric.name).map(String::as_str), Some(metric.help));
    }
    assert_eq!(number(&scrape, "mainspring_run_lateness_seconds_count", ""), 2.0);
    assert_eq!(number(&scrape, "mainspring_run_duration_seconds_count", ""), 2.0);
    assert!(number(&scrape, "mainspring_run_duration_seconds_sum", "") > 0.0);
    assert_eq!(number(&scrape, "mainspring_runs_in_progress", ""), 0.0);
    assert_eq!(number(&scrape, "mainspring_leases_held", ""), 0.0);
    for verb in ["upsert", "claim", "finish"] {
        assert!(number(&scrape, "mainspring_store_call_duration_seconds_count", verb) > 0.0);
    }
    assert_eq!(running.stop(), Some(0));
}

#[test]
fn runs_in_memory_are_counted() {
    let directory = Directory::new("metrics-memory");
    let (mut running, address) = run(&directory, "none");
    let scrape = counted(&address);
    assert_eq!(number(&scrape, "mainspring_jobs", ""), 1.0, "the others have ended");
    assert_eq!(number(&scrape, "mainspring_run_duration_seconds_count", ""), 2.0);
    assert_eq!(running.stop(), Some(0));
}
