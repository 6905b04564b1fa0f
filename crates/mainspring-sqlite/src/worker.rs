//! Runs work on a thread with a connection of its own, and answers those who asked for it.
//!
//! # Ground rules
//! - Nobody is answered before the transaction is done.
//! - Wakers of answers may run foreign code here; no lock is held, no transaction open.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{JoinHandle, ThreadId};

use mainspring_job::store::{Answer, StoreError, StoreErrorKind};
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::error::{Result, explained, shared};
use crate::writer::Writer;

/// What a piece of work that writes means to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// Those who watch want to know.
    News,
    /// It concerns nobody else.
    Quiet,
    /// The same, and a power cut may undo it without harm.
    Light,
}

/// Work that somebody asked for.
pub(crate) trait Piece: Send {
    /// Does it; an error is kept for the answer.
    fn run(&mut self, connection: &Connection);

    /// Whether it went well.
    fn is_done(&self) -> bool;

    fn weight(&self) -> Weight;

    /// Answers; `lost` says why nothing of the transaction was kept.
    fn answer(self: Box<Self>, lost: Option<&StoreError>);
}

struct Task<T, F> {
    work: Option<F>,
    result: Option<Result<T>>,
    weight: Weight,
    send: oneshot::Sender<Result<T>>,
}

impl<T: Send, F: FnOnce(&Connection) -> Result<T> + Send> Piece for Task<T, F> {
    fn run(&mut self, connection: &Connection) {
        self.result = self.work.take().map(|work| work(connection));
    }

    fn is_done(&self) -> bool {
        matches!(self.result, Some(Ok(_)))
    }

    fn weight(&self) -> Weight {
        self.weight
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
    /// Hands work to `writer`.
    pub(crate) fn writer(writer: Writer) -> Result<Self> {
        Self::start("mainspring-writer", move |receive| writer.run(&receive))
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
        weight: Weight,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Answer<'a, T> {
        let (send, receive) = oneshot::channel();
        let work = Box::new(Task { work: Some(work), result: None, weight, send });
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

/// Leaves no transaction open.
pub(crate) fn end(connection: &Connection, how: &str) {
    if !connection.is_autocommit() {
        // What can be neither committed nor rolled back ends with the connection.
        let _ = connection.execute_batch(how);
    }
}
