//! The bare loop: the fewest statements that keep work, take it and record its end, with nothing around them.
//!
//! No leases, no fences, no history, no limits, no news: as fast as the database lets anybody be.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio_postgres::{Client, NoTls, Statement};

use crate::stores::place::Place;
use crate::stores::{Inquiry, PAYLOAD, Queue, Reply, Step, answer, block_on};

pub fn ask(place: &Place, inquiry: Inquiry) -> Reply {
    answer(open, place, inquiry)
}

fn open(place: &Place, workers: usize) -> Result<Arc<dyn Queue>, String> {
    match place {
        Place::File { synchronous, .. } => {
            sqlite(&place.address(), synchronous).map_err(|error| error.to_string())
        }
        Place::Database { .. } => {
            block_on(postgres(&place.address(), workers)).map_err(|error| error.to_string())
        }
    }
}

struct Sqlite(Mutex<Connection>);

fn sqlite(file: &str, synchronous: &str) -> rusqlite::Result<Arc<dyn Queue>> {
    let connection = Connection::open(file)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.execute_batch(
        "CREATE TABLE work (id INTEGER PRIMARY KEY, state TEXT NOT NULL, payload TEXT);
         CREATE INDEX waiting ON work (id) WHERE state = 'waiting';
         CREATE TABLE jobs (id INTEGER PRIMARY KEY, next_due INTEGER NOT NULL, payload TEXT);
         CREATE INDEX due ON jobs (next_due)",
    )?;
    Ok(Arc::new(Sqlite(Mutex::new(connection))))
}

impl Sqlite {
    fn batch(&self, size: usize) -> rusqlite::Result<usize> {
        let mut connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction()?;
        let taken: Vec<(i64, String)> = transaction
            .prepare_cached(
                "UPDATE work SET state = 'taken' WHERE id IN (SELECT id FROM work \
                 WHERE state = 'waiting' ORDER BY id LIMIT ?) RETURNING id, payload",
            )?
            .query_map([size as i64], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        transaction.commit()?;
        let transaction = connection.transaction()?;
        for (id, _) in &taken {
            let sql = "UPDATE work SET state = 'done' WHERE id = ? AND state = 'taken'";
            transaction.prepare_cached(sql)?.execute([id])?;
        }
        transaction.commit()?;
        Ok(taken.len())
    }

    /// The same statement so many times, in one transaction.
    fn repeat(&self, count: usize, sql: &str) -> rusqlite::Result<usize> {
        let mut connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction()?;
        for _ in 0..count {
            transaction.prepare_cached(sql)?.execute([PAYLOAD])?;
        }
        transaction.commit()?;
        Ok(count)
    }

    fn move_on(&self, size: usize) -> rusqlite::Result<usize> {
        let mut connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction()?;
        let moved: Vec<String> = transaction
            .prepare_cached(
                "UPDATE jobs SET next_due = next_due + 86400000000 WHERE id IN (SELECT id FROM \
                 jobs ORDER BY next_due LIMIT ?) RETURNING payload",
            )?
            .query_map([size as i64], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for payload in &moved {
            let sql = "INSERT INTO work (state, payload) VALUES ('waiting', ?)";
            transaction.prepare_cached(sql)?.execute([payload])?;
        }
        transaction.commit()?;
        Ok(moved.len())
    }
}

/// On a thread that may wait for the disk.
fn blocking(step: impl FnOnce() -> rusqlite::Result<usize> + Send + 'static) -> Step {
    Box::pin(async move {
        let done = tokio::task::spawn_blocking(step).await;
        done.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
    })
}

impl Queue for Sqlite {
    fn add(self: Arc<Self>, count: usize) -> Step {
        let sql = "INSERT INTO work (state, payload) VALUES ('waiting', ?)";
        blocking(move || self.repeat(count, sql))
    }

    fn work(self: Arc<Self>, size: usize) -> Step {
        blocking(move || self.batch(size))
    }

    fn add_jobs(self: Arc<Self>, count: usize) -> Step {
        let sql = "INSERT INTO jobs (next_due, payload) VALUES (0, ?)";
        blocking(move || self.repeat(count, sql))
    }

    fn plan(self: Arc<Self>, size: usize) -> Step {
        blocking(move || self.move_on(size))
    }
}

struct Postgres {
    hands: Vec<Hand>,
    next: AtomicUsize,
}

/// A connection, with what it has prepared.
struct Hand {
    client: Client,
    add: Statement,
    take: Statement,
    done: Statement,
    add_jobs: Statement,
    advance: Statement,
}

type Outcome<T> = Result<T, tokio_postgres::Error>;

async fn postgres(url: &str, workers: usize) -> Outcome<Arc<dyn Queue>> {
    let mut hands = Vec::new();
    for number in 0..workers {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        tokio::spawn(connection);
        if number == 0 {
            let tables = "CREATE TABLE work (id bigserial PRIMARY KEY, state text NOT NULL, payload text);
                 CREATE INDEX ON work (id) WHERE state = 'waiting';
                 CREATE TABLE jobs (id bigserial PRIMARY KEY, next_due bigint NOT NULL, payload text);
                 CREATE INDEX ON jobs (next_due)";
            client.batch_execute(tables).await?;
        }
        // As ours: the statements find a few rows by an index, whatever the tables held when planned.
        client.batch_execute("SET enable_seqscan = off; SET jit = off").await?;
        let add = "INSERT INTO work (state, payload) SELECT 'waiting', unnest($1::text[])";
        let take = "UPDATE work SET state = 'taken' WHERE id IN (SELECT id FROM work WHERE state = 'waiting' \
                    ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING id, payload";
        let done = "UPDATE work SET state = 'done' WHERE id = ANY ($1) AND state = 'taken'";
        let add_jobs = "INSERT INTO jobs (next_due, payload) SELECT 0, unnest($1::text[])";
        let advance = "WITH moved AS (UPDATE jobs SET next_due = next_due + 86400000000 WHERE id IN \
                       (SELECT id FROM jobs ORDER BY next_due LIMIT $1 FOR UPDATE SKIP LOCKED) \
                       RETURNING payload) INSERT INTO work (state, payload) SELECT 'waiting', payload FROM moved";
        hands.push(Hand {
            add: client.prepare(add).await?,
            take: client.prepare(take).await?,
            done: client.prepare(done).await?,
            add_jobs: client.prepare(add_jobs).await?,
            advance: client.prepare(advance).await?,
            client,
        });
    }
    Ok(Arc::new(Postgres { hands, next: AtomicUsize::new(0) }))
}

impl Postgres {
    fn hand(&self) -> &Hand {
        &self.hands[self.next.fetch_add(1, Ordering::Relaxed) % self.hands.len()]
    }

    async fn batch(&self, size: usize) -> Outcome<usize> {
        let hand = self.hand();
        let taken = hand.client.query(&hand.take, &[&(size as i64)]).await?;
        let ids: Vec<i64> = taken.iter().map(|row| row.get(0)).collect();
        hand.client.execute(&hand.done, &[&ids]).await?;
        Ok(ids.len())
    }

    async fn enqueue(&self, count: usize) -> Outcome<usize> {
        let hand = self.hand();
        hand.client.execute(&hand.add, &[&vec![PAYLOAD; count]]).await?;
        Ok(count)
    }

    async fn upsert(&self, count: usize) -> Outcome<usize> {
        let hand = self.hand();
        hand.client.execute(&hand.add_jobs, &[&vec![PAYLOAD; count]]).await?;
        Ok(count)
    }

    async fn move_on(&self, size: usize) -> Outcome<usize> {
        let hand = self.hand();
        let moved = hand.client.execute(&hand.advance, &[&(size as i64)]).await?;
        Ok(moved as usize)
    }
}

impl Queue for Postgres {
    fn add(self: Arc<Self>, count: usize) -> Step {
        Box::pin(async move { self.enqueue(count).await.map_err(|error| error.to_string()) })
    }

    fn work(self: Arc<Self>, size: usize) -> Step {
        Box::pin(async move { self.batch(size).await.map_err(|error| error.to_string()) })
    }

    fn add_jobs(self: Arc<Self>, count: usize) -> Step {
        Box::pin(async move { self.upsert(count).await.map_err(|error| error.to_string()) })
    }

    fn plan(self: Arc<Self>, size: usize) -> Step {
        Box::pin(async move { self.move_on(size).await.map_err(|error| error.to_string()) })
    }
}
