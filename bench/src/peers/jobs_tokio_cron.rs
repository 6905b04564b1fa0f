//! tokio-cron-scheduler, as its documentation begins: jobs are added, then it starts.
//!
//! A job is made of text, so that reading it is part of adding it.

use tokio_cron_scheduler::{Job, JobScheduler};
use uuid::Uuid;

use crate::jobs::{JobsPeer, Note, Place};

pub struct TokioCron(JobScheduler);

impl JobsPeer for TokioCron {
    const NAME: &'static str = "tokio-cron-scheduler";
    const PACKAGE: &'static str = "tokio-cron-scheduler";
    type Rule = String;
    type Key = Uuid;

    fn rule(cron: &str, _: Place) -> String {
        cron.to_owned()
    }

    async fn new() -> Self {
        Self(JobScheduler::new().await.expect("a scheduler"))
    }

    async fn add(&mut self, cron: &String, note: Note) -> Uuid {
        let job = Job::new_async(cron, move |_, _| {
            let note = note.clone();
            Box::pin(async move { note.ran() })
        });
        self.0.add(job.expect("an expression")).await.expect("a job that is new")
    }

    async fn start(&mut self) {
        self.0.start().await.expect("it starts");
    }

    async fn remove(&mut self, key: Uuid) {
        self.0.remove(&key).await.expect("the job was there");
    }
}
