//! Work that is kept on disk: taken in batches, recorded, counted per second.
//!
//! # Ground rules
//! - The work itself is nothing: what is measured is keeping it, taking it, and recording how it ended.
//! - Each answer has a store of its own, empty but for what was enqueued before the clock starts.
//! - Commits are durable unless the row says otherwise.

pub mod place;
pub mod process;

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use place::Place;

use crate::stopwatch;

/// What every piece of work carries beside when it is due.
pub const PAYLOAD: &str = "{\"to\":\"nobody\"}";

/// What is asked of a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inquiry {
    /// Pieces taken and recorded per second, all workers together.
    Runs(Shift),
    /// Pieces enqueued per second.
    Enqueue { pieces: usize, batch: usize },
    /// How long after they are due pieces start, in milliseconds: the median, and the 99th percentile.
    Late(Stream),
    /// Jobs moved on, and their runs made, per second.
    Plans { jobs: usize, batch: usize },
    /// The same, and the runs taken and recorded.
    Jobs { stored: usize, runs: usize },
}

/// How a round goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift {
    pub pieces: usize,
    pub workers: usize,
    pub batch: usize,
}

/// Pieces that are enqueued one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    pub pieces: usize,
    pub gap: Duration,
    /// How long before it is due a piece is enqueued.
    pub ahead: Duration,
}

/// One or two numbers.
pub type Reply = Result<Vec<f64>, String>;

/// A future of a step that says how many pieces it was about.
pub type Step = Pin<Box<dyn Future<Output = Result<usize, String>> + Send>>;

/// A store, ready to be worked with by several workers in this process.
pub trait Queue: Send + Sync {
    /// Enqueues so many pieces together.
    fn add(self: Arc<Self>, count: usize) -> Step;
    /// Takes up to `size` pieces, and records each as done.
    fn work(self: Arc<Self>, size: usize) -> Step;
    /// Makes so many jobs, all due, together.
    fn add_jobs(self: Arc<Self>, count: usize) -> Step;
    /// Moves up to `size` jobs on by a day, and makes their runs.
    fn plan(self: Arc<Self>, size: usize) -> Step;
}

/// Opens a store for so many workers.
pub type Open = fn(&Place, usize) -> Result<Arc<dyn Queue>, String>;

/// Answers with a store in this process. How late pieces start is not asked here.
pub fn answer(open: Open, place: &Place, inquiry: Inquiry) -> Reply {
    let value = match inquiry {
        Inquiry::Runs(shift) => {
            let queue = open(place, shift.workers)?;
            block_on(fill(queue.clone(), shift.pieces, 1000))?;
            rate(shift.pieces, || block_on(work_off(queue, shift)))?
        }
        Inquiry::Enqueue { pieces, batch } => {
            let queue = open(place, 1)?;
            rate(pieces, || block_on(fill(queue, pieces, batch)))?
        }
        Inquiry::Plans { jobs, batch } => {
            let queue = open(place, 1)?;
            block_on(add_jobs(queue.clone(), jobs))?;
            rate(jobs, || block_on(plan(queue, jobs, batch)))?
        }
        Inquiry::Jobs { stored, runs } => {
            let queue = open(place, 1)?;
            block_on(add_jobs(queue.clone(), stored))?;
            rate(runs, || block_on(plan_and_work(queue, runs)))?
        }
        Inquiry::Late(_) => return Err("hears of nothing".to_owned()),
    };
    Ok(vec![value])
}

/// So many milliseconds late at the median and at the 99th percentile.
pub fn quantiles(mut late: Vec<Duration>) -> Reply {
    late.sort_unstable();
    let at = |percent: usize| late.get((late.len().max(1) - 1) * percent / 100);
    let told = [at(50), at(99)].map(|late| late.map(|late| late.as_secs_f64() * 1e3));
    told.into_iter().map(|late| late.ok_or_else(|| "nothing ran".to_owned())).collect()
}

/// One runtime for all: pools of connections belong to the one that they were made in.
pub fn runtime() -> &'static tokio::runtime::Runtime {
    static RUNTIME: std::sync::OnceLock<tokio::runtime::Runtime> = std::sync::OnceLock::new();
    RUNTIME.get_or_init(|| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(2).enable_all().build().expect("a runtime")
    })
}

pub fn block_on<F: Future>(future: F) -> F::Output {
    runtime().block_on(future)
}

fn rate(pieces: usize, work: impl FnOnce() -> Result<usize, String>) -> Result<f64, String> {
    let mut done = Ok(0);
    let took = stopwatch::time(|| done = work());
    match done? {
        done if done == pieces => Ok(done as f64 / took.as_secs_f64()),
        done => Err(format!("{done} of {pieces} were done")),
    }
}

async fn fill(queue: Arc<dyn Queue>, pieces: usize, batch: usize) -> Result<usize, String> {
    let mut done = 0;
    while done < pieces {
        done += queue.clone().add(batch.min(pieces - done)).await?;
    }
    Ok(done)
}

async fn work_off(queue: Arc<dyn Queue>, shift: Shift) -> Result<usize, String> {
    let workers: Vec<_> = (0..shift.workers)
        .map(|_| {
            let queue = queue.clone();
            tokio::spawn(async move {
                let mut done = 0;
                loop {
                    match queue.clone().work(shift.batch).await? {
                        0 => return Ok::<_, String>(done),
                        more => done += more,
                    }
                }
            })
        })
        .collect();
    let mut done = 0;
    for worker in workers {
        done += worker.await.map_err(|error| error.to_string())??;
    }
    Ok(done)
}

/// So many are made, taken and recorded together.
const JOBS_BATCH: usize = 1000;

async fn add_jobs(queue: Arc<dyn Queue>, count: usize) -> Result<usize, String> {
    let mut done = 0;
    while done < count {
        done += queue.clone().add_jobs(JOBS_BATCH.min(count - done)).await?;
    }
    Ok(done)
}

async fn plan(queue: Arc<dyn Queue>, jobs: usize, batch: usize) -> Result<usize, String> {
    let mut done = 0;
    while done < jobs {
        match queue.clone().plan(batch.min(jobs - done)).await? {
            0 => break,
            more => done += more,
        }
    }
    Ok(done)
}

async fn plan_and_work(queue: Arc<dyn Queue>, runs: usize) -> Result<usize, String> {
    let mut done = 0;
    while done < runs {
        let planned = queue.clone().plan(JOBS_BATCH.min(runs - done)).await?;
        match queue.clone().work(planned).await? {
            0 => break,
            more => done += more,
        }
    }
    Ok(done)
}

/// A number that nobody has had in this process.
pub fn number() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed) + 1
}

#[cfg(test)]
mod tests {
    use super::quantiles;
    use std::time::Duration;

    #[test]
    fn the_median_and_the_worst_but_one_in_a_hundred_are_told() {
        let late = (1..=101).rev().map(Duration::from_millis).collect();
        assert_eq!(quantiles(late), Ok(vec![51.0, 100.0]));
        assert_eq!(quantiles(Vec::new()), Err("nothing ran".to_owned()));
    }
}
