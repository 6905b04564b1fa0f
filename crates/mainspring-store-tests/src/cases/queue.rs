//! Work that belongs to no job.

use std::collections::HashSet;

use mainspring_job::store::{Enqueued, Finish, Outcome};

use crate::world::{World, draft, name, work};

pub(super) async fn a_key_is_free_after_the_end(world: World) {
    let keyed = || work("email").unique("ada");
    let Enqueued::Added(first) = world.enqueue(keyed().at(world.after(9))).await else {
        panic!("nothing has that key");
    };
    assert_eq!(world.enqueue(keyed()).await, Enqueued::Exists(first));
    world.pass(9);
    let run = world.claim_one().await;
    assert_eq!(world.enqueue(keyed()).await, Enqueued::Exists(first), "while it runs");
    world.finish(run.hold(), Outcome::Failed).await;
    let Enqueued::Added(second) = world.enqueue(keyed()).await else {
        panic!("the key is free");
    };
    assert_ne!(first, second);
}

pub(super) async fn keys_belong_to_handlers(world: World) {
    let batch = [
        work("a").unique("k"),
        work("b").unique("k"),
        work("a").unique("k"),
        work("a"),
        work("a"),
        work("a").unique("K"),
    ];
    let added = world.store().enqueue(&batch).await.expect("enqueue");
    assert_eq!(added[2], Enqueued::Exists(added[0].run()));
    let runs: HashSet<_> = added.iter().map(|added| added.run()).collect();
    assert_eq!(runs.len(), 5);
    assert_eq!(world.claim(10).await.len(), 5);
}

pub(super) async fn ids_of_work_are_their_own(world: World) {
    let job = world.add(draft("a")).await;
    let mut ids = HashSet::from([job.id]);
    for _ in 0..5 {
        assert!(ids.insert(world.enqueue(work("a")).await.run().job));
    }
    assert!(ids.insert(world.add(draft("b")).await.id));
    assert_eq!(world.job("a").await.waiting, 0, "work is no run of the job of that name");
}

pub(super) async fn texts_survive(world: World) {
    let odd = "quote ' \" \\ ; -- % _ { } tab\t line\n é 名 🦀 \u{7f}";
    let text = format!("{odd}{}", "long ".repeat(50_000));
    let queue = name("q ' \" \\ é");
    let handler = name("h ' \" \\ é {}");
    let work = mainspring_job::store::Work::new(handler.clone());
    let work = work.payload(text.clone()).unique(odd).queue(queue.clone());
    let added = world.enqueue(work.clone()).await;
    assert_eq!(world.enqueue(work).await, Enqueued::Exists(added.run()));
    let run = world.claim_one().await;
    assert_eq!((&run.handler, &run.queue), (&handler, &queue));
    assert_eq!(run.payload, Some(text));
    let end = Finish::new(run.hold(), Outcome::Failed).error(odd).output("nul \0 nul");
    world.store().finish(&[end]).await.expect("finish");
    let ended = world.history().await.remove(0);
    assert_eq!(ended.error.as_deref(), Some(odd));
    assert_eq!(ended.output.as_deref(), Some("nul \u{fffd} nul"));
}
