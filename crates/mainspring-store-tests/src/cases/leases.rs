//! Leases: kept by heartbeats, lost by silence, given back.

use mainspring_job::RunState;
use mainspring_job::store::{Beat, Outcome, Verdict};

use crate::world::{LEASE, World, draft, work};

pub(super) async fn a_lease_that_ended_is_reaped(world: World) {
    world.enqueue(work("a")).await;
    let run = world.claim_one().await;
    world.pass(29);
    assert_eq!(world.store().reap(10, 9).await.expect("reap"), []);
    world.pass(1);
    let reaped = world.store().reap(10, 9).await.expect("reap");
    assert_eq!(reaped.len(), 1);
    assert_eq!((reaped[0].id, reaped[0].name.as_str()), (run.id, "a"));
    assert_eq!((reaped[0].node.as_str(), reaped[0].attempt), ("node", 1));
    assert!(!reaped[0].is_failed);
    assert_eq!(world.store().reap(10, 9).await.expect("reap"), [], "once");
    let live = world.live().await.remove(0);
    assert_eq!(live.state, RunState::Due);
    assert!(live.error.expect("it says why").contains("`node`"));
    let again = world.claim_one().await;
    assert_eq!((again.id, again.attempt), (run.id, 2));
    assert!(again.fence > run.fence);
}

pub(super) async fn a_heartbeat_keeps_a_run(world: World) {
    world.enqueue(work("a")).await;
    world.enqueue(work("b")).await;
    let runs = world.claim(2).await;
    for _ in 0..5 {
        world.pass(20);
        let beats = world.store().heartbeat(&[runs[1].hold()], LEASE).await.expect("heartbeat");
        assert_eq!(beats, [Beat::Kept]);
    }
    let reaped = world.store().reap(10, 9).await.expect("reap");
    assert_eq!(reaped.iter().map(|run| run.id).collect::<Vec<_>>(), [runs[0].id]);
    let both = [runs[1].hold(), runs[0].hold()];
    let beats = world.store().heartbeat(&both, LEASE).await.expect("heartbeat");
    assert_eq!(beats, [Beat::Kept, Beat::Lost]);
}

pub(super) async fn a_late_node_is_fenced_off(world: World) {
    world.enqueue(work("a")).await;
    let late = world.claim_one().await;
    world.pass(31);
    world.store().reap(10, 9).await.expect("reap");
    let stale = [Outcome::Succeeded, Outcome::Failed, Outcome::Retry { after: LEASE }];
    for outcome in stale {
        assert_eq!(world.finish(late.hold(), outcome).await, Verdict::Stale, "it is due again");
    }
    let current = world.claim_one().await;
    for outcome in stale {
        assert_eq!(world.finish(late.hold(), outcome).await, Verdict::Stale, "another has it");
    }
    let beats = world.store().heartbeat(&[late.hold()], LEASE).await.expect("heartbeat");
    assert_eq!(beats, [Beat::Lost]);
    let given = world.store().release(&[late.hold()]).await.expect("release");
    assert_eq!(given, [Verdict::Stale]);
    assert_eq!(world.finish(current.hold(), Outcome::Failed).await, Verdict::Accepted);
    assert_eq!(world.finish(late.hold(), Outcome::Succeeded).await, Verdict::Stale);
    assert_eq!(world.history().await[0].state, RunState::Failed);
}

pub(super) async fn a_late_word_counts_while_nobody_reaped(world: World) {
    world.enqueue(work("a")).await;
    world.enqueue(work("b")).await;
    let runs = world.claim(2).await;
    world.pass(1000);
    let beats = world.store().heartbeat(&[runs[0].hold()], LEASE).await.expect("heartbeat");
    assert_eq!(beats, [Beat::Kept]);
    assert_eq!(world.finish(runs[1].hold(), Outcome::Succeeded).await, Verdict::Accepted);
    assert_eq!(world.store().reap(10, 9).await.expect("reap"), []);
}

pub(super) async fn runs_that_kill_their_nodes_end(world: World) {
    world.add(draft("poison")).await;
    world.trigger("poison").await;
    for attempt in 1..=3 {
        assert_eq!(world.claim_one().await.attempt, attempt);
        world.pass(31);
        let reaped = world.store().reap(10, 3).await.expect("reap");
        assert_eq!(reaped[0].is_failed, attempt == 3);
    }
    assert!(world.live().await.is_empty());
    let ended = world.history().await.remove(0);
    assert_eq!((ended.state, ended.attempt), (RunState::Failed, 3));
    assert!(ended.error.expect("it says why").contains("lease"));
}

pub(super) async fn released_runs_are_due_at_once(world: World) {
    world.enqueue(work("a")).await;
    let run = world.claim_one().await;
    world.pass(1);
    let given = world.store().release(&[run.hold()]).await.expect("release");
    assert_eq!(given, [Verdict::Accepted]);
    assert_eq!(world.store().next_wake().await.expect("wake").lease_ends, None);
    let again = world.claim_one().await;
    assert_eq!((again.id, again.attempt), (run.id, 1), "the attempt did not count");
    assert!(again.fence > run.fence);
}

pub(super) async fn the_next_wake_is_known(world: World) {
    let store = world.store();
    assert_eq!(store.next_wake().await.expect("wake").earliest(), None);
    let hourly = "@hourly".parse().expect("a schedule");
    let job = world.add(draft("a").schedule(hourly, world.now())).await;
    world.enqueue(work("b")).await;
    world.enqueue(work("c").at(world.after(500))).await;
    world.enqueue(work("d").at(world.after(400)).queue(crate::world::name("q"))).await;
    world.claim_one().await;
    let wake = store.next_wake().await.expect("wake");
    assert_eq!(wake.job_due, job.next_due);
    assert_eq!(wake.run_ready, Some(world.after(400)));
    assert_eq!(wake.lease_ends, Some(world.after(30)));
    assert_eq!(wake.earliest(), wake.lease_ends);
}
