//! apalis, on SQLite and on PostgreSQL.
//!
//! A worker takes batches of as many as it may work off at once, and looks for more every millisecond; where
//! work is to be heard of, by an update hook or by `LISTEN` as its documentation shows. Its instants are whole
//! seconds. `SqliteStorage::setup` turns `synchronous` off, on the connection it was given: the pool that is
//! measured is made afterwards, with `FULL` like everybody else's.

use std::time::Duration;

use ::apalis::prelude::*;
use apalis_postgres::{PgPool, PostgresStorage};
use apalis_sqlite::{SqlitePool, SqliteStorage};
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};

use crate::{Crew, Peer, Piece, Told, tally};

const LOOK: Duration = Duration::from_millis(1);

async fn handle(piece: Piece) -> Result<(), BoxDynError> {
    tally::ran(&piece);
    Ok(())
}

pub struct Sqlite {
    pool: SqlitePool,
    backend: SqliteStorage<Piece>,
    file: String,
}

impl Sqlite {
    pub async fn open(file: &str) -> Told<Self> {
        let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
        let first = SqlitePool::connect_with(options.clone()).await?;
        SqliteStorage::setup(&first).await?;
        first.close().await;
        let pool = SqlitePool::connect_with(options.synchronous(SqliteSynchronous::Full)).await?;
        let backend = SqliteStorage::new(&pool).with_config(Self::config(10));
        Ok(Self { pool, backend, file: file.to_owned() })
    }

    fn config(batch: usize) -> apalis_sqlite::Config {
        apalis_sqlite::Config::default().queue("bench").batch_size(batch)
    }
}

impl Peer for Sqlite {
    async fn enqueue(&mut self, mut pieces: Vec<Piece>) -> Told<()> {
        match pieces.len() {
            1 => self.backend.push(pieces.remove(0)).await?,
            _ => self.backend.push_bulk(pieces).await?,
        }
        Ok(())
    }

    async fn enqueue_later(&mut self, _: Piece, _: Duration) -> Told<()> {
        Err("its instants are whole seconds, rounded down".into())
    }

    async fn work(&mut self, crew: Crew) -> Told<()> {
        if crew.is_listening {
            // The hook hears of what its own connections write.
            let (pool, listener) = SqliteStorage::connect_with_callback(&self.file)?;
            self.backend = SqliteStorage::new(&pool).with_config(Self::config(crew.batch));
            let backend = self.backend.clone().with_callback(listener);
            let worker = WorkerBuilder::new("0").backend(backend).build(handle);
            tokio::spawn(async move { worker.run().await });
            return Ok(());
        }
        for number in 0..crew.workers {
            let backend = SqliteStorage::new(&self.pool)
                .with_config(Self::config(crew.batch))
                .poll_with_interval(LOOK);
            let worker = WorkerBuilder::new(number.to_string());
            let worker = worker.backend(backend).concurrency(crew.batch).build(handle);
            tokio::spawn(async move { worker.run().await });
        }
        Ok(())
    }

    async fn left(&self) -> Told<usize> {
        let sql = "SELECT count(*) FROM Jobs WHERE status <> 'Done'";
        let left: i64 = sqlx::query_scalar(sql).fetch_one(&self.pool).await?;
        Ok(usize::try_from(left)?)
    }
}

pub struct Postgres {
    pool: PgPool,
    backend: PostgresStorage<Piece>,
}

impl Postgres {
    pub async fn open(url: &str) -> Told<Self> {
        let pool = PgPoolOptions::new().max_connections(16).connect(url).await?;
        PostgresStorage::setup(&pool).await?;
        let backend = PostgresStorage::new(&pool).with_config(Self::config(10));
        Ok(Self { pool, backend })
    }

    fn config(batch: usize) -> apalis_postgres::Config {
        apalis_postgres::Config::default().queue("bench").batch_size(batch)
    }
}

impl Peer for Postgres {
    async fn enqueue(&mut self, mut pieces: Vec<Piece>) -> Told<()> {
        match pieces.len() {
            1 => self.backend.push(pieces.remove(0)).await?,
            _ => self.backend.push_bulk(pieces).await?,
        }
        Ok(())
    }

    async fn enqueue_later(&mut self, _: Piece, _: Duration) -> Told<()> {
        Err("its instants are whole seconds, rounded down".into())
    }

    async fn work(&mut self, crew: Crew) -> Told<()> {
        for number in 0..crew.workers {
            let backend = PostgresStorage::new(&self.pool).with_config(Self::config(crew.batch));
            let worker = WorkerBuilder::new(number.to_string());
            if crew.is_listening {
                let worker = worker.backend(backend.with_pubsub()).build(handle);
                tokio::spawn(async move { worker.run().await });
            } else {
                let worker = worker.backend(backend.poll_with_interval(LOOK));
                let worker = worker.concurrency(crew.batch).build(handle);
                tokio::spawn(async move { worker.run().await });
            }
        }
        Ok(())
    }

    async fn left(&self) -> Told<usize> {
        let sql = "SELECT count(*) FROM apalis.jobs WHERE status <> 'Done'";
        let left: i64 = sqlx::query_scalar(sql).fetch_one(&self.pool).await?;
        Ok(usize::try_from(left)?)
    }
}
