//! Enqueued work and stored jobs on one node: done once, told right, whatever they do.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mainspring_job::store::{Enqueued, JobDraft, Store, Work};
use mainspring_job::{JobName, Policy, Retry, RunState};
use mainspring_scheduler::Context;

use super::flaky::NEWER;
use super::world::{World, start};
use crate::bench::{DAY, HOUR, MINUTE, SECOND, at, block_on, told};

const START: &str = "2026-03-01T12:00:00Z";

fn break_down(why: &str) {
    panic!("{why}")
}

#[test]
fn work_is_done_once_and_its_output_kept() {
    block_on(async {
        let world = World::at(START);
        let (node, _) = world.node("a");
        let registered = node.register("add", |_, (a, b): (u32, u32)| async move {
            a.checked_add(b).map(|sum| sum.to_string()).ok_or("too large")
        });
        registered.unwrap();
        start(&node);
        node.enqueue("add", &(2, 3)).await.unwrap();
        world.clock.run_for(SECOND).await;
        node.enqueue("add", &(u32::MAX, 3)).await.unwrap();
        world.clock.run_for(SECOND).await;
        assert_eq!(world.outcomes().await, ["add succeeded", "add failed: too large"]);
        assert_eq!(world.history().await[0].output.as_deref(), Some("5"));
        assert_eq!(world.history().await[0].node.as_deref(), Some("a"));
    });
}

#[test]
fn times_keys_and_priorities_are_heeded() {
    block_on(async {
        let world = World::at(START);
        let (node, _) = world.node_with("a", |builder| builder.concurrency(1));
        let order = Arc::new(Mutex::new(Vec::new()));
        let (log, clock) = (order.clone(), world.clone());
        let registered = node.register("say", move |_, word: String| {
            log.lock().unwrap().push((clock.now(), word));
            async {}
        });
        registered.unwrap();
        let (soon, later) = (at("2026-03-01T12:00:10Z"), at("2026-03-01T12:01:00.5Z"));
        node.enqueue("say", "later").at(later).await.unwrap();
        node.enqueue("say", "low").at(soon).priority(-1).await.unwrap();
        let first = node.enqueue("say", "high").at(soon).priority(1).unique("k").await.unwrap();
        let again = node.enqueue("say", "again").unique("k").await.unwrap();
        assert_eq!(again, Enqueued::Exists(first.run()));
        start(&node);
        world.clock.run_for(HOUR).await;
        let said = order.lock().unwrap().clone();
        let expected = [(soon, "high"), (soon, "low"), (later, "later")];
        assert_eq!(said, expected.map(|(at, word)| (at, word.to_owned())));
        assert!(matches!(node.enqueue("say", "again").unique("k").await, Ok(Enqueued::Added(_))));
    });
}

#[test]
fn a_stored_job_runs_at_each_of_its_instants() {
    block_on(async {
        let world = World::at(START);
        let (node, _) = world.node("a");
        world.handle(&node, "hourly", Duration::ZERO);
        start(&node);
        node.upsert("hourly").schedule("0 * * * *".parse().unwrap()).await.unwrap();
        world.clock.run_for(DAY).await;
        let ran = world.ran();
        assert_eq!(ran.len(), 25, "this hour's as well");
        assert!(ran.iter().all(|ran| ran.due == ran.at), "neither early nor late");
        let job = world.store.job("hourly").await.unwrap().unwrap();
        assert_eq!(job.next_due, Some(at("2026-03-02T13:00:00Z")));
        assert_eq!(world.history().await.len(), 25);
    });
}

#[test]
fn what_cannot_be_run_fails_and_says_why() {
    block_on(async {
        let world = World::at(START);
        let (node, _) = world.node("a");
        node.register("typed", |_, _: Vec<u8>| async {}).unwrap();
        node.register("panics", |_, (): ()| async { break_down("oh no") }).unwrap();
        node.register("begins badly", |_, (): ()| -> std::future::Ready<()> { panic!("at once") })
            .unwrap();
        node.register_blocking("blocks badly", |_, (): ()| break_down("on a thread")).unwrap();
        let running = start(&node);
        for (handler, payload) in [
            ("nobody", "null"),
            ("typed", r#"{"a":1}"#),
            ("typed", "no json"),
            ("panics", "null"),
            ("begins badly", "null"),
        ] {
            let work = Work::new(JobName::new(handler).unwrap()).payload(payload);
            node.enqueue_all(&[work]).await.unwrap();
        }
        world.clock.run_for(SECOND).await;
        let outcomes = world.outcomes().await;
        let expected = [
            "nobody failed: no handler named `nobody` is registered on this node",
            "typed failed: the payload does not fit the handler: invalid type: map, expected a \
             sequence at line 1 column 0",
            "typed failed: the payload does not fit the handler: expected ident at line 1 column 2",
            "panics failed: the handler panicked: oh no",
            "begins badly failed: the handler panicked: at once",
        ];
        assert_eq!(outcomes, expected);
        node.enqueue("typed", &[1_u8]).await.unwrap();
        world.clock.run_for(SECOND).await;
        assert_eq!(world.outcomes().await.last().unwrap(), "typed succeeded");
        node.shutdown(Duration::ZERO);
        running.await.unwrap().unwrap();
    });
}

#[test]
fn errors_that_panic_are_errors() {
    #[derive(Debug)]
    struct Bad;
    impl std::fmt::Display for Bad {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            panic!("not even a text")
        }
    }
    impl std::error::Error for Bad {}
    block_on(async {
        let world = World::at(START);
        let (node, _) = world.node("a");
        node.register("bad", |_, (): ()| async { Err::<(), _>(Bad) }).unwrap();
        start(&node);
        node.enqueue("bad", &()).await.unwrap();
        world.clock.run_for(SECOND).await;
        let outcomes = world.outcomes().await;
        assert_eq!(outcomes.len(), 1);
        assert!(outcomes[0].contains("panicked when it was asked"), "{outcomes:?}");
    });
}

#[test]
fn one_job_that_cannot_be_read_stops_no_other() {
    block_on(async {
        let world = World::at(START);
        let (node, _) = world.node("a");
        world.handle(&node, "fine", Duration::ZERO);
        let hourly = || "0 * * * *".parse::<mainspring_schedule::Schedule>().unwrap();
        for number in 0..600 {
            node.upsert(&format!("{NEWER} {number}")).schedule(hourly()).await.unwrap();
        }
        node.upsert("fine").schedule(hourly()).await.unwrap();
        let mut events = node.events();
        start(&node);
        world.clock.run_for(3 * HOUR).await;
        assert_eq!(world.ran().len(), 4);
        let mut unreadable = 0;
        loop {
            // A task may take only so much at once.
            let lines = told(&mut events, at(START));
            if lines.is_empty() {
                break;
            }
            let of_newer = lines.iter().filter(|line| line.contains("unreadable"));
            unreadable += of_newer.inspect(|line| assert!(line.contains("cock's crow"))).count();
            tokio::task::yield_now().await;
        }
        assert_eq!(unreadable, 600, "each once");
    });
}

#[test]
fn retries_pause_and_timeouts_count() {
    block_on(async {
        let world = World::at(START);
        let (node, _) = world.node("a");
        let note = world.note(&node);
        let registered = node.register("fails", move |run: Context, (): ()| {
            note(&run);
            async { Err::<(), _>("not today") }
        });
        registered.unwrap();
        world.handle(&node, "slow", HOUR);
        start(&node);
        let mut events = node.events();
        let retry = Retry::fixed(10 * SECOND).attempts(3);
        node.enqueue("fails", &()).retry(retry).await.unwrap();
        let timeout = Policy::default().timeout(MINUTE).retry(retry.attempts(2));
        node.enqueue("slow", &()).policy(timeout).await.unwrap();
        world.clock.run_for(HOUR).await;
        let told = told(&mut events, at(START));
        let expected = [
            "0 fails started 1",
            "0 slow started 1",
            "0 fails retried in 10s: not today",
            "10 fails started 2",
            "10 fails retried in 10s: not today",
            "20 fails started 3",
            "20 fails failed: not today",
            "60 slow retried in 10s: it took longer than 60s",
            "70 slow started 2",
            "130 slow timedout",
        ];
        assert_eq!(told, expected);
        let history = world.history().await;
        let states: Vec<_> = history.iter().map(|run| (run.state, run.attempt)).collect();
        assert_eq!(states, [(RunState::Failed, 3), (RunState::TimedOut, 2)]);
    });
}

#[test]
fn history_is_pruned_and_the_last_runs_stay() {
    block_on(async {
        let world = World::at(START);
        let (node, _) = world.node_with("a", |builder| builder.keep_history(HOUR, 5));
        world.handle(&node, "minutely", Duration::ZERO);
        node.upsert("minutely").schedule("* * * * *".parse().unwrap()).await.unwrap();
        let once = node.upsert("once").handler("minutely");
        once.schedule("@at 2026-03-01T12:00:30Z".parse().unwrap()).await.unwrap();
        start(&node);
        world.clock.run_for(12 * HOUR).await;
        let history = world.history().await;
        assert!((60..=122).contains(&history.len()), "{} runs", history.len());
        assert_eq!(history[0].name.as_str(), "once", "its only one");
    });
}

#[test]
fn a_trigger_whose_answer_was_lost_makes_one_run() {
    block_on(async {
        let world = World::at(START);
        let (node, view) = world.node("a");
        world.handle(&node, "job", Duration::ZERO);
        node.upsert("job").await.unwrap();
        start(&node);
        view.lose_an_answer();
        let first = node.trigger("job").await.unwrap().unwrap();
        world.clock.run_for(SECOND).await;
        assert_eq!(world.ran().len(), 1);
        assert_eq!(world.history().await[0].id, first);
        let (a, b) = (node.trigger("job").await.unwrap(), node.trigger("job").await.unwrap());
        assert_ne!(a, b, "two of one moment are two");
        world.clock.run_for(SECOND).await;
        assert_eq!(world.ran().len(), 2);
    });
}

#[test]
fn jobs_are_triggered_paused_resumed_and_removed() {
    block_on(async {
        let world = World::at(START);
        let (node, _) = world.node("a");
        world.handle(&node, "job", Duration::ZERO);
        start(&node);
        let draft = JobDraft::new(JobName::new("job").unwrap());
        node.upsert_all(&[draft.schedule("@hourly".parse().unwrap(), world.now())]).await.unwrap();
        world.clock.run_for(SECOND).await;
        assert_eq!(world.ran().len(), 1);
        assert!(node.pause("job").await.unwrap());
        world.clock.run_for(5 * HOUR).await;
        assert_eq!(world.ran().len(), 0);
        assert!(node.trigger("job").await.unwrap().is_some());
        world.clock.run_for(SECOND).await;
        assert_eq!(world.ran().len(), 1, "a paused job may be triggered");
        assert!(node.resume("job").await.unwrap());
        world.clock.run_for(HOUR).await;
        assert_eq!(world.ran().len(), 1, "what was due meanwhile is not made up for");
        assert!(node.remove("job").await.unwrap());
        world.clock.run_for(5 * HOUR).await;
        assert_eq!(world.ran().len(), 0);
        assert_eq!(node.trigger("job").await.unwrap(), None);
        assert!(!node.pause("job").await.unwrap());
    });
}
