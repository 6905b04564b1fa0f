//! Very many jobs in one process: what they take, how late they run, how many runs are lost.
//!
//! A slot answers for all questions: the first of them has it run, the others look at it.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::harness::{Answer, Ask, Better, Cell, Question, Rounds, Row, Settings};
use crate::jobs::slot::Slot;
use crate::jobs::{Beat, Crowd, process};
use crate::peers::JOBS;

pub const CPU: &str = "jobs-cpu";
pub const LATE: &str = "jobs-late";
pub const LOST: &str = "jobs-lost";
pub const BYTES: &str = "jobs-bytes";
pub const ADD: &str = "jobs-add";

const CROWDS: [Crowd; 6] = [
    Crowd { count: 1, beat: Beat::Second },
    Crowd { count: 1_000, beat: Beat::Second },
    Crowd { count: 10_000, beat: Beat::Second },
    Crowd { count: 100_000, beat: Beat::Second },
    Crowd { count: 100_000, beat: Beat::Hour },
    Crowd { count: 1_000_000, beat: Beat::Day },
];

/// With three of these a run of all takes ten minutes.
const ROUNDS: usize = 3;

type Look = (&'static str, fn(&Slot) -> f64);

pub fn cpu(settings: Settings) -> Question {
    let sentence = "How much of a core do jobs take that do nothing?";
    question(CPU, sentence, "%", settings, 1, &[("", |slot| slot.cpu_percent)])
}

pub fn late(settings: Settings) -> Question {
    let sentence = "How late does a job's handler begin?";
    let looks: [Look; 3] = [
        (", p50", |slot| slot.late_p50_us / 1e3),
        (", p99", |slot| slot.late_p99_us / 1e3),
        (", max", |slot| slot.late_max_us / 1e3),
    ];
    question(LATE, sentence, "ms", settings, 1, &looks)
}

pub fn lost(settings: Settings) -> Question {
    let sentence = "How many of the runs that are due do not come within a second?";
    let look: Look = ("", |slot| (1.0 - slot.ran / slot.due) * 100.0);
    question(LOST, sentence, "%", settings, 1, &[look])
}

pub fn bytes(settings: Settings) -> Question {
    let sentence = "How much resident memory does a job take, its handler included?";
    let looks: [Look; 2] =
        [(", added", |slot| slot.bytes_added), (", running", |slot| slot.bytes_running)];
    // With fewer, what the process takes by itself weighs more than they.
    question(BYTES, sentence, "bytes", settings, 10_000, &looks)
}

pub fn add(settings: Settings) -> Question {
    let sentence = "What does it cost to add a job, and to remove it?";
    let looks: [Look; 2] = [(", add", |slot| slot.add_ns), (", remove", |slot| slot.remove_ns)];
    question(ADD, sentence, "ns", settings, 1_000, &looks)
}

fn question(
    name: &'static str,
    sentence: &str,
    unit: &'static str,
    settings: Settings,
    count_least: usize,
    looks: &[Look],
) -> Question {
    // Those who want no crowds want no numbers either: one short slot each.
    let is_quick = settings.timers_most < 10_000;
    let crowds: Vec<Crowd> = crowds(settings.timers_most)
        .filter(|crowd| is_quick || crowd.count >= count_least)
        .collect();
    let rows =
        crowds.iter().flat_map(|crowd| looks.iter().map(|look| row(*crowd, *look, is_quick)));
    Question {
        name,
        sentence: sentence.to_owned(),
        unit,
        better: Better::Lower,
        rounds: Rounds::Fresh(if is_quick { 1 } else { ROUNDS }),
        rows: rows.collect(),
    }
}

/// Those of at most so many jobs; the sparse ones shrink to it.
fn crowds(count_most: usize) -> impl Iterator<Item = Crowd> {
    CROWDS.into_iter().filter_map(move |crowd| match crowd.beat {
        Beat::Second => (crowd.count <= count_most).then_some(crowd),
        Beat::Hour | Beat::Day => Some(Crowd { count: crowd.count.min(count_most), ..crowd }),
    })
}

fn row(crowd: Crowd, (look_name, look): Look, is_quick: bool) -> Row {
    let seconds = match (is_quick, crowd.count) {
        (true, _) => 1,
        // A lone job has few runs to show.
        (false, 1) => 8,
        (false, _) => 4,
    };
    let cells =
        JOBS.iter().map(|peer| Cell { peer: peer.name, ask: ask(peer.name, crowd, seconds, look) });
    let every = crowd.beat.name();
    let name = format!("{} per {every}{look_name}", thousands(crowd.count));
    Row { name, cells: cells.collect(), rounds_most: usize::MAX }
}

fn ask(peer: &'static str, crowd: Crowd, seconds: u64, look: fn(&Slot) -> f64) -> Ask {
    let mut round = 0;
    Box::new(move || {
        let slot = slot(peer, crowd, seconds, round);
        round += 1;
        match slot {
            // Nothing ran, so nothing was late.
            Ok(slot) if !look(&slot).is_finite() => {
                Answer::Cannot(remark(&slot).unwrap_or_default())
            }
            Ok(slot) => Answer::Measured { value: look(&slot), remark: remark(&slot) },
            Err(error) => Answer::Wrong(error),
        }
    })
}

fn remark(slot: &Slot) -> Option<String> {
    let Slot { due, ran, .. } = *slot;
    if due == 0.0 {
        Some("nothing was due".to_owned())
    } else if ran > due {
        Some(format!("{ran} runs for {due}"))
    } else {
        (ran < due).then(|| format!("loses {:.1} % of its runs", (1.0 - ran / due) * 100.0))
    }
}

/// What each round of a peer in a crowd has come to.
type Slots = HashMap<(&'static str, Crowd), Vec<Result<Slot, String>>>;

thread_local! {
    static SLOTS: RefCell<Slots> = RefCell::default();
}

/// The slot of a round, which is run if nobody has asked for it yet.
fn slot(peer: &'static str, crowd: Crowd, seconds: u64, round: usize) -> Result<Slot, String> {
    SLOTS.with_borrow_mut(|slots| {
        let rounds = slots.entry((peer, crowd)).or_default();
        while rounds.len() <= round {
            rounds.push(process::ask(peer, crowd, seconds));
        }
        rounds[round].clone()
    })
}

fn thousands(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{crowds, remark, thousands};
    use crate::jobs::slot::Slot;

    #[test]
    fn a_quick_run_asks_for_fewer_jobs() {
        let of = |most| crowds(most).map(|crowd| crowd.count).collect::<Vec<_>>();
        assert_eq!(of(1_000), [1, 1_000, 1_000, 1_000]);
        assert_eq!(of(1_000_000), [1, 1_000, 10_000, 100_000, 100_000, 1_000_000]);
        assert_eq!([1, 1_000, 1_000_000].map(thousands), ["1", "1,000", "1,000,000"]);
    }

    #[test]
    fn lost_and_doubled_runs_are_remarked() {
        let of = |due, ran| remark(&Slot { due, ran, ..Slot::default() });
        assert_eq!(of(200.0, 200.0), None);
        assert_eq!(of(200.0, 150.0).as_deref(), Some("loses 25.0 % of its runs"));
        assert_eq!(of(200.0, 201.0).as_deref(), Some("201 runs for 200"));
        assert_eq!(of(0.0, 0.0).as_deref(), Some("nothing was due"));
    }
}
