//! Our stores, as a scheduler uses them.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use mainspring_job::JobName;
use mainspring_job::store::{
    Advance, Advanced, Claim, Enqueued, Finish, JobDraft, Outcome, Store, Work, from_micros,
};
use mainspring_postgres::{PostgresOptions, PostgresStore};
use mainspring_schedule::Schedule;
use mainspring_sqlite::{Durability, SqliteOptions};

use crate::stopwatch;
use crate::stores::place::Place;
use crate::stores::{
    Inquiry, PAYLOAD, Queue, Reply, Step, Stream, answer, block_on, number, quantiles,
};

struct Ours(Arc<dyn Store>);

pub fn ask(place: &Place, inquiry: Inquiry) -> Reply {
    match inquiry {
        Inquiry::Late(stream) => block_on(late(place, stream)),
        inquiry => answer(open, place, inquiry),
    }
}

fn open(place: &Place, _: usize) -> Result<Arc<dyn Queue>, String> {
    Ok(Arc::new(Ours(block_on(store(place))?)))
}

async fn store(place: &Place) -> Result<Arc<dyn Store>, String> {
    Ok(match place {
        Place::File { synchronous, .. } => {
            let durability = match *synchronous {
                "FULL" => Durability::Full,
                _ => Durability::Normal,
            };
            let options = SqliteOptions::new(place.address()).durability(durability);
            Arc::new(options.open().map_err(told)?)
        }
        Place::Database { .. } => Arc::new(postgres(place).await?),
    })
}

async fn postgres(place: &Place) -> Result<PostgresStore, String> {
    let options = PostgresOptions::new(&place.address()).map_err(told)?;
    options.connect().await.map_err(told)
}

impl Queue for Ours {
    fn add(self: Arc<Self>, count: usize) -> Step {
        Box::pin(async move {
            let work = Work::new(name("work")?).payload(PAYLOAD);
            let added = self.0.enqueue(&vec![work; count]).await.map_err(told)?;
            Ok(added.into_iter().filter(|added| matches!(added, Enqueued::Added(_))).count())
        })
    }

    fn work(self: Arc<Self>, size: usize) -> Step {
        Box::pin(async move { work(&*self.0, size).await })
    }

    fn add_jobs(self: Arc<Self>, count: usize) -> Step {
        Box::pin(async move {
            let schedule = Schedule::cron("30 9 * * *").map_err(told)?;
            let now = self.0.now().await.map_err(told)?;
            let drafts = (0..count).map(|_| {
                let job = JobDraft::new(name(&format!("job-{}", number()))?);
                Ok(job.handler(name("work")?).payload(PAYLOAD).schedule(schedule.clone(), now))
            });
            let drafts = drafts.collect::<Result<Vec<_>, String>>()?;
            Ok(self.0.upsert(&drafts).await.map_err(told)?.len())
        })
    }

    fn plan(self: Arc<Self>, size: usize) -> Step {
        Box::pin(async move {
            // All are due by then, the earliest first.
            let jobs = self.0.due_jobs(Timestamp::MAX, size).await.map_err(told)?;
            let steps: Vec<_> = jobs
                .iter()
                .filter_map(|job| {
                    let due = job.next_due?;
                    Some(Advance::of(job).to(due.checked_add(DAY).ok()).run(due))
                })
                .collect();
            let moved = self.0.advance(&steps).await.map_err(told)?;
            Ok(moved.into_iter().filter(|moved| *moved == Advanced::Done { runs: 1 }).count())
        })
    }
}

const DAY: SignedDuration = SignedDuration::from_hours(24);

async fn work(store: &dyn Store, size: usize) -> Result<usize, String> {
    let runs = store.claim(&Claim::new("bench", size)).await.map_err(told)?;
    let ends: Vec<_> = runs.iter().map(|run| Finish::new(run.hold(), Outcome::Succeeded)).collect();
    store.finish(&ends).await.map_err(told)?;
    Ok(runs.len())
}

/// On PostgreSQL another node enqueues; an SQLite file has one.
async fn late(place: &Place, stream: Stream) -> Reply {
    let store = store(place).await?;
    let other: Arc<dyn Store> = match place {
        Place::File { .. } => store.clone(),
        Place::Database { .. } => Arc::new(postgres(place).await?),
    };
    let (send, mut receive) = tokio::sync::mpsc::unbounded_channel();
    let node = tokio::spawn(async move { start(&*store, &send).await });
    // It listens by then.
    mainspring_timer::sleep(Duration::from_secs(1)).await;
    for _ in 0..stream.pieces {
        let due = stopwatch::since_epoch() + stream.ahead;
        let payload = due.as_micros().to_string();
        let mut work = Work::new(name("work")?).payload(payload);
        if !stream.ahead.is_zero() {
            work = work.at(from_micros(i64::try_from(due.as_micros()).map_err(told)?));
        }
        other.enqueue(&[work]).await.map_err(told)?;
        mainspring_timer::sleep(stream.gap).await;
    }
    let mut late = Vec::with_capacity(stream.pieces);
    while late.len() < stream.pieces {
        let next = tokio::time::timeout(Duration::from_secs(10), receive.recv());
        late.push(next.await.map_err(|_| format!("{} ran", late.len()))?.ok_or("it ended")?);
    }
    node.abort();
    quantiles(late)
}

/// What a node does: claims what can be claimed, and otherwise waits for news or for the next instant.
async fn start(
    store: &dyn Store,
    started: &tokio::sync::mpsc::UnboundedSender<Duration>,
) -> Result<(), String> {
    let mut watch = store.watch();
    loop {
        let runs = store.claim(&Claim::new("bench", 10)).await.map_err(told)?;
        let now = stopwatch::since_epoch();
        for run in &runs {
            let due = run.payload.as_deref().and_then(|due| due.parse().ok()).ok_or("no due")?;
            // Nobody is left to hear of it once the answer is complete.
            let _ = started.send(now.saturating_sub(Duration::from_micros(due)));
        }
        let ends: Vec<_> =
            runs.iter().map(|run| Finish::new(run.hold(), Outcome::Succeeded)).collect();
        if !ends.is_empty() {
            store.finish(&ends).await.map_err(told)?;
            continue;
        }
        let next = store.next_wake().await.map_err(told)?.run_ready;
        let now = store.now().await.map_err(told)?;
        let pause = next.map_or(SignedDuration::from_secs(1), |next| next.duration_since(now));
        let pause = Duration::try_from(pause).unwrap_or_default().min(Duration::from_secs(1));
        tokio::select! {
            () = watch.changed() => {}
            () = mainspring_timer::sleep(pause) => {}
        }
    }
}

fn name(text: &str) -> Result<JobName, String> {
    JobName::new(text).map_err(told)
}

fn told(error: impl std::error::Error) -> String {
    let cause = error.source().map(|cause| format!(": {cause}"));
    format!("{error}{}", cause.unwrap_or_default())
}
