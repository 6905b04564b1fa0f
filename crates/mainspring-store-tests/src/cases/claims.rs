//! Claims: who gets which run, in which order.

use mainspring_job::store::Claim;
use mainspring_job::{Policy, RunState};

use crate::world::{LEASE, World, draft, name, work};

pub(super) async fn higher_priorities_come_first(world: World) {
    for (handler, priority, age) in
        [("c", 0, 5), ("b", 9, 1), ("d", 0, 1), ("a", 9, 5), ("e", i16::MIN, 99)]
    {
        world.enqueue(work(handler).priority(priority).at(world.after(-age))).await;
    }
    world.enqueue(work("first").priority(i16::MAX).queue(name("another"))).await;
    let mut handlers = Vec::new();
    for limit in [2, 1, 10] {
        let claimed = world.claim(limit).await;
        handlers.extend(claimed.iter().map(|run| run.handler.as_str().to_owned()));
    }
    assert_eq!(handlers, ["first", "a", "b", "c", "d", "e"]);
}

pub(super) async fn a_node_takes_from_its_queues_alone(world: World) {
    for queue in ["q1", "q2", "q3", "q1"] {
        world.enqueue(work(queue).queue(name(queue))).await;
    }
    let claim = |queues: &[&str]| {
        Claim::new("n", 10).lease(LEASE).queues(queues.iter().map(|queue| name(queue)))
    };
    let claimed = world.store().claim(&claim(&["q1", "none"])).await.expect("claim");
    let queues: Vec<_> = claimed.iter().map(|run| run.queue.as_str()).collect();
    assert_eq!(queues, ["q1", "q1"]);
    let claimed = world.store().claim(&claim(&["q2", "q3"])).await.expect("claim");
    assert_eq!(claimed.len(), 2);
}

pub(super) async fn future_work_is_not_claimed(world: World) {
    world.enqueue(work("later").at(world.after(10)).priority(9)).await;
    world.enqueue(work("now")).await;
    assert_eq!(world.claim_one().await.handler.as_str(), "now");
    assert_eq!(world.store().next_wake().await.expect("wake").run_ready, Some(world.after(10)));
    world.pass(10);
    assert_eq!(world.claim_one().await.handler.as_str(), "later");
}

pub(super) async fn fences_grow(world: World) {
    let mut last = None;
    for _ in 0..3 {
        world.enqueue(work("a")).await;
        world.enqueue(work("b")).await;
        for run in world.claim(10).await {
            assert!(Some(run.fence) > last, "{last:?} then {}", run.fence);
            last = Some(run.fence);
            world.store().release(&[run.hold()]).await.expect("release");
        }
        let again = world.claim(10).await;
        assert!(again.iter().all(|run| Some(run.fence) > last));
        last = again.iter().map(|run| run.fence).max();
    }
}

pub(super) async fn a_claim_tells_all_a_handler_needs(world: World) {
    let policy = Policy::default().timeout(std::time::Duration::from_millis(1500));
    let draft = draft("job").handler(name("handler")).payload("{}").policy(policy.clone());
    let job = world.add(draft.queue(name("q")).priority(4)).await;
    let id = world.trigger("job").await;
    world.pass(3);
    let claim = Claim::new("the node", 5).lease(LEASE);
    let run = world.store().claim(&claim).await.expect("claim").remove(0);
    assert_eq!((run.id, run.id.job), (id, job.id));
    assert_eq!((run.name.as_str(), run.handler.as_str()), ("job", "handler"));
    assert_eq!(run.payload.as_deref(), Some("{}"));
    assert_eq!(run.policy(), Ok(policy));
    assert_eq!((run.queue.as_str(), run.priority, run.attempt), ("q", 4, 1));
    assert_eq!((run.at, run.started), (world.after(-3), world.now()));
    assert_eq!(run.lease_until, world.after(30));
    let live = world.live().await.remove(0);
    assert_eq!((live.state, live.attempt), (RunState::Running, 1));
    assert_eq!((live.fence, live.node.as_deref()), (Some(run.fence), Some("the node")));
    assert_eq!((live.started, live.lease_until), (Some(run.started), Some(run.lease_until)));
    assert_eq!(world.job("job").await.running, 1);
}
