//! Several nodes on one store: leases kept and lost, late words refused, cancellations heard.

use std::sync::{Arc, Mutex};

use mainspring_job::RunState;
use mainspring_job::store::{Cancelled, Store};
use mainspring_scheduler::Context;

use super::world::{LEASE, World, start};
use crate::bench::{HOUR, MINUTE, SECOND, at, block_on, told};

const START: &str = "2026-03-01T12:00:00Z";

#[test]
fn nodes_share_what_is_due_and_double_nothing() {
    block_on(async {
        let world = World::at(START);
        let nodes = ["a", "b", "c"].map(|name| world.node(name).0);
        nodes.iter().for_each(|node| world.handle(node, "job", 5 * SECOND));
        for number in 0..20 {
            let job = nodes[0].upsert(&format!("job {number}")).handler("job");
            job.schedule("* * * * *".parse().unwrap()).await.unwrap();
        }
        nodes.iter().for_each(|node| drop(start(node)));
        world.clock.run_for(HOUR - SECOND).await;
        let ran = world.ran();
        assert_eq!(ran.len(), 20 * 60);
        assert_eq!(world.history().await.len(), 20 * 60);
        assert!(ran.iter().all(|ran| ran.attempt == 1));
    });
}

#[test]
fn a_long_run_keeps_its_lease() {
    block_on(async {
        let world = World::at(START);
        let (a, b) = (world.node("a").0, world.node("b").0);
        [&a, &b].into_iter().for_each(|node| world.handle(node, "long", HOUR));
        start(&a);
        a.enqueue("long", &()).await.unwrap();
        world.clock.run_for(SECOND).await;
        start(&b);
        world.clock.run_for(2 * HOUR).await;
        assert_eq!(world.ran_on(), ["a"]);
        assert_eq!(world.outcomes().await, ["long succeeded"]);
    });
}

#[test]
fn a_node_that_stalls_loses_its_run_and_its_late_word_is_refused() {
    block_on(async {
        let world = World::at(START);
        let ((a, of_a), (b, _)) = (world.node("a"), world.node("b"));
        // On `a` the handler does not heed its token, and ends well after all.
        let note = world.note(&a);
        let clock = world.clock.clone();
        let tokens = Arc::new(Mutex::new(Vec::new()));
        let seen = tokens.clone();
        let registered = a.register("job", move |run: Context, (): ()| {
            note(&run);
            use mainspring_clock::Clock;
            let slept = clock.wait_until(clock.now() + 2 * MINUTE);
            seen.lock().unwrap().push(run.token().clone());
            async move {
                slept.await;
            }
        });
        registered.unwrap();
        world.handle(&b, "job", MINUTE);
        let (mut told_a, mut told_b) = (a.events(), b.events());
        start(&a);
        a.enqueue("job", &()).await.unwrap();
        world.clock.run_for(SECOND).await;
        start(&b);
        of_a.set_away(true);
        world.clock.run_for(LEASE + LEASE / 4).await;
        assert_eq!(world.ran_on(), ["a", "b"], "its lease is over");
        assert!(!tokens.lock().unwrap()[0].is_cancelled(), "it cannot know");
        of_a.set_away(false);
        world.clock.run_for(15 * SECOND).await;
        assert!(tokens.lock().unwrap()[0].is_cancelled());
        world.clock.run_for(HOUR).await;
        let history = world.history().await;
        assert_eq!(history.len(), 1);
        assert_eq!((history[0].node.as_deref(), history[0].attempt), (Some("b"), 2));
        let told_a = told(&mut told_a, at(START));
        assert!(told_a.iter().any(|line| line.ends_with("job lost")), "{told_a:?}");
        assert!(!told_a.iter().any(|line| line.contains("succeeded")), "{told_a:?}");
        let told_b = told(&mut told_b, at(START));
        assert!(told_b.iter().any(|line| line.contains("job reaped")), "{told_b:?}");
    });
}

#[test]
fn a_word_that_comes_too_late_is_refused_and_told() {
    block_on(async {
        let world = World::at(START);
        let ((a, of_a), (b, _)) = (world.node("a"), world.node("b"));
        world.handle(&a, "job", 50 * SECOND);
        world.handle(&b, "job", HOUR);
        start(&a);
        let mut events = a.events();
        a.enqueue("job", &()).await.unwrap();
        world.clock.run_for(SECOND).await;
        start(&b);
        of_a.set_away(true);
        // It ends while the store is away and another node has it already.
        world.clock.run_for(MINUTE).await;
        of_a.set_away(false);
        world.clock.run_for(20 * SECOND).await;
        let told = told(&mut events, at(START));
        assert!(told.iter().any(|line| line.ends_with("job lost")), "{told:?}");
        assert!(told.iter().any(|line| line.contains("storeaway")), "{told:?}");
        assert!(told.iter().any(|line| line.contains("storeback")), "{told:?}");
        assert_eq!(world.live().await[0].state, RunState::Running);
        world.clock.run_for(HOUR).await;
        assert_eq!(world.history().await[0].node.as_deref(), Some("b"));
    });
}

#[test]
fn a_dead_node_s_runs_are_run_by_another() {
    block_on(async {
        let world = World::at(START);
        let (a, b) = (world.node("a").0, world.node("b").0);
        [&a, &b].into_iter().for_each(|node| world.handle(node, "job", MINUTE));
        let dying = start(&a);
        for _ in 0..10 {
            a.enqueue("job", &()).await.unwrap();
        }
        world.clock.run_for(SECOND).await;
        // The death of a process, as far as one task can show it.
        dying.abort();
        start(&b);
        world.clock.run_for(HOUR).await;
        let ran = world.ran_on();
        assert_eq!(ran, [vec!["a"; 10], vec!["b"; 10]].concat());
        let history = world.history().await;
        assert!(history.iter().all(|run| run.attempt == 2 && run.state == RunState::Succeeded));
    });
}

#[test]
fn a_run_that_kills_its_nodes_ends() {
    block_on(async {
        let world = World::at(START);
        let first = world.node("first").0;
        first.enqueue("deadly", &()).await.unwrap();
        for number in 1..=4 {
            let (node, _) = world.node_with("n", |builder| builder.claims_max(3));
            world.handle(&node, "deadly", HOUR);
            let dying = start(&node);
            world.clock.run_for(5 * SECOND).await;
            assert_eq!(world.ran().len(), usize::from(number <= 3));
            dying.abort();
            world.clock.run_for(2 * LEASE).await;
        }
        let outcomes = world.outcomes().await;
        assert_eq!(outcomes, ["deadly failed: the lease of node `n` ended without a word"]);
    });
}

#[test]
fn a_run_is_cancelled_from_another_node() {
    block_on(async {
        let world = World::at(START);
        let (a, b) = (world.node("a").0, world.node("b").0);
        world.handle(&a, "job", HOUR);
        start(&a);
        let run = a.enqueue("job", &()).await.unwrap().run();
        world.clock.run_for(SECOND).await;
        assert_eq!(b.cancel(run).await.unwrap(), Cancelled::Asked);
        world.clock.run_for(SECOND).await;
        assert_eq!(world.outcomes().await, ["job cancelled: it was stopped"]);
        assert_eq!(world.history().await[0].ended, Some(at("2026-03-01T12:00:01.1Z")));
        assert_eq!(b.cancel(run).await.unwrap(), Cancelled::Gone);
        let later = a.enqueue("job", &()).at(at("2026-03-01T13:00:00Z")).await.unwrap().run();
        assert_eq!(b.cancel(later).await.unwrap(), Cancelled::Done);
        assert_eq!(world.store.next_wake().await.unwrap().run_ready, None);
    });
}
