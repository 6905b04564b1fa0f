//! Nodes that work while things break, and the count afterwards.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mainspring_job::store::{
    Advance, Advanced, Claim, Fence, Finish, JobDraft, Outcome, RunQuery, Store, Verdict,
};
use mainspring_job::{JobName, RunId};
use mainspring_postgres::PostgresStore;
use mainspring_store_tests::Random;

/// What nodes were told is recorded.
type Told = Arc<Mutex<HashMap<RunId, Fence>>>;

/// Makes so many due runs of one job.
pub(crate) async fn add_runs(store: &PostgresStore, runs: usize) {
    let name = JobName::new("job").expect("a name");
    store.upsert(&[JobDraft::new(name)]).await.expect("upsert");
    let job = store.job("job").await.expect("job").expect("it is there");
    let now = store.now().await.expect("now");
    let step = (0..runs).fold(Advance::of(&job), |step, number| {
        step.run(now - Duration::from_millis(number as u64))
    });
    let advanced = store.advance(&[step]).await.expect("advance");
    assert_eq!(advanced, [Advanced::Done { runs: runs as u32 }]);
}

/// Lets `nodes` work until nothing is left, while `meanwhile` breaks things.
pub(crate) async fn work_off(
    stores: Vec<PostgresStore>,
    runs: usize,
    meanwhile: impl Future<Output = ()>,
) {
    let told = Told::default();
    let nodes: Vec<_> = stores
        .iter()
        .enumerate()
        .map(|(number, store)| tokio::spawn(node(number, store.clone(), told.clone())))
        .collect();
    meanwhile.await;
    for node in nodes {
        tokio::time::timeout(Duration::from_secs(60), node)
            .await
            .expect("the nodes come to an end")
            .expect("no node panics");
    }
    let store = &stores[0];
    let history = store.runs(&RunQuery::history(runs + 10)).await.expect("runs");
    assert_eq!(history.len(), runs, "each run has one outcome");
    let told = told.lock().expect("no node panics");
    for run in &history {
        if let Some(fence) = told.get(&run.id) {
            assert_eq!(run.fence, Some(*fence), "what was told is what is recorded");
        }
    }
    // An answer may have been lost on its way, but most were heard.
    assert!(told.len() * 2 > runs, "only {} of {runs} were told of", told.len());
}

async fn node(number: usize, store: PostgresStore, told: Told) {
    let claim = Claim::new(format!("n{number}"), 5).lease(Duration::from_millis(800));
    let mut random = Random::new(number as u64);
    loop {
        store.reap(100, u32::MAX).await.expect("reap");
        let runs = store.claim(&claim).await.expect("claim");
        tokio::time::sleep(Duration::from_millis(random.below(15))).await;
        let ends: Vec<_> = runs.iter().map(|run| end(run.hold(), &mut random)).collect();
        let verdicts = store.finish(&ends).await.expect("finish");
        for (end, verdict) in ends.iter().zip(verdicts) {
            if verdict == Verdict::Accepted && end.outcome() != RETRY {
                let mut told = told.lock().expect("no node panics");
                let before = told.insert(end.hold().run, end.hold().fence);
                assert_eq!(before, None, "a run ended twice");
            }
        }
        if runs.is_empty() {
            if store.runs(&RunQuery::live(1)).await.expect("runs").is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

const RETRY: Outcome = Outcome::Retry { after: Duration::from_millis(30) };

fn end(hold: mainspring_job::store::Hold, random: &mut Random) -> Finish {
    match random.below(6) {
        0 => Finish::new(hold, RETRY).error("not yet"),
        1 => Finish::new(hold, Outcome::Failed).error("it broke"),
        _ => Finish::new(hold, Outcome::Succeeded),
    }
}
