//! Ours, as its documentation begins: schedules at hand, handlers that are ready at once.

use mainspring_schedule::Schedule;
use mainspring_scheduler::{Job, Scheduler};

use crate::harness::OURS;
use crate::jobs::{JobsPeer, Note, Place};

pub struct Mainspring(Scheduler);

impl JobsPeer for Mainspring {
    const NAME: &'static str = OURS;
    const PACKAGE: &'static str = "mainspring-scheduler";
    type Rule = Schedule;
    type Key = mainspring_job::JobId;

    fn rule(cron: &str, _: Place) -> Schedule {
        Schedule::cron(cron).expect("an expression")
    }

    async fn new() -> Self {
        Self(Scheduler::new())
    }

    async fn add(&mut self, rule: &Schedule, note: Note) -> Self::Key {
        let job = Job::new(rule.clone()).run(move |_| {
            note.ran();
            std::future::ready(())
        });
        self.0.add(job).expect("a job that is new")
    }

    async fn start(&mut self) {
        let scheduler = self.0.clone();
        tokio::spawn(async move { scheduler.run().await });
    }

    async fn remove(&mut self, key: Self::Key) {
        assert!(self.0.remove(key), "the job was there");
    }
}
