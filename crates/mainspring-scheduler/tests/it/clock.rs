//! Clocks that are set, machines that sleep: nothing runs twice, nothing is lost unsaid.

use std::time::Duration;

use mainspring_scheduler::{Job, Scheduler};

use crate::bench::{Bench, DAY, HOUR, MINUTE, SECOND, at, block_on, told};

/// How the machine's clock may leap.
#[derive(Clone, Copy, Debug)]
enum Leap {
    /// Somebody sets the wall clock.
    Set,
    /// The machine sleeps, and its monotonic clock with it.
    Sleep,
    /// The thread is held up: both clocks go on, nobody looks.
    Stall,
}

fn leap(bench: &Bench, kind: Leap, by: Duration) {
    match kind {
        Leap::Set | Leap::Sleep => bench.clock.jump_forward(by),
        Leap::Stall => bench.clock.advance(by),
    }
}

#[test]
fn forward_one_run_stands_for_what_was_missed_at_every_size() {
    for kind in [Leap::Set, Leap::Sleep, Leap::Stall] {
        for (by, missed, runs) in [
            (SECOND, 0, 0),
            (10 * MINUTE, 0, 1),
            (3 * HOUR, 17, 1),
            (10 * DAY, 1439, 1),
            (400 * DAY, 10_000, 1),
        ] {
            block_on(async {
                let bench = Bench::at("2026-03-01T12:01:00Z");
                let job = Job::cron("*/10 * * * *").unwrap().run(bench.note());
                let id = bench.scheduler.add(job).unwrap();
                bench.start();
                bench.clock.run_for(MINUTE).await;
                leap(&bench, kind, by);
                bench.clock.run_for(SECOND).await;
                assert_eq!(bench.ran().len(), runs, "{kind:?} by {by:?}");
                let told = bench.scheduler.job(id).map(|job| job.missed);
                assert_eq!(told, Some(missed), "{kind:?} by {by:?}");
                // And from there on as if nothing had been.
                bench.clock.run_for(HOUR).await;
                assert_eq!(bench.ran().len(), 6, "{kind:?} by {by:?}");
            });
        }
    }
}

#[test]
fn back_nothing_that_ran_is_due_again() {
    for by in [SECOND, 10 * MINUTE, 2 * HOUR, 3 * HOUR - SECOND] {
        block_on(async {
            let bench = Bench::at("2026-03-01T12:01:00Z");
            bench.scheduler.add(Job::cron("*/10 * * * *").unwrap().run(bench.note())).unwrap();
            bench.start();
            bench.clock.run_for(4 * HOUR).await;
            let before = bench.times();
            assert_eq!(before.len(), 24);
            bench.clock.jump_back(by);
            bench.clock.run_for(by + HOUR).await;
            let after = bench.times();
            assert!(after.iter().all(|due| !before.contains(due)), "back by {by:?}: {after:?}");
            assert_eq!(after.len(), 6, "back by {by:?}");
        });
    }
}

#[test]
fn three_hours_back_is_a_correction_and_schedules_start_over() {
    for by in [3 * HOUR, 10 * DAY, 4000 * DAY] {
        block_on(async {
            let bench = Bench::at("2037-03-01T12:01:00Z");
            bench.scheduler.add(Job::cron("*/10 * * * *").unwrap().run(bench.note())).unwrap();
            bench.start();
            bench.clock.run_for(HOUR).await;
            bench.ran();
            bench.clock.jump_back(by);
            bench.clock.run_for(HOUR).await;
            assert_eq!(bench.ran().len(), 6, "back by {by:?}");
        });
    }
}

#[test]
fn a_cycle_that_counts_from_its_adding_knows_no_wall_clock() {
    block_on(async {
        let bench = Bench::at("2026-03-01T12:00:00Z");
        let free = Job::every(10 * MINUTE).named("free").run(bench.note());
        bench.scheduler.add(free).unwrap();
        bench.start();
        bench.clock.run_for(15 * MINUTE).await;
        for (forward, by) in [(true, DAY), (false, 2 * HOUR), (false, 30 * DAY), (true, 7 * SECOND)]
        {
            let (clock, before) = (&bench.clock, bench.ran().len());
            if forward {
                clock.jump_forward(by)
            } else {
                clock.jump_back(by)
            }
            bench.clock.run_for(HOUR).await;
            assert_eq!(bench.ran().len(), 6, "after {before} runs, {forward} by {by:?}");
        }
    });
}

#[test]
fn a_job_added_after_the_clock_was_set_back_does_not_wait_for_the_old_time() {
    block_on(async {
        let bench = Bench::at("2026-03-01T12:00:01Z");
        bench.scheduler.add(Job::cron("* * * * *").unwrap().run(bench.note())).unwrap();
        bench.start();
        bench.clock.run_for(HOUR).await;
        bench.ran();
        bench.clock.jump_back(HOUR);
        bench.clock.run_for(SECOND).await;
        let job = Job::cron("* * * * *").unwrap().named("new").run(bench.note());
        bench.scheduler.add(job).unwrap();
        bench.clock.run_for(10 * MINUTE).await;
        let names: Vec<_> = bench.ran().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["new"; 10]);
    });
}

#[test]
fn a_jump_is_told_once_with_its_size() {
    block_on(async {
        let bench = Bench::at("2026-03-01T12:00:00Z");
        bench.scheduler.add(Job::cron("0 0 1 1 *").unwrap().run(bench.note())).unwrap();
        bench.start();
        bench.clock.run_for(MINUTE).await;
        let mut events = bench.scheduler.events();
        bench.clock.jump_forward(HOUR);
        bench.clock.run_for(MINUTE).await;
        bench.clock.jump_back(2 * HOUR);
        bench.clock.run_for(MINUTE).await;
        let told = told(&mut events, at("2026-03-01T12:00:00Z"));
        assert_eq!(told, ["3660 - clock Forward(3600s)", "-3480 - clock Back(7200s)"]);
    });
}

#[test]
fn over_daylight_saving_weekends_a_fixed_job_runs_once_a_day() {
    // Forward on 29 March, back on 25 October 2026 in Berlin.
    for (start, leap_at) in
        [("2026-03-28T12:00:00Z", 12 * HOUR), ("2026-10-24T12:00:00Z", 12 * HOUR + 30 * MINUTE)]
    {
        for by in [Duration::ZERO, 20 * MINUTE, HOUR, 2 * HOUR] {
            for forward in [true, false] {
                block_on(async {
                    let bench = Bench::at(start);
                    let job = Job::cron("30 2 * * *").unwrap().in_zone("Europe/Berlin").unwrap();
                    bench.scheduler.add(job.run(bench.note())).unwrap();
                    bench.start();
                    bench.clock.run_for(leap_at).await;
                    if forward {
                        bench.clock.jump_forward(by)
                    } else {
                        bench.clock.jump_back(by)
                    }
                    bench.clock.run_for(36 * HOUR).await;
                    let days: Vec<_> =
                        bench.times().iter().map(|due| due[..10].to_owned()).collect();
                    let mut once = days.clone();
                    once.dedup();
                    assert_eq!(days, once, "{start}, {by:?}, forward: {forward}");
                    assert_eq!(days.len(), 2, "{start}, {by:?}, forward: {forward}");
                });
            }
        }
    }
}

#[test]
fn a_clock_beyond_every_calendar_is_no_panic() {
    block_on(async {
        let clock = mainspring_clock::ManualClock::new(
            std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 50),
        );
        let scheduler = Scheduler::manual(&clock);
        let added = scheduler.add(Job::cron("* * * * *").unwrap().run(|_| async {}));
        assert!(added.unwrap_err().is_never_due());
        let running = tokio::spawn({
            let scheduler = scheduler.clone();
            async move { scheduler.run().await }
        });
        clock.run_for(HOUR).await;
        scheduler.shutdown(Duration::ZERO);
        running.await.unwrap().unwrap();
    });
}
