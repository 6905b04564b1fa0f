//! Pause, resume, trigger and update do what they say, whatever else goes on.

use mainspring_job::{Overlap, RunId, RunState};
use mainspring_scheduler::Job;

use crate::bench::{Bench, HOUR, MINUTE, SECOND, at, block_on, told};

const START: &str = "2026-03-01T12:00:30Z";

#[test]
fn nothing_of_a_paused_job_is_due_and_nothing_is_made_up_for() {
    block_on(async {
        let bench = Bench::at(START);
        let id = bench.scheduler.add(Job::cron("* * * * *").unwrap().run(bench.note())).unwrap();
        bench.start();
        bench.clock.run_for(MINUTE).await;
        assert_eq!(bench.times(), ["2026-03-01T12:01:00Z"]);
        let job = bench.scheduler.handle(id);
        assert!(job.pause() && job.pause());
        bench.clock.run_for(HOUR).await;
        assert!(bench.ran().is_empty());
        let info = job.info().unwrap();
        assert!(info.is_paused && info.next.is_none());
        assert!(job.resume() && job.resume());
        bench.clock.run_for(MINUTE).await;
        assert_eq!(bench.times(), ["2026-03-01T13:02:00Z"]);
        job.remove();
        assert!(!job.pause() && !job.resume());
    });
}

#[test]
fn a_pause_outlasts_the_schedule_and_the_job_goes_when_it_is_resumed() {
    block_on(async {
        let bench = Bench::at(START);
        let id =
            bench.scheduler.add(Job::once(at("2026-03-01T12:05:00Z")).run(bench.note())).unwrap();
        bench.start();
        bench.scheduler.pause(id);
        bench.clock.run_for(HOUR).await;
        assert!(bench.scheduler.job(id).is_some());
        bench.scheduler.resume(id);
        bench.clock.run_for(MINUTE).await;
        assert!(bench.scheduler.job(id).is_none() && bench.ran().is_empty());
    });
}

#[test]
fn a_triggered_run_is_beside_the_schedule_or_instead_of_its_next_instant() {
    block_on(async {
        let bench = Bench::at(START);
        let id = bench.scheduler.add(Job::cron("0 * * * *").unwrap().run(bench.note())).unwrap();
        bench.start();
        bench.clock.run_for(MINUTE).await;
        bench.scheduler.trigger(id).unwrap();
        bench.clock.run_for(HOUR).await;
        assert_eq!(bench.times(), ["2026-03-01T12:01:30Z", "2026-03-01T13:00:00Z"]);
        bench.scheduler.trigger_instead(id).unwrap();
        bench.clock.run_for(2 * HOUR).await;
        assert_eq!(bench.times(), ["2026-03-01T13:01:30Z", "2026-03-01T15:00:00Z"]);
        bench.scheduler.remove(id);
        assert!(bench.scheduler.trigger(id).unwrap_err().is_no_such_job());
    });
}

#[test]
fn triggers_at_one_instant_are_runs_of_their_own() {
    block_on(async {
        let bench = Bench::at(START);
        let job = Job::every(HOUR).overlap(Overlap::Queue).run(bench.taking(MINUTE));
        let id = bench.scheduler.add(job).unwrap();
        let runs: Vec<_> = (0..3).map(|_| bench.scheduler.trigger(id).unwrap()).collect();
        assert!(runs.is_sorted() && runs[0] < runs[1] && runs[1] < runs[2]);
        assert_eq!(bench.scheduler.job(id).map(|job| job.waiting), Some(3));
        bench.start();
        bench.clock.run_for(5 * MINUTE).await;
        assert_eq!(bench.ran().len(), 3, "what was triggered before the start runs after it");
    });
}

#[test]
fn a_paused_job_can_be_triggered_and_policies_hold() {
    block_on(async {
        let bench = Bench::at(START);
        let job = Job::every(HOUR).named("j").overlap(Overlap::Skip).run(bench.taking(MINUTE));
        let id = bench.scheduler.add(job).unwrap();
        bench.scheduler.pause(id);
        bench.start();
        bench.clock.run_for(SECOND).await;
        let mut events = bench.scheduler.events();
        bench.scheduler.trigger(id).unwrap();
        bench.clock.run_for(SECOND).await;
        bench.scheduler.trigger(id).unwrap();
        bench.clock.run_for(2 * HOUR).await;
        let expected =
            ["0 j due", "0 j started 1", "1 j due", "1 j skipped: Overlap", "60 j succeeded"];
        assert_eq!(told(&mut events, at(START) + SECOND), expected);
    });
}

#[test]
fn an_updated_job_keeps_its_number_counts_and_history() {
    block_on(async {
        let bench = Bench::at(START);
        let id = bench.scheduler.add(Job::every(MINUTE).history(5).run(bench.note())).unwrap();
        bench.start();
        bench.clock.run_for(2 * MINUTE).await;
        let job = bench.scheduler.handle(id);
        job.update("0 13 * * *".parse().unwrap()).unwrap();
        bench.clock.run_for(HOUR).await;
        let times = bench.times();
        let expected = ["2026-03-01T12:01:30Z", "2026-03-01T12:02:30Z", "2026-03-01T13:00:00Z"];
        assert_eq!(times, expected);
        assert_eq!(job.info().map(|job| job.succeeded), Some(3));
        assert_eq!(job.history().len(), 3);
        let never = job.update("0 0 30 2 *".parse().unwrap()).unwrap_err();
        assert!(never.is_never_due());
        assert_eq!(job.info().unwrap().schedule.to_string(), "0 13 * * *");
        job.remove();
        assert!(job.update("0 13 * * *".parse().unwrap()).unwrap_err().is_no_such_job());
    });
}

#[test]
fn removing_a_job_tells_of_the_runs_that_waited() {
    block_on(async {
        let bench = Bench::at(START);
        let job = Job::every(MINUTE).named("j").overlap(Overlap::Queue).run(bench.taking(HOUR));
        let id = bench.scheduler.add(job).unwrap();
        bench.start();
        bench.clock.run_for(3 * MINUTE).await;
        let mut events = bench.scheduler.events();
        bench.scheduler.remove(id);
        bench.clock.run_for(2 * HOUR).await;
        let expected = [
            "180 j skipped: Removed",
            "180 j skipped: Removed",
            "180 j removed",
            "3660 j succeeded",
        ];
        assert_eq!(told(&mut events, at(START)), expected);
    });
}

#[test]
fn a_run_is_cancelled_whether_it_goes_on_or_waits() {
    block_on(async {
        let bench = Bench::at(START);
        let job = Job::every(HOUR).overlap(Overlap::Queue).run(bench.taking(HOUR));
        let id = bench.scheduler.add(job).unwrap();
        bench.start();
        let runs: Vec<_> = (0..3).map(|_| bench.scheduler.trigger(id).unwrap()).collect();
        bench.clock.run_for(SECOND).await;
        let live = |states: &[(RunId, RunState)]| assert_eq!(bench.scheduler.live_runs(), states);
        let (running, due) = (RunState::Running, RunState::Due);
        live(&[(runs[0], running), (runs[1], due), (runs[2], due)]);
        let tally = bench.scheduler.tally();
        assert_eq!((tally.jobs, tally.paused, tally.running, tally.waiting), (1, 0, 1, 2));
        assert!(bench.scheduler.cancel(runs[1]));
        assert!(!bench.scheduler.cancel(runs[1]), "it is gone");
        live(&[(runs[0], running), (runs[2], due)]);
        assert!(bench.scheduler.cancel(runs[0]));
        bench.clock.run_for(5 * SECOND).await;
        live(&[(runs[2], running)]);
        let info = bench.scheduler.job(id).unwrap();
        assert_eq!((info.cancelled, info.succeeded), (1, 1), "asked to stop, it ended well");
        bench.scheduler.pause(id);
        assert_eq!(bench.scheduler.tally().paused, 1);
        let other = RunId { job: id, due: at("2020-01-01T00:00:00Z") };
        assert!(!bench.scheduler.cancel(other));
    });
}

#[test]
fn names_lead_to_their_jobs() {
    let bench = Bench::at(START);
    let named = bench.scheduler.add(Job::every(HOUR).named("backup").run(bench.note())).unwrap();
    let other = bench.scheduler.add(Job::every(HOUR).run(bench.note())).unwrap();
    let mut names = bench.scheduler.names();
    names.sort_unstable_by_key(|(_, id)| *id);
    let names: Vec<_> = names.iter().map(|(name, id)| (name.as_str(), *id)).collect();
    assert_eq!(names, [("backup", named), ("job-2", other)]);
}
