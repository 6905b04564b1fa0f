//! Random lives of several nodes: stores that come and go, deaths, shutdowns, failures. Whatever happens, each
//! instant has one outcome. `MAINSPRING_LIVES` sets how many are lived.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::SignedDuration;
use mainspring_clock::Clock;
use mainspring_job::store::Store;
use mainspring_job::{Misfire, Overlap, Policy, Retry, RunState};
use mainspring_scheduler::{Context, Error, Report, StoreScheduler, StoreSchedulerBuilder};

use super::flaky::Flaky;
use super::world::{World, start};
use crate::bench::{DAY, MINUTE, SECOND, at, block_on};

const START: &str = "2026-03-01T12:00:00Z";
const JOBS: [&str; 2] = ["free", "one by one"];
const NODES: usize = 3;
const MOMENTS: u64 = 60;

/// A small generator, the same sequence for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

struct Life {
    node: StoreScheduler,
    view: Flaky,
    task: Option<tokio::task::JoinHandle<Result<Report, Error>>>,
}

impl Life {
    fn new(world: &World, number: usize, made: Arc<Mutex<HashSet<String>>>) -> Self {
        let name = format!("n{number}");
        let set = |node: StoreSchedulerBuilder| {
            node.look_every(MINUTE)
                .concurrency(3)
                .claims_max(u32::MAX)
                .keep_history(Duration::MAX, 0)
        };
        let (node, view) = world.node_with(&name, set);
        let (clock, random) = (world.clock.clone(), Mutex::new(Random(number as u64 + 77)));
        let registered = node.register("job", move |run: Context, (): ()| {
            let fence = run.fence().expect("it comes from a store");
            let is_new = made.lock().unwrap().insert(format!("{} {fence}", run.run_id()));
            assert!(is_new, "a claim is begun once");
            let (choice, length) = {
                let mut random = random.lock().unwrap();
                (random.below(6), random.below(40_000))
            };
            let slept = clock.wait_until(clock.now() + Duration::from_millis(length));
            async move {
                slept.await;
                if choice == 0 { Err("not this time") } else { Ok(()) }
            }
        });
        registered.expect("the name is free");
        Self { node, view, task: None }
    }

    fn start(&mut self) {
        if self.task.as_ref().is_none_or(|task| task.is_finished()) {
            self.task = Some(start(&self.node));
        }
    }
}

async fn live(seed: u64) {
    let world = World::at(START);
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let made = Arc::<Mutex<HashSet<String>>>::default();
    let mut lives: Vec<_> = (0..NODES).map(|n| Life::new(&world, n, made.clone())).collect();
    let misfire = Misfire::run_all(DAY);
    let retry = Retry::exponential(SECOND, MINUTE).attempts(u32::MAX);
    let policy = Policy::default().misfire(misfire).retry(retry);
    for (name, overlap) in JOBS.into_iter().zip([Overlap::Allow, Overlap::Queue]) {
        let job = lives[0].node.upsert(name).handler("job").policy(policy.clone().overlap(overlap));
        job.schedule("@every 30s starting 2026-03-01T12:00:00Z".parse().unwrap()).await.unwrap();
    }
    for _ in 0..MOMENTS {
        let life = &mut lives[random.below(NODES as u64) as usize];
        match random.below(6) {
            0 | 1 => life.start(),
            2 => life.view.set_away(true),
            3 => life.view.set_away(false),
            4 => life.node.shutdown(Duration::from_secs(random.below(20))),
            // A death, as far as a task can die it; its runs' futures are gone.
            _ => drop(life.task.take().inspect(|task| task.abort())),
        }
        world.clock.run_for(Duration::from_millis(random.below(40_000))).await;
    }
    for life in &mut lives {
        life.view.set_away(false);
        life.start();
    }
    // Some were told to stop before they began.
    world.clock.run_for(MINUTE).await;
    lives.iter_mut().for_each(Life::start);
    world.clock.run_for(2 * MINUTE).await;
    let last = world.now();
    for name in JOBS {
        world.store.pause(name).await.unwrap();
    }
    world.clock.run_for(120 * MINUTE).await;
    let made = std::mem::take(&mut *made.lock().unwrap());
    check(&world, &made, last, seed).await;
}

async fn check(world: &World, made: &HashSet<String>, last: jiff::Timestamp, seed: u64) {
    assert!(world.live().await.is_empty(), "seed {seed}: {:?}", world.live().await);
    for name in JOBS {
        let history = world.history().await;
        let mut due = at(START);
        for run in history.iter().filter(|run| run.name.as_str() == name) {
            assert_eq!(
                run.id.due, due,
                "seed {seed}: an instant of `{name}` is missing or doubled"
            );
            assert_eq!(run.state, RunState::Succeeded, "seed {seed}");
            let fence = run.fence.expect("it was claimed");
            assert!(
                made.contains(&format!("{} {fence}", run.id)),
                "seed {seed}: {run:?} was not made"
            );
            due += SignedDuration::from_secs(30);
        }
        assert!(due > last - SignedDuration::from_mins(1), "seed {seed}: it stopped at {due}");
    }
}

#[test]
fn whatever_happens_each_instant_has_one_outcome() {
    let lives = std::env::var("MAINSPRING_LIVES").map_or(10, |lives| lives.parse().unwrap());
    for seed in 1..=lives {
        block_on(live(seed));
    }
}
