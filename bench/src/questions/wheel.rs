//! All that is asked about keeping timers: which question, which sizes, how often.

use super::{
    wheel_bytes, wheel_cancel, wheel_fire, wheel_idle, wheel_insert, wheel_mix, wheel_reset,
};
use crate::harness::{Ask, Better, Cell, Question, Rounds, Row, Settings};
use crate::peers::KEEPERS;
use crate::timers::TimerPeer;

/// One question about timers.
#[derive(Clone, Copy)]
pub enum Kind {
    Insert,
    Cancel,
    Cancelled,
    Jump,
    Ticks,
    Refill,
    Mix,
    MixNext,
    Reset,
    KeepAlive,
    Idle,
    Bytes,
    BytesChurned,
}

/// Puts the question to one peer, in one size.
pub fn ask<P: TimerPeer>(kind: Kind, size: usize) -> Ask {
    match kind {
        Kind::Insert => wheel_insert::insert::<P>(size),
        Kind::Cancel => wheel_cancel::cancel::<P>(size),
        Kind::Cancelled => wheel_cancel::cancelled::<P>(size),
        Kind::Jump => wheel_fire::jump::<P>(size),
        Kind::Ticks => wheel_fire::ticks::<P>(size),
        Kind::Refill => wheel_insert::refill::<P>(size),
        Kind::Mix => wheel_mix::mix::<P>(size),
        Kind::MixNext => wheel_mix::mix_next::<P>(size),
        Kind::Reset => wheel_reset::reset::<P>(size),
        Kind::KeepAlive => wheel_reset::keep_alive::<P>(size),
        Kind::Idle => wheel_idle::idle::<P>(size),
        Kind::Bytes => wheel_bytes::fresh::<P>(size),
        Kind::BytesChurned => wheel_bytes::churned::<P>(size),
    }
}

/// So many timers, and no more rounds than this: the large ones last seconds each.
const SIZES: [(&str, usize, usize); 4] =
    [("1 k", 1_000, 51), ("100 k", 100_000, 15), ("1 M", 1_000_000, 5), ("10 M", 10_000_000, 1)];

pub fn insert(settings: Settings) -> Question {
    const SENTENCE: &str = "What does it cost to arm a timer?";
    times(wheel_insert::INSERT, SENTENCE, Kind::Insert, settings)
}

pub fn cancel(settings: Settings) -> Question {
    const SENTENCE: &str = "What does it cost to arm a timer and to cancel it, in random order?";
    times(wheel_cancel::CANCEL, SENTENCE, Kind::Cancel, settings)
}

pub fn cancelled(settings: Settings) -> Question {
    const SENTENCE: &str = "What does a timer cost when 99 of 100 are cancelled and the rest fire?";
    times(wheel_cancel::CANCELLED, SENTENCE, Kind::Cancelled, settings)
}

pub fn jump(settings: Settings) -> Question {
    const SENTENCE: &str = "What does it cost to fire a timer, all of them in one jump?";
    times(wheel_fire::JUMP, SENTENCE, Kind::Jump, settings)
}

pub fn ticks(settings: Settings) -> Question {
    const SENTENCE: &str = "What does it cost to fire a timer, tick by tick over two minutes?";
    times(wheel_fire::TICKS, SENTENCE, Kind::Ticks, settings)
}

pub fn refill(settings: Settings) -> Question {
    const SENTENCE: &str = "What does it cost to arm a timer where one has fired?";
    times(wheel_insert::REFILL, SENTENCE, Kind::Refill, settings)
}

pub fn mix(settings: Settings) -> Question {
    const SENTENCE: &str = "What does it cost to cancel one and arm one, while time goes on?";
    times(wheel_mix::MIX, SENTENCE, Kind::Mix, settings)
}

pub fn mix_next(settings: Settings) -> Question {
    const SENTENCE: &str = "What does the same cost, asking each time for the next deadline?";
    times(wheel_mix::MIX_NEXT, SENTENCE, Kind::MixNext, settings)
}

pub fn reset(settings: Settings) -> Question {
    const SENTENCE: &str = "What does it cost to move a timer, in random order?";
    times(wheel_reset::RESET, SENTENCE, Kind::Reset, settings)
}

pub fn keep_alive(settings: Settings) -> Question {
    const SENTENCE: &str = "What does it cost to move a timer a minute ahead, while time goes on?";
    times(wheel_reset::KEEP_ALIVE, SENTENCE, Kind::KeepAlive, settings)
}

pub fn idle(_settings: Settings) -> Question {
    let rows = [("1e6 ticks", 1_000_000), ("1e9 ticks", 1_000_000_000)];
    Question {
        name: wheel_idle::NAME,
        sentence: "What does one advance cost that fires none of ten timers?".to_owned(),
        unit: "ns",
        better: Better::Lower,
        rounds: Rounds::Repeated,
        rows: rows.map(|(name, ticks)| row(name, Kind::Idle, ticks, 15)).into(),
    }
}

pub fn bytes(settings: Settings) -> Question {
    const SENTENCE: &str = "How many bytes does a timer with a value of 8 take?";
    memory(wheel_bytes::FRESH, SENTENCE, Kind::Bytes, settings)
}

pub fn bytes_churned(settings: Settings) -> Question {
    const SENTENCE: &str = "How many, when each was cancelled and armed five times over?";
    memory(wheel_bytes::CHURNED, SENTENCE, Kind::BytesChurned, settings)
}

fn times(name: &'static str, sentence: &str, kind: Kind, settings: Settings) -> Question {
    Question {
        name,
        sentence: sentence.to_owned(),
        unit: "ns",
        better: Better::Lower,
        rounds: Rounds::Repeated,
        rows: rows(kind, settings),
    }
}

fn memory(name: &'static str, sentence: &str, kind: Kind, settings: Settings) -> Question {
    Question {
        name,
        sentence: sentence.to_owned(),
        unit: "bytes",
        better: Better::Lower,
        rounds: Rounds::Once,
        rows: rows(kind, settings),
    }
}

fn rows(kind: Kind, settings: Settings) -> Vec<Row> {
    let sizes = SIZES.iter().filter(|(_, size, _)| *size <= settings.timers_most);
    sizes.map(|&(name, size, rounds)| row(name, kind, size, rounds)).collect()
}

fn row(name: &str, kind: Kind, size: usize, rounds_most: usize) -> Row {
    let cells = KEEPERS.iter().map(|peer| {
        // Made when it is first asked: the work for ten million timers is large itself.
        let mut made: Option<Ask> = None;
        let make = peer.ask;
        let ask: Ask = Box::new(move || made.get_or_insert_with(|| make(kind, size))());
        Cell { peer: peer.name, ask }
    });
    Row { name: name.to_owned(), cells: cells.collect(), rounds_most }
}
