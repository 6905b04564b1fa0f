//! How many cases of the conformance data are answered right.
//!
//! Every case is asked in a process of the peer's own, so that a hang costs two seconds and no more.
//! A case counts as right when its next five fires are; what a library cannot express or does not
//! know the zone of is not right, as its user has no schedule then.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::cron::{Inquiry, Reply, ask};
use crate::harness::{Answer, Better, Cell, Question, Rounds, Row, Settings};
use crate::peers::CRON;
use crate::probe::Probe;

pub const NAME: &str = "cron-right";

const CASES: &str = include_str!("../../../testdata/conformance/cron.tsv");
const MALFORMED: &str = include_str!("../../../testdata/conformance/malformed.tsv");

const ALL: &str = "all cases";
const REJECTED: &str = "malformed, and rejected";
const FIRES: usize = 5;

struct Case {
    group: &'static str,
    inquiry: Inquiry,
    /// Fewer than five where there are no more.
    fires: Vec<i64>,
}

pub fn question(_settings: Settings) -> Question {
    let cases = cases();
    let malformed: Vec<&str> =
        MALFORMED.lines().skip(1).filter_map(|l| l.split('\t').next()).collect();
    let tallies: Vec<_> = CRON.iter().map(|peer| tally(peer.name, &cases, &malformed)).collect();
    let row = |name: &'static str| Row {
        rounds_most: usize::MAX,
        name: format!("{name} ({})", tallies[0].get(name).map_or(0, Tally::total)),
        cells: CRON
            .iter()
            .zip(&tallies)
            .map(|(peer, tallies)| {
                let answer = tallies[name].answer(name == ALL || name == REJECTED);
                Cell { peer: peer.name, ask: answer.always() }
            })
            .collect(),
    };
    let mut names: Vec<&'static str> = tallies[0].keys().copied().collect();
    names.sort_by_key(|name| (*name == REJECTED, *name != ALL, *name));
    Question {
        name: NAME,
        sentence: "How many cases of the conformance data are answered right?".to_owned(),
        unit: "%",
        better: Better::Higher,
        rounds: Rounds::Once,
        rows: names.into_iter().map(row).collect(),
    }
}

/// What came of some cases, counted.
#[derive(Default)]
struct Tally {
    right: usize,
    /// By what is said of them in the plural.
    others: BTreeMap<&'static str, usize>,
}

impl Tally {
    fn count(&mut self, outcome: Result<(), &'static str>) {
        match outcome {
            Ok(()) => self.right += 1,
            Err(what) => *self.others.entry(what).or_default() += 1,
        }
    }

    fn total(&self) -> usize {
        self.right + self.others.values().sum::<usize>()
    }

    /// What is not right is counted in the remark, where that is wanted.
    fn answer(&self, with_counts: bool) -> Answer {
        let value = self.right as f64 * 100.0 / self.total().max(1) as f64;
        let mut remark = String::new();
        for (what, count) in self.others.iter().filter(|_| with_counts) {
            let comma = if remark.is_empty() { "" } else { ", " };
            write!(remark, "{comma}{count} {what}").expect("a String takes it");
        }
        Answer::Measured { value, remark: (!remark.is_empty()).then_some(remark) }
    }
}

fn tally(peer: &'static str, cases: &[Case], malformed: &[&str]) -> BTreeMap<&'static str, Tally> {
    let mut probe = Probe::new(peer);
    let mut tallies: BTreeMap<&'static str, Tally> = BTreeMap::new();
    for case in cases {
        let outcome = judge(&ask(&mut probe, &case.inquiry), &case.fires);
        tallies.entry(ALL).or_default().count(outcome);
        tallies.entry(case.group).or_default().count(outcome);
    }
    for expression in malformed {
        let inquiry = Inquiry {
            expression: (*expression).to_owned(),
            zone: "UTC".to_owned(),
            after: 0,
            count: 0,
        };
        let outcome = match ask(&mut probe, &inquiry) {
            Reply::Rejects(_) => Ok(()),
            Reply::Fires(_) => Err("accepted"),
            Reply::NoZone(_) => Err("without the zone"),
            Reply::Panics(_) => Err("with a panic"),
            Reply::Hangs => Err("without end"),
            Reply::Crashes => Err("with a crash"),
        };
        tallies.entry(REJECTED).or_default().count(outcome);
    }
    tallies
}

fn judge(reply: &Reply, fires: &[i64]) -> Result<(), &'static str> {
    match reply {
        Reply::Fires(given) if given == fires => Ok(()),
        Reply::Fires(_) => Err("wrong"),
        Reply::NoZone(_) => Err("without the zone"),
        Reply::Rejects(_) => Err("rejected"),
        Reply::Panics(_) => Err("with a panic"),
        Reply::Hangs => Err("without end"),
        Reply::Crashes => Err("with a crash"),
    }
}

/// The corpus; its README says what the columns mean.
fn cases() -> Vec<Case> {
    CASES.lines().skip(1).map(|line| case(line).unwrap_or_else(|| panic!("`{line}`"))).collect()
}

fn case(line: &str) -> Option<Case> {
    let mut columns = line.split('\t').skip(1);
    let group = group(columns.next()?);
    let (expression, zone) = (columns.next()?.to_owned(), columns.next()?.to_owned());
    let after = columns.next()?.parse().ok()?;
    // A `-` ends the list where no further fire exists.
    let fires = columns.next()?.split(',').filter(|fire| *fire != "-");
    let fires: Option<Vec<i64>> = fires.map(|fire| fire.parse().ok()).collect();
    Some(Case { group, inquiry: Inquiry { expression, zone, after, count: FIRES }, fires: fires? })
}

/// The corpus has forty classes; a table has room for five groups of them.
fn group(class: &str) -> &'static str {
    match class {
        "sec6" | "year7" | "year7-past" => "seconds and years",
        "apia-skip" => "daylight saving, skipped days",
        class if class.starts_with("dst-") => "daylight saving, skipped days",
        "LW" | "W" | "last-dow" => "L, W and #",
        class if class.starts_with("L-") || class.starts_with("nth") => "L, W and #",
        "rare" | "dom31" => "rare and impossible",
        class if class.starts_with("leap") || class.starts_with("impossible") => {
            "rare and impossible"
        }
        _ => "ordinary fields",
    }
}

#[cfg(test)]
mod tests {
    use super::{Reply, case, cases, judge};

    #[test]
    fn the_corpus_is_read() {
        let cases = cases();
        assert!(cases.len() > 4000, "{}", cases.len());
        assert!(cases.iter().all(|case| case.fires.len() <= 5));
        assert!(cases.iter().any(|case| case.fires.is_empty()));
        assert!(case("1\tbasic5\t* * * * *\tUTC\tsoon\t60").is_none());
    }

    #[test]
    fn only_the_same_fires_are_right() {
        assert_eq!(judge(&Reply::Fires(vec![60, 120]), &[60, 120]), Ok(()));
        assert_eq!(judge(&Reply::Fires(vec![60]), &[60, 120]), Err("wrong"));
        assert_eq!(judge(&Reply::Fires(vec![60, 180]), &[60, 120]), Err("wrong"));
        assert_eq!(judge(&Reply::Hangs, &[]), Err("without end"));
    }
}
