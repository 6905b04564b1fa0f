//! What it costs to find the next fire.
//!
//! What a peer answers is first compared with what we do, in a process of its own: a fast step to
//! the wrong instant is no win. (That ours are right is another question's answer.)

use std::hint::black_box;

use crate::cron::{CronPeer, Inquiry, Reply, ask as ask_probe};
use crate::harness::{Answer, Ask, Better, Cell, OURS, Question, Rounds, Row, Settings, timed};
use crate::peers::CRON;
use crate::probe::Probe;

pub const NAME: &str = "cron-next";

/// One row.
pub struct Kind {
    name: &'static str,
    expression: &'static str,
    zone: &'static str,
    way: Way,
}

/// How the instants follow each other.
#[derive(Clone, Copy)]
enum Way {
    /// One step from each of [`starts`].
    Steps,
    /// A year's fires from New Year 2026 on, one after another; told for each fire.
    Walk { fires: usize },
}

const KINDS: [Kind; 10] = [
    steps("every minute", "* * * * *", "UTC"),
    steps("daily", "30 9 * * *", "Europe/Berlin"),
    steps("office hours", "*/15 9-17 * * MON-FRI", "America/New_York"),
    steps("last weekday of the month", "0 18 LW * *", "UTC"),
    steps("29 February", "0 12 29 2 *", "UTC"),
    steps("fifth Friday", "0 12 * * FRI#5", "UTC"),
    steps("30 February: never", "0 12 30 2 *", "UTC"),
    steps("six fields", "*/10 30 9 * * *", "UTC"),
    walk("a year, daily", "30 9 * * *", "Europe/Berlin", 365),
    walk("a year, every five minutes", "*/5 * * * *", "Europe/Berlin", 105_120),
];

const fn steps(name: &'static str, expression: &'static str, zone: &'static str) -> Kind {
    Kind { name, expression, zone, way: Way::Steps }
}

const fn walk(
    name: &'static str,
    expression: &'static str,
    zone: &'static str,
    fires: usize,
) -> Kind {
    Kind { name, expression, zone, way: Way::Walk { fires } }
}

pub fn question(settings: Settings) -> Question {
    let mut probes = CRON.map(|peer| (Probe::new(peer.name), peer));
    let rows = KINDS.iter().map(|kind| {
        let ours = probes.iter_mut().find(|(_, peer)| peer.name == OURS);
        let expected = replies(&mut ours.expect("we answer too").0, kind);
        let cells = probes.iter_mut().map(|(probe, peer)| {
            let ask = match judge(&replies(probe, kind), &expected) {
                Ok(remark) => (peer.time_next)(kind, remark, settings),
                Err(answer) => answer.always(),
            };
            Cell { peer: peer.name, ask }
        });
        let name = format!("{}: {} {}", kind.name, kind.expression, kind.zone);
        Row { name, cells: cells.collect(), rounds_most: usize::MAX }
    });
    Question {
        name: NAME,
        sentence: "What does it cost to find the next fire?".to_owned(),
        unit: "ns",
        better: Better::Lower,
        rounds: Rounds::Repeated,
        rows: rows.collect(),
    }
}

/// Times one peer on one row.
pub fn ask<P: CronPeer>(kind: &Kind, remark: Option<String>, settings: Settings) -> Ask {
    let zone = P::zone(kind.zone).expect("the probe found it");
    let schedule = P::parse(&P::writing(kind.expression, kind.zone), &zone);
    let schedule = schedule.expect("the probe read it");
    match kind.way {
        Way::Steps => {
            let starts: Vec<_> = starts().map(|start| P::instant(start, &zone)).collect();
            timed(settings, remark, move |operations| {
                for start in starts.iter().cycle().take(operations as usize) {
                    black_box(P::next_after(&schedule, black_box(start)));
                }
            })
        }
        Way::Walk { fires } => {
            let start = P::instant(NEW_YEAR_2026, &zone);
            timed(settings, remark, move |operations| {
                let mut left = operations as usize;
                while left > 0 {
                    let steps = left.min(fires);
                    black_box(P::walk(&schedule, black_box(&start), steps));
                    left -= steps;
                }
            })
        }
    }
}

const NEW_YEAR_2026: i64 = 1_767_225_600;
const YEAR: u64 = 365 * 24 * 60 * 60;

/// Instants all over 2026, in no order; the same in every run.
fn starts() -> impl Iterator<Item = i64> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    (0..64).map(move |_| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        NEW_YEAR_2026 + ((state >> 33) % YEAR) as i64
    })
}

/// What a peer says about the instants that the row is timed on.
fn replies(probe: &mut Probe, kind: &Kind) -> Vec<Reply> {
    let (starts, count) = match kind.way {
        Way::Steps => (starts().collect(), 1),
        Way::Walk { fires } => (vec![NEW_YEAR_2026], fires),
    };
    let mut replies = Vec::new();
    for after in starts {
        let (expression, zone) = (kind.expression.to_owned(), kind.zone.to_owned());
        let reply = ask_probe(probe, &Inquiry { expression, zone, after, count });
        let is_answer = matches!(reply, Reply::Fires(_));
        replies.push(reply);
        // What does not answer once is not timed.
        if !is_answer {
            break;
        }
    }
    replies
}

/// Whether a peer can be timed, and with which remark.
fn judge(replies: &[Reply], expected: &[Reply]) -> Result<Option<String>, Answer> {
    match replies.last() {
        Some(Reply::Fires(_)) => {}
        Some(Reply::NoZone(reason) | Reply::Rejects(reason)) => {
            return Err(Answer::Cannot(reason.clone()));
        }
        Some(Reply::Panics(reason)) => return Err(Answer::Wrong(format!("panics: {reason}"))),
        Some(Reply::Hangs) => return Err(Answer::Wrong("no answer within 2 s".to_owned())),
        Some(Reply::Crashes) => return Err(Answer::Wrong("ends the process".to_owned())),
        None => return Err(Answer::Cannot("was not asked".to_owned())),
    }
    let right = replies.iter().zip(expected).map(|(given, expected)| same(given, expected));
    let (right, all) = right.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    match all - right {
        0 => Ok(None),
        wrong if wrong == all => Err(Answer::Wrong("every fire at the wrong instant".to_owned())),
        wrong => Ok(Some(format!("{wrong} of {all} fires at the wrong instant"))),
    }
}

/// How many fires are the same, of how many. "Never" counts as one.
fn same(given: &Reply, expected: &Reply) -> (usize, usize) {
    let (Reply::Fires(given), Reply::Fires(expected)) = (given, expected) else { return (0, 1) };
    if expected.is_empty() {
        return (usize::from(given.is_empty()), 1);
    }
    let same = given.iter().zip(expected).filter(|(given, expected)| given == expected);
    (same.count(), expected.len())
}

#[cfg(test)]
mod tests {
    use super::{Answer, Reply, judge};

    fn fires(fires: &[i64]) -> Reply {
        Reply::Fires(fires.to_vec())
    }

    #[test]
    fn wrong_instants_are_remarked_on() {
        let expected = [fires(&[60, 120]), fires(&[])];
        assert_eq!(judge(&expected, &expected), Ok(None));
        assert_eq!(
            judge(&[fires(&[60, 121]), fires(&[])], &expected),
            Ok(Some("1 of 3 fires at the wrong instant".to_owned())),
        );
        assert_eq!(
            judge(&[fires(&[]), fires(&[7])], &expected),
            Err(Answer::Wrong("every fire at the wrong instant".to_owned())),
        );
    }

    #[test]
    fn what_does_not_answer_is_not_timed() {
        let expected = [fires(&[60])];
        let rejects = Reply::Rejects("no L".to_owned());
        assert_eq!(judge(&[rejects], &expected), Err(Answer::Cannot("no L".to_owned())));
        assert!(matches!(judge(&[fires(&[60]), Reply::Hangs], &expected), Err(Answer::Wrong(_))));
    }
}
