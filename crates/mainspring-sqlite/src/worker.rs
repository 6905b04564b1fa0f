//! Runs work on a thread with a connection of its own, many pieces in one transaction.
//!
//! # Ground rules
//! - A piece of work that fails is undone alone (a savepoint). If SQLite gives up the whole transaction,
//!   everybody in it is told so.
//! - Nobody is answered before the commit is done.
//! - Wakers of answers may run foreign code here; no lock is held, no transaction open.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{JoinHandle, ThreadId};
use std::time::Duration;

use mainspring_job::store::{Answer, Bell, StoreError, StoreErrorKind};
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::error::{Result, explained, shared};

/// So many pieces of work are committed together at most.
const GROUP_MAX: usize = 512;

/// How often to look whether other processes wrote, while somebody wants to know.
const LOOK: Duration = Duration::from_millis(50);

/// Work that somebody asked for.
trait Piece: Send {
    /// Does it; an error is kept for the answer.
    fn run(&mut self, connection: &Connection);

    /// Whether it went well.
    fn is_done(&self) -> bool;

    /// Whether it is news for those who watch.
    fn is_news(&self) -> bool;

    /// Answers; `lost` says why nothing of the transaction was kept.
    fn answer(self: Box<Self>, lost: Option<&StoreError>);
}

struct Task<T, F> {
    work: Option<F>,
    result: Option<Result<T>>,
    is_news: bool,
    send: oneshot::Sender<Result<T>>,
}

impl<T: Send, F: FnOnce(&Connection) -> Result<T> + Send> Piece for Task<T, F> {
    fn run(&mut self, connection: &Connection) {
        self.result = self.work.take().map(|work| work(connection));
    }

    fn is_done(&self) -> bool {
        matches!(self.result, Some(Ok(_)))
    }

    fn is_news(&self) -> bool {
        self.is_news && self.is_done()
    }

    fn answer(self: Box<Self>, lost: Option<&StoreError>) {
        let result = match (lost, self.result) {
            (Some(error), _) => Some(Err(shared(error))),
            (None, result) => result,
        };
        if let Some(result) = result {
            // Nobody may be waiting any more.
            let _ = self.send.send(result);
        }
    }
}

/// A thread with a connection.
pub(crate) struct Worker {
    send: Option<Sender<Box<dyn Piece>>>,
    thread: Option<JoinHandle<()>>,
    id: ThreadId,
}

impl Worker {
    /// Each group of work is one transaction that writes; `bell` is rung after news.
    pub(crate) fn writer(connection: Connection, bell: Bell) -> Result<Self> {
        Self::start("mainspring-writer", move |receive| write(&connection, &receive, &bell))
    }

    /// Each piece of work sees one state of the file.
    pub(crate) fn reader(connection: Connection) -> Result<Self> {
        Self::start("mainspring-reader", move |receive| {
            while let Ok(mut work) = receive.recv() {
                let begun = connection.execute_batch("BEGIN").map_err(explained);
                if begun.is_ok() {
                    work.run(&connection);
                    end(&connection, "COMMIT");
                }
                work.answer(begun.err().as_ref());
            }
        })
    }

    fn start(
        name: &str,
        run: impl FnOnce(Receiver<Box<dyn Piece>>) + Send + 'static,
    ) -> Result<Self> {
        let (send, receive) = channel();
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || run(receive));
        let thread = thread.map_err(|error| {
            let text = "the system gives no thread to write with";
            StoreError::new(StoreErrorKind::Unavailable, text).caused_by(error)
        })?;
        let id = thread.thread().id();
        Ok(Self { send: Some(send), thread: Some(thread), id })
    }

    /// Does `work` soon, and answers once it is committed.
    ///
    /// It is done even if nobody waits for the answer.
    pub(crate) fn ask<'a, T: Send + 'static>(
        &self,
        is_news: bool,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Answer<'a, T> {
        let (send, receive) = oneshot::channel();
        let work = Box::new(Task { work: Some(work), result: None, is_news, send });
        let sent = self.send.as_ref().is_some_and(|send| send.send(work).is_ok());
        Box::pin(async move {
            let gone = || StoreError::new(StoreErrorKind::Other, "the store's thread has panicked");
            if !sent {
                return Err(gone());
            }
            receive.await.map_err(|_| gone())?
        })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.send = None;
        // An answer's waker may have dropped the last handle right here.
        if std::thread::current().id() != self.id
            && let Some(thread) = self.thread.take()
        {
            // It has told whom it concerns if it panicked.
            let _ = thread.join();
        }
    }
}

fn write(connection: &Connection, receive: &Receiver<Box<dyn Piece>>, bell: &Bell) {
    let mut seen = data_version(connection);
    loop {
        let first = if bell.is_watched() {
            receive.recv_timeout(LOOK)
        } else {
            receive.recv().map_err(|_| RecvTimeoutError::Disconnected)
        };
        match first {
            Ok(work) => write_group(connection, work, receive, bell),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        // The number changes when another connection has written, which none in this process does.
        let now = data_version(connection);
        if now != seen {
            seen = now;
            bell.ring();
        }
    }
}

fn write_group(
    connection: &Connection,
    first: Box<dyn Piece>,
    receive: &Receiver<Box<dyn Piece>>,
    bell: &Bell,
) {
    let mut group = vec![first];
    let mut outcome = begin(connection);
    let mut next = 0;
    while next < group.len() {
        if outcome.is_ok() {
            // Behind those before it lies nothing that a failure could take along.
            let is_first = group[..next].iter().all(|work| !work.is_done());
            outcome = write_one(connection, &mut *group[next], is_first);
        }
        next += 1;
        if next == group.len() && next < GROUP_MAX {
            group.extend(receive.try_recv());
        }
    }
    if outcome.is_ok() {
        outcome = execute(connection, "COMMIT");
    }
    end(connection, "ROLLBACK");
    let lost = outcome.err();
    if lost.is_none() && group.iter().any(|work| work.is_news()) {
        bell.ring();
    }
    for work in group {
        work.answer(lost.as_ref());
    }
}

/// Fails if the transaction as a whole is lost.
///
/// The first needs no savepoint, for which SQLite would keep a copy of each page that is changed: if it
/// fails, the transaction begins anew.
fn write_one(connection: &Connection, work: &mut dyn Piece, is_first: bool) -> Result<()> {
    if !is_first {
        execute(connection, "SAVEPOINT piece")?;
    }
    work.run(connection);
    if connection.is_autocommit() {
        let text = "SQLite undid the transaction: the disk is full, or failed; try again";
        return Err(StoreError::new(StoreErrorKind::Full, text));
    }
    match (is_first, work.is_done()) {
        (true, true) => Ok(()),
        (true, false) => {
            execute(connection, "ROLLBACK")?;
            begin(connection)
        }
        (false, true) => execute(connection, "RELEASE piece"),
        (false, false) => execute(connection, "ROLLBACK TO piece"),
    }
}

fn begin(connection: &Connection) -> Result<()> {
    execute(connection, "BEGIN IMMEDIATE")
}

fn execute(connection: &Connection, sql: &str) -> Result<()> {
    let done = connection.prepare_cached(sql).and_then(|mut statement| statement.execute([]));
    done.map(drop).map_err(explained)
}

/// Leaves no transaction open.
fn end(connection: &Connection, how: &str) {
    if !connection.is_autocommit() {
        // What can be neither committed nor rolled back ends with the connection.
        let _ = connection.execute_batch(how);
    }
}

fn data_version(connection: &Connection) -> Option<i64> {
    connection
        .prepare_cached("PRAGMA data_version")
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
        .ok()
}
