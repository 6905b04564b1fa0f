//! Rounds, ratios and answers that are no measurements, on scripted peers.

use std::cell::RefCell;
use std::rc::Rc;

use super::{
    Answer, Ask, Better, Cell, OURS, Question, Rounds, Row, Settings, Verdict, run, steps, timed,
};
use crate::stats::Summary;
use std::time::Duration;

const SETTINGS: Settings =
    Settings { rounds: 3, sample: Duration::from_micros(50), timers_most: usize::MAX };

fn measured(value: f64) -> Answer {
    Answer::Measured { value, remark: None }
}

/// Answers one value after another.
fn script(values: &'static [f64]) -> Ask {
    let mut values = values.iter();
    Box::new(move || measured(*values.next().expect("asked too often")))
}

fn question(cells: Vec<Cell>) -> Question {
    Question {
        name: "test",
        sentence: "What is said?".to_owned(),
        unit: "ns",
        better: Better::Lower,
        rounds: Rounds::Repeated,
        rows: vec![Row { name: "row".to_owned(), cells, rounds_most: usize::MAX }],
    }
}

#[test]
fn the_warm_up_is_not_counted_and_ratios_are_taken_within_a_round() {
    let report = run(
        question(vec![
            Cell { peer: OURS, ask: script(&[1000.0, 10.0, 20.0, 30.0]) },
            Cell { peer: "slow", ask: script(&[1.0, 40.0, 80.0, 120.0]) },
        ]),
        SETTINGS,
        &mut |_, _, _| {},
    );
    let Verdict::Measured { summary, ratio, .. } = &report.rows[0].results[1] else {
        panic!("{:?}", report.rows[0].results);
    };
    assert_eq!(*summary, Summary { min: 40.0, p25: 60.0, median: 80.0, p75: 100.0, max: 120.0 });
    assert_eq!(*ratio, Some(4.0));
    assert_eq!(report.rows[0].ours_to_best(&report.peers, report.better), Some(0.25));
}

#[test]
fn who_comes_first_moves_on() {
    let order = Rc::new(RefCell::new(String::new()));
    let peer = |peer: &'static str| {
        let order = Rc::clone(&order);
        let ask: Ask = Box::new(move || {
            order.borrow_mut().push_str(peer);
            measured(1.0)
        });
        Cell { peer, ask }
    };
    run(question(vec![peer("a"), peer("b"), peer("c")]), SETTINGS, &mut |_, _, _| {});
    assert_eq!(*order.borrow(), "abcbcacababc");
}

#[test]
fn a_peer_that_does_not_answer_is_not_asked_again() {
    let mut asked = 0;
    let tires: Ask = Box::new(move || {
        asked += 1;
        if asked == 2 { Answer::Wrong("loses 17".to_owned()) } else { measured(1.0) }
    });
    let panics: Ask = Box::new(|| panic!("no\nmore"));
    let report = run(
        question(vec![
            Cell { peer: "tires", ask: tires },
            Cell { peer: "cannot", ask: Answer::Cannot("no zones".to_owned()).always() },
            Cell { peer: "panics", ask: panics },
        ]),
        SETTINGS,
        &mut |_, _, _| {},
    );
    let expected = [
        Verdict::Wrong("loses 17".to_owned()),
        Verdict::Cannot("no zones".to_owned()),
        Verdict::Wrong("panics: no".to_owned()),
    ];
    assert_eq!(report.rows[0].results, expected);
    assert_eq!(report.rows[0].ours_to_best(&report.peers, report.better), None);
}

#[test]
fn a_fact_is_asked_once() {
    let mut question = question(vec![Cell { peer: OURS, ask: script(&[97.0]) }]);
    question.rounds = Rounds::Once;
    let report = run(question, SETTINGS, &mut |_, _, _| {});
    assert!(matches!(&report.rows[0].results[0],
        Verdict::Measured { summary, .. } if summary.median == 97.0));
}

#[test]
fn timed_work_is_told_per_operation() {
    let mut ask = timed(SETTINGS, None, |operations| {
        for _ in 0..operations {
            std::hint::black_box((0..100u64).map(std::hint::black_box).sum::<u64>());
        }
    });
    let Answer::Measured { value, .. } = ask() else { panic!("it is a measurement") };
    // A hundred additions: more than a nanosecond, less than a sample.
    assert!(value > 1.0 && value < 50_000.0, "{value}");
}

#[test]
fn each_step_is_told_once_and_none_is_more_than_was_foretold() {
    let peer = |name| Cell { peer: name, ask: script(&[1.0; 9]) };
    let question = question(vec![peer("a"), peer("b")]);
    let steps = steps(&question, SETTINGS);
    let mut told = Vec::new();
    run(question, SETTINGS, &mut |step, row, peer| told.push((step, row == "row", peer.len())));
    assert_eq!(told, (0..steps).map(|step| (step, true, 1)).collect::<Vec<_>>());
}
