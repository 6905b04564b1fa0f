//! What users of other schedulers report as bugs, each by its name.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use mainspring_job::{Misfire, Overlap};
use mainspring_scheduler::Job;

use crate::bench::{Bench, DAY, HOUR, MINUTE, SECOND, block_on};

#[test]
fn missed_ticks_after_a_late_wake() {
    block_on(async {
        let bench = Bench::at("2026-03-01T12:00:00.5Z");
        bench.scheduler.add(Job::cron("* * * * * *").unwrap().run(bench.note())).unwrap();
        bench.start();
        for late in [1_u64, 2, 3, 4] {
            bench.clock.run_for(SECOND).await;
            bench.ran();
            bench.clock.advance(Duration::from_millis(late * 1000 - 50));
            bench.clock.run_for(Duration::from_millis(50)).await;
            assert_eq!(bench.ran().len() as u64, late, "{late} s late");
        }
    });
}

#[test]
fn a_catch_up_storm_after_resume() {
    block_on(async {
        let bench = Bench::at("2026-03-01T12:00:00.5Z");
        let id = bench.scheduler.add(Job::cron("* * * * * *").unwrap().run(bench.note())).unwrap();
        bench.start();
        bench.clock.run_for(SECOND).await;
        bench.ran();
        bench.scheduler.pause(id);
        bench.clock.run_for(DAY / 24).await;
        bench.scheduler.resume(id);
        bench.clock.run_for(SECOND).await;
        assert_eq!(bench.ran().len(), 1, "after a pause");
        bench.clock.jump_forward(8 * HOUR);
        bench.clock.run_for(Duration::from_millis(100)).await;
        // What is within the grace of five seconds, and nothing of the hours before.
        assert!(bench.ran().len() <= 6, "after the machine slept");
    });
}

#[test]
fn a_job_that_stops_for_good_after_a_delay() {
    block_on(async {
        let bench = Bench::at("2026-03-01T12:00:30Z");
        for (name, misfire) in [("skip", Misfire::skip()), ("once", Misfire::run_once())] {
            let job = Job::cron("* * * * *").unwrap().named(name).misfire(misfire);
            bench.scheduler.add(job.run(bench.note())).unwrap();
        }
        bench.start();
        for _ in 0..20 {
            bench.clock.advance(7 * MINUTE + 13 * SECOND);
            bench.clock.run_for(SECOND).await;
        }
        bench.ran();
        bench.clock.run_for(10 * MINUTE).await;
        let ran = bench.ran();
        for name in ["skip", "once"] {
            assert_eq!(ran.iter().filter(|(who, _)| who == name).count(), 10, "{name}");
        }
    });
}

#[test]
fn double_runs_around_daylight_saving() {
    block_on(async {
        // The hour from 01:00 to 02:00 happens twice in New York on 1 November 2026.
        let bench = Bench::at("2026-10-31T12:00:00Z");
        for cron in ["30 1 * * *", "0 1,2 * * *", "59 1 * * SUN"] {
            let job = Job::cron(cron).unwrap().in_zone("America/New_York").unwrap();
            bench.scheduler.add(job.named(cron).run(bench.note())).unwrap();
        }
        bench.start();
        bench.clock.run_for(DAY).await;
        let count =
            |name: &str, ran: &[(String, _)]| ran.iter().filter(|(who, _)| who == name).count();
        let ran = bench.ran();
        assert_eq!(count("30 1 * * *", &ran), 1);
        assert_eq!(count("0 1,2 * * *", &ran), 2);
        assert_eq!(count("59 1 * * SUN", &ran), 1);
    });
}

#[test]
fn an_interval_that_drifts_by_the_length_of_its_runs() {
    block_on(async {
        let bench = Bench::at("2026-03-01T12:00:00Z");
        let job = Job::every(MINUTE).overlap(Overlap::Skip).run(bench.taking(40 * SECOND));
        bench.scheduler.add(job).unwrap();
        bench.start();
        bench.clock.run_for(HOUR).await;
        let times = bench.times();
        assert_eq!(times.len(), 60);
        assert!(times.iter().all(|due| due.ends_with(":00Z")), "{times:?}");
    });
}

#[test]
fn a_timer_longer_than_24_days_fires_at_once() {
    block_on(async {
        let bench = Bench::at("2026-03-01T12:00:00Z");
        bench.scheduler.add(Job::every(25 * DAY).run(bench.note())).unwrap();
        bench.scheduler.add(Job::cron("0 0 29 2 *").unwrap().run(bench.note())).unwrap();
        bench.start();
        bench.clock.run_for(24 * DAY).await;
        assert!(bench.ran().is_empty());
        bench.clock.run_for(DAY).await;
        assert_eq!(bench.times(), ["2026-03-26T12:00:00Z"]);
    });
}

#[test]
fn jobs_of_one_second_that_block_each_other() {
    block_on(async {
        let bench = Bench::at("2026-03-01T12:00:00Z");
        let stuck = Job::every(SECOND).named("stuck").overlap(Overlap::Queue);
        bench.scheduler.add(stuck.run(|_| std::future::pending::<()>())).unwrap();
        bench.scheduler.add(Job::every(SECOND).named("other").run(bench.note())).unwrap();
        bench.start();
        bench.clock.run_for(30 * SECOND).await;
        assert_eq!(bench.ran().len(), 30);
    });
}

#[test]
fn memory_growth_on_remove() {
    const ALONE: &str = "MAINSPRING_TEST_ALONE";
    if std::env::var_os(ALONE).is_none() {
        // Other tests of this process have memory too: this one is measured in a process of its own.
        let program = std::env::current_exe().expect("the path of this test");
        let mut command = Command::new(program);
        command.args(["--exact", "bugs::memory_growth_on_remove", "--nocapture"]);
        let output = command.env(ALONE, "1").output().expect("this test runs once more");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        return;
    }
    let held = Arc::new(());
    let churn = |rounds: u64| {
        block_on(async {
            let bench = Bench::at("2026-03-01T12:00:00Z");
            bench.start();
            for _ in 0..rounds {
                let ids = (0..1_000).map(|number| {
                    let held = held.clone();
                    let name = format!("a job with a name of some length, {number}");
                    let job = Job::every(SECOND).named(name).run(move |_| {
                        let _held = held.clone();
                        std::future::ready(())
                    });
                    bench.scheduler.add(job).unwrap()
                });
                let ids: Vec<_> = ids.collect();
                bench.clock.run_for(2 * SECOND).await;
                for id in ids {
                    assert!(bench.scheduler.remove(id));
                }
                bench.clock.run_for(SECOND).await;
                assert_eq!(Arc::strong_count(&held), 1, "a handler outlives its job");
            }
            bench.scheduler.shutdown(Duration::ZERO);
        });
    };
    churn(20);
    let Some(before) = resident_kib() else { return };
    churn(200);
    let grown = resident_kib().map_or(0, |after| after.saturating_sub(before));
    // Ten bytes for each of them would be two mebibytes.
    assert!(grown < 2_000, "{grown} KiB for 200,000 jobs that came and went");
}

/// What this process occupies, where the system tells.
fn resident_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}
