//! apalis-cron: a worker for each job, on a task of its own.
//!
//! There is no scheduler to add to: a worker runs as soon as it is spawned, and is removed by ending
//! its task, which is quicker than its own `stop`.

use std::str::FromStr;

use apalis_core::worker::builder::WorkerBuilder;
use apalis_cron::{CronScheduler, Tick};
use cron::Schedule;
use tokio::task::JoinHandle;

use crate::jobs::{JobsPeer, Note, Place};

pub struct Apalis;

impl JobsPeer for Apalis {
    const NAME: &'static str = "apalis-cron";
    const PACKAGE: &'static str = "apalis-cron";
    type Rule = Schedule;
    type Key = JoinHandle<()>;

    fn rule(cron: &str, _: Place) -> Schedule {
        Schedule::from_str(cron).expect("an expression")
    }

    async fn new() -> Self {
        Self
    }

    async fn add(&mut self, schedule: &Schedule, note: Note) -> JoinHandle<()> {
        let worker = WorkerBuilder::new("job").backend(CronScheduler::new(schedule.clone())).build(
            move |_: Tick| {
                note.ran();
                std::future::ready(())
            },
        );
        tokio::spawn(async move {
            // Ends with an error, or never; a worker that has ended loses its runs, which are counted.
            let _ = worker.run().await;
        })
    }

    async fn start(&mut self) {}

    async fn remove(&mut self, key: JoinHandle<()>) {
        key.abort();
    }
}
