//! Work and jobs that are kept on disk: taken and recorded, enqueued, started when due.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use crate::harness::{Answer, Ask, Better, Cell, Question, Rounds, Row, Settings};
use crate::peers::{STORES, StoresEntry};
use crate::stores::place::{Home, Place};
use crate::stores::{Inquiry, Reply, Shift, Stream};

pub const RUNS: &str = "stores-runs";
pub const ENQUEUE: &str = "stores-enqueue";
pub const PLANS: &str = "stores-plans";
pub const JOBS: &str = "stores-jobs";
pub const LATE: &str = "stores-late";

/// With five of these a run of all takes a quarter of an hour.
const ROUNDS: usize = 5;

const RUNS_ROWS: [(Home, &str, Shift); 8] = [
    (Home::Sqlite, "SQLite, FULL, 1 × 100", Shift { pieces: 40_000, workers: 1, batch: 100 }),
    (Home::Sqlite, "SQLite, FULL, 4 × 100", Shift { pieces: 40_000, workers: 4, batch: 100 }),
    (Home::Sqlite, "SQLite, FULL, one at a time", Shift { pieces: 1_000, workers: 1, batch: 1 }),
    (
        Home::SqliteNormal,
        "SQLite, NORMAL, 1 × 100",
        Shift { pieces: 40_000, workers: 1, batch: 100 },
    ),
    (
        Home::SqliteNormal,
        "SQLite, NORMAL, 4 × 100",
        Shift { pieces: 40_000, workers: 4, batch: 100 },
    ),
    (Home::Postgres, "PostgreSQL, 1 × 100", Shift { pieces: 20_000, workers: 1, batch: 100 }),
    (Home::Postgres, "PostgreSQL, 4 × 100", Shift { pieces: 40_000, workers: 4, batch: 100 }),
    (Home::Postgres, "PostgreSQL, one at a time", Shift { pieces: 1_000, workers: 1, batch: 1 }),
];

const ENQUEUE_ROWS: [(Home, &str, usize, usize); 6] = [
    (Home::Sqlite, "SQLite, FULL, one at a time", 1, 1_000),
    (Home::Sqlite, "SQLite, FULL, 100", 100, 20_000),
    (Home::Sqlite, "SQLite, FULL, 1,000", 1_000, 40_000),
    (Home::Postgres, "PostgreSQL, one at a time", 1, 500),
    (Home::Postgres, "PostgreSQL, 100", 100, 20_000),
    (Home::Postgres, "PostgreSQL, 1,000", 1_000, 40_000),
];

pub fn runs(settings: Settings) -> Question {
    let is_quick = is_quick(settings);
    let rows = RUNS_ROWS.into_iter().map(|(home, name, shift)| {
        row(name.to_owned(), |peer| {
            let pieces = fewer(shift.pieces, peer, is_quick);
            ask(peer, home, Inquiry::Runs(Shift { pieces, ..shift }))
        })
    });
    let sentence = "How many pieces of work are taken and recorded per second?";
    question(RUNS, sentence, "per second", Better::Higher, ROUNDS, settings, rows.collect())
}

pub fn enqueue(settings: Settings) -> Question {
    let is_quick = is_quick(settings);
    let rows = ENQUEUE_ROWS.into_iter().map(|(home, name, batch, pieces)| {
        row(name.to_owned(), |peer| {
            let pieces = fewer(pieces, peer, is_quick).max(batch);
            ask(peer, home, Inquiry::Enqueue { pieces, batch })
        })
    });
    let sentence = "How many pieces of work are enqueued per second?";
    question(ENQUEUE, sentence, "per second", Better::Higher, ROUNDS, settings, rows.collect())
}

pub fn plans(settings: Settings) -> Question {
    let jobs = if is_quick(settings) { 1_000 } else { 50_000 };
    let mut rows = Vec::new();
    for (home, name) in [(Home::Sqlite, "SQLite, FULL"), (Home::Postgres, "PostgreSQL")] {
        for batch in [100, 1_000] {
            let inquiry = Inquiry::Plans { jobs, batch };
            rows.push(row(format!("{name}, {batch} at once"), |peer| ask(peer, home, inquiry)));
        }
    }
    let sentence = "How many jobs that are due are moved on, and their runs made, per second?";
    question(PLANS, sentence, "per second", Better::Higher, ROUNDS, settings, rows)
}

pub fn jobs(settings: Settings) -> Question {
    let is_quick = is_quick(settings);
    let mut rows = Vec::new();
    for (home, name) in [(Home::Sqlite, "SQLite, FULL"), (Home::Postgres, "PostgreSQL")] {
        for (stored, of) in [(1_000, "1,000"), (1_000_000, "1,000,000")] {
            let stored = if is_quick { stored.min(2_000) } else { stored };
            let runs = if is_quick { 1_000 } else { 20_000 };
            let inquiry = Inquiry::Jobs { stored, runs };
            rows.push(row(format!("{name}, of {of}"), |peer| ask(peer, home, inquiry)));
        }
    }
    let sentence = "How many jobs are moved on, and their runs taken and recorded, per second, \
                    with so many stored?";
    // A million jobs are made anew for each answer.
    question(JOBS, sentence, "per second", Better::Higher, 2, settings, rows)
}

pub fn late(settings: Settings) -> Question {
    let pieces = if is_quick(settings) { 5 } else { 100 };
    let gap = Duration::from_millis(20);
    let mut rows = Vec::new();
    for (home, name) in [(Home::Sqlite, "SQLite, FULL"), (Home::Postgres, "PostgreSQL")] {
        for (ahead, when) in [(Duration::ZERO, "at once"), (Duration::from_secs(1), "in 1 s")] {
            for (index, quantile) in ["p50", "p99"].into_iter().enumerate() {
                let stream = Stream { pieces, gap, ahead };
                rows.push(row(format!("{name}, {when}, {quantile}"), |peer| {
                    if let Some(why) = (peer.refuses)(home, Inquiry::Late(stream)) {
                        return Answer::Cannot(why.to_owned()).always();
                    }
                    let mut round = 0;
                    Box::new(move || {
                        round += 1;
                        told(kept(peer, home, stream, round), index)
                    })
                }));
            }
        }
    }
    let sentence = "How long after it is due does a piece of work start?";
    question(LATE, sentence, "ms", Better::Lower, 3, settings, rows)
}

fn question(
    name: &'static str,
    sentence: &str,
    unit: &'static str,
    better: Better,
    rounds: usize,
    settings: Settings,
    rows: Vec<Row>,
) -> Question {
    let rounds = Rounds::Fresh(if is_quick(settings) { 1 } else { rounds });
    Question { name, sentence: sentence.to_owned(), unit, better, rounds, rows }
}

fn row(name: String, ask: impl Fn(&'static StoresEntry) -> Ask) -> Row {
    let cells = STORES.iter().map(|peer| Cell { peer: peer.name, ask: ask(peer) });
    Row { name, cells: cells.collect(), rounds_most: usize::MAX }
}

/// Those who want no crowds want no numbers either.
fn is_quick(settings: Settings) -> bool {
    settings.timers_most < 10_000
}

fn fewer(pieces: usize, peer: &StoresEntry, is_quick: bool) -> usize {
    let pieces = pieces.min(peer.pieces_most);
    if is_quick { (pieces / 20).max(1) } else { pieces }
}

fn ask(peer: &'static StoresEntry, home: Home, inquiry: Inquiry) -> Ask {
    match (peer.refuses)(home, inquiry) {
        Some(why) => Answer::Cannot(why.to_owned()).always(),
        None => Box::new(move || told(reply(peer, home, inquiry), 0)),
    }
}

fn reply(peer: &StoresEntry, home: Home, inquiry: Inquiry) -> Reply {
    let place = Place::new(home)?;
    (peer.ask)(peer.name, &place, inquiry)
}

fn told(reply: Reply, index: usize) -> Answer {
    match reply.map(|values| values.get(index).copied()) {
        Ok(Some(value)) => Answer::Measured { value, remark: None },
        Ok(None) => Answer::Wrong("says too little".to_owned()),
        Err(error) => Answer::Wrong(error),
    }
}

type Key = (&'static str, bool, Duration, usize);

thread_local! {
    static KEPT: RefCell<HashMap<Key, Reply>> = RefCell::default();
}

/// One answer tells both the median and the percentile.
fn kept(peer: &'static StoresEntry, home: Home, stream: Stream, round: usize) -> Reply {
    let key = (peer.name, home == Home::Postgres, stream.ahead, round);
    let known = KEPT.with_borrow(|kept| kept.get(&key).cloned());
    known.unwrap_or_else(|| {
        let reply = reply(peer, home, Inquiry::Late(stream));
        KEPT.with_borrow_mut(|kept| kept.insert(key, reply.clone()));
        reply
    })
}
