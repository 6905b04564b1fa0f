//! graphile_worker.
//!
//! As in its own benches: a local queue that takes batches, and completions that are written together, five
//! milliseconds of them. One at a time it has neither. Work that is done is deleted, and no history kept.

use std::time::Duration;

use graphile_worker::{
    IntoTaskHandlerResult, JobSpec, LocalQueueConfig, RawJobSpec, TaskHandler, WorkerContext,
    WorkerOptions, WorkerUtils,
};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use crate::{Crew, Peer, Piece, Told, tally};

const SCHEMA: &str = "graphile_worker";

impl TaskHandler for Piece {
    const IDENTIFIER: &'static str = "piece";

    async fn run(self, _: WorkerContext) -> impl IntoTaskHandlerResult {
        tally::ran(&self);
        Ok::<(), String>(())
    }
}

pub struct Graphile {
    pool: PgPool,
    utils: WorkerUtils,
}

impl Graphile {
    pub async fn open(url: &str) -> Told<Self> {
        let pool = PgPoolOptions::new().max_connections(16).connect(url).await?;
        // It makes the tables.
        let worker = Self::options(&pool).init().await?;
        let utils = worker.create_utils();
        Ok(Self { pool, utils })
    }

    fn options(pool: &PgPool) -> WorkerOptions {
        WorkerOptions::default().pg_pool(pool.clone()).schema(SCHEMA).define_job::<Piece>()
    }
}

impl Peer for Graphile {
    async fn enqueue(&mut self, mut pieces: Vec<Piece>) -> Told<()> {
        if pieces.len() == 1 {
            self.utils.add_job(pieces.remove(0), JobSpec::default()).await?;
            return Ok(());
        }
        let jobs = pieces.iter().map(|piece| {
            let payload = serde_json::to_value(piece)?;
            Ok(RawJobSpec { identifier: "piece".to_owned(), payload, spec: JobSpec::default() })
        });
        let jobs = jobs.collect::<Result<Vec<_>, serde_json::Error>>()?;
        self.utils.add_raw_jobs(&jobs).await?;
        Ok(())
    }

    async fn enqueue_later(&mut self, piece: Piece, ahead: Duration) -> Told<()> {
        let at = tally::now() + i64::try_from(ahead.as_micros())?;
        let run_at = chrono::DateTime::from_timestamp_micros(at);
        let spec = JobSpec { run_at, ..JobSpec::default() };
        self.utils.add_job(piece, spec).await?;
        Ok(())
    }

    async fn work(&mut self, crew: Crew) -> Told<()> {
        for _ in 0..crew.workers {
            let mut options = Self::options(&self.pool).concurrency(crew.batch);
            if !crew.is_listening {
                options = options.poll_interval(Duration::from_millis(5));
                if crew.batch > 1 {
                    options = options
                        .local_queue(LocalQueueConfig::default().with_size(crew.batch))
                        .complete_job_batch_delay(Duration::from_millis(5));
                }
            }
            let worker = options.init().await?;
            tokio::spawn(async move { worker.run().await });
        }
        Ok(())
    }

    async fn left(&self) -> Told<usize> {
        let sql = "SELECT count(*) FROM graphile_worker._private_jobs";
        let left: i64 = sqlx::query_scalar(sql).fetch_one(&self.pool).await?;
        Ok(usize::try_from(left)?)
    }
}
