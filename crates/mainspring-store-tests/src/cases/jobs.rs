//! Jobs: added, changed, paused, removed, read.

use mainspring_job::store::{Advance, JobQuery, Upserted};
use mainspring_job::{Misfire, Overlap, Policy, RunState};

use crate::world::{World, draft, name};

pub(super) async fn a_new_job_is_kept_as_it_was_drafted(world: World) {
    let policy = Policy::default()
        .overlap(Overlap::Queue)
        .concurrency(3)
        .group("data base")
        .misfire(Misfire::skip());
    let schedule = "0 9 * * MON-FRI in Europe/Berlin";
    let draft = draft("report")
        .schedule(schedule.parse().expect("a schedule"), world.now())
        .handler(name("reports"))
        .payload("{\"to\": \"é\"}")
        .policy(policy.clone())
        .queue(name("slow"))
        .priority(-3)
        .revision(7);
    let job = world.add(draft.clone()).await;
    assert_eq!((job.name.as_str(), job.handler.as_str()), ("report", "reports"));
    assert_eq!(job.schedule, schedule);
    assert_eq!(job.anchor, world.now());
    assert_eq!(job.payload.as_deref(), Some("{\"to\": \"é\"}"));
    assert_eq!(job.policy(), Ok(policy));
    assert_eq!((job.queue.as_str(), job.priority, job.revision), ("slow", -3, 7));
    assert_eq!((job.is_paused, job.running, job.waiting), (false, 0, 0));
    assert_eq!(job.next_due, Some("2026-03-30T07:00:00Z".parse().expect("an instant")));
    assert_eq!(job.next_due, draft.next_due);
    let read = job.schedule().expect("it is read back").expect("there is one");
    assert_eq!(read.next_after(world.now()), job.next_due);
}

pub(super) async fn an_upsert_of_the_same_changes_nothing(world: World) {
    let hourly = "@hourly".parse::<mainspring_schedule::Schedule>().expect("a schedule");
    let first = world.add(draft("a").schedule(hourly.clone(), world.now())).await;
    world.pass(7200);
    let again = draft("a").schedule(hourly, world.now());
    assert_eq!(world.store().upsert(&[again]).await.expect("upsert"), [Upserted::Same(first.id)]);
    assert_eq!(world.job("a").await, first, "what was due meanwhile is still due");
}

pub(super) async fn an_older_revision_changes_nothing(world: World) {
    let job = world.add(draft("a").revision(5).payload("5")).await;
    let older = draft("a").revision(4).payload("4");
    assert_eq!(world.store().upsert(&[older]).await.expect("upsert"), [Upserted::Older(job.id)]);
    assert_eq!(world.job("a").await, job);
    let equal = draft("a").revision(5).payload("five");
    assert_eq!(world.store().upsert(&[equal]).await.expect("upsert"), [Upserted::Changed(job.id)]);
    let changed = world.job("a").await;
    assert_eq!(changed.payload.as_deref(), Some("five"));
    assert!(changed.version > job.version);
}

pub(super) async fn another_schedule_brings_its_own_instant(world: World) {
    let at = |text: &str| draft("a").schedule(text.parse().expect("a schedule"), world.now());
    let hourly = world.add(at("@hourly")).await;
    world.pass(60);
    let daily = world.add(at("@daily")).await;
    assert_eq!(daily.id, hourly.id);
    assert!(daily.next_due > hourly.next_due);
    assert_eq!(daily.anchor, world.now());
}

pub(super) async fn jobs_are_read_in_pages(world: World) {
    let names = ["B", "a", "a b", "z", "é", "名"];
    for name in names {
        world.add(draft(name)).await;
    }
    let mut read: Vec<String> = Vec::new();
    loop {
        let mut query = JobQuery::first(2);
        query.after = read.last().cloned();
        let page = world.store().jobs(&query).await.expect("jobs");
        if page.is_empty() {
            break;
        }
        read.extend(page.iter().map(|job| job.name.as_str().to_owned()));
    }
    assert_eq!(read, names, "in the order of their bytes");
    assert_eq!(world.store().job("b").await.expect("job"), None);
}

pub(super) async fn the_last_of_two_drafts_of_a_name_counts(world: World) {
    let drafts = [draft("a").payload("1"), draft("b"), draft("a").payload("2")];
    let upserted = world.store().upsert(&drafts).await.expect("upsert");
    assert_eq!(upserted[0].job(), upserted[2].job());
    assert_ne!(upserted[0].job(), upserted[1].job());
    assert_eq!(world.job("a").await.payload.as_deref(), Some("2"));
}

pub(super) async fn a_pause_takes_the_instant_away(world: World) {
    let hourly = "@hourly".parse().expect("a schedule");
    let job = world.add(draft("a").schedule(hourly, world.now())).await;
    assert!(world.store().pause("a").await.expect("pause"));
    assert!(world.store().pause("a").await.expect("pause"), "twice is once");
    let paused = world.job("a").await;
    assert!(paused.is_paused);
    assert_eq!(paused.next_due, None);
    assert!(world.store().due_jobs(world.after(1_000_000), 10).await.expect("due").is_empty());
    // A new schedule does not end the pause.
    let daily = draft("a").schedule("@daily".parse().expect("a schedule"), world.now());
    let daily = world.add(daily).await;
    assert!(daily.is_paused);
    assert_eq!(daily.next_due, None);
    assert!(!world.advance(Advance::of(&job)).await, "the version of before is stale");

    world.pass(86_400 * 3);
    assert!(world.store().resume("a", world.now()).await.expect("resume"));
    let resumed = world.job("a").await;
    assert!(!resumed.is_paused);
    assert!(resumed.next_due.expect("it is due again") > world.now(), "nothing is made up for");
    assert!(!world.store().pause("b").await.expect("pause"));
    assert!(!world.store().resume("b", world.now()).await.expect("resume"));
}

pub(super) async fn a_removed_job_takes_its_waiting_runs_along(world: World) {
    world.add(draft("a")).await;
    world.trigger("a").await;
    let running = world.claim_one().await;
    world.trigger("a").await;
    assert!(world.store().remove("a").await.expect("remove"));
    assert!(!world.store().remove("a").await.expect("remove"));
    assert_eq!(world.store().job("a").await.expect("job"), None);
    let live: Vec<_> = world.live().await.iter().map(|run| run.id).collect();
    assert_eq!(live, [running.id], "what runs goes on");
    assert_eq!(world.history().await[0].state, RunState::Cancelled);
    let again = world.add(draft("a")).await;
    assert_ne!(again.id, running.id.job, "a number is never used again");
}

pub(super) async fn due_jobs_come_earliest_first(world: World) {
    for (name, seconds) in [("late", 50), ("early", 10), ("middle", 30), ("never", 4000)] {
        let at = world.after(seconds);
        let schedule = format!("@at {at}").parse().expect("a schedule");
        world.add(draft(name).schedule(schedule, world.now())).await;
    }
    let due = world.store().due_jobs(world.after(50), 2).await.expect("due");
    let names: Vec<_> = due.iter().map(|job| job.name.as_str()).collect();
    assert_eq!(names, ["early", "middle"]);
    let due = world.store().due_jobs(world.after(50), 10).await.expect("due");
    assert_eq!(due.len(), 3, "the bound itself counts");
    assert!(world.store().due_jobs(world.after(9), 10).await.expect("due").is_empty());
}

pub(super) async fn empty_batches_are_answered(world: World) {
    let store = world.store();
    assert_eq!(store.upsert(&[]).await.expect("upsert"), []);
    assert_eq!(store.advance(&[]).await.expect("advance"), []);
    assert_eq!(store.enqueue(&[]).await.expect("enqueue"), []);
    assert_eq!(store.heartbeat(&[], crate::world::LEASE).await.expect("heartbeat"), []);
    assert_eq!(store.finish(&[]).await.expect("finish"), []);
    assert_eq!(store.release(&[]).await.expect("release"), []);
    assert_eq!(store.cancel(&[]).await.expect("cancel"), []);
    assert_eq!(store.reap(10, 3).await.expect("reap"), []);
    assert_eq!(world.claim(0).await, []);
    assert_eq!(store.now().await.expect("now"), world.now());
}
