//! What it costs to read an expression.

use std::hint::black_box;

use crate::cron::{CronPeer, Inquiry, Reply, ask as ask_probe};
use crate::harness::{Answer, Ask, Better, Cell, Question, Rounds, Row, Settings, timed};
use crate::peers::CRON;
use crate::probe::Probe;

pub const NAME: &str = "cron-parse";

/// One row.
pub struct Kind {
    name: &'static str,
    expression: &'static str,
}

/// All in UTC, which no library has to look up.
const KINDS: [Kind; 6] = [
    Kind { name: "every minute", expression: "* * * * *" },
    Kind { name: "a time of day", expression: "30 9 * * *" },
    Kind { name: "lists and steps", expression: "*/15 0-6,12,18-22/2 1,10,20 * *" },
    Kind { name: "names", expression: "0 9-17 * JAN-JUN,OCT MON-FRI" },
    Kind { name: "W, and nth weekday", expression: "0 12 15W * FRI#2" },
    Kind { name: "six fields", expression: "*/10 30 9 * * *" },
];

pub fn question(settings: Settings) -> Question {
    let mut probes = CRON.map(|peer| (Probe::new(peer.name), peer));
    let rows = KINDS.iter().map(|kind| {
        let cells = probes.iter_mut().map(|(probe, peer)| {
            let inquiry = Inquiry {
                expression: kind.expression.to_owned(),
                zone: "UTC".to_owned(),
                after: 0,
                count: 0,
            };
            let ask = match ask_probe(probe, &inquiry) {
                Reply::Fires(_) => (peer.time_parse)(kind, settings),
                Reply::NoZone(reason) | Reply::Rejects(reason) => Answer::Cannot(reason).always(),
                other => Answer::Wrong(other.to_string()).always(),
            };
            Cell { peer: peer.name, ask }
        });
        Row {
            name: format!("{}: {}", kind.name, kind.expression),
            cells: cells.collect(),
            rounds_most: usize::MAX,
        }
    });
    Question {
        name: NAME,
        sentence: "What does it cost to read an expression?".to_owned(),
        unit: "ns",
        better: Better::Lower,
        rounds: Rounds::Repeated,
        rows: rows.collect(),
    }
}

/// Times one peer on one row.
pub fn ask<P: CronPeer>(kind: &Kind, settings: Settings) -> Ask {
    let zone = P::zone("UTC").expect("the probe found it");
    let text = P::writing(kind.expression, "UTC");
    timed(settings, None, move |operations| {
        for _ in 0..operations {
            drop(black_box(P::parse(black_box(&text), &zone)));
        }
    })
}
