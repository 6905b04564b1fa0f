//! How many run at once: of a queue, of a job, on a node.

use std::time::Duration;

use mainspring_job::store::Store;
use mainspring_job::{Overlap, Policy, RunState};

use super::world::{World, start};
use crate::bench::{HOUR, MINUTE, SECOND, block_on};

const START: &str = "2026-03-01T12:00:00Z";

async fn running(world: &World) -> usize {
    world.live().await.iter().filter(|run| run.state == RunState::Running).count()
}

#[test]
fn a_queue_s_limit_holds_over_all_nodes() {
    block_on(async {
        let world = World::at(START);
        let nodes = ["a", "b", "c"].map(|name| world.node(name).0);
        nodes.iter().for_each(|node| world.handle(node, "job", MINUTE));
        world.store.limit_queue("tight", Some(2)).await.unwrap();
        for _ in 0..7 {
            nodes[0].enqueue("job", &()).queue("tight").await.unwrap();
        }
        nodes.iter().for_each(|node| drop(start(node)));
        let mut done = 0;
        for expected in [2, 2, 2, 1, 0] {
            world.clock.run_for(SECOND).await;
            assert_eq!(running(&world).await, expected);
            world.clock.run_for(MINUTE - SECOND).await;
            done += world.ran().len();
        }
        assert_eq!(done, 7);
    });
}

#[test]
fn a_node_takes_no_more_than_it_has_slots() {
    block_on(async {
        let world = World::at(START);
        let (node, _) = world.node_with("a", |builder| builder.concurrency(3));
        world.handle(&node, "job", MINUTE);
        start(&node);
        for _ in 0..8 {
            node.enqueue("job", &()).await.unwrap();
        }
        for (minute, expected) in [3, 3, 2, 0].into_iter().enumerate() {
            world.clock.run_for(SECOND).await;
            assert_eq!(world.ran().len(), expected, "in minute {minute}");
            let claimed = running(&world).await;
            assert!(claimed <= expected + 3, "{claimed} claimed for {expected}");
            world.clock.run_for(MINUTE - SECOND).await;
        }
    });
}

/// A job each minute whose runs take `length`; when it was due and what became of that.
async fn minutely(policy: Policy, length: Duration) -> Vec<String> {
    let world = World::at("2026-03-01T12:00:30Z");
    let nodes = ["a", "b"].map(|name| world.node(name).0);
    nodes.iter().for_each(|node| world.handle(node, "m", length));
    let job = nodes[0].upsert("m").policy(policy);
    job.schedule("@every 60s starting 2026-03-01T12:01:00Z".parse().unwrap()).await.unwrap();
    nodes.iter().for_each(|node| drop(start(node)));
    world.clock.run_for(4 * MINUTE).await;
    nodes[0].pause("m").await.unwrap();
    world.clock.run_for(HOUR).await;
    let line = |run: mainspring_job::store::StoredRun| {
        let minute = run.id.due.strftime("%M");
        let took = run.started.zip(run.ended).map(|(from, to)| to.duration_since(from));
        // That another node is to stop something takes it a moment to hear.
        let seconds = took.unwrap_or_default().as_secs_f64().round();
        format!("{minute} {} {seconds}", run.state)
    };
    world.history().await.into_iter().map(line).collect()
}

#[test]
fn skip_leaves_out_what_is_due_meanwhile() {
    block_on(async {
        let skip = Policy::default().overlap(Overlap::Skip);
        let told = minutely(skip, 90 * SECOND).await;
        assert_eq!(told, ["01 succeeded 90", "02 skipped 0", "03 succeeded 90", "04 skipped 0"]);
    });
}

#[test]
fn queue_runs_all_one_after_another() {
    block_on(async {
        let queue = Policy::default().overlap(Overlap::Queue);
        let told = minutely(queue, 90 * SECOND).await;
        assert_eq!(told, ["01", "02", "03", "04"].map(|due| format!("{due} succeeded 90")));
    });
}

#[test]
fn cancel_previous_makes_room_for_the_latest() {
    block_on(async {
        let replace = Policy::default().overlap(Overlap::CancelPrevious);
        let told = minutely(replace, 150 * SECOND).await;
        let expected =
            ["01 cancelled 60", "02 cancelled 60", "03 cancelled 60", "04 succeeded 150"];
        assert_eq!(told, expected);
    });
}

#[test]
fn allow_knows_no_limit_and_concurrency_is_one() {
    block_on(async {
        let told = minutely(Policy::default(), HOUR / 2).await;
        assert_eq!(told, ["01", "02", "03", "04"].map(|due| format!("{due} succeeded 1800")));
        let two = Policy::default().overlap(Overlap::Skip).concurrency(2);
        let told = minutely(two, HOUR / 2).await;
        assert_eq!(told[2..], ["03 skipped 0", "04 skipped 0"]);
    });
}

#[test]
fn a_group_is_a_queue() {
    block_on(async {
        let world = World::at(START);
        let (node, _) = world.node("a");
        let policy = Policy::default().group("db");
        let draft = node.upsert("job").policy(policy.clone()).draft().unwrap();
        assert_eq!(draft.queue.as_str(), "db");
        let draft = node.upsert("job").queue("other").policy(policy).draft().unwrap();
        assert_eq!(draft.queue.as_str(), "other");
    });
}
