//! Random lives, led side by side by the store and by the one in memory.

use std::collections::HashMap;
use std::fmt::Debug;
use std::time::Duration;

use mainspring_job::store::{
    Advance, Advanced, Claim, ClaimedRun, Enqueued, Finish, Hold, MemoryStore, Outcome, Prune,
    RunQuery, Store, StoredJob, StoredRun,
};
use mainspring_job::{JobId, JobName, Overlap, Policy, RunId};

use crate::world::{LEASE, World, draft, name, work};
use crate::{Random, reading};

const STEPS: usize = 400;

/// Two stores, of which both are asked everything. Numbers of jobs and fences may differ: runs are
/// known by the names of their jobs and by when they are due.
struct Pair {
    world: World,
    model: MemoryStore,
    /// Of each side, what number a job or piece of work has.
    ids: [HashMap<JobId, String>; 2],
    claimed: Vec<[ClaimedRun; 2]>,
    runs: Vec<[RunId; 2]>,
}

pub(super) async fn any_life_agrees_with_memory(world: World) {
    let clock = world.clock().clone();
    let model = MemoryStore::new(move || reading(&clock));
    let ids = Default::default();
    let mut pair = Pair { world, model, ids, claimed: Vec::new(), runs: Vec::new() };
    let mut random = Random::new(7);
    for number in 0..STEPS {
        pair.live(&mut random, number).await;
        if number % 20 == 0 {
            pair.compare().await;
        }
    }
    pair.compare().await;
}

impl Pair {
    async fn live(&mut self, random: &mut Random, number: usize) {
        match random.below(20) {
            0..2 => self.upsert(random).await,
            2..4 => self.advance(random).await,
            4..7 => self.enqueue(random, number).await,
            7..11 => self.claim(random).await,
            11..14 => self.finish(random).await,
            14 => self.beat(random).await,
            15 => self.reap(random).await,
            16 => self.cancel(random).await,
            17 => self.limit(random).await,
            18 => self.prune(random).await,
            _ => self.world.pass(1 + random.below(20)),
        }
    }

    async fn upsert(&mut self, random: &mut Random) {
        let name = some_job(random);
        if random.chance(10) {
            let left = self.world.store().remove(&name).await.expect("remove");
            assert_eq!(left, self.model.remove(&name).await.expect("remove"));
            return;
        }
        let mut new =
            draft(&name).payload(random.below(3).to_string()).priority(random.below(3) as i16);
        if random.chance(50) {
            let policy =
                Policy::default().overlap(Overlap::Queue).concurrency(1 + random.below(2) as u32);
            new = new.policy(policy);
        }
        if random.chance(50) {
            let minutes = 1 + random.below(9);
            let text = format!("*/{minutes} * * * *");
            new = new.schedule(text.parse().expect("a schedule"), self.world.now());
        }
        let new = [new.queue(some_queue(random)).revision(random.below(3))];
        let upserted = self.world.store().upsert(&new).await.expect("upsert");
        let expected = self.model.upsert(&new).await.expect("upsert");
        let kind = |debug: &dyn Debug| format!("{debug:?}").split('(').next().map(str::to_owned);
        assert_eq!(kind(&upserted[0]), kind(&expected[0]));
        self.ids[0].insert(upserted[0].job(), name.clone());
        self.ids[1].insert(expected[0].job(), name);
    }

    async fn advance(&mut self, random: &mut Random) {
        let until = self.world.after(random.below(600) as i64);
        let left = self.world.store().due_jobs(until, 100).await.expect("due");
        let right = self.model.due_jobs(until, 100).await.expect("due");
        assert_eq!(left.len(), right.len());
        let at = self.world.now();
        let stale = random.chance(10);
        let step = |job: &StoredJob| {
            let next =
                job.schedule().expect("it is read").and_then(|schedule| schedule.next_after(until));
            let mut step = Advance::of(job).to(next).run(at).skip(until, "why not");
            step.version += u64::from(stale);
            step
        };
        let by_name = |mut jobs: Vec<StoredJob>| {
            jobs.sort_by(|a, b| a.name.cmp(&b.name));
            jobs
        };
        let (left, right) = (by_name(left), by_name(right));
        let steps: Vec<_> = left.iter().map(step).collect();
        let expected: Vec<_> = right.iter().map(step).collect();
        let done = self.world.store().advance(&steps).await.expect("advance");
        assert_eq!(done, self.model.advance(&expected).await.expect("advance"));
        for ((left, right), done) in steps.iter().zip(&expected).zip(done) {
            if done != Advanced::Conflict {
                self.runs
                    .push([RunId { job: left.job, due: at }, RunId { job: right.job, due: at }]);
            }
        }
    }

    async fn enqueue(&mut self, random: &mut Random, number: usize) {
        let batch: Vec<_> = (0..1 + random.below(3))
            .map(|part| {
                let mut work = work(&format!("work {}", random.below(4)));
                if random.chance(30) {
                    work = work.unique(random.below(3).to_string());
                }
                if random.chance(30) {
                    work = work.at(self.world.after(random.below(60) as i64 - 20));
                }
                // The payload tells works with one instant apart.
                let payload = format!("{number} {part}");
                work.payload(payload).queue(some_queue(random)).priority(random.below(3) as i16)
            })
            .collect();
        let left = self.world.store().enqueue(&batch).await.expect("enqueue");
        let right = self.model.enqueue(&batch).await.expect("enqueue");
        for ((left, right), work) in left.into_iter().zip(right).zip(&batch) {
            match (left, right) {
                (Enqueued::Added(left), Enqueued::Added(right)) => {
                    let known = work.payload.clone().unwrap_or_default();
                    self.ids[0].insert(left.job, known.clone());
                    self.ids[1].insert(right.job, known);
                    self.runs.push([left, right]);
                }
                (Enqueued::Exists(left), Enqueued::Exists(right)) => {
                    assert_eq!(self.known(0, left), self.known(1, right));
                }
                (left, right) => panic!("{left:?} but {right:?}"),
            }
        }
    }

    async fn claim(&mut self, random: &mut Random) {
        let mut claim = Claim::new("n", 1 + random.below(4) as usize).lease(LEASE);
        if random.chance(40) {
            claim = claim.queues([some_queue(random), some_queue(random)]);
        }
        let left = self.world.store().claim(&claim).await.expect("claim");
        let right = self.model.claim(&claim).await.expect("claim");
        let known = |side, runs: &[ClaimedRun]| {
            runs.iter()
                .map(|run| (self.known(side, run.id), run.attempt, run.at))
                .collect::<Vec<_>>()
        };
        assert_eq!(known(0, &left), known(1, &right));
        self.claimed.extend(left.into_iter().zip(right).map(<[_; 2]>::from));
    }

    async fn finish(&mut self, random: &mut Random) {
        let Some(runs) = self.some_claim(random) else { return };
        let outcome = match random.below(6) {
            0 => Outcome::Failed,
            1 => Outcome::TimedOut,
            2 => Outcome::Retry { after: Duration::from_millis(random.below(30_000)) },
            _ => Outcome::Succeeded,
        };
        if random.chance(15) {
            let left = self.world.store().release(&[runs[0].hold()]).await.expect("release");
            let right = self.model.release(&[runs[1].hold()]).await.expect("release");
            assert_eq!(left, right);
            return;
        }
        let end = |side: usize| [Finish::new(runs[side].hold(), outcome).error("e").output("o")];
        let left = self.world.store().finish(&end(0)).await.expect("finish");
        assert_eq!(left, self.model.finish(&end(1)).await.expect("finish"), "{outcome:?}");
    }

    async fn beat(&mut self, random: &mut Random) {
        let Some(runs) = self.some_claim(random) else { return };
        let hold = |side: usize| -> [Hold; 1] { [runs[side].hold()] };
        let left = self.world.store().heartbeat(&hold(0), LEASE).await.expect("heartbeat");
        assert_eq!(left, self.model.heartbeat(&hold(1), LEASE).await.expect("heartbeat"));
    }

    async fn reap(&mut self, random: &mut Random) {
        let attempts = 1 + random.below(3) as u32;
        let left = self.world.store().reap(100, attempts).await.expect("reap");
        let right = self.model.reap(100, attempts).await.expect("reap");
        let mut known = [Vec::new(), Vec::new()];
        for (side, reaped) in [left, right].iter().enumerate() {
            known[side] =
                reaped.iter().map(|run| (self.known(side, run.id), run.is_failed)).collect();
            known[side].sort_unstable();
        }
        assert_eq!(known[0], known[1]);
    }

    async fn cancel(&mut self, random: &mut Random) {
        if self.runs.is_empty() {
            return;
        }
        let runs = self.runs[random.below(self.runs.len() as u64) as usize];
        let left = self.world.store().cancel(&[runs[0]]).await.expect("cancel");
        assert_eq!(left, self.model.cancel(&[runs[1]]).await.expect("cancel"));
    }

    async fn limit(&mut self, random: &mut Random) {
        let queue = some_queue(random);
        let limit = random.chance(50).then(|| random.below(4) as u32);
        self.world.store().limit_queue(queue.as_str(), limit).await.expect("limit");
        self.model.limit_queue(queue.as_str(), limit).await.expect("limit");
    }

    async fn prune(&mut self, random: &mut Random) {
        let which = Prune {
            ended_before: self.world.after(-(random.below(120) as i64)),
            keep: random.below(3) as u32,
            limit: 1000,
        };
        let left = self.world.store().prune(&which).await.expect("prune");
        assert_eq!(left, self.model.prune(&which).await.expect("prune"));
    }

    /// Both sides hold the same.
    async fn compare(&self) {
        for query in [RunQuery::live(10_000), RunQuery::history(10_000)] {
            let left = self.world.store().runs(&query).await.expect("runs");
            let right = self.model.runs(&query).await.expect("runs");
            assert_eq!(self.told(0, left), self.told(1, right));
        }
        let query = mainspring_job::store::JobQuery::first(100);
        let job = |job: StoredJob| StoredJob { id: JobId::from_u64(0), ..job };
        let left = self.world.store().jobs(&query).await.expect("jobs");
        let right = self.model.jobs(&query).await.expect("jobs");
        let left: Vec<_> = left.into_iter().map(job).collect();
        assert_eq!(left, right.into_iter().map(job).collect::<Vec<_>>());
        let wake = self.world.store().next_wake().await.expect("wake");
        assert_eq!(wake, self.model.next_wake().await.expect("wake"));
    }

    fn told(&self, side: usize, runs: Vec<StoredRun>) -> Vec<(String, StoredRun)> {
        let nobody = RunId { job: JobId::from_u64(0), due: jiff::Timestamp::UNIX_EPOCH };
        let mut told: Vec<_> = runs
            .into_iter()
            .map(|run| {
                let (known, due) = self.known(side, run.id);
                (format!("{known} {due}"), StoredRun { id: nobody, fence: None, ..run })
            })
            .collect();
        told.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.ended.cmp(&b.1.ended)));
        told
    }

    fn known(&self, side: usize, run: RunId) -> (String, jiff::Timestamp) {
        (self.ids[side].get(&run.job).cloned().unwrap_or_default(), run.due)
    }

    fn some_claim(&self, random: &mut Random) -> Option<&[ClaimedRun; 2]> {
        // Mostly of the last ones, which are most likely held still.
        let reach = if random.chance(80) { 8 } else { 1000 };
        let from = self.claimed.len().saturating_sub(reach);
        let recent = &self.claimed[from..];
        (!recent.is_empty()).then(|| &recent[random.below(recent.len() as u64) as usize])
    }
}

fn some_job(random: &mut Random) -> String {
    format!("job {}", random.below(5))
}

fn some_queue(random: &mut Random) -> JobName {
    name(["default", "slow", "other"][random.below(3) as usize])
}
