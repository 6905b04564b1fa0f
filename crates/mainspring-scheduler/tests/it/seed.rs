//! Where an earlier scheduler of this shape was wrong.

use std::time::Duration;

use mainspring_scheduler::Job;

use crate::bench::{Bench, MINUTE, SECOND, block_on};

#[test]
fn removing_a_job_before_it_is_due_hangs_the_scheduler() {
    block_on(async {
        let bench = Bench::at("2026-03-01T12:00:00Z");
        let removed = bench.scheduler.add(Job::every(10 * SECOND).run(bench.note())).unwrap();
        bench.scheduler.add(Job::every(30 * SECOND).named("stays").run(bench.note())).unwrap();
        let running = bench.start();
        bench.clock.run_for(5 * SECOND).await;
        assert!(bench.scheduler.remove(removed));
        bench.clock.run_for(MINUTE).await;
        let names: Vec<_> = bench.ran().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["stays", "stays"]);
        bench.scheduler.shutdown(Duration::ZERO);
        running.await.unwrap().unwrap();
    });
}

#[test]
fn an_idle_scheduler_does_not_wake() {
    block_on(async {
        let bench = Bench::at("2026-03-01T12:00:00Z");
        bench.start();
        bench.clock.run_for(Duration::ZERO).await;
        assert_eq!(bench.clock.waiting(), 0, "it waits on the clock without a job");
        bench.scheduler.add(Job::cron("0 0 29 2 *").unwrap().run(bench.note())).unwrap();
        bench.clock.run_for(Duration::ZERO).await;
        let waits = (bench.clock.waiting(), bench.clock.next_deadline());
        bench.clock.run_for(365 * 24 * 60 * MINUTE).await;
        assert_eq!((bench.clock.waiting(), bench.clock.next_deadline()), waits);
        assert!(bench.ran().is_empty());
    });
}
