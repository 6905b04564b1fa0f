//! Downtime, clocks that are set, days of 23 and 25 hours.

use std::time::Duration;

use jiff::Timestamp;
use mainspring_clock::WallClock;
use mainspring_job::{Misfire, Policy};
use mainspring_scheduler::Job;

use super::world::{World, start};
use crate::bench::{Bench, DAY, HOUR, MINUTE, SECOND, at, block_on};

const START: &str = "2026-03-01T12:00:00Z";

/// When runs of a job with that policy were due, after five hours without anybody there.
async fn after_downtime(policy: Policy) -> Vec<String> {
    let world = World::at(START);
    let (node, _) = world.node("a");
    world.handle(&node, "hourly", Duration::ZERO);
    let store = || node.upsert("hourly").schedule("0 * * * *".parse().unwrap());
    store().policy(policy.clone()).await.unwrap();
    let running = start(&node);
    world.clock.run_for(MINUTE).await;
    node.shutdown(Duration::ZERO);
    running.await.unwrap().unwrap();
    world.clock.advance(5 * HOUR);
    // As a program does at each start.
    store().policy(policy).await.unwrap();
    start(&node);
    world.clock.run_for(HOUR).await;
    world.ran().iter().map(|ran| ran.due.strftime("%H").to_string()).collect()
}

#[test]
fn downtime_is_judged_by_the_misfire_policy() {
    block_on(async {
        assert_eq!(after_downtime(Policy::default()).await, ["12", "17", "18"]);
        let skip = Policy::default().misfire(Misfire::skip());
        assert_eq!(after_downtime(skip).await, ["12", "18"]);
        let all = Policy::default().misfire(Misfire::run_all(3 * HOUR));
        assert_eq!(after_downtime(all).await, ["12", "15", "16", "17", "18"]);
    });
}

#[test]
fn a_clock_set_back_an_hour_repeats_nothing() {
    block_on(async {
        let world = World::at(START);
        let (node, _) = world.node("a");
        world.handle(&node, "job", Duration::ZERO);
        node.upsert("job").schedule("*/10 * * * *".parse().unwrap()).await.unwrap();
        start(&node);
        world.clock.run_for(HOUR).await;
        assert_eq!(world.ran().len(), 7);
        world.clock.jump_back(HOUR);
        world.clock.run_for(HOUR).await;
        assert_eq!(world.ran().len(), 0, "all these ran");
        world.clock.run_for(HOUR).await;
        assert_eq!(world.ran().len(), 6);
        assert_eq!(world.history().await.len(), 13);
    });
}

#[test]
fn a_clock_set_forward_a_day_is_downtime() {
    block_on(async {
        let world = World::at(START);
        let (node, _) = world.node("a");
        world.handle(&node, "job", Duration::ZERO);
        node.upsert("job").schedule("0 * * * *".parse().unwrap()).await.unwrap();
        start(&node);
        world.clock.run_for(MINUTE).await;
        world.clock.jump_forward(DAY);
        world.clock.run_for(HOUR).await;
        let ran: Vec<_> = world.ran().iter().map(|ran| ran.due.to_string()).collect();
        let expected = ["2026-03-01T12:00:00Z", "2026-03-02T12:00:00Z", "2026-03-02T13:00:00Z"];
        assert_eq!(ran, expected);
    });
}

#[test]
fn a_clock_that_was_years_ahead_holds_nothing_up() {
    block_on(async {
        let world = World::at(START);
        let (node, _) = world.node("a");
        world.handle(&node, "job", Duration::ZERO);
        for number in 0..1200 {
            let job = node.upsert(&format!("job {number}")).handler("job");
            job.schedule("0 * * * *".parse().unwrap()).await.unwrap();
        }
        start(&node);
        world.clock.jump_forward(3650 * DAY);
        world.clock.run_for(MINUTE).await;
        assert_eq!(world.ran().len(), 1200);
        world.clock.jump_back(3650 * DAY);
        world.clock.run_for(HOUR).await;
        assert_eq!(world.ran().len(), 1200, "they are due again in the right year");
        world.clock.run_for(HOUR).await;
        assert_eq!(world.ran().len(), 1200);
    });
}

/// What the scheduler in memory does over a span, which the one from a store must do as well.
async fn in_memory(schedule: &str, from: &str, span: Duration) -> Vec<Timestamp> {
    let bench = Bench::at(from);
    let job = Job::new(schedule.parse().unwrap()).named("job").run(bench.note());
    bench.scheduler.add(job).unwrap();
    bench.start();
    bench.clock.run_for(span).await;
    bench.ran().into_iter().map(|(_, due)| due).collect()
}

#[test]
fn days_of_23_and_25_hours_have_the_runs_they_should() {
    block_on(async {
        for from in ["2026-03-28T12:00:00Z", "2026-10-24T12:00:00Z"] {
            for schedule in [
                "30 2 * * * in Europe/Berlin",
                "*/20 * * * * in Europe/Berlin",
                "0 * * * * in Australia/Lord_Howe",
                "15 1,2,3 * * * in America/New_York",
            ] {
                let world = World::at(from);
                let rarely = |node: mainspring_scheduler::StoreSchedulerBuilder| {
                    node.lease(DAY).look_every(DAY)
                };
                let (node, _) = world.node_with("a", rarely);
                world.handle(&node, "job", SECOND);
                node.upsert("job").schedule(schedule.parse().unwrap()).await.unwrap();
                start(&node);
                world.clock.run_for(9 * DAY).await;
                let ran: Vec<_> = world.ran().iter().map(|ran| ran.due).collect();
                let expected = in_memory(schedule, from, 9 * DAY).await;
                assert_eq!(ran, expected, "{schedule} from {from}");
                assert!(ran.len() >= 9);
            }
        }
    });
}

#[test]
fn an_idle_node_looks_now_and_then_and_does_nothing_else() {
    block_on(async {
        let world = World::at(START);
        let (node, _) = world.node("a");
        start(&node);
        world.clock.run_for(DAY).await;
        assert_eq!(world.clock.wall_now(), at("2026-03-02T12:00:00Z").into());
        assert!(world.clock.waiting() <= 5, "{} wait", world.clock.waiting());
    });
}
