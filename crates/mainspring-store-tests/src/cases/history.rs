//! The history: read and pruned.

use std::collections::HashSet;

use mainspring_job::RunState;
use mainspring_job::store::{Claim, Finish, Holder, Outcome, Prune, RunQuery, StoredRun};

use crate::world::{World, draft, work};

/// Ends so many runs for `handler` at once.
async fn end(world: &World, handler: &str, count: usize, outcome: Outcome) {
    let batch: Vec<_> = (0..count).map(|_| work(handler)).collect();
    world.store().enqueue(&batch).await.expect("enqueue");
    let ends: Vec<_> =
        world.claim(count).await.iter().map(|run| Finish::new(run.hold(), outcome)).collect();
    world.store().finish(&ends).await.expect("finish");
}

pub(super) async fn pages_are_complete(world: World) {
    for _ in 0..3 {
        end(&world, "a", 7, Outcome::Succeeded).await;
        world.pass(1);
    }
    let mut read: Vec<StoredRun> = Vec::new();
    loop {
        let mut query = RunQuery::history(4);
        if let Some(last) = read.last() {
            query = query.after(last);
        }
        let page = world.store().runs(&query).await.expect("runs");
        if page.is_empty() {
            break;
        }
        read.extend(page);
    }
    assert_eq!(read.len(), 21);
    assert_eq!(read.iter().map(|run| run.id).collect::<HashSet<_>>().len(), 21);
    assert!(read.is_sorted_by_key(|run| std::cmp::Reverse(run.ended)), "the last one first");
}

pub(super) async fn runs_are_found_by_name_and_state(world: World) {
    end(&world, "a", 2, Outcome::Succeeded).await;
    world.pass(1);
    end(&world, "a", 1, Outcome::Failed).await;
    end(&world, "b", 1, Outcome::Failed).await;
    world.add(draft("job")).await;
    let waiting = world.trigger("job").await;
    let found = async |query: RunQuery| {
        let runs = world.store().runs(&query).await.expect("runs");
        runs.iter().map(|run| (run.name.as_str().to_owned(), run.state)).collect::<Vec<_>>()
    };
    let failed = |name: &str| (name.to_owned(), RunState::Failed);
    let of_a = found(RunQuery::history(10).named("a")).await;
    assert_eq!((of_a.len(), &of_a[0]), (3, &failed("a")));
    let mut all = found(RunQuery::history(10).in_state(RunState::Failed)).await;
    all.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(all, [failed("a"), failed("b")]);
    assert_eq!(found(RunQuery::history(10).named("b").in_state(RunState::Succeeded)).await, []);
    let due = [("job".to_owned(), RunState::Due)];
    assert_eq!(found(RunQuery::live(10)).await, due);
    assert_eq!(found(RunQuery::live(10).run(waiting)).await, due);
    assert_eq!(found(RunQuery::live(10).in_state(RunState::Running)).await, []);
    assert_eq!(found(RunQuery::history(10).run(waiting)).await, []);
    assert_eq!(found(RunQuery::history(2)).await.len(), 2);
}

pub(super) async fn runs_are_read_without_their_texts(world: World) {
    world.store().enqueue(&[work("ended"), work("tried")]).await.expect("enqueue");
    let ends: Vec<_> = world
        .claim(2)
        .await
        .iter()
        .map(|run| match run.name.as_str() {
            "ended" => Finish::new(run.hold(), Outcome::Succeeded).output("what it printed"),
            _ => {
                let after = std::time::Duration::from_secs(1);
                Finish::new(run.hold(), Outcome::Retry { after }).error("disk full")
            }
        })
        .collect();
    world.store().finish(&ends).await.expect("finish");
    for query in [RunQuery::history(10), RunQuery::live(10)] {
        let whole = world.store().runs(&query).await.expect("runs");
        assert_eq!(whole.len(), 1);
        assert!(whole[0].output.is_some() || whole[0].error.is_some(), "{whole:?}");
        let bare = world.store().runs(&query.without_texts()).await.expect("runs");
        let expected = StoredRun { error: None, output: None, ..whole[0].clone() };
        assert_eq!(bare, [expected]);
    }
}

pub(super) async fn a_tally_counts_what_there_is(world: World) {
    let tally = world.store().tally().await.expect("tally");
    assert_eq!((tally.jobs, tally.paused, tally.due), (0, 0, 0));
    assert_eq!(tally.holders, []);
    for name in ["a", "b", "c"] {
        world.add(draft(name)).await;
    }
    assert!(world.store().pause("b").await.expect("pause"));
    let batch: Vec<_> = (0..7).map(|_| work("w")).collect();
    world.store().enqueue(&batch).await.expect("enqueue");
    let claim = |node: &str, limit| Claim::new(node, limit).lease(crate::world::LEASE);
    let first = world.store().claim(&claim("node b", 2)).await.expect("claim");
    world.pass(1);
    world.store().claim(&claim("node a", 1)).await.expect("claim");
    world.store().claim(&claim("node b", 2)).await.expect("claim");
    let tally = world.store().tally().await.expect("tally");
    assert_eq!((tally.jobs, tally.paused, tally.due, tally.running()), (3, 1, 2, 5));
    let holder = |node: &str, running, until| Holder {
        node: node.to_owned(),
        running,
        lease_until: Some(until),
    };
    let expected = [holder("node a", 1, world.after(30)), holder("node b", 4, world.after(29))];
    assert_eq!(tally.holders, expected, "the lease that ends first counts");
    let ends: Vec<_> =
        first.iter().map(|run| Finish::new(run.hold(), Outcome::Succeeded)).collect();
    world.store().finish(&ends).await.expect("finish");
    let tally = world.store().tally().await.expect("tally");
    assert_eq!((tally.due, tally.running()), (2, 3));
}

pub(super) async fn pruning_keeps_the_last(world: World) {
    end(&world, "often", 3, Outcome::Succeeded).await;
    end(&world, "seldom", 1, Outcome::Succeeded).await;
    world.pass(10);
    end(&world, "often", 2, Outcome::Succeeded).await;
    let prune = |seconds, keep| Prune { ended_before: world.after(seconds), keep, limit: 100 };
    let store = world.store();
    assert_eq!(store.prune(&prune(-10, 0)).await.expect("prune"), 0, "at that instant, not before");
    assert_eq!(store.prune(&prune(0, 3)).await.expect("prune"), 2);
    assert_eq!(store.prune(&prune(0, 3)).await.expect("prune"), 0);
    assert_eq!(world.history().await.len(), 4);
    assert_eq!(store.prune(&prune(1, 1)).await.expect("prune"), 2);
    let names: HashSet<_> =
        world.history().await.iter().map(|run| run.name.as_str().to_owned()).collect();
    assert_eq!(names, HashSet::from(["often".to_owned(), "seldom".to_owned()]));
    assert_eq!(store.prune(&prune(1, 0)).await.expect("prune"), 2);
    assert!(world.history().await.is_empty());
}

pub(super) async fn pruning_goes_in_bites(world: World) {
    for _ in 0..3 {
        end(&world, "a", 3, Outcome::Succeeded).await;
        world.pass(1);
    }
    let which = Prune { ended_before: world.now(), keep: 0, limit: 4 };
    assert_eq!(world.store().prune(&which).await.expect("prune"), 4);
    let left = world.history().await;
    assert_eq!(left.len(), 5);
    assert_eq!(left.iter().filter(|run| run.ended == Some(world.after(-1))).count(), 3);
    assert_eq!(world.store().prune(&which).await.expect("prune"), 4);
    assert_eq!(world.store().prune(&which).await.expect("prune"), 1);
}
