//! Stops softly, then hard.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mainspring_clock::{Clock, WallClock};
use mainspring_scheduler::Job;

use crate::bench::{Bench, MINUTE, SECOND, at, block_on};

/// A job whose run takes `takes` and sets a flag at its end.
fn long_job(bench: &Bench, takes: Duration) -> (Job, Arc<AtomicBool>) {
    let ended = Arc::new(AtomicBool::new(false));
    let (clock, flag) = (bench.clock.clone(), ended.clone());
    let job = Job::once(at("2026-03-01T12:01:00Z")).named("long").run(move |_| {
        let sleep = clock.wait_until(clock.now() + takes);
        let flag = flag.clone();
        async move {
            sleep.await;
            flag.store(true, Ordering::Relaxed);
        }
    });
    (job, ended)
}

#[test]
fn a_run_that_ends_within_the_grace_is_not_cut() {
    block_on(async {
        let bench = Bench::at("2026-03-01T12:00:00Z");
        let (job, ended) = long_job(&bench, 20 * SECOND);
        bench.scheduler.add(job).unwrap();
        bench.scheduler.add(Job::every(SECOND).run(bench.note())).unwrap();
        let running = bench.start();
        bench.clock.run_for(70 * SECOND).await;
        bench.ran();
        bench.scheduler.shutdown(30 * SECOND);
        bench.clock.run_for(15 * SECOND).await;
        assert!(bench.ran().is_empty(), "a run started after the shutdown");
        assert!(running.is_finished(), "the grace was waited out for nothing");
        assert_eq!(running.await.unwrap().unwrap().cut, []);
        assert!(ended.load(Ordering::Relaxed));
    });
}

#[test]
fn after_the_grace_runs_are_cancelled_and_then_aborted() {
    block_on(async {
        let bench = Bench::at("2026-03-01T12:00:00Z");
        let (job, ended) = long_job(&bench, 3600 * SECOND);
        bench.scheduler.add(job).unwrap();
        let polite = Job::once(at("2026-03-01T12:01:00Z")).named("polite").run({
            let clock = bench.clock.clone();
            move |run| {
                let clock = clock.clone();
                async move {
                    run.cancelled().await;
                    assert_eq!(clock.wall_now(), at("2026-03-01T12:02:05Z").into());
                }
            }
        });
        bench.scheduler.add(polite).unwrap();
        let running = bench.start();
        bench.clock.run_for(2 * MINUTE).await;
        bench.scheduler.shutdown(5 * SECOND);
        bench.clock.run_for(5 * SECOND).await;
        assert!(!running.is_finished());
        bench.clock.run_for(SECOND).await;
        let report = running.await.unwrap().unwrap();
        let cut: Vec<_> = report.cut.iter().map(|cut| cut.name.as_str()).collect();
        assert_eq!(cut, ["long"]);
        assert!(!ended.load(Ordering::Relaxed));
    });
}

#[test]
fn a_second_shutdown_shortens_the_grace_and_never_lengthens_it() {
    block_on(async {
        let bench = Bench::at("2026-03-01T12:00:00Z");
        let (job, _) = long_job(&bench, 3600 * SECOND);
        bench.scheduler.add(job).unwrap();
        let running = bench.start();
        bench.clock.run_for(2 * MINUTE).await;
        bench.scheduler.shutdown(60 * SECOND);
        bench.scheduler.shutdown(Duration::MAX);
        bench.clock.run_for(10 * SECOND).await;
        bench.scheduler.shutdown(SECOND);
        bench.clock.run_for(2 * SECOND).await;
        assert!(running.is_finished());
    });
}

#[test]
fn a_shutdown_before_the_run_counts_and_the_scheduler_may_run_again() {
    block_on(async {
        let bench = Bench::at("2026-03-01T12:00:00Z");
        bench.scheduler.add(Job::every(SECOND).run(bench.note())).unwrap();
        bench.scheduler.shutdown(MINUTE);
        bench.scheduler.run().await.unwrap();
        assert!(bench.ran().is_empty());
        let running = bench.start();
        bench.clock.run_for(2 * SECOND).await;
        assert_eq!(bench.ran().len(), 2);
        assert!(bench.scheduler.run().await.unwrap_err().is_already_running());
        running.abort();
        assert!(running.await.unwrap_err().is_cancelled());
        bench.scheduler.shutdown(Duration::ZERO);
        bench.scheduler.run().await.unwrap();
    });
}

#[test]
fn dropping_the_run_aborts_what_it_started() {
    block_on(async {
        let bench = Bench::at("2026-03-01T12:00:00Z");
        let (job, ended) = long_job(&bench, 10 * SECOND);
        bench.scheduler.add(job).unwrap();
        let running = bench.start();
        bench.clock.run_for(65 * SECOND).await;
        running.abort();
        bench.clock.run_for(20 * SECOND).await;
        assert!(!ended.load(Ordering::Relaxed));
        assert!(bench.scheduler.jobs().is_empty(), "the one-shot is over, cancelled");
    });
}
