//! Overlap, groups, timeouts, retries, history and data: each as its documentation says.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use mainspring_job::{Misfire, Overlap, Retry, RunState};
use mainspring_scheduler::{BoxError, Job};

use crate::bench::{Bench, HOUR, MINUTE, SECOND, at, block_on, told};

const START: &str = "2026-03-01T12:00:00Z";

/// A job each minute whose runs take `length`, for `minutes`; returns what was told.
async fn minutely(
    overlap: Overlap,
    concurrency: u32,
    length: Duration,
    minutes: u32,
) -> Vec<String> {
    let bench = Bench::at(START);
    let job = Job::every(MINUTE)
        .named("m")
        .limit(minutes)
        .overlap(overlap)
        .concurrency(concurrency)
        .run(bench.taking(length));
    bench.scheduler.add(job).unwrap();
    bench.start();
    let mut events = bench.scheduler.events();
    bench.clock.run_for(HOUR).await;
    let lines = told(&mut events, at(START));
    lines.into_iter().filter(|line| !line.ends_with(" due")).collect()
}

#[test]
fn skip_leaves_out_what_is_due_meanwhile() {
    block_on(async {
        let told = minutely(Overlap::Skip, 1, 90 * SECOND, 4).await;
        let expected = [
            "60 m started 1",
            "120 m skipped: Overlap",
            "150 m succeeded",
            "180 m started 1",
            "240 m skipped: Overlap",
            "270 m succeeded",
            "270 m removed",
        ];
        assert_eq!(told, expected);
    });
}

#[test]
fn queue_runs_all_one_after_another() {
    block_on(async {
        let told = minutely(Overlap::Queue, 1, 90 * SECOND, 3).await;
        let expected = [
            "60 m started 1",
            "150 m succeeded",
            "150 m started 1",
            "240 m succeeded",
            "240 m started 1",
            "330 m succeeded",
            "330 m removed",
        ];
        assert_eq!(told, expected);
    });
}

#[test]
fn cancel_previous_makes_room_for_the_latest() {
    block_on(async {
        let told = minutely(Overlap::CancelPrevious, 1, 150 * SECOND, 3).await;
        let expected = [
            "60 m started 1",
            // The handler heeds its token, and so ends well.
            "120 m succeeded",
            "120 m started 1",
            "180 m succeeded",
            "180 m started 1",
            "330 m succeeded",
            "330 m removed",
        ];
        assert_eq!(told, expected);
    });
}

#[test]
fn allow_knows_no_limit_and_concurrency_is_one() {
    block_on(async {
        let starts =
            |told: Vec<String>| told.iter().filter(|line| line.contains("started")).count();
        assert_eq!(starts(minutely(Overlap::Allow, 1, HOUR, 5).await), 5);
        assert_eq!(starts(minutely(Overlap::Skip, 3, HOUR, 5).await), 3);
        assert_eq!(starts(minutely(Overlap::Queue, 2, 10 * MINUTE, 5).await), 5);
    });
}

#[test]
fn a_group_shares_its_limit_in_the_order_of_arrival() {
    block_on(async {
        let bench = Bench::at(START);
        let scheduler = &bench.scheduler;
        let job = |name: &str| {
            Job::once(at("2026-03-01T12:01:00Z")).named(name).group("db").run(bench.taking(MINUTE))
        };
        assert!(scheduler.add(job("too early")).is_err(), "nobody made the group");
        scheduler.limit_group("db", 2);
        for name in ["a", "b", "c", "d", "e"] {
            scheduler.add(job(name)).unwrap();
        }
        bench.start();
        let mut order = Vec::new();
        for running in [2, 2, 1, 0] {
            bench.clock.run_for(MINUTE).await;
            order.extend(bench.ran().into_iter().map(|(name, _)| name));
            let going: usize = scheduler.jobs().iter().map(|job| job.running).sum();
            assert_eq!(going, running);
        }
        order.sort();
        assert_eq!(order, ["a", "b", "c", "d", "e"]);
    });
}

#[test]
fn a_group_with_a_higher_limit_starts_those_that_wait() {
    block_on(async {
        let bench = Bench::at(START);
        let scheduler = &bench.scheduler;
        scheduler.limit_group("db", 1);
        for name in ["a", "b", "c"] {
            let job = Job::once(at("2026-03-01T12:01:00Z")).named(name).group("db");
            scheduler.add(job.run(bench.taking(HOUR))).unwrap();
        }
        bench.start();
        bench.clock.run_for(2 * MINUTE).await;
        assert_eq!(bench.ran().len(), 1);
        scheduler.limit_group("db", 3);
        bench.clock.run_for(SECOND).await;
        assert_eq!(bench.ran().len(), 2);
    });
}

#[test]
fn a_timeout_cancels_the_token_and_then_drops_the_future() {
    block_on(async {
        let bench = Bench::at(START);
        let scheduler = &bench.scheduler;
        let once = || Job::once(at("2026-03-01T12:01:00Z")).timeout(10 * SECOND).history(3);
        let polite = scheduler.add(once().named("polite").run(bench.taking(HOUR))).unwrap();
        let deaf = once().named("deaf").run(|_| std::future::pending::<()>());
        scheduler.add(deaf).unwrap();
        let mut events = scheduler.events();
        bench.start();
        bench.clock.run_for(HOUR).await;
        let told = told(&mut events, at(START));
        let ends: Vec<_> = told.iter().filter(|line| line.contains("timedout")).collect();
        assert_eq!(ends, ["70 polite timedout", "71 deaf timedout"]);
        assert!(scheduler.job(polite).is_none(), "a one-shot that is over");
    });
}

#[test]
fn a_failing_run_is_tried_again_and_every_attempt_is_told() {
    block_on(async {
        let bench = Bench::at(START);
        let job = Job::once(at("2026-03-01T12:01:00Z"))
            .named("flaky")
            .retry(Retry::fixed(20 * SECOND).attempts(3))
            .run(|run| async move {
                if run.attempt() < 3 { Err(format!("no luck {}", run.attempt())) } else { Ok(()) }
            });
        bench.scheduler.add(job).unwrap();
        let mut events = bench.scheduler.events();
        bench.start();
        bench.clock.run_for(HOUR).await;
        let expected = [
            "60 flaky due",
            "60 flaky started 1",
            "60 flaky retried in 20s: no luck 1",
            "80 flaky started 2",
            "80 flaky retried in 20s: no luck 2",
            "100 flaky started 3",
            "100 flaky succeeded",
            "100 flaky removed",
        ];
        assert_eq!(told(&mut events, at(START)), expected);
    });
}

#[test]
fn retries_end_with_the_attempts_or_with_the_predicate() {
    block_on(async {
        let bench = Bench::at(START);
        let count = Arc::new(AtomicU32::new(0));
        let job = |name: &str, fatal: bool| {
            let count = count.clone();
            Job::every(HOUR)
                .named(name)
                .retry(Retry::exponential(SECOND, MINUTE).attempts(4))
                .retry_if(|error: &BoxError| !error.to_string().contains("fatal"))
                .run(move |_| {
                    count.fetch_add(1, Ordering::Relaxed);
                    std::future::ready(Err::<(), _>(if fatal { "fatal" } else { "passing" }))
                })
        };
        let fatal = bench.scheduler.add(job("fatal", true)).unwrap();
        bench.start();
        bench.clock.run_for(HOUR + 10 * MINUTE).await;
        assert_eq!(count.swap(0, Ordering::Relaxed), 1);
        bench.scheduler.remove(fatal);
        let passing = bench.scheduler.add(job("passing", false)).unwrap();
        bench.clock.run_for(HOUR + 10 * MINUTE).await;
        assert_eq!(count.load(Ordering::Relaxed), 4);
        let last = bench.scheduler.job(passing).unwrap().last.unwrap();
        assert_eq!((last.state(), last.attempt()), (RunState::Failed, 4));
        assert_eq!(last.error(), Some("passing"));
    });
}

#[test]
fn a_run_that_pauses_between_attempts_goes_on_and_can_be_cancelled() {
    block_on(async {
        let bench = Bench::at(START);
        let job = Job::every(MINUTE)
            .limit(2)
            .named("m")
            .overlap(Overlap::CancelPrevious)
            .retry(Retry::fixed(HOUR))
            .run(|run| {
                std::future::ready(if run.due() == at("2026-03-01T12:01:00Z") {
                    Err("later")
                } else {
                    Ok(())
                })
            });
        bench.scheduler.add(job).unwrap();
        let mut events = bench.scheduler.events();
        bench.start();
        bench.clock.run_for(HOUR).await;
        let expected = [
            "60 m due",
            "60 m started 1",
            "60 m retried in 3600s: later",
            "120 m due",
            "120 m cancelled",
            "120 m started 1",
            "120 m succeeded",
            "120 m removed",
        ];
        assert_eq!(told(&mut events, at(START)), expected);
    });
}

#[test]
fn misfire_policies_decide_what_a_late_wake_runs() {
    block_on(async {
        let bench = Bench::at("2026-03-01T12:00:01Z");
        let hourly = |name: &str, misfire: Misfire| {
            let job = Job::cron("0 * * * *").unwrap().named(name).misfire(misfire);
            bench.scheduler.add(job.run(bench.note())).unwrap()
        };
        hourly("all", Misfire::run_all(3 * HOUR));
        hourly("once", Misfire::run_once());
        hourly("skip", Misfire::skip());
        bench.start();
        bench.clock.run_for(SECOND).await;
        bench.clock.advance(5 * HOUR + 30 * MINUTE);
        bench.clock.run_for(SECOND).await;
        let mut ran: Vec<_> = bench
            .ran()
            .into_iter()
            .map(|(name, due)| format!("{name} {}", due.strftime("%H")))
            .collect();
        ran.sort();
        assert_eq!(ran, ["all 15", "all 16", "all 17", "once 17"]);
        let missed: Vec<_> = bench.scheduler.jobs().iter().map(|job| job.missed).collect();
        assert_eq!(missed, [2, 4, 5]);
    });
}

#[test]
fn history_keeps_the_last_runs_with_output_and_error() {
    block_on(async {
        let bench = Bench::at(START);
        let job = Job::every(MINUTE).history(3).run(|run| async move {
            let minute = run.due().strftime("%M").to_string();
            if minute == "04" {
                Err(format!("minute {minute}"))
            } else {
                Ok(format!("wrote {minute}"))
            }
        });
        let id = bench.scheduler.add(job).unwrap();
        bench.start();
        bench.clock.run_for(5 * MINUTE).await;
        let history = bench.scheduler.history(id);
        let kept: Vec<_> = history.iter().map(|run| run.output().or(run.error())).collect();
        assert_eq!(kept, [Some("wrote 03"), Some("minute 04"), Some("wrote 05")]);
    });
}

#[test]
fn data_reaches_every_run_and_a_wrong_type_is_an_error() {
    block_on(async {
        let bench = Bench::at(START);
        let job = |name: &str| Job::once(at("2026-03-01T12:01:00Z")).named(name);
        let right = job("right").data(&("host", 80)).unwrap().run(|run| async move {
            let (host, port) = run.data::<(String, u16)>()?;
            Ok::<String, BoxError>(format!("{host}:{port}"))
        });
        let wrong = job("wrong")
            .data(&"text")
            .unwrap()
            .run(|run| async move { run.data::<u64>().map(drop) });
        let none = job("none").run(|run| async move { run.data::<u64>().map(drop) });
        for job in [right, wrong, none] {
            bench.scheduler.add(job).unwrap();
        }
        let mut events = bench.scheduler.events();
        bench.start();
        bench.clock.run_for(HOUR).await;
        let mut ends: Vec<_> = told(&mut events, at(START));
        ends.retain(|line| line.contains("failed") || line.contains("succeeded"));
        ends.sort();
        let expected = [
            "60 none failed: the job was given no data",
            "60 right succeeded",
            "60 wrong failed: the job's data does not fit: invalid type: string \"text\", expected u64",
        ];
        assert_eq!(ends, expected);
    });
}

#[test]
fn a_blocking_job_runs_on_a_thread_of_its_own() {
    block_on(async {
        let bench = Bench::at(START);
        let here = std::thread::current().id();
        let job = Job::once(at("2026-03-01T12:01:00Z")).run_blocking(move |run| {
            assert_ne!(std::thread::current().id(), here);
            if run.attempt() == 1 { Err("first") } else { Ok(()) }
        });
        let panicking = Job::once(at("2026-03-01T12:01:00Z")).run_blocking(|run| {
            assert!(run.attempt() > 9, "too few");
        });
        bench.scheduler.add(job).unwrap();
        bench.scheduler.add(panicking).unwrap();
        let mut events = bench.scheduler.events();
        bench.start();
        bench.clock.run_for(2 * MINUTE).await;
        let mut errors = Vec::new();
        // The threads are real, and so is the time they take.
        while errors.len() < 2 {
            if let Some(Ok(event)) = events.next().await
                && let mainspring_scheduler::EventKind::Failed { error } = event.kind
            {
                errors.push(error);
            }
        }
        errors.sort();
        assert_eq!(errors, ["first", "the handler panicked: too few"]);
    });
}
