//! What `jitter` measures and draws. How late ticks are is the machine's; that they are counted, never
//! early and told in order is not.

use crate::program::{output, text};

#[test]
fn percentiles_are_told_as_json() {
    let output = output(&["jitter", "1ms", "5ms", "--for", "100ms", "--json"]);
    assert!(output.status.success(), "{output:?}");
    let lines: Vec<serde_json::Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let named = |line: &serde_json::Value| {
        (line["period_ns"].as_u64().unwrap(), line["timer"].as_str().unwrap().to_owned())
    };
    let timers = ["tokio::time", "mainspring", "compensated", "exact"];
    let expected: Vec<_> = [1_000_000, 5_000_000]
        .into_iter()
        .flat_map(|period| timers.map(|timer| (period, timer.to_owned())))
        .collect();
    assert_eq!(lines.iter().map(named).collect::<Vec<_>>(), expected);
    for line in &lines {
        let ticks = if line["period_ns"] == 1_000_000 { 96 } else { 16 };
        assert_eq!(line["ticks"], ticks, "{line}");
        let order =
            ["p50_ns", "p99_ns", "p999_ns", "max_ns"].map(|key| line[key].as_u64().unwrap());
        assert!(order.is_sorted(), "{line}");
    }
}

#[test]
fn a_histogram_is_shown_and_a_picture_drawn() {
    let picture = std::env::temp_dir().join(format!("jitter-{}.svg", std::process::id()));
    let path = picture.to_str().unwrap();
    let output = output(&["jitter", "2ms", "--for", "50ms", "--isolated", "--svg", path]);
    assert!(output.status.success(), "{output:?}");
    let shown = text(&output.stdout);
    for word in ["Every 2 ms", "p99.9", "drift", "up to", "█", "tokio::time", "exact"] {
        assert!(shown.contains(word), "{word}: {shown}");
    }
    let said = text(&output.stderr);
    assert!(said.contains("on a thread of its own"), "{output:?}");
    assert!(said.contains("measuring every 2 ms: about 200 ms"), "{output:?}");
    assert!(shown.lines().all(|line| line.trim_end() == line), "{shown}");
    let drawn = std::fs::read_to_string(&picture).unwrap();
    std::fs::remove_file(&picture).unwrap();
    assert!(drawn.starts_with("<svg") && drawn.ends_with("</svg>\n"));
    assert_eq!(drawn.matches("compensated").count(), 1);
}

#[test]
fn a_picture_that_cannot_be_written_is_an_error() {
    let output = output(&["jitter", "1ms", "--for", "10ms", "--svg", "/nowhere/at/all.svg"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("/nowhere/at/all.svg"), "{output:?}");
}

#[test]
fn periods_out_of_bounds_are_refused() {
    for period in ["0s", "1us", "2h", "soon", "9999999999999y"] {
        let output = output(&["jitter", period]);
        assert_eq!(output.status.code(), Some(2), "{period}: {output:?}");
        assert!(text(&output.stderr).contains("10us to 1h"), "{period}: {output:?}");
    }
}
