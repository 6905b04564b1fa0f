//! Answers the stores' questions for the peers that stand on sqlx, one question a process.
//!
//! `mainspring-bench-sqlx PEER PLACE QUESTION NUMBER…` prints one line of JSON. A place is `sqlite:FILE` or the
//! address of an empty PostgreSQL database. Questions and numbers:
//! - `runs PIECES WORKERS BATCH`: pieces worked off and recorded, per second;
//! - `enqueue PIECES BATCH`: pieces enqueued per second;
//! - `late COUNT GAP_MS AHEAD_MS`: how long after they are due pieces start, enqueued one by one.

mod apalis;
mod graphile;
#[path = "../../src/stopwatch.rs"]
#[expect(dead_code, reason = "only what o'clock it is is asked here")]
mod stopwatch;
mod tally;
mod underway;

use std::process::ExitCode;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What went wrong, in words.
pub type Told<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// What every piece of work carries: as much as ours, and when it is due.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Piece {
    pub to: String,
    /// Microseconds since 1970.
    pub due: i64,
}

impl Piece {
    pub fn due_at(due: i64) -> Self {
        Self { to: "nobody".to_owned(), due }
    }
}

/// How work is worked off.
#[derive(Clone, Copy, Debug)]
pub struct Crew {
    pub workers: usize,
    pub batch: usize,
    /// Whether the peer's ways to hear of new work are worth their price.
    pub is_listening: bool,
}

/// One who keeps work in a database.
pub trait Peer {
    /// Enqueues these together.
    fn enqueue(&mut self, pieces: Vec<Piece>) -> impl Future<Output = Told<()>>;
    /// Enqueues one that is due in so long.
    fn enqueue_later(&mut self, piece: Piece, ahead: Duration) -> impl Future<Output = Told<()>>;
    /// Works off what there is and what will come, in the background; returns once workers were started.
    fn work(&mut self, crew: Crew) -> impl Future<Output = Told<()>>;
    /// How many pieces have not been recorded as done.
    fn left(&self) -> impl Future<Output = Told<usize>>;
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let answer = runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(answer(&args)));
    let answer = answer.unwrap_or_else(|error| json!({ "error": error.to_string() }));
    println!("{answer}");
    // Workers are not asked to stop: the database is thrown away.
    std::process::exit(0)
}

async fn answer(args: &[String]) -> Told<Value> {
    let [peer, place, question, numbers @ ..] = args else {
        return Err("PEER PLACE QUESTION NUMBER… are needed".into());
    };
    let numbers: Vec<usize> =
        numbers.iter().map(|number| number.parse()).collect::<Result<_, _>>()?;
    match (peer.as_str(), place.strip_prefix("sqlite:")) {
        ("apalis", Some(file)) => ask(apalis::Sqlite::open(file).await?, question, &numbers).await,
        ("apalis", None) => ask(apalis::Postgres::open(place).await?, question, &numbers).await,
        ("underway", None) => ask(underway::Underway::open(place).await?, question, &numbers).await,
        ("graphile_worker", None) => {
            ask(graphile::Graphile::open(place).await?, question, &numbers).await
        }
        _ => Err(format!("`{peer}` keeps nothing in `{place}`").into()),
    }
}

async fn ask(mut peer: impl Peer, question: &str, numbers: &[usize]) -> Told<Value> {
    match (question, numbers) {
        ("runs", &[pieces, workers, batch]) => {
            fill(&mut peer, pieces, 1000).await?;
            let start = tally::now();
            peer.work(Crew { workers, batch, is_listening: false }).await?;
            tally::reached(pieces).await;
            while peer.left().await? > 0 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            Ok(json!({ "per_second": per_second(pieces, start) }))
        }
        ("enqueue", &[pieces, batch]) => {
            let start = tally::now();
            fill(&mut peer, pieces, batch).await?;
            Ok(json!({ "per_second": per_second(pieces, start) }))
        }
        ("late", &[count, gap, ahead]) => {
            peer.work(Crew { workers: 1, batch: 10, is_listening: true }).await?;
            tokio::time::sleep(Duration::from_secs(1)).await;
            late(&mut peer, count, gap, Duration::from_millis(ahead as u64)).await
        }
        _ => {
            Err(format!("there is no question `{question}` with {} numbers", numbers.len()).into())
        }
    }
}

async fn fill(peer: &mut impl Peer, pieces: usize, batch: usize) -> Told<()> {
    for left in (1..=pieces).rev().step_by(batch) {
        let due = tally::now();
        peer.enqueue(vec![Piece::due_at(due); left.min(batch)]).await?;
    }
    Ok(())
}

fn per_second(pieces: usize, start: i64) -> f64 {
    pieces as f64 * 1e6 / (tally::now() - start).max(1) as f64
}

async fn late(peer: &mut impl Peer, count: usize, gap: usize, ahead: Duration) -> Told<Value> {
    for _ in 0..count {
        let due = tally::now() + i64::try_from(ahead.as_micros())?;
        if ahead.is_zero() {
            peer.enqueue(vec![Piece::due_at(due)]).await?;
        } else {
            peer.enqueue_later(Piece::due_at(due), ahead).await?;
        }
        tokio::time::sleep(Duration::from_millis(gap as u64)).await;
    }
    tally::reached(count).await;
    let late = tally::late_us();
    let at = |share: usize| late[(late.len() - 1) * share / 100] as f64 / 1e3;
    Ok(json!({ "p50_ms": at(50), "p99_ms": at(99), "min_ms": at(0) }))
}
