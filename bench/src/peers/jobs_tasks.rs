//! No scheduler at all: a tokio task for each job, which sleeps until the job is due.
//!
//! It keeps no names, no policies, and no history, and would neither see the clock being set nor tell
//! what it missed. What it costs is what tokio costs.

use tokio::task::JoinHandle;
use tokio::time::sleep_until;

use crate::jobs::{JobsPeer, Note, Place};
use crate::stopwatch::{since_epoch, tokio_now};

pub struct Tasks;

impl JobsPeer for Tasks {
    const NAME: &'static str = "bare tasks";
    const PACKAGE: &'static str = "tokio";
    type Rule = Place;
    type Key = JoinHandle<()>;

    fn rule(_: &str, place: Place) -> Place {
        place
    }

    async fn new() -> Self {
        Self
    }

    async fn add(&mut self, place: &Place, note: Note) -> JoinHandle<()> {
        let place = *place;
        tokio::spawn(async move {
            loop {
                sleep_until(tokio_now() + place.until_next(since_epoch())).await;
                note.ran();
            }
        })
    }

    async fn start(&mut self) {}

    async fn remove(&mut self, key: JoinHandle<()>) {
        key.abort();
    }
}
