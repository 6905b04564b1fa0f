//! What jobs may be and do: forms, names, errors, panics, and jobs that change the scheduler.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use mainspring_clock::Clock;
use mainspring_job::RunState;
use mainspring_scheduler::{Job, Scheduler};

use crate::bench::{Bench, DAY, HOUR, MINUTE, SECOND, at, block_on};

#[test]
fn cron_once_and_every_run_when_they_are_due() {
    block_on(async {
        let bench = Bench::at("2026-03-01T12:00:30Z");
        let (scheduler, note) = (&bench.scheduler, bench.note());
        scheduler.add(Job::cron("*/2 * * * *").unwrap().named("cron").run(note.clone())).unwrap();
        scheduler
            .add(Job::once(at("2026-03-01T12:03:00.5Z")).named("once").run(note.clone()))
            .unwrap();
        scheduler.add(Job::every(2 * MINUTE).named("every").run(note)).unwrap();
        bench.start();
        bench.clock.run_for(5 * MINUTE).await;
        let expected = [
            ("cron", "2026-03-01T12:02:00Z"),
            ("every", "2026-03-01T12:02:30Z"),
            ("once", "2026-03-01T12:03:00.5Z"),
            ("cron", "2026-03-01T12:04:00Z"),
            ("every", "2026-03-01T12:04:30Z"),
        ];
        assert_eq!(bench.ran(), expected.map(|(name, due)| (name.to_owned(), at(due))));
    });
}

#[test]
fn a_cycle_keeps_to_its_start_and_end() {
    block_on(async {
        let bench = Bench::at("2026-03-01T00:00:00Z");
        let job = Job::every(HOUR)
            .starting_at(at("2026-03-01T10:30:00Z"))
            .ending_at(at("2026-03-01T12:30:00Z"));
        bench.scheduler.add(job.run(bench.note())).unwrap();
        bench.start();
        bench.clock.run_for(10 * HOUR).await;
        assert!(bench.ran().is_empty(), "a cycle ran before its start");
        bench.clock.run_for(DAY).await;
        let expected = ["2026-03-01T10:30:00Z", "2026-03-01T11:30:00Z", "2026-03-01T12:30:00Z"];
        assert_eq!(bench.times(), expected);
        assert!(bench.scheduler.jobs().is_empty(), "a job that has ended is still there");
    });
}

#[test]
fn a_past_one_shot_is_an_error_and_a_fresh_one_runs() {
    block_on(async {
        let bench = Bench::at("2026-03-01T12:00:00Z");
        let past = Job::once(at("2026-03-01T11:59:00Z")).run(bench.note());
        let error = bench.scheduler.add(past).unwrap_err();
        assert!(error.is_never_due(), "{error}");
        bench.scheduler.add(Job::once(at("2026-03-01T11:59:58Z")).run(bench.note())).unwrap();
        bench.start();
        bench.clock.run_for(SECOND).await;
        assert_eq!(bench.times(), ["2026-03-01T11:59:58Z"]);
    });
}

#[test]
fn bad_input_is_one_error_each_and_nothing_is_added() {
    let bench = Bench::at("2026-03-01T12:00:00Z");
    let scheduler = &bench.scheduler;
    let error = Job::cron("61 * * * *").unwrap_err();
    assert_eq!(error.column(), 1);
    let error = Job::cron("0 9 * * *").unwrap().in_zone("Europe/Berlim").unwrap_err();
    assert!(error.to_string().contains("Europe/Berlim"), "{error}");
    for name in ["", "two\nlines"] {
        let job = Job::every(SECOND).named(name).run(bench.note());
        scheduler.add(job).expect_err(name);
    }
    scheduler.add(Job::every(Duration::ZERO).run(bench.note())).expect_err("a zero interval");
    let impossible = Job::cron("0 0 30 2 *").unwrap().run(bench.note());
    assert!(scheduler.add(impossible).unwrap_err().is_never_due());
    assert!(scheduler.jobs().is_empty());
}

#[test]
fn names_are_unique_until_their_job_is_gone() {
    let bench = Bench::at("2026-03-01T12:00:00Z");
    let scheduler = &bench.scheduler;
    let job = || Job::every(SECOND).named("backup").run(bench.note());
    let id = scheduler.add(job()).unwrap();
    assert!(scheduler.add(job()).unwrap_err().is_duplicate());
    assert_eq!(scheduler.find("backup"), Some(id));
    assert!(scheduler.remove(id));
    assert!(!scheduler.remove(id));
    assert_ne!(scheduler.add(job()).unwrap(), id, "a number was used again");
    // Somebody takes the name that the next job without one would get.
    scheduler.add(Job::every(SECOND).named("job-4").run(bench.note())).unwrap();
    scheduler.add(Job::every(SECOND).run(bench.note())).unwrap();
    let names: Vec<_> = scheduler.jobs().iter().map(|job| job.name.to_string()).collect();
    assert_eq!(names, ["backup", "job-4", "job-4-2"]);
}

#[test]
fn the_context_says_what_the_run_is() {
    block_on(async {
        let bench = Bench::at("2026-03-01T12:00:00Z");
        let seen = Arc::new(std::sync::Mutex::new(None));
        let job = Job::cron("0 13 * * *").unwrap().named("lunch").run({
            let seen = seen.clone();
            move |run| {
                let seen = seen.clone();
                async move {
                    *seen.lock().unwrap() = Some(run);
                }
            }
        });
        let id = bench.scheduler.add(job).unwrap();
        bench.start();
        bench.clock.run_for(2 * HOUR).await;
        let run = seen.lock().unwrap().take().expect("it ran");
        assert_eq!((run.id(), run.name(), run.attempt()), (id, "lunch", 1));
        assert_eq!(run.due(), at("2026-03-01T13:00:00Z"));
        assert!(!run.is_cancelled());
    });
}

#[test]
fn an_error_or_a_panic_ends_its_run_alone() {
    struct PanicsInDrop;
    impl Drop for PanicsInDrop {
        fn drop(&mut self) {
            panic!("in drop");
        }
    }
    block_on(async {
        let bench = Bench::at("2026-03-01T12:00:00Z");
        let scheduler = &bench.scheduler;
        let every = || Job::every(MINUTE);
        let failing = every().named("error").run(|_| async { Err::<(), _>("no such table") });
        let panicking = every().named("panic").run(|run| async move {
            assert!(run.attempt() > 1, "first attempt at {}", run.due());
        });
        let never = |due: jiff::Timestamp| due > jiff::Timestamp::MIN;
        let at_once = every().named("at once").run(move |run| {
            assert!(!never(run.due()), "before the future exists");
            async {}
        });
        let dropping = every().named("drop").run(|_| {
            let bomb = PanicsInDrop;
            async move {
                let _bomb = bomb;
            }
        });
        for job in [failing, panicking, at_once, dropping] {
            scheduler.add(job).unwrap();
        }
        scheduler.add(every().named("healthy").run(bench.note())).unwrap();
        let running = bench.start();
        bench.clock.run_for(3 * MINUTE).await;
        assert_eq!(bench.ran().len(), 3);
        let errors: Vec<_> = scheduler
            .jobs()
            .into_iter()
            .filter(|job| job.failed == 3)
            .filter_map(|job| job.last?.error().map(str::to_owned))
            .collect();
        let expected = [
            "no such table",
            "the handler panicked: first attempt at 2026-03-01T12:03:00Z",
            "the handler panicked: before the future exists",
            "the handler panicked: in drop",
        ];
        assert_eq!(errors, expected);
        assert!(!running.is_finished());
    });
}

#[test]
fn a_job_may_add_remove_and_stop() {
    block_on(async {
        let bench = Bench::at("2026-03-01T12:00:00Z");
        let scheduler = bench.scheduler.clone();
        let note = bench.note();
        let adder = Job::once(at("2026-03-01T12:01:00Z")).run(move |run| {
            let scheduler = scheduler.clone();
            let note = note.clone();
            async move {
                let added = Job::every(MINUTE).named("added").limit(3).run(note);
                scheduler.add(added)?;
                let me = scheduler.find("job-1").expect("I am here while I run");
                assert_eq!(me, run.id());
                scheduler.remove(me);
                let stopper = scheduler.clone();
                let last = Job::once(at("2026-03-01T12:10:00Z")).run(move |_| {
                    stopper.shutdown(SECOND);
                    async {}
                });
                scheduler.add(last).map(drop)
            }
        });
        bench.scheduler.add(adder).unwrap();
        let running = bench.start();
        bench.clock.run_for(HOUR).await;
        let expected = ["2026-03-01T12:02:00Z", "2026-03-01T12:03:00Z", "2026-03-01T12:04:00Z"];
        assert_eq!(bench.times(), expected);
        assert!(running.await.unwrap().unwrap().cut.is_empty());
    });
}

#[test]
fn a_run_longer_than_the_step_overlaps_the_next() {
    block_on(async {
        let bench = Bench::at("2026-03-01T12:00:00Z");
        let most = Arc::new(AtomicU32::new(0));
        let now = Arc::new(AtomicU32::new(0));
        let clock = bench.clock.clone();
        let job = Job::every(MINUTE).run({
            let most = most.clone();
            move |_| {
                most.fetch_max(now.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
                let now = now.clone();
                let sleep = clock.wait_until(clock.now() + 150 * SECOND);
                async move {
                    sleep.await;
                    now.fetch_sub(1, Ordering::Relaxed);
                }
            }
        });
        let id = bench.scheduler.add(job).unwrap();
        bench.start();
        bench.clock.run_for(10 * MINUTE).await;
        assert_eq!(most.load(Ordering::Relaxed), 3);
        let info = bench.scheduler.job(id).unwrap();
        assert_eq!((info.succeeded, info.running), (7, 3));
        assert_eq!(info.last.map(|run| run.state()), Some(RunState::Succeeded));
    });
}

#[test]
fn next_runs_are_those_that_come() {
    block_on(async {
        let bench = Bench::at("2026-03-01T12:00:00Z");
        let scheduler = &bench.scheduler;
        for (name, cron) in [("a", "*/7 * * * *"), ("b", "*/5 * * * *"), ("c", "0 */6 * * *")] {
            scheduler.add(Job::cron(cron).unwrap().named(name).run(bench.note())).unwrap();
        }
        let names: Vec<_> = scheduler.jobs().into_iter().map(|job| (job.id, job.name)).collect();
        let foretold: Vec<_> = scheduler
            .next_runs(200)
            .into_iter()
            .map(|run| {
                let name = names.iter().find(|(id, _)| *id == run.job).unwrap().1.to_string();
                (name, run.due)
            })
            .collect();
        bench.start();
        bench.clock.run_for(DAY).await;
        // Runs of one instant come in any order.
        let mut ran = bench.ran();
        ran.sort_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
        assert!(foretold == ran[..200], "{foretold:?}\n{:?}", &ran[..200]);
        assert_eq!(Scheduler::new().next_runs(3), []);
    });
}

#[test]
fn a_late_wake_moves_no_later_beat() {
    block_on(async {
        let bench = Bench::at("2026-03-01T12:00:00.5Z");
        let job = Job::cron("* * * * *").unwrap().run(bench.note());
        let id = bench.scheduler.add(job).unwrap();
        bench.start();
        bench.clock.run_for(MINUTE).await;
        // The thread was held up: the clock passes an instant without anybody being polled.
        bench.clock.advance(MINUTE + 2 * SECOND + SECOND / 2);
        bench.clock.run_for(2 * MINUTE).await;
        let expected = [
            "2026-03-01T12:01:00Z",
            "2026-03-01T12:02:00Z",
            "2026-03-01T12:03:00Z",
            "2026-03-01T12:04:00Z",
        ];
        assert_eq!(bench.times(), expected);
        // The machine sleeps for an hour: one run stands for those missed.
        bench.clock.jump_forward(HOUR + 30 * SECOND);
        bench.clock.run_for(MINUTE).await;
        assert_eq!(bench.times(), ["2026-03-01T13:04:00Z", "2026-03-01T13:05:00Z"]);
        assert_eq!(bench.scheduler.job(id).map(|job| job.missed), Some(59));
    });
}

#[test]
fn a_clock_set_back_repeats_nothing() {
    block_on(async {
        let bench = Bench::at("2026-03-01T12:00:01Z");
        bench.scheduler.add(Job::cron("*/10 * * * *").unwrap().run(bench.note())).unwrap();
        bench.start();
        bench.clock.run_for(25 * MINUTE).await;
        bench.clock.jump_back(HOUR);
        bench.clock.run_for(80 * MINUTE).await;
        let expected = [
            "2026-03-01T12:10:00Z",
            "2026-03-01T12:20:00Z",
            "2026-03-01T12:30:00Z",
            "2026-03-01T12:40:00Z",
        ];
        assert_eq!(bench.times(), expected);
    });
}
