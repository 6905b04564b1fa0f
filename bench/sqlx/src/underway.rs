//! underway.
//!
//! It takes one piece at a time, and each worker works on one: a batch means nothing to it. Beside what it hears
//! by `LISTEN` it looks every 100 ms; left alone it would every minute.

use std::sync::Arc;
use std::time::Duration;

use ::underway::{Queue, Task, Worker};
use jiff::{SignedDuration, Span, ToSpan};
use underway_sqlx::postgres::PgPoolOptions;
use underway_sqlx::{PgPool, Postgres, Transaction};

use crate::{Crew, Peer, Piece, Told, tally};

#[derive(Clone)]
struct Handle;

impl Task for Handle {
    type Input = Piece;
    type Output = ();

    async fn execute(
        &self,
        _: Transaction<'_, Postgres>,
        piece: Piece,
    ) -> ::underway::task::Result<()> {
        tally::ran(&piece);
        Ok(())
    }
}

pub struct Underway {
    pool: PgPool,
    queue: Arc<Queue<Handle>>,
}

impl Underway {
    pub async fn open(url: &str) -> Told<Self> {
        let pool = PgPoolOptions::new().max_connections(16).connect(url).await?;
        ::underway::run_migrations(&pool).await?;
        let queue = Queue::builder().name("bench").pool(pool.clone()).build().await?;
        Ok(Self { pool, queue: Arc::new(queue) })
    }
}

impl Peer for Underway {
    async fn enqueue(&mut self, pieces: Vec<Piece>) -> Told<()> {
        if let [piece] = pieces.as_slice() {
            self.queue.enqueue(&self.pool, &Handle, piece).await?;
        } else {
            self.queue.enqueue_multi(&self.pool, &Handle, &pieces).await?;
        }
        Ok(())
    }

    async fn enqueue_later(&mut self, piece: Piece, ahead: Duration) -> Told<()> {
        let span = Span::try_from(SignedDuration::try_from(ahead)?)?;
        self.queue.enqueue_after(&self.pool, &Handle, &piece, span).await?;
        Ok(())
    }

    async fn work(&mut self, crew: Crew) -> Told<()> {
        for _ in 0..crew.workers {
            let worker = Worker::new(self.queue.clone(), Handle);
            tokio::spawn(async move { worker.run_every(100.milliseconds()).await });
        }
        Ok(())
    }

    async fn left(&self) -> Told<usize> {
        let sql = "SELECT count(*) FROM underway.task WHERE state <> 'succeeded'";
        let left: i64 = underway_sqlx::query_scalar(sql).fetch_one(&self.pool).await?;
        Ok(usize::try_from(left)?)
    }
}
