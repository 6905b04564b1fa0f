//! Times: clocks that are set, downtime, daylight saving, rounding.

use std::time::Duration;

use jiff::Timestamp;
use mainspring_job::store::{Advance, StoredJob};
use mainspring_job::{Misfire, Policy};

use crate::world::{World, draft, work};

/// What a scheduler does with a job that is due.
fn step(job: &StoredJob, now: Timestamp) -> Advance {
    let schedule = job.schedule().expect("it is read").expect("there is one");
    let misfire = job.policy().expect("it is read").misfire_policy();
    let due = job.next_due.expect("it is due");
    let mut runs = Vec::new();
    let onward = misfire.judge(&schedule, due, now, |due| runs.push(due));
    runs.into_iter().fold(Advance::of(job).to(onward.next), Advance::run)
}

/// Moves all that is due on, and returns the instants that were not known before.
async fn tick(world: &World) -> u32 {
    let due = world.store().due_jobs(world.now(), 100).await.expect("due");
    let steps: Vec<_> = due.iter().map(|job| step(job, world.now())).collect();
    let mut new = 0;
    for advanced in world.store().advance(&steps).await.expect("advance") {
        match advanced {
            mainspring_job::store::Advanced::Done { runs } => new += runs,
            mainspring_job::store::Advanced::Conflict => panic!("nobody else is there"),
        }
    }
    new
}

pub(super) async fn leases_follow_the_store_s_clock(world: World) {
    world.enqueue(work("a")).await;
    world.claim_one().await;
    world.clock().jump_back(Duration::from_secs(3600));
    world.pass(60);
    assert_eq!(world.store().reap(10, 9).await.expect("reap"), [], "a lease lasts longer");
    world.clock().jump_forward(Duration::from_secs(86_400));
    assert_eq!(world.store().reap(10, 9).await.expect("reap").len(), 1, "or ends early");
}

pub(super) async fn a_clock_set_back_repeats_nothing(world: World) {
    let minutely = "* * * * *".parse().expect("a schedule");
    world.add(draft("a").schedule(minutely, world.now())).await;
    let mut runs = 0;
    for _ in 0..30 {
        runs += tick(&world).await;
        world.pass(60);
    }
    world.clock().jump_back(Duration::from_secs(1200));
    for _ in 0..20 {
        assert_eq!(tick(&world).await, 0, "these instants have been");
        world.pass(60);
    }
    runs += tick(&world).await;
    assert_eq!(runs, 31);
}

pub(super) async fn downtime_is_judged_once(world: World) {
    let policies =
        [Misfire::skip(), Misfire::run_once(), Misfire::run_all(Duration::from_secs(7200))];
    for (policy, name) in policies.into_iter().zip(["skip", "once", "all"]) {
        let policy = Policy::default().misfire(policy);
        let every = "*/10 * * * *".parse().expect("a schedule");
        world.add(draft(name).schedule(every, world.now()).policy(policy)).await;
    }
    assert_eq!(tick(&world).await, 3, "the start is an instant");
    world.clock().jump_forward(Duration::from_secs(86_400 + 60));
    // One stands for all; all of the last two hours: 22:40 … 00:30, twelve of them.
    assert_eq!(tick(&world).await, 1 + 12);
    assert_eq!(tick(&world).await, 0);
}

pub(super) async fn daylight_saving_makes_no_double(world: World) {
    // 02:30 is skipped this night, and shown twice in October.
    let nightly = "30 2 * * * in Europe/Berlin";
    world.add(draft("fixed").schedule(nightly.parse().expect("a schedule"), world.now())).await;
    let mut runs = 0;
    for _ in 0..240 * 24 {
        runs += tick(&world).await;
        world.pass(3600);
    }
    let days = world.live().await.iter().map(|run| run.id.due).collect::<Vec<_>>();
    assert_eq!((days.len(), runs), (240, 240), "one a day");
}

pub(super) async fn instants_are_rounded_away_from_early(world: World) {
    let at: Timestamp = "2026-03-29T00:30:10.0000001Z".parse().expect("an instant");
    let added = world.enqueue(work("a").at(at)).await;
    assert_eq!(added.run().due.to_string(), "2026-03-29T00:30:10.000001Z");
    assert_eq!(world.live().await[0].id, added.run());
    let job = world.add(draft("b")).await;
    assert!(world.advance(Advance::of(&job).to(Some(at)).run(at)).await);
    assert_eq!(world.job("b").await.next_due, Some(added.run().due));
    assert!(world.store().due_jobs(at, 10).await.expect("due").is_empty());
}

pub(super) async fn far_times_are_kept(world: World) {
    for at in ["-000001-01-01T00:00:00Z", "1969-12-31T23:59:59.999999Z", "9999-12-30T22:00:00Z"] {
        let at: Timestamp = at.parse().expect("an instant");
        let id = world.enqueue(work("a").at(at)).await.run();
        assert_eq!(id.due, at);
    }
    let dues: Vec<_> = world.live().await.iter().map(|run| run.id.due.to_string()).collect();
    assert!(dues[0].starts_with('-') && dues[2].starts_with("9999"), "{dues:?}");
    assert_eq!(world.claim(10).await.len(), 2);
}
