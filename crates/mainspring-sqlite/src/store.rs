//! Answers a store's verbs: hands each to the thread that writes, or to the one that reads.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use mainspring_job::RunId;
use mainspring_job::store::{
    Advance, Advanced, Answer, Beat, Bell, Cancelled, Claim, ClaimedRun, Enqueued, Finish, Hold,
    JobDraft, JobQuery, NextWake, Prune, Reaped, RunQuery, Store, StoredJob, StoredRun, Tally,
    Upserted, Verdict, Watch, Work, whole_micros,
};
use rusqlite::Connection;

use crate::error::Result;
use crate::open::Clock;
use crate::sql;
use crate::worker::{Weight, Worker};
use crate::writer::Writer;
use crate::{Durability, SqliteOptions};

/// A [`Store`] in an SQLite file.
///
/// Clones share one connection. When the last one is dropped, what was asked for is still written, and
/// the file is closed.
///
/// ```
/// # tokio::runtime::Builder::new_multi_thread().build().unwrap().block_on(async {
/// use mainspring_job::store::{RunQuery, Store};
/// use mainspring_sqlite::SqliteStore;
///
/// # let folder = tempfile::tempdir()?;
/// let store = SqliteStore::open(folder.path().join("jobs.db"))?;
/// assert!(store.runs(&RunQuery::live(10)).await?.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct SqliteStore {
    shared: Arc<Shared>,
}

struct Shared {
    clock: Clock,
    bell: Bell,
    writer: Worker,
    reader: Worker,
}

impl SqliteStore {
    /// Opens the file at `path`, or makes it; see [`SqliteOptions`] for more.
    ///
    /// # Errors
    /// If the file cannot be opened or written, is no database, or was written by a newer version.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        SqliteOptions::new(path).open()
    }

    pub(crate) fn start(
        clock: Clock,
        durability: Durability,
        writer: Connection,
        reader: Connection,
    ) -> Result<Self> {
        let bell = Bell::default();
        let writer = Worker::writer(Writer::new(writer, bell.clone(), durability))?;
        let reader = Worker::reader(reader)?;
        Ok(Self { shared: Arc::new(Shared { clock, bell, writer, reader }) })
    }

    /// Tells those who watch that there is news, after a transaction that used
    /// [`enqueue_in`](crate::enqueue_in); without, they hear of it a little later.
    pub fn ring(&self) {
        self.shared.bell.ring();
    }

    fn clock(&self) -> Timestamp {
        whole_micros((self.shared.clock)())
    }

    fn write<'a, T: Send + 'static>(
        &self,
        weight: Weight,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Answer<'a, T> {
        self.shared.writer.ask(weight, work)
    }

    fn read<'a, T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Answer<'a, T> {
        self.shared.reader.ask(Weight::Quiet, work)
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

impl Store for SqliteStore {
    fn now(&self) -> Answer<'_, Timestamp> {
        let now = self.clock();
        Box::pin(async move { Ok(now) })
    }

    fn upsert<'a>(&'a self, jobs: &'a [JobDraft]) -> Answer<'a, Vec<Upserted>> {
        let jobs = jobs.to_vec();
        self.write(Weight::News, move |connection| sql::jobs::upsert(connection, &jobs))
    }

    fn jobs<'a>(&'a self, query: &'a JobQuery) -> Answer<'a, Vec<StoredJob>> {
        let query = query.clone();
        self.read(move |connection| sql::jobs::read(connection, &query))
    }

    fn remove<'a>(&'a self, name: &'a str) -> Answer<'a, bool> {
        let (name, now) = (name.to_owned(), self.clock());
        self.write(Weight::News, move |connection| sql::jobs::remove(connection, &name, now))
    }

    fn due_jobs(&self, until: Timestamp, limit: usize) -> Answer<'_, Vec<StoredJob>> {
        self.read(move |connection| sql::jobs::due(connection, until, limit))
    }

    fn advance<'a>(&'a self, steps: &'a [Advance]) -> Answer<'a, Vec<Advanced>> {
        let (steps, now) = (steps.to_vec(), self.clock());
        self.write(Weight::News, move |connection| sql::advance::advance(connection, &steps, now))
    }

    fn enqueue<'a>(&'a self, work: &'a [Work]) -> Answer<'a, Vec<Enqueued>> {
        let (work, now) = (work.to_vec(), self.clock());
        self.write(Weight::News, move |connection| sql::enqueue::enqueue(connection, &work, now))
    }

    fn claim<'a>(&'a self, claim: &'a Claim) -> Answer<'a, Vec<ClaimedRun>> {
        let (claim, now) = (claim.clone(), self.clock());
        let is_light = claim.limit <= sql::fences::LIGHT_CLAIM_MAX;
        let weight = if is_light { Weight::Light } else { Weight::Quiet };
        self.write(weight, move |connection| sql::claim::claim(connection, &claim, now))
    }

    fn heartbeat<'a>(&'a self, holds: &'a [Hold], lease: Duration) -> Answer<'a, Vec<Beat>> {
        let (holds, now) = (holds.to_vec(), self.clock());
        self.write(Weight::Light, move |connection| {
            sql::leases::heartbeat(connection, &holds, now, lease)
        })
    }

    fn finish<'a>(&'a self, ends: &'a [Finish]) -> Answer<'a, Vec<Verdict>> {
        let (ends, now) = (ends.to_vec(), self.clock());
        self.write(Weight::News, move |connection| sql::finish::finish(connection, &ends, now))
    }

    fn release<'a>(&'a self, holds: &'a [Hold]) -> Answer<'a, Vec<Verdict>> {
        let (holds, now) = (holds.to_vec(), self.clock());
        self.write(Weight::News, move |connection| sql::leases::release(connection, &holds, now))
    }

    fn cancel<'a>(&'a self, runs: &'a [RunId]) -> Answer<'a, Vec<Cancelled>> {
        let (runs, now) = (runs.to_vec(), self.clock());
        self.write(Weight::News, move |connection| sql::leases::cancel(connection, &runs, now))
    }

    fn reap(&self, limit: usize, attempts_max: u32) -> Answer<'_, Vec<Reaped>> {
        let now = self.clock();
        self.write(Weight::News, move |connection| {
            sql::leases::reap(connection, limit, attempts_max, now)
        })
    }

    fn limit_queue<'a>(&'a self, queue: &'a str, runs: Option<u32>) -> Answer<'a, ()> {
        let queue = queue.to_owned();
        self.write(Weight::News, move |connection| {
            sql::claim::limit_queue(connection, &queue, runs)
        })
    }

    fn runs<'a>(&'a self, query: &'a RunQuery) -> Answer<'a, Vec<StoredRun>> {
        let query = query.clone();
        self.read(move |connection| sql::history::read(connection, &query))
    }

    fn prune<'a>(&'a self, which: &'a Prune) -> Answer<'a, u64> {
        let which = *which;
        self.write(Weight::Quiet, move |connection| sql::history::prune(connection, which))
    }

    fn next_wake(&self) -> Answer<'_, NextWake> {
        let now = self.clock();
        self.read(move |connection| sql::claim::next_wake(connection, now))
    }

    fn watch(&self) -> Watch {
        let watch = self.shared.bell.watch();
        // The thread begins to look whether other processes write.
        drop(self.write(Weight::Light, |_| Ok(())));
        watch
    }

    fn tally(&self) -> Answer<'_, Tally> {
        self.read(sql::tally::tally)
    }
}
