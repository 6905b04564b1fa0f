//! Writes many pieces of work in one transaction.
//!
//! # Ground rules
//! - A piece of work that fails is undone alone (a savepoint). If SQLite gives up the whole transaction,
//!   everybody in it is told so.
//! - Light work does not wait for the disk, unless it comes along with other work: a claim that a power cut
//!   undoes was held by a process that the power cut ended as well. Before, fences ahead were set aside on the
//!   disk, so that no number is given twice.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use mainspring_job::store::{Bell, StoreError, StoreErrorKind};
use rusqlite::Connection;

use crate::error::{Result, explained};
use crate::sql::fences;
use crate::worker::{Piece, Weight, end};
use crate::{Durability, open};

/// So many pieces of work are committed together at most.
const GROUP_MAX: usize = 512;

/// How often to look whether other processes wrote, while somebody wants to know.
const LOOK: Duration = Duration::from_millis(50);

/// What writes: a connection, and what it knows.
pub(crate) struct Writer {
    connection: Connection,
    bell: Bell,
    wanted: Durability,
    /// What the connection is set to.
    set: Durability,
    /// Whether no number below the mark will be given out any more.
    is_past_mark: bool,
    /// Work that is not for the group that was being written.
    held: Option<Box<dyn Piece>>,
}

impl Writer {
    /// `bell` is rung after news.
    pub(crate) fn new(connection: Connection, bell: Bell, durability: Durability) -> Self {
        let (wanted, set) = (durability, durability);
        Self { connection, bell, wanted, set, is_past_mark: false, held: None }
    }

    /// Writes what it is given until nobody can give anything any more.
    pub(crate) fn run(mut self, receive: &Receiver<Box<dyn Piece>>) {
        let mut seen = data_version(&self.connection);
        loop {
            match self.next(receive) {
                Ok(work) => self.write_group(work, receive),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            // The number changes when another connection has written, which none in this process does.
            let now = data_version(&self.connection);
            if now != seen {
                seen = now;
                self.bell.ring();
            }
        }
    }

    fn next(
        &mut self,
        receive: &Receiver<Box<dyn Piece>>,
    ) -> std::result::Result<Box<dyn Piece>, RecvTimeoutError> {
        if let Some(held) = self.held.take() {
            return Ok(held);
        }
        if self.bell.is_watched() {
            return receive.recv_timeout(LOOK);
        }
        receive.recv().map_err(|_| RecvTimeoutError::Disconnected)
    }

    fn write_group(&mut self, first: Box<dyn Piece>, receive: &Receiver<Box<dyn Piece>>) {
        let is_light = first.weight() == Weight::Light;
        let mut group = vec![first];
        let mut outcome = self.begin(is_light);
        let mut next = 0;
        while next < group.len() {
            if outcome.is_ok() {
                // Behind those before it lies nothing that a failure could take along.
                let is_first = group[..next].iter().all(|work| !work.is_done());
                outcome = self.write_one(&mut *group[next], is_first);
            }
            next += 1;
            if next == group.len()
                && next < GROUP_MAX
                && let Ok(more) = receive.try_recv()
            {
                if is_light && more.weight() != Weight::Light {
                    self.held = Some(more);
                } else {
                    group.push(more);
                }
            }
        }
        if outcome.is_ok() {
            outcome = execute(&self.connection, "COMMIT");
            self.is_past_mark |= outcome.is_ok();
        }
        end(&self.connection, "ROLLBACK");
        let lost = outcome.err();
        let mut done = group.iter().filter(|work| work.is_done());
        if lost.is_none() && done.any(|work| work.weight() == Weight::News) {
            self.bell.ring();
        }
        for work in group {
            work.answer(lost.as_ref());
        }
    }

    /// Fails if the transaction as a whole is lost.
    ///
    /// The first needs no savepoint, for which SQLite would keep a copy of each page that is changed: if it
    /// fails, the transaction begins anew.
    fn write_one(&self, work: &mut dyn Piece, is_first: bool) -> Result<()> {
        let connection = &self.connection;
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
                self.begin_once()
            }
            (false, true) => execute(connection, "RELEASE piece"),
            (false, false) => execute(connection, "ROLLBACK TO piece"),
        }
    }

    fn begin(&mut self, is_light: bool) -> Result<()> {
        self.set(if is_light { Durability::Normal } else { self.wanted })?;
        self.begin_once()?;
        if self.set == self.wanted || fences::are_set_aside(&self.connection)? {
            return Ok(());
        }
        execute(&self.connection, "ROLLBACK")?;
        self.set(self.wanted)?;
        self.begin_once()?;
        fences::set_aside(&self.connection)
    }

    fn begin_once(&self) -> Result<()> {
        execute(&self.connection, "BEGIN IMMEDIATE")?;
        if self.is_past_mark { Ok(()) } else { fences::skip_to_mark(&self.connection) }
    }

    /// SQLite allows it between transactions alone.
    fn set(&mut self, durability: Durability) -> Result<()> {
        if self.set != durability {
            open::synchronous(&self.connection, durability)?;
            self.set = durability;
        }
        Ok(())
    }
}

fn execute(connection: &Connection, sql: &str) -> Result<()> {
    let done = connection.prepare_cached(sql).and_then(|mut statement| statement.execute([]));
    done.map(drop).map_err(explained)
}

fn data_version(connection: &Connection) -> Option<i64> {
    connection
        .prepare_cached("PRAGMA data_version")
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
        .ok()
}
