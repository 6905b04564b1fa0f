//! Tells of polls that take too long: afterwards, or by a watchdog while they last.
//!
//! # Ground rules
//! - The watchdog never touches a task. The loop writes down what it is about to poll; the watchdog
//!   reads that.
//! - The watchdog needs no clock: a poll that it finds at two looks, one threshold apart, has lasted
//!   that long.

use std::fmt;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use std::{io, thread};

use crate::TaskId;

/// A poll that took, or takes, too long.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StallReport {
    /// The task's number.
    pub id: TaskId,
    /// The task's name, if it was given one.
    pub name: Option<Arc<str>>,
    /// Its queue's name.
    pub queue: Arc<str>,
    /// Where it was spawned.
    pub location: &'static Location<'static>,
    /// How long the poll took; for one that still lasts, how long it has lasted at least.
    pub duration: Duration,
    /// Whether it still lasts.
    pub is_stuck: bool,
}

impl fmt::Display for StallReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {}", self.id)?;
        if let Some(name) = &self.name {
            write!(f, " `{name}`")?;
        }
        let verb = if self.is_stuck { "has been running for" } else { "ran for" };
        let (queue, at, duration) = (&self.queue, self.location, self.duration);
        write!(f, " on queue {queue}, spawned at {at}, {verb} {duration:?} without a pause")
    }
}

/// Called after a poll that took too long.
pub(crate) type OnStall = Box<dyn FnMut(StallReport)>;
/// Called by the watchdog's thread.
pub(crate) type OnStuck = Box<dyn FnMut(StallReport) + Send>;

/// The thread that looks whether a poll has got stuck; it ends when this is dropped.
pub(crate) struct Watchdog {
    seen: Arc<Seen>,
    thread: Option<JoinHandle<()>>,
}

struct Seen {
    /// Grows at the beginning and at the end of each poll: odd while one lasts.
    polls: AtomicU64,
    board: Mutex<Board>,
    changed: Condvar,
}

#[derive(Default)]
struct Board {
    /// What is being polled, or was last.
    poll: Option<StallReport>,
    /// The thread waits without end until something is polled.
    is_dozing: bool,
    is_over: bool,
}

/// Looks without any change after which the thread dozes off.
const IDLE_LOOKS: u32 = 4;

impl Watchdog {
    pub(crate) fn start(threshold: Duration, on_stuck: OnStuck) -> io::Result<Self> {
        let seen = Arc::new(Seen {
            polls: AtomicU64::new(0),
            board: Mutex::default(),
            changed: Condvar::new(),
        });
        let of_thread = Arc::clone(&seen);
        let thread = thread::Builder::new()
            .name("executor-watchdog".to_owned())
            .spawn(move || of_thread.watch(threshold, on_stuck))?;
        Ok(Self { seen, thread: Some(thread) })
    }

    /// A poll begins.
    pub(crate) fn begin(&self, poll: StallReport) {
        let mut board = self.seen.lock();
        board.poll = Some(poll);
        self.seen.polls.fetch_add(1, Ordering::Release);
        if std::mem::take(&mut board.is_dozing) {
            self.seen.changed.notify_one();
        }
    }

    /// It has ended.
    pub(crate) fn end(&self) {
        self.seen.polls.fetch_add(1, Ordering::Release);
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.seen.lock().is_over = true;
        self.seen.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // A report that panicked has been printed by the panic hook.
            let _ = thread.join();
        }
    }
}

impl Seen {
    fn watch(&self, threshold: Duration, mut on_stuck: OnStuck) {
        let mut before = self.polls.load(Ordering::Acquire);
        let mut told = None;
        let mut idle_looks = 0;
        let mut board = self.lock();
        while !board.is_over {
            if idle_looks == IDLE_LOOKS {
                board.is_dozing = true;
                board = self.changed.wait(board).unwrap_or_else(PoisonError::into_inner);
                (before, idle_looks) = (self.polls.load(Ordering::Acquire), 0);
                continue;
            }
            let wait = self.changed.wait_timeout(board, threshold);
            let (looking, wait) = wait.unwrap_or_else(PoisonError::into_inner);
            board = looking;
            if !wait.timed_out() {
                continue;
            }
            let now = self.polls.load(Ordering::Acquire);
            if now != before || board.is_over {
                (before, idle_looks) = (now, 0);
                continue;
            }
            if now.is_multiple_of(2) {
                idle_looks += 1;
            } else if told != Some(now) {
                told = Some(now);
                let report = board.poll.clone();
                drop(board);
                if let Some(report) = report {
                    on_stuck(StallReport { duration: threshold, is_stuck: true, ..report });
                }
                board = self.lock();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Board> {
        // Nothing panics under the lock.
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
