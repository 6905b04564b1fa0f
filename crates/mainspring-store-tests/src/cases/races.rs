//! Many nodes at once.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mainspring_job::RunId;
use mainspring_job::store::{
    Advance, Advanced, Claim, Enqueued, Fence, Finish, Outcome, Store, Verdict, Work,
};

use crate::Random;
use crate::world::{LEASE, World, draft, work};

const NODES: usize = 8;

/// Lets `NODES` tasks do the same at once, each with a handle of its own.
async fn race<T, F, Fut>(world: &World, node: F) -> Vec<T>
where
    T: Send + 'static,
    F: Fn(usize, Arc<dyn Store>) -> Fut,
    Fut: Future<Output = T> + Send + 'static,
{
    let tasks: Vec<_> =
        (0..NODES).map(|number| tokio::spawn(node(number, world.handle(number)))).collect();
    let mut done = Vec::new();
    for task in tasks {
        done.push(task.await.expect("a node works"));
    }
    done
}

pub(super) async fn each_run_goes_to_one_node(world: World) {
    const RUNS: usize = 400;
    let batch: Vec<_> = (0..RUNS).map(|_| work("a")).collect();
    world.store().enqueue(&batch).await.expect("enqueue");
    let left = Arc::new(std::sync::atomic::AtomicUsize::new(RUNS));
    let claimed = race(&world, |number, store| {
        let left = left.clone();
        async move {
            let mut mine = Vec::new();
            // A claim may give less than there is while another is under way.
            while left.load(std::sync::atomic::Ordering::SeqCst) > 0 {
                let runs = store.claim(&Claim::new(format!("n{number}"), 7)).await.expect("claim");
                left.fetch_sub(runs.len(), std::sync::atomic::Ordering::SeqCst);
                mine.extend(runs.into_iter().map(|run| (run.id, run.fence)));
            }
            mine
        }
    })
    .await;
    let all: Vec<(RunId, Fence)> = claimed.into_iter().flatten().collect();
    assert_eq!(all.len(), RUNS);
    assert_eq!(all.iter().map(|(run, _)| run).collect::<HashSet<_>>().len(), RUNS, "no run twice");
    assert_eq!(all.iter().map(|(_, fence)| fence).collect::<HashSet<_>>().len(), RUNS);
}

pub(super) async fn one_of_many_steps_is_made(world: World) {
    let mut jobs = Vec::new();
    for number in 0..20 {
        jobs.push(world.add(draft(&format!("job {number}"))).await);
    }
    let due = world.now();
    let made = race(&world, |number, store| {
        let mut steps: Vec<_> = jobs.iter().map(|job| Advance::of(job).run(due)).collect();
        // In different orders, as nodes need not agree on one.
        steps.rotate_left(number);
        if number % 2 == 0 {
            steps.reverse();
        }
        async move {
            let advanced = store.advance(&steps).await.expect("advance");
            let done = steps.iter().zip(advanced).filter(|(_, advanced)| advanced.is_done());
            done.map(|(step, _)| step.job).collect::<Vec<_>>()
        }
    })
    .await;
    let made: Vec<_> = made.into_iter().flatten().collect();
    assert_eq!(made.len(), 20);
    assert_eq!(made.iter().collect::<HashSet<_>>().len(), 20);
    assert_eq!(world.live().await.len(), 20);
}

pub(super) async fn one_of_many_ends_is_recorded(world: World) {
    for _ in 0..20 {
        world.enqueue(work("a")).await;
    }
    let runs = world.claim(20).await;
    let outcomes = [Outcome::Succeeded, Outcome::Failed, Outcome::TimedOut, Outcome::Cancelled];
    let told = race(&world, |number, store| {
        let outcome = outcomes[number % outcomes.len()];
        let ends: Vec<_> = runs.iter().map(|run| Finish::new(run.hold(), outcome)).collect();
        async move { (outcome, store.finish(&ends).await.expect("finish")) }
    })
    .await;
    for (index, run) in runs.iter().enumerate() {
        let accepted: HashSet<_> = told
            .iter()
            .filter(|(_, verdicts)| verdicts[index] == Verdict::Accepted)
            .map(|(outcome, _)| outcome.state())
            .collect();
        let ended = world.history().await.into_iter().find(|ended| ended.id == run.id);
        let state = ended.expect("it ended").state;
        assert_eq!(accepted, HashSet::from([state]), "who was told so, wrote so");
    }
}

pub(super) async fn of_equal_keys_one_is_added(world: World) {
    let added = race(&world, |_, store| async move {
        let batch: Vec<Work> = (0..10).map(|key| work("a").unique(key.to_string())).collect();
        store.enqueue(&batch).await.expect("enqueue")
    })
    .await;
    let mut runs: HashMap<usize, HashSet<RunId>> = HashMap::new();
    for batch in &added {
        for (key, added) in batch.iter().enumerate() {
            runs.entry(key).or_default().insert(added.run());
        }
    }
    assert!(runs.values().all(|runs| runs.len() == 1), "all were told of the same");
    let new = added.iter().flatten().filter(|added| matches!(added, Enqueued::Added(_)));
    assert_eq!(new.count(), 10);
    assert_eq!(world.live().await.len(), 10);
}

pub(super) async fn news_reaches_who_waits(world: World) {
    let mut watch = world.store().watch();
    let job = world.add(draft("a")).await;
    let second = Duration::from_secs(10);
    tokio::time::timeout(second, watch.changed()).await.expect("a job is news");
    // What was told before the wait is told by it.
    assert!(world.advance(Advance::of(&job).run(world.now())).await);
    world.enqueue(work("b")).await;
    tokio::time::timeout(second, watch.changed()).await.expect("runs are news");
    let (store, now) = (world.handle(0), world.now());
    let waiter = tokio::spawn(async move {
        let mut watch = store.watch();
        watch.changed().await;
    });
    // Told again and again, since the waiter may not have begun.
    while !waiter.is_finished() {
        world.enqueue(work("c").at(now)).await;
        tokio::task::yield_now().await;
    }
}

/// Nodes claim, forget, stall, come back late and finish; time passes by bounds.
pub(super) async fn crashing_nodes_lose_nothing(world: World) {
    const RUNS: usize = 60;
    let job = world.add(draft("a")).await;
    let step =
        (0..RUNS).fold(Advance::of(&job), |step, number| step.run(world.after(-(number as i64))));
    assert_eq!(
        world.store().advance(&[step]).await.expect("advance"),
        [Advanced::Done { runs: RUNS as u32 }]
    );
    let accepted: Arc<Mutex<HashMap<RunId, Vec<Fence>>>> = Arc::default();
    for round in 0..200 {
        let seen = accepted.clone();
        race(&world, |number, store| {
            let seen = seen.clone();
            let mut random = Random::new((round * NODES + number) as u64);
            async move {
                let claim = Claim::new(format!("n{number}"), 1 + random.below(4) as usize);
                let runs = store.claim(&claim.lease(LEASE)).await.expect("claim");
                store.reap(5, u32::MAX).await.expect("reap");
                for run in runs {
                    if random.chance(60) {
                        continue; // It died.
                    }
                    let outcome = match random.below(3) {
                        0 => Outcome::Retry { after: Duration::from_secs(random.below(40)) },
                        1 => Outcome::Failed,
                        _ => Outcome::Succeeded,
                    };
                    let verdict = store.finish(&[Finish::new(run.hold(), outcome)]).await;
                    let is_end = outcome.state().is_final();
                    if verdict.expect("finish") == [Verdict::Accepted] && is_end {
                        let mut seen = seen.lock().expect("no node panics");
                        seen.entry(run.id).or_default().push(run.fence);
                    }
                }
            }
        })
        .await;
        world.pass(7);
        if world.live().await.is_empty() {
            break;
        }
    }
    assert!(world.live().await.is_empty(), "all ended in the end");
    let history = world.history().await;
    assert_eq!(history.len(), RUNS);
    let accepted = accepted.lock().expect("no node panics");
    for ended in history {
        let told = accepted.get(&ended.id).expect("somebody was told so");
        assert_eq!((told.len(), Some(told[0])), (1, ended.fence), "one outcome, the recorded one");
    }
}
