//! The store goes away and comes back: runs go on, nothing is lost, nothing doubled.

use super::world::{LEASE, World, start};
use crate::bench::{HOUR, MINUTE, SECOND, at, block_on, told};

const START: &str = "2026-03-01T12:00:00Z";

#[test]
fn outcomes_are_kept_until_the_store_is_back() {
    block_on(async {
        let world = World::at(START);
        let (node, view) = world.node("a");
        world.handle(&node, "job", 10 * SECOND);
        let mut events = node.events();
        start(&node);
        for _ in 0..50 {
            node.enqueue("job", &()).await.unwrap();
        }
        world.clock.run_for(SECOND).await;
        assert_eq!(world.ran().len(), 50);
        view.set_away(true);
        world.clock.run_for(HOUR).await;
        assert!(
            node.enqueue("job", &()).await.is_err_and(|error| {
                error.store_error().is_some_and(|error| error.is_retryable())
            })
        );
        assert_eq!(world.history().await.len(), 0);
        view.set_away(false);
        world.clock.run_for(MINUTE).await;
        // Nobody else was there to take them away.
        assert_eq!(world.outcomes().await, vec!["job succeeded"; 50]);
        assert_eq!(world.ran().len(), 0, "none ran twice");
        let told = told(&mut events, at(START));
        let of_store: Vec<_> = told.iter().filter(|line| line.contains("store")).collect();
        assert_eq!(of_store.len(), 2, "{of_store:?}");
    });
}

#[test]
fn what_was_due_meanwhile_is_judged_by_the_misfire_policy() {
    block_on(async {
        let world = World::at(START);
        let (node, view) = world.node("a");
        world.handle(&node, "hourly", SECOND);
        node.upsert("hourly").schedule("0 * * * *".parse().unwrap()).await.unwrap();
        start(&node);
        world.clock.run_for(MINUTE).await;
        view.set_away(true);
        world.clock.run_for(5 * HOUR).await;
        view.set_away(false);
        world.clock.run_for(MINUTE).await;
        let told: Vec<_> =
            world.ran().iter().map(|ran| ran.due.strftime("%H").to_string()).collect();
        assert_eq!(told, ["12", "17"], "one stands for all");
        let outcomes = world.outcomes().await;
        let missed = "hourly missed: nobody was there to run it; so it is with 4 instants from \
                      this one on";
        assert_eq!(outcomes, ["hourly succeeded", missed, "hourly succeeded"]);
    });
}

#[test]
fn a_store_that_comes_and_goes_doubles_nothing() {
    block_on(async {
        let world = World::at(START);
        let (node, view) = world.node("a");
        world.handle(&node, "job", 700 * SECOND / 1000);
        node.upsert("job").schedule("* * * * * *".parse().unwrap()).await.unwrap();
        start(&node);
        for moment in 0..200 {
            view.set_away(moment % 2 == 1);
            world.clock.run_for(SECOND * (1 + moment % 7) / 3).await;
        }
        view.set_away(false);
        node.pause("job").await.unwrap();
        world.clock.run_for(2 * LEASE).await;
        let ran = world.ran();
        let history = world.history().await;
        let done: Vec<_> =
            history.iter().filter(|run| run.started.is_some()).map(|run| run.id.due).collect();
        assert_eq!(ran.len(), done.len(), "each once");
        assert!(done.len() > 100, "only {}", done.len());
        assert!(world.live().await.is_empty());
    });
}
