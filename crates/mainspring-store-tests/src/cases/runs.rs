//! Runs of jobs: made once for each instant.

use mainspring_job::store::{Advance, Advanced, StoreErrorKind};
use mainspring_job::{Policy, RunState};

use crate::world::{World, draft, name};

pub(super) async fn one_instant_is_one_run(world: World) {
    let job = world.add(draft("a")).await;
    let due = world.now();
    let step = Advance::of(&job).to(Some(world.after(60))).run(due).run(due).run(world.after(1));
    let advanced = world.store().advance(&[step]).await.expect("advance");
    assert_eq!(advanced, [Advanced::Done { runs: 2 }]);
    let job = world.job("a").await;
    assert_eq!((job.next_due, job.waiting), (Some(world.after(60)), 2));
    let again = Advance::of(&job).run(due);
    let advanced = world.store().advance(&[again]).await.expect("advance");
    assert_eq!(advanced, [Advanced::Done { runs: 0 }]);
    let live = world.live().await;
    let dues: Vec<_> = live.iter().map(|run| run.id.due).collect();
    assert_eq!(dues, [due, world.after(1)]);
    assert!(live.iter().all(|run| run.state == RunState::Due && run.name.as_str() == "a"));
    assert_eq!(world.claim(10).await.len(), 2, "what is judged due can be claimed");
}

pub(super) async fn a_stale_step_changes_nothing(world: World) {
    let job = world.add(draft("a")).await;
    let other = world.add(draft("b")).await;
    assert!(world.advance(Advance::of(&job).to(Some(world.after(1)))).await);
    let steps = [
        Advance::of(&job).to(Some(world.after(2))).run(world.now()),
        Advance::of(&other).to(Some(world.after(3))).run(world.now()),
    ];
    let advanced = world.store().advance(&steps).await.expect("advance");
    assert_eq!(advanced, [Advanced::Conflict, Advanced::Done { runs: 1 }]);
    assert_eq!(world.job("a").await.next_due, Some(world.after(1)));
    let names: Vec<_> = world.live().await.into_iter().map(|run| run.name).collect();
    assert_eq!(names, [name("b")]);
    assert!(world.store().remove("b").await.expect("remove"));
    assert!(!world.advance(Advance::of(&other)).await, "the job is gone");
}

pub(super) async fn what_does_not_run_is_recorded(world: World) {
    let job = world.add(draft("a")).await;
    let step = Advance::of(&job)
        .miss(world.after(-20), "nobody was there")
        .skip(world.after(-10), "one still runs");
    assert!(world.advance(step).await);
    assert!(world.claim(10).await.is_empty());
    let told: Vec<_> = world.history().await;
    let mut told: Vec<_> = told.iter().map(|run| (run.state, run.error.as_deref())).collect();
    told.sort_by_key(|(state, _)| state.as_str());
    let missed = (RunState::Missed, Some("nobody was there"));
    assert_eq!(told, [missed, (RunState::Skipped, Some("one still runs"))]);
    assert_eq!(world.history().await[0].ended, Some(world.now()));
}

pub(super) async fn an_instant_of_the_history_does_not_return(world: World) {
    let job = world.add(draft("a")).await;
    let due = world.now();
    assert!(world.advance(Advance::of(&job).run(due)).await);
    let run = world.claim_one().await;
    world.finish(run.hold(), mainspring_job::store::Outcome::Succeeded).await;
    let job = world.job("a").await;
    let again = Advance::of(&job).run(due).miss(due, "again");
    let advanced = world.store().advance(&[again]).await.expect("advance");
    assert_eq!(advanced, [Advanced::Done { runs: 0 }]);
    assert_eq!((world.live().await.len(), world.history().await.len()), (0, 1));
}

pub(super) async fn a_new_run_cannot_have_ended(world: World) {
    let job = world.add(draft("a")).await;
    for state in [RunState::Running, RunState::Succeeded, RunState::Failed, RunState::Cancelled] {
        let mut step = Advance::of(&job).to(Some(world.after(9))).run(world.now());
        step.runs[0].state = state;
        let error = world.store().advance(&[step]).await.expect_err("it is refused");
        assert_eq!(error.kind(), StoreErrorKind::Refused, "{error}");
        assert!(error.to_string().contains(state.as_str()), "{error}");
    }
    assert_eq!(world.job("a").await, job, "nothing of the batch was done");
}

pub(super) async fn triggers_find_a_free_instant(world: World) {
    world.add(draft("a")).await;
    let first = world.trigger("a").await;
    let second = world.trigger("a").await;
    assert_eq!(first.due, world.now());
    assert!(second.due > first.due && second.due < world.after(1));
    assert_eq!(world.claim(10).await.len(), 2);
    assert_eq!(world.store().trigger("b", world.now()).await.expect("trigger"), None);
}

pub(super) async fn runs_keep_their_definition(world: World) {
    let first = draft("a").handler(name("one")).payload("1").queue(name("q1")).priority(1);
    world.add(first).await;
    world.trigger("a").await;
    let policy = Policy::default().history(3);
    world.add(draft("a").handler(name("two")).payload("2").policy(policy.clone())).await;
    world.trigger("a").await;
    let runs = world.claim(10).await;
    assert_eq!((runs[0].handler.as_str(), runs[0].payload.as_deref()), ("one", Some("1")));
    assert_eq!((runs[0].queue.as_str(), runs[0].priority), ("q1", 1));
    assert_eq!((runs[1].handler.as_str(), runs[1].payload.as_deref()), ("two", Some("2")));
    assert_eq!((runs[0].policy(), runs[1].policy()), (Ok(Policy::default()), Ok(policy)));
}
