//! What schedulers tell a recorder of metrics, as Prometheus would read it: a parser of others' reads it here.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use mainspring_job::{Misfire, Overlap, Retry};
use mainspring_scheduler::Job;
use mainspring_scheduler::metrics::{ALL, Kind};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use prometheus_parse::{LineInfo, SampleType, Scrape, Value};

use crate::bench::{Bench, DAY, HOUR, MINUTE, SECOND, block_on};
use crate::stored::world::{LEASE, World, start};

/// Runs a test whose schedulers tell a recorder of its own.
fn recorded(test: impl AsyncFnOnce(Numbers)) {
    let mut builder = PrometheusBuilder::new();
    for metric in ALL {
        if let Kind::Histogram(buckets) = metric.kind {
            let matcher = Matcher::Full(metric.name.to_owned());
            builder = builder.set_buckets_for_metric(matcher, buckets.bounds()).expect("buckets");
        }
    }
    let recorder = builder.build_recorder();
    let numbers = Numbers(recorder.handle());
    metrics::with_local_recorder(&recorder, || block_on(test(numbers)));
}

struct Numbers(PrometheusHandle);

impl Numbers {
    fn scrape(&self) -> Scrape {
        let text = self.0.render();
        for line in text.lines() {
            let is_known = !matches!(LineInfo::parse(line), LineInfo::Ignored);
            assert!(is_known, "not in the format: {line}");
        }
        Scrape::parse(text.lines().map(|line| Ok(line.to_owned()))).expect("it reads")
    }

    /// The value of a metric, whose labels are these.
    #[track_caller]
    fn value(&self, name: &str, labels: &[(&str, &str)]) -> Value {
        let scrape = self.scrape();
        let mut samples = scrape.samples.into_iter().filter(|sample| {
            sample.metric == name
                && sample.labels.len() == labels.len()
                && labels.iter().all(|(label, value)| sample.labels.get(label) == Some(*value))
        });
        let sample = samples.next().unwrap_or_else(|| panic!("no {name} {labels:?}"));
        assert!(samples.next().is_none(), "{name} {labels:?} is there twice");
        sample.value
    }

    #[track_caller]
    fn number(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        match self.value(name, labels) {
            Value::Counter(value) | Value::Gauge(value) | Value::Untyped(value) => value,
            other => panic!("{name} is no number: {other:?}"),
        }
    }

    #[track_caller]
    fn outcome(&self, outcome: &str) -> f64 {
        self.number("mainspring_runs_total", &[("outcome", outcome)])
    }

    /// How many observations are no larger than `bound`.
    #[track_caller]
    fn up_to(&self, name: &str, labels: &[(&str, &str)], bound: f64) -> f64 {
        let Value::Histogram(buckets) = self.value(name, labels) else {
            panic!("{name} is no histogram");
        };
        let bucket = buckets.iter().find(|bucket| bucket.less_than == bound);
        bucket.unwrap_or_else(|| panic!("{name} has no bucket {bound}")).count
    }
}

#[test]
fn runs_are_counted_by_how_they_ended() {
    recorded(async |numbers| {
        let bench = Bench::at("2026-03-01T12:00:00Z");
        let every_minute = || Job::every(MINUTE);
        let retry = Retry::fixed(SECOND).attempts(3);
        bench.scheduler.add(every_minute().limit(5).run(bench.taking(3 * SECOND))).unwrap();
        let failing = every_minute().limit(2).retry(retry).run(|_| async { Err::<(), _>("no") });
        bench.scheduler.add(failing).unwrap();
        let slow = every_minute().limit(1).timeout(20 * SECOND).run(bench.taking(HOUR));
        bench.scheduler.add(slow).unwrap();
        assert_eq!(numbers.number("mainspring_jobs", &[]), 3.0);
        bench.start();
        bench.clock.run_for(MINUTE + 2 * SECOND).await;
        assert_eq!(numbers.number("mainspring_runs_in_progress", &[]), 2.0);
        bench.clock.run_for(HOUR).await;
        assert_eq!(
            ["succeeded", "failed", "timed_out", "cancelled"].map(|it| numbers.outcome(it)),
            [5.0, 2.0, 1.0, 0.0]
        );
        assert_eq!(numbers.number("mainspring_run_retries_total", &[]), 4.0);
        assert_eq!(numbers.number("mainspring_runs_in_progress", &[]), 0.0);
        assert_eq!(numbers.number("mainspring_jobs", &[]), 0.0, "their schedules have ended");
        // Six attempts that failed at once, five of three seconds, one of twenty.
        let took = |bound| numbers.up_to("mainspring_run_duration_seconds", &[], bound);
        assert_eq!([0.001, 2.5, 5.0, 10.0, 30.0].map(took), [6.0, 6.0, 11.0, 11.0, 12.0]);
        assert_eq!(numbers.number("mainspring_run_duration_seconds_sum", &[]), 35.0);
        let late = |bound| numbers.up_to("mainspring_run_lateness_seconds", &[], bound);
        assert_eq!([0.001, f64::INFINITY].map(late), [8.0, 8.0], "first attempts, all on time");
    });
}

#[test]
fn what_did_not_run_is_counted_too() {
    recorded(async |numbers| {
        let bench = Bench::at("2026-03-01T12:00:00Z");
        let skipping = Job::every(MINUTE).limit(4).overlap(Overlap::Skip);
        bench.scheduler.add(skipping.run(bench.taking(150 * SECOND))).unwrap();
        bench.start();
        bench.clock.run_for(10 * MINUTE).await;
        let skipped =
            |reason| numbers.number("mainspring_runs_skipped_total", &[("reason", reason)]);
        assert_eq!(
            ["overlap", "replaced", "queue_full", "removed"].map(skipped),
            [2.0, 0.0, 0.0, 0.0]
        );

        let hourly = Job::cron("0 * * * *").unwrap().misfire(Misfire::skip()).run(bench.note());
        let id = bench.scheduler.add(hourly).unwrap();
        bench.clock.run_for(SECOND).await;
        bench.clock.jump_forward(DAY);
        bench.clock.run_for(SECOND).await;
        assert_eq!(numbers.number("mainspring_runs_missed_total", &[]), 24.0);
        let queued = Job::every(DAY).overlap(Overlap::Queue).run(bench.taking(HOUR));
        let queued = bench.scheduler.add(queued).unwrap();
        bench.scheduler.trigger(queued).unwrap();
        bench.scheduler.trigger(queued).unwrap();
        bench.clock.run_for(SECOND).await;
        assert!(bench.scheduler.remove(queued) && bench.scheduler.remove(id));
        assert_eq!(skipped("removed"), 1.0);
        assert_eq!(numbers.number("mainspring_jobs", &[]), 0.0);
        assert_eq!(numbers.number("mainspring_runs_in_progress", &[]), 1.0);
    });
}

#[test]
fn several_schedulers_add_up_and_leave_nothing_behind() {
    recorded(async |numbers| {
        let [one, two] = [1, 2].map(|_| Bench::at("2026-03-01T12:00:00Z"));
        for bench in [&one, &two] {
            bench.scheduler.add(Job::every(HOUR).run(bench.taking(MINUTE))).unwrap();
            bench.start();
            bench.clock.run_for(HOUR + SECOND).await;
        }
        assert_eq!(numbers.number("mainspring_jobs", &[]), 2.0);
        assert_eq!(numbers.number("mainspring_runs_in_progress", &[]), 2.0);
        one.scheduler.shutdown(Duration::ZERO);
        one.clock.run_for(2 * SECOND).await;
        drop(one);
        assert_eq!(numbers.number("mainspring_runs_in_progress", &[]), 1.0);
        assert_eq!(numbers.number("mainspring_jobs", &[]), 1.0);
        assert_eq!(numbers.outcome("cancelled") + numbers.outcome("succeeded"), 1.0);
    });
}

#[test]
fn a_node_tells_what_it_claims_and_what_became_of_it() {
    recorded(async |numbers| {
        let world = World::at("2026-03-01T12:00:00Z");
        let (node, view) = world.node("a");
        world.handle(&node, "good", 5 * SECOND);
        node.register("bad", |_, (): ()| async { Err::<(), _>("no") }).unwrap();
        for _ in 0..20 {
            node.enqueue("good", &()).await.unwrap();
        }
        let retry = Retry::fixed(SECOND).attempts(2);
        node.enqueue("bad", &()).retry(retry).await.unwrap();
        start(&node);
        world.clock.run_for(3 * SECOND).await;
        let held = || numbers.number("mainspring_leases_held", &[]);
        assert_eq!((held(), numbers.number("mainspring_runs_in_progress", &[])), (20.0, 20.0));
        world.clock.run_for(MINUTE).await;
        assert_eq!(
            (held(), numbers.outcome("succeeded"), numbers.outcome("failed")),
            (0.0, 20.0, 1.0)
        );
        assert_eq!(numbers.number("mainspring_run_retries_total", &[]), 1.0);
        // 21 at once, one for the second attempt, and those that brought nothing.
        let claimed = |bound| numbers.up_to("mainspring_claimed_runs", &[], bound);
        let empty = claimed(0.0);
        assert!(empty > 0.0);
        assert_eq!([1.0, 20.0, 50.0].map(|bound| claimed(bound) - empty), [1.0, 1.0, 2.0]);
        let calls = |verb| {
            numbers.number("mainspring_store_call_duration_seconds_count", &[("verb", verb)])
        };
        assert_eq!((calls("enqueue"), calls("claim")), (21.0, claimed(f64::INFINITY)));
        assert!(calls("finish") >= 2.0 && calls("reap") >= 2.0 && calls("due_jobs") >= 1.0);
        assert_eq!(calls("limit_queue"), 0.0);

        view.set_away(true);
        node.enqueue("good", &()).await.unwrap_err();
        let failed = [("verb", "enqueue"), ("kind", "unavailable")];
        assert_eq!(numbers.number("mainspring_store_errors_total", &failed), 1.0);
        assert_eq!(calls("enqueue"), 22.0, "failed calls are timed too");
    });
}

#[test]
fn lost_and_reaped_leases_are_counted() {
    recorded(async |numbers| {
        let world = World::at("2026-03-01T12:00:00Z");
        let ((a, of_a), (b, _)) = (world.node("a"), world.node("b"));
        for node in [&a, &b] {
            world.handle(node, "job", 2 * MINUTE);
        }
        start(&a);
        a.enqueue("job", &()).await.unwrap();
        world.clock.run_for(2 * LEASE).await;
        let renewed = numbers.number("mainspring_leases_renewed_total", &[]);
        assert!(renewed >= 5.0, "{renewed} in two leases");
        start(&b);
        of_a.set_away(true);
        world.clock.run_for(LEASE + LEASE / 4).await;
        of_a.set_away(false);
        world.clock.run_for(HOUR).await;
        assert_eq!(numbers.number("mainspring_leases_reaped_total", &[]), 1.0);
        assert_eq!(numbers.number("mainspring_leases_lost_total", &[]), 1.0);
        assert_eq!((numbers.outcome("succeeded"), numbers.outcome("failed")), (1.0, 0.0));
        assert_eq!(numbers.number("mainspring_leases_held", &[]), 0.0);
        let late = |bound| numbers.up_to("mainspring_run_lateness_seconds", &[], bound);
        assert_eq!(late(f64::INFINITY), 1.0, "the second attempt is none of its own");
    });
}

#[test]
fn the_text_says_what_the_list_says() {
    recorded(async |numbers| {
        let (bench, world) = (Bench::at("2026-03-01T12:00:00Z"), World::at("2026-03-01T12:00:00Z"));
        bench.scheduler.add(Job::every(MINUTE).run(bench.taking(7 * SECOND))).unwrap();
        bench.start();
        bench.clock.run_for(HOUR).await;
        let (node, view) = world.node("a");
        start(&node);
        world.clock.run_for(MINUTE).await;
        view.set_away(true);
        world.clock.run_for(MINUTE).await;

        let text = numbers.0.render();
        let mut types = BTreeMap::new();
        for line in text.lines() {
            if let LineInfo::Type { metric_name, metric_alias, sample_type } = LineInfo::parse(line)
            {
                let known = types.insert(metric_alias.unwrap_or(metric_name), sample_type);
                assert!(known.is_none(), "{line}: for the second time");
            }
        }
        let scrape = numbers.scrape();
        let mut seen = BTreeSet::new();
        for metric in ALL {
            assert!(seen.insert(metric.name), "{} is listed twice", metric.name);
            assert_eq!(scrape.docs.get(metric.name).map(String::as_str), Some(metric.help));
            let (kind, suffix) = match metric.kind {
                Kind::Counter => (SampleType::Counter, "_total"),
                Kind::Gauge => (SampleType::Gauge, ""),
                Kind::Histogram(_) if metric.unit == "seconds" => {
                    (SampleType::Histogram, "_seconds")
                }
                _ => (SampleType::Histogram, ""),
            };
            assert_eq!(types.get(metric.name), Some(&kind), "{}", metric.name);
            assert!(metric.name.starts_with("mainspring_") && metric.name.ends_with(suffix));
        }
        assert_eq!(types.len(), ALL.len(), "{types:?}");
        for sample in &scrape.samples {
            let parts = ["_sum", "_count"].iter().find_map(|part| sample.metric.strip_suffix(part));
            let name = parts.unwrap_or(&sample.metric);
            let listed = ALL.into_iter().find(|metric| metric.name == name).expect("listed");
            let labels: BTreeSet<_> = sample.labels.keys().map(String::as_str).collect();
            assert_eq!(labels, listed.labels.iter().copied().collect(), "{name}");
            let Value::Histogram(buckets) = &sample.value else {
                continue;
            };
            let Kind::Histogram(bounds) = listed.kind else { panic!("{name} is no histogram") };
            assert!(buckets.is_sorted_by(|a, b| a.less_than < b.less_than && a.count <= b.count));
            let told = buckets.iter().map(|bucket| bucket.less_than);
            assert!(told.eq(bounds.bounds().iter().copied().chain([f64::INFINITY])), "{name}");
            let labels: Vec<_> =
                sample.labels.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
            let count = numbers.number(&format!("{name}_count"), &labels);
            assert_eq!(buckets.last().map(|bucket| bucket.count), Some(count), "{name}");
        }
    });
}
