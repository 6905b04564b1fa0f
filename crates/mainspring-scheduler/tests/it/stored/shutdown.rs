//! The end of a node: what has not started goes back, what runs gets its grace.

use std::time::Duration;

use mainspring_job::RunState;

use super::world::{World, start};
use crate::bench::{HOUR, MINUTE, SECOND, at, block_on, told};

const START: &str = "2026-03-01T12:00:00Z";

#[test]
fn what_has_time_to_end_ends() {
    block_on(async {
        let world = World::at(START);
        let (node, _) = world.node("a");
        world.handle(&node, "job", MINUTE);
        let running = start(&node);
        node.enqueue("job", &()).await.unwrap();
        world.clock.run_for(SECOND).await;
        node.shutdown(HOUR);
        node.enqueue("job", &()).await.unwrap();
        world.clock.run_for(MINUTE).await;
        let report = running.await.unwrap().unwrap();
        assert!(report.cut.is_empty() && report.untold.is_empty());
        assert_eq!(world.outcomes().await, ["job succeeded"]);
        assert_eq!(world.live().await[0].state, RunState::Due, "nothing starts any more");
    });
}

#[test]
fn the_rest_is_handed_over() {
    block_on(async {
        let world = World::at(START);
        let (a, b) = (world.node_with("a", |builder| builder.concurrency(4)).0, world.node("b").0);
        [&a, &b].into_iter().for_each(|node| world.handle(node, "job", HOUR));
        let mut events = a.events();
        let running = start(&a);
        for _ in 0..10 {
            a.enqueue("job", &()).await.unwrap();
        }
        world.clock.run_for(SECOND).await;
        a.shutdown(10 * SECOND);
        world.clock.run_for(SECOND).await;
        start(&b);
        world.clock.run_for(5 * SECOND).await;
        assert_eq!(world.ran_on(), [vec!["a"; 4], vec!["b"; 6]].concat(), "at once");
        world.clock.run_for(5 * SECOND).await;
        let report = running.await.unwrap().unwrap();
        assert_eq!(report.cut.len(), 4);
        world.clock.run_for(SECOND).await;
        assert_eq!(world.ran_on(), ["b"; 4], "without waiting for leases");
        world.clock.run_for(2 * HOUR).await;
        let history = world.history().await;
        assert!(history.iter().all(|run| run.attempt == 1), "not counted");
        assert_eq!(history.len(), 10);
        let told = told(&mut events, at(START));
        assert_eq!(told.iter().filter(|line| line.ends_with("job givenback")).count(), 4);
    });
}

#[test]
fn a_store_that_is_away_is_not_waited_for_for_ever() {
    block_on(async {
        let world = World::at(START);
        let (node, view) = world.node("a");
        world.handle(&node, "job", 5 * SECOND);
        let running = start(&node);
        node.enqueue("job", &()).await.unwrap();
        world.clock.run_for(SECOND).await;
        view.set_away(true);
        node.shutdown(MINUTE);
        world.clock.run_for(15 * SECOND).await;
        let report = running.await.unwrap().unwrap();
        assert_eq!((report.cut.len(), report.untold.len()), (0, 1));
        assert_eq!(report.untold[0].name.as_str(), "job");
    });
}

#[test]
fn it_may_be_run_again() {
    block_on(async {
        let world = World::at(START);
        let (node, _) = world.node("a");
        world.handle(&node, "job", Duration::ZERO);
        for round in 1..=3 {
            let running = start(&node);
            world.clock.run_for(Duration::ZERO).await;
            assert!(node.run().await.is_err_and(|error| error.is_already_running()));
            node.enqueue("job", &()).await.unwrap();
            world.clock.run_for(SECOND).await;
            node.shutdown(Duration::ZERO);
            running.await.unwrap().unwrap();
            assert_eq!(world.history().await.len(), round);
        }
        node.shutdown(Duration::ZERO);
        node.run().await.unwrap();
    });
}
