//! Ends: outcomes recorded once, retries, cancellations.

use std::time::Duration;

use mainspring_job::RunState;
use mainspring_job::store::{Beat, Cancelled, Finish, Outcome, RunQuery, Verdict};

use crate::world::{LEASE, World, draft, work};

pub(super) async fn outcomes_are_recorded(world: World) {
    let outcomes = [Outcome::Succeeded, Outcome::Failed, Outcome::TimedOut, Outcome::Cancelled];
    for _ in outcomes {
        world.enqueue(work("a")).await;
    }
    let runs = world.claim(10).await;
    world.pass(5);
    let ends = runs.iter().zip(outcomes);
    let ends: Vec<_> = ends
        .map(|(run, outcome)| Finish::new(run.hold(), outcome).error("broke").output("tail"))
        .collect();
    let verdicts = world.store().finish(&ends).await.expect("finish");
    assert_eq!(verdicts, [Verdict::Accepted; 4]);
    assert!(world.live().await.is_empty());
    for (run, outcome) in runs.iter().zip(outcomes) {
        let query = RunQuery::history(1).run(run.id);
        let ended = world.store().runs(&query).await.expect("runs").remove(0);
        assert_eq!(ended.state, outcome.state());
        assert_eq!((ended.started, ended.ended), (Some(run.started), Some(world.now())));
        assert_eq!(
            (ended.error.as_deref(), ended.output.as_deref()),
            (Some("broke"), Some("tail"))
        );
        assert_eq!((ended.attempt, ended.fence), (1, Some(run.fence)));
        assert_eq!((ended.node.as_deref(), ended.lease_until), (Some("node"), None));
        assert_eq!((ended.name.as_str(), ended.queue.as_str()), ("a", "default"));
    }
}

pub(super) async fn saying_it_again_is_accepted(world: World) {
    world.enqueue(work("a")).await;
    let run = world.claim_one().await;
    let retry = Outcome::Retry { after: Duration::from_secs(60) };
    assert_eq!(world.finish(run.hold(), retry).await, Verdict::Accepted);
    assert_eq!(world.finish(run.hold(), retry).await, Verdict::Accepted);
    assert_eq!(world.finish(run.hold(), Outcome::Failed).await, Verdict::Stale, "another word");
    world.pass(60);
    let run = world.claim_one().await;
    assert_eq!(world.finish(run.hold(), Outcome::Succeeded).await, Verdict::Accepted);
    assert_eq!(world.finish(run.hold(), Outcome::Succeeded).await, Verdict::Accepted);
    assert_eq!(world.finish(run.hold(), Outcome::Failed).await, Verdict::Stale);
    let twice =
        [Finish::new(run.hold(), Outcome::Succeeded), Finish::new(run.hold(), Outcome::Failed)];
    let verdicts = world.store().finish(&twice).await.expect("finish");
    assert_eq!(verdicts, [Verdict::Accepted, Verdict::Stale]);
    assert_eq!(world.history().await.len(), 1);
}

pub(super) async fn a_retry_waits(world: World) {
    world.enqueue(work("a").payload("p")).await;
    let run = world.claim_one().await;
    let retry = Outcome::Retry { after: Duration::from_millis(1500) };
    let end = Finish::new(run.hold(), retry).error("not yet");
    world.store().finish(&[end]).await.expect("finish");
    let waiting = world.live().await.remove(0);
    assert_eq!((waiting.state, waiting.error.as_deref()), (RunState::Due, Some("not yet")));
    assert_eq!(waiting.id, run.id, "it keeps its instant");
    world.pass(1);
    assert!(world.claim(10).await.is_empty(), "never early");
    world.pass(1);
    let again = world.claim_one().await;
    assert_eq!((again.attempt, again.payload.as_deref()), (2, Some("p")));
    assert_eq!(world.finish(run.hold(), Outcome::Succeeded).await, Verdict::Stale);
    world.finish(again.hold(), Outcome::Succeeded).await;
    let ended = world.history().await.remove(0);
    assert_eq!((ended.state, ended.error), (RunState::Succeeded, None));
}

pub(super) async fn an_end_counts_once(world: World) {
    world.enqueue(work("a")).await;
    world.enqueue(work("b")).await;
    let runs = world.claim(2).await;
    let ends = [
        Finish::new(runs[0].hold(), Outcome::Succeeded),
        Finish::new(runs[0].hold(), Outcome::Failed),
        Finish::new(runs[1].hold(), Outcome::Failed),
    ];
    let verdicts = world.store().finish(&ends).await.expect("finish");
    assert_eq!(verdicts, [Verdict::Accepted, Verdict::Stale, Verdict::Accepted]);
    let mut states: Vec<_> =
        world.history().await.into_iter().map(|run| (run.name, run.state)).collect();
    states.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    let states: Vec<_> = states.into_iter().map(|(_, state)| state).collect();
    assert_eq!(states, [RunState::Succeeded, RunState::Failed]);
}

pub(super) async fn cancelling_asks_the_node(world: World) {
    world.add(draft("a")).await;
    let first = world.trigger("a").await;
    let run = world.claim_one().await;
    let second = world.trigger("a").await;
    let store = world.store();
    let cancelled = store.cancel(&[first, second]).await.expect("cancel");
    assert_eq!(cancelled, [Cancelled::Asked, Cancelled::Done]);
    let beats = store.heartbeat(&[run.hold()], LEASE).await.expect("heartbeat");
    assert_eq!(beats, [Beat::CancelWanted]);
    assert_eq!(world.finish(run.hold(), Outcome::Cancelled).await, Verdict::Accepted);
    let cancelled = store.cancel(&[first, second]).await.expect("cancel");
    assert_eq!(cancelled, [Cancelled::Gone; 2]);
    let states: Vec<_> = world.history().await.iter().map(|run| run.state).collect();
    assert_eq!(states, [RunState::Cancelled; 2]);
}

pub(super) async fn a_wanted_cancel_ends_a_lost_run(world: World) {
    for handler in ["reaped", "released"] {
        world.enqueue(work(handler)).await;
        let run = world.claim_one().await;
        world.store().cancel(&[run.id]).await.expect("cancel");
        if handler == "reaped" {
            world.pass(31);
            let reaped = world.store().reap(10, 9).await.expect("reap");
            assert_eq!((reaped.len(), reaped[0].is_failed), (1, false));
        } else {
            world.store().release(&[run.hold()]).await.expect("release");
        }
        assert!(world.live().await.is_empty());
        let ended = world.history().await.remove(0);
        assert_eq!((ended.name.as_str(), ended.state), (handler, RunState::Cancelled));
    }
}
