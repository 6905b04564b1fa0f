//! What executors are asked: the table of questions, and how a peer is asked one.

use crate::exec::ExecPeer;
use crate::harness::{Answer, Ask, Better, Cell, Question, Rounds, Row, Settings};
use crate::peers::EXECUTORS;

use super::{exec_fair, exec_idle, exec_latency, exec_poll, exec_spawn, exec_wake};

/// One row of one question.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Tasks that do nothing but yield: so many of them.
    Yield(usize),
    /// One task in each of so many queues; the turn passes from queue to queue.
    Token(usize),
    SpawnJoin,
    OneByOne,
    Detached,
    PingPong,
    Burst,
    Bytes,
    Idle,
    Shares(exec_fair::Load),
    Windows(exec_fair::Load),
    Foreground(exec_latency::Tail),
    TimerLateness,
    Priority(exec_latency::Tail),
}

/// A row of one kind.
struct Line {
    name: &'static str,
    kind: Kind,
}

const fn line(name: &'static str, kind: Kind) -> Line {
    Line { name, kind }
}

pub fn yields(settings: Settings) -> Question {
    let lines = [
        line("1 task", Kind::Yield(1)),
        line("100 tasks", Kind::Yield(100)),
        line("10,000 tasks", Kind::Yield(10_000)),
    ];
    question(exec_poll::YIELD, "What does a yield cost?", "ns", Rounds::Repeated, settings, &lines)
}

pub fn tokens(settings: Settings) -> Question {
    let lines = [
        line("2 queues", Kind::Token(2)),
        line("16 queues", Kind::Token(16)),
        line("256 queues", Kind::Token(256)),
    ];
    let sentence = "What does a poll cost when the turn passes round the queues, a task in each?";
    question(exec_poll::TOKEN, sentence, "ns", Rounds::Repeated, settings, &lines)
}

pub fn spawns(settings: Settings) -> Question {
    let lines = [
        line("spawn a thousand, join them", Kind::SpawnJoin),
        line("spawn one, join it, again", Kind::OneByOne),
        line("spawn a thousand, detached", Kind::Detached),
    ];
    let sentence = "What does a task cost that is ready at once?";
    question(exec_spawn::NAME, sentence, "ns", Rounds::Repeated, settings, &lines)
}

pub fn wakes(settings: Settings) -> Question {
    let lines = [
        line("ping-pong of two tasks", Kind::PingPong),
        line("a burst from another thread", Kind::Burst),
    ];
    let sentence = "What does a message to a waiting task cost?";
    question(exec_wake::NAME, sentence, "ns", Rounds::Repeated, settings, &lines)
}

pub fn bytes(settings: Settings) -> Question {
    let lines = [line("100,000 tasks", Kind::Bytes)];
    let sentence = "How many bytes does a waiting task take, with a future of 16 bytes?";
    question(exec_idle::BYTES, sentence, "bytes", Rounds::AtMost(2), settings, &lines)
}

pub fn idle(settings: Settings) -> Question {
    let lines = [line("ten tasks that wait", Kind::Idle)];
    let sentence = "How much processor time does a second take in which nothing happens?";
    question(exec_idle::IDLE, sentence, "µs", Rounds::AtMost(3), settings, &lines)
}

pub fn shares(settings: Settings) -> Question {
    let lines = [
        line("8:1, polls of 20 µs", Kind::Shares(exec_fair::EQUAL)),
        line("100:10:1, polls of 20 µs", Kind::Shares(exec_fair::THREE)),
        line("8:1, polls of 2 and 200 µs", Kind::Shares(exec_fair::UNEQUAL)),
        line("8:1, worst of 10 ms windows", Kind::Windows(exec_fair::EQUAL)),
    ];
    let sentence = "By how many points of a hundred does a queue miss its share?";
    question(exec_fair::NAME, sentence, "points", Rounds::AtMost(5), settings, &lines)
}

pub fn foreground(settings: Settings) -> Question {
    let lines = [
        line("p50", Kind::Foreground(exec_latency::Tail::Median)),
        line("p99", Kind::Foreground(exec_latency::Tail::P99)),
        line("p99.9", Kind::Foreground(exec_latency::Tail::P999)),
    ];
    let sentence = "How long until 20 µs of foreground work are done, beside eight background tasks \
        with polls of 50 µs (weights 8:1)?";
    question(exec_latency::FOREGROUND, sentence, "µs", Rounds::AtMost(3), settings, &lines)
}

pub fn timers(settings: Settings) -> Question {
    let lines = [line("median", Kind::TimerLateness)];
    let sentence = "How late is a timer of 1 ms beside a task that always yields?";
    question(exec_latency::TIMERS, sentence, "µs", Rounds::AtMost(5), settings, &lines)
}

pub fn priority(settings: Settings) -> Question {
    let lines = [
        line("p50", Kind::Priority(exec_latency::Tail::Median)),
        line("p99", Kind::Priority(exec_latency::Tail::P99)),
    ];
    let sentence = "clockworker's priority benchmark: how long does a request take from its arrival to \
        its end, beside eight background tasks (weights 8:1)?";
    question(exec_latency::PRIORITY, sentence, "µs", Rounds::AtMost(3), settings, &lines)
}

fn question(
    name: &'static str,
    sentence: &str,
    unit: &'static str,
    rounds: Rounds,
    settings: Settings,
    lines: &[Line],
) -> Question {
    let rows = lines.iter().map(|line| {
        let cells = EXECUTORS
            .iter()
            .map(|peer| Cell { peer: peer.name, ask: (peer.ask)(line.kind, settings) });
        Row { name: line.name.to_owned(), cells: cells.collect(), rounds_most: usize::MAX }
    });
    Question {
        name,
        sentence: sentence.to_owned(),
        unit,
        better: Better::Lower,
        rounds,
        rows: rows.collect(),
    }
}

/// Asks one peer.
pub fn ask<P: ExecPeer>(kind: Kind, settings: Settings) -> Ask {
    match kind {
        Kind::Yield(tasks) => exec_poll::yields::<P>(tasks, settings),
        Kind::Token(queues) if queues > P::QUEUES_MOST => no_queues(),
        Kind::Token(queues) => exec_poll::token::<P>(queues, settings),
        Kind::SpawnJoin => exec_spawn::join::<P>(settings),
        Kind::OneByOne => exec_spawn::one_by_one::<P>(settings),
        Kind::Detached => exec_spawn::detached::<P>(settings),
        Kind::PingPong => exec_wake::ping_pong::<P>(settings),
        Kind::Burst => exec_wake::burst::<P>(settings),
        Kind::Bytes => exec_idle::bytes::<P>(),
        Kind::Idle => exec_idle::idle::<P>(),
        Kind::Shares(_) | Kind::Windows(_) if P::QUEUES_MOST == 1 => no_queues(),
        Kind::Shares(load) => exec_fair::shares::<P>(load),
        Kind::Windows(load) => exec_fair::windows::<P>(load),
        Kind::Foreground(_) if !P::YIELDS_TO_OTHERS => {
            Answer::Wrong("polls nobody else while a task yields".to_owned()).always()
        }
        Kind::Foreground(tail) => exec_latency::foreground::<P>(tail),
        Kind::TimerLateness | Kind::Priority(_) if !P::HAS_TIMERS => {
            Answer::Cannot("has no timers of its own".to_owned()).always()
        }
        Kind::TimerLateness => exec_latency::timers::<P>(),
        Kind::Priority(tail) => exec_latency::priority::<P>(tail),
    }
}

fn no_queues() -> Ask {
    Answer::Cannot("has no such number of queues".to_owned()).always()
}
