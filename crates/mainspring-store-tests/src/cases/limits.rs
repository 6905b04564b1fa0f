//! Limits of queues and jobs, over all nodes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mainspring_job::store::{Claim, Finish, Outcome};
use mainspring_job::{Overlap, Policy};

use crate::world::{LEASE, World, draft, name, work};

fn one_at_a_time() -> Policy {
    Policy::default().overlap(Overlap::Queue)
}

pub(super) async fn a_queue_s_limit_counts_all_nodes(world: World) {
    world.store().limit_queue("q", Some(3)).await.expect("limit");
    for _ in 0..10 {
        world.enqueue(work("a").queue(name("q"))).await;
    }
    world.enqueue(work("b")).await;
    let first = world.handle(0).claim(&Claim::new("n0", 2)).await.expect("claim");
    let second = world.handle(1).claim(&Claim::new("n1", 10)).await.expect("claim");
    assert_eq!(first.len(), 2);
    assert_eq!(second.len(), 2, "one of the queue, one beside it");
    assert!(world.claim(10).await.is_empty());
    world.finish(first[0].hold(), Outcome::Succeeded).await;
    assert_eq!(world.claim(10).await.len(), 1, "a place is free");
    world.store().limit_queue("q", Some(5)).await.expect("limit");
    assert_eq!(world.claim(10).await.len(), 2);
    world.store().limit_queue("q", None).await.expect("limit");
    assert_eq!(world.claim(100).await.len(), 4);
}

pub(super) async fn a_job_s_limit_counts_all_nodes(world: World) {
    world.add(draft("a").policy(one_at_a_time().concurrency(2))).await;
    world.add(draft("free")).await;
    for _ in 0..5 {
        world.trigger("a").await;
        world.trigger("free").await;
    }
    let claimed = world.claim(100).await;
    let of = |name: &str| claimed.iter().filter(|run| run.name.as_str() == name).count();
    assert_eq!((of("a"), of("free")), (2, 5));
    let own: Vec<_> = claimed.iter().filter(|run| run.name.as_str() == "a").collect();
    assert!(own[0].id.due < own[1].id.due, "in the order they were due");
    assert!(world.handle(1).claim(&Claim::new("n1", 10)).await.expect("claim").is_empty());
    world.finish(own[0].hold(), Outcome::Succeeded).await;
    let next = world.claim_one().await;
    assert!(next.id.due > own[1].id.due);
}

pub(super) async fn a_stopped_queue_gives_nothing(world: World) {
    world.enqueue(work("a").queue(name("q"))).await;
    world.store().limit_queue("q", Some(0)).await.expect("limit");
    assert!(world.claim(10).await.is_empty());
    assert_eq!(world.live().await.len(), 1, "what is there stays");
    world.store().limit_queue("q", None).await.expect("limit");
    world.claim_one().await;
}

pub(super) async fn blocked_runs_block_nobody_else(world: World) {
    world.add(draft("blocked").policy(one_at_a_time()).priority(9)).await;
    for _ in 0..50 {
        world.trigger("blocked").await;
    }
    world.enqueue(work("behind")).await;
    let handlers: Vec<_> =
        world.claim(5).await.iter().map(|run| run.handler.as_str().to_owned()).collect();
    assert_eq!(handlers.iter().filter(|handler| *handler == "blocked").count(), 1);
    if !handlers.contains(&"behind".to_owned()) {
        assert_eq!(world.claim_one().await.handler.as_str(), "behind");
    }
}

pub(super) async fn limits_hold_while_nodes_race(world: World) {
    const RUNS: usize = 40;
    world.add(draft("job").policy(one_at_a_time().concurrency(2))).await;
    world.store().limit_queue("q", Some(3)).await.expect("limit");
    for _ in 0..RUNS {
        world.trigger("job").await;
        world.enqueue(work("work").queue(name("q"))).await;
    }
    let going = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
    let done = Arc::new(AtomicUsize::new(0));
    let nodes = (0..4).map(|number| {
        let (store, going, done) = (world.handle(number), going.clone(), done.clone());
        tokio::spawn(async move {
            let claim = Claim::new(format!("n{number}"), 3).lease(LEASE);
            while done.load(Ordering::SeqCst) < 2 * RUNS {
                let runs = store.claim(&claim).await.expect("claim");
                for run in &runs {
                    let (which, limit) = if run.name.as_str() == "job" { (0, 2) } else { (1, 3) };
                    let before = going[which].fetch_add(1, Ordering::SeqCst);
                    assert!(before < limit, "{} runs of a limit of {limit}", before + 1);
                }
                tokio::task::yield_now().await;
                for run in runs {
                    let which = usize::from(run.name.as_str() != "job");
                    going[which].fetch_sub(1, Ordering::SeqCst);
                    let end = Finish::new(run.hold(), Outcome::Succeeded);
                    store.finish(&[end]).await.expect("finish");
                    done.fetch_add(1, Ordering::SeqCst);
                }
            }
        })
    });
    for node in nodes.collect::<Vec<_>>() {
        node.await.expect("no limit is broken");
    }
    assert_eq!(world.history().await.len(), 2 * RUNS);
}
