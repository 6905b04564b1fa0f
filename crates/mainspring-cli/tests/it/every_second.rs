//! A minute of jobs that are due every second: each runs exactly once for each second, never early.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::program::{Directory, Running};

const SECONDS: usize = 60;

#[test]
fn every_second_for_a_minute() {
    let directory = Directory::new("every-second");
    let crontab = "CRON_FIELDS=6\n\
                   * * * * * * echo a\n\
                   */1 * * * * * echo b\n\
                   0-59 * * * * * echo c\n\
                   CRON_TZ=Asia/Kolkata\n\
                   * * * * * * echo d\n";
    let file = directory.write("crontab", crontab);
    let mut running = Running::start(&[file.to_str().expect("UTF-8")]);
    for _ in 0..=SECONDS {
        running.wait_for_line("a");
    }
    assert_eq!(running.stop(), Some(0));

    let mut due: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for event in running.seen.iter().filter(|event| event["message"] == "started") {
        let at: jiff::Timestamp =
            event["due"].as_str().expect("a text").parse().expect("an instant");
        assert_eq!(at.subsec_nanosecond(), 0, "{event}");
        assert!(event["late_ms"].as_f64().expect("a lateness") >= 0.0, "early: {event}");
        due.entry(event["command"].as_str().expect("a text")).or_default().push(at.as_second());
    }
    assert_eq!(due.keys().copied().collect::<Vec<_>>(), ["echo a", "echo b", "echo c", "echo d"]);
    for (command, seconds) in &due {
        assert!(seconds.len() >= SECONDS, "{command}: {}", seconds.len());
        // Each second follows the one before it: none twice, none left out.
        assert!(seconds.windows(2).all(|pair| pair[1] == pair[0] + 1), "{command}: {seconds:?}");
    }
    let count = |message: &str| running.seen.iter().filter(|e| e["message"] == message).count();
    assert_eq!(count("started"), count("finished"));
    let lateness = |event: &Value| event["late_ms"].as_f64();
    let mut late_ms: Vec<f64> = running.seen.iter().filter_map(lateness).collect();
    late_ms.sort_by(f64::total_cmp);
    println!(
        "lateness in ms: median {}, most {}",
        late_ms[late_ms.len() / 2],
        late_ms[late_ms.len() - 1]
    );
}
