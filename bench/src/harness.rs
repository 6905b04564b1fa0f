//! Asks questions: every peer in turn, round after round, and keeps what they answer.
//!
//! # Ground rules
//! - Within a round all peers answer the same row one after another, so that whatever disturbs the
//!   machine disturbs them alike; who comes first moves on with each round.
//! - Ratios are taken within a round, and their median is told: a slow round cancels out.
//! - A peer's first answer is a warm-up and is not counted, unless each is given by a fresh process.
//! - An answer that is not a measurement ends the peer's part in that row.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crate::stats::Summary;
use crate::stopwatch;

/// The name of the peer that the others are compared with. Names that begin so are ours too.
pub const OURS: &str = "mainspring";

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Counted rounds of a repeated question.
    pub rounds: usize,
    /// How long one sample of [`timed`] work lasts, about.
    pub sample: Duration,
    /// Rows with more timers than this are left out.
    pub timers_most: usize,
}

/// One question, put to every peer in every row.
pub struct Question {
    pub name: &'static str,
    /// What is asked, as a sentence.
    pub sentence: String,
    pub unit: &'static str,
    pub better: Better,
    pub rounds: Rounds,
    pub rows: Vec<Row>,
}

/// Which of two values wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    Lower,
    Higher,
}

/// Whether asking again may give another answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounds {
    /// A measurement: repeated, the first answer thrown away.
    Repeated,
    /// A measurement that takes long: repeated, but so many times at most.
    AtMost(usize),
    /// Each answer comes from a process of its own, so that there is nothing to warm up: so many.
    Fresh(usize),
    /// A fact: asked once.
    Once,
}

/// One size or kind of the question.
pub struct Row {
    pub name: String,
    pub cells: Vec<Cell>,
    /// Counted rounds are no more than this: where one lasts seconds, a few are enough.
    pub rounds_most: usize,
}

/// One peer's place in a row.
pub struct Cell {
    pub peer: &'static str,
    pub ask: Ask,
}

/// Called once a round.
pub type Ask = Box<dyn FnMut() -> Answer>;

/// What a peer has to say to one row.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A value in the question's unit. A remark says what is not right about how it was reached:
    /// timers lost, fires that differ.
    Measured { value: f64, remark: Option<String> },
    /// It lacks what the row needs, and says so.
    Cannot(String),
    /// It answers, but not the question: wrongly, never, or by a panic.
    Wrong(String),
}

impl Answer {
    /// Always this answer.
    pub fn always(self) -> Ask {
        Box::new(move || self.clone())
    }
}

/// Nanoseconds per operation of `batch`, which does as many as it is told.
///
/// The first call finds out how many fit into a sample.
pub fn timed(
    settings: Settings,
    remark: Option<String>,
    mut batch: impl FnMut(u64) + 'static,
) -> Ask {
    let mut operations = None;
    Box::new(move || {
        let operations = *operations.get_or_insert_with(|| fitting(settings.sample, &mut batch));
        let took = stopwatch::time(|| batch(operations));
        let value = took.as_nanos() as f64 / operations as f64;
        Answer::Measured { value, remark: remark.clone() }
    })
}

/// How many operations last about `sample`; at least one.
fn fitting(sample: Duration, batch: &mut impl FnMut(u64)) -> u64 {
    let mut operations = 1;
    loop {
        let took = stopwatch::time(|| batch(operations));
        // Long enough to be told from the cost of looking at the clock.
        if took >= sample / 8 {
            let per_operation = took.as_nanos() as f64 / operations as f64;
            return ((sample.as_nanos() as f64 / per_operation) as u64).max(1);
        }
        operations *= 2;
    }
}

/// A question with everything that was answered.
pub struct Report {
    pub name: &'static str,
    pub sentence: String,
    pub unit: &'static str,
    pub better: Better,
    /// In the order of the first row's cells; the same in every row.
    pub peers: Vec<&'static str>,
    pub rows: Vec<RowReport>,
}

/// One row's results, in the order of [`Report::peers`].
pub struct RowReport {
    pub name: String,
    pub results: Vec<Verdict>,
}

/// What came of one cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    Measured {
        summary: Summary,
        /// This peer's value divided by ours, median over the rounds.
        ratio: Option<f64>,
        remark: Option<String>,
    },
    Cannot(String),
    Wrong(String),
}

impl RowReport {
    /// Our value divided by the best other one, remarks or not.
    pub fn ours_to_best(&self, peers: &[&str], better: Better) -> Option<f64> {
        let others = peers.iter().zip(&self.results).filter(|(peer, _)| !peer.starts_with(OURS));
        let ratios = others.filter_map(|(_, verdict)| match verdict {
            Verdict::Measured { ratio, .. } => *ratio,
            _ => None,
        });
        let best = match better {
            Better::Lower => ratios.min_by(f64::total_cmp),
            Better::Higher => ratios.max_by(f64::total_cmp),
        };
        best.map(|ratio| 1.0 / ratio)
    }
}

/// How often somebody is asked at most.
pub fn steps(question: &Question, settings: Settings) -> u64 {
    let cells: usize = question.rows.iter().map(|row| row.cells.len()).sum();
    (cells * (last_round(question, settings) + 1)) as u64
}

fn last_round(question: &Question, settings: Settings) -> usize {
    match question.rounds {
        Rounds::Once => 0,
        Rounds::Repeated => settings.rounds,
        Rounds::AtMost(most) => settings.rounds.min(most),
        Rounds::Fresh(most) => settings.rounds.min(most).saturating_sub(1),
    }
}

/// Asks one question. `tell` hears before each step which it is, and of what.
pub fn run(
    mut question: Question,
    settings: Settings,
    tell: &mut dyn FnMut(u64, &str, &str),
) -> Report {
    let rounds = last_round(&question, settings);
    let mut step = 0;
    let mut answers: Vec<Vec<Vec<Answer>>> =
        question.rows.iter().map(|row| vec![Vec::new(); row.cells.len()]).collect();
    for round in 0..=rounds {
        for (row, answers) in question.rows.iter_mut().zip(&mut answers) {
            if round > row.rounds_most {
                step += row.cells.len() as u64;
                continue;
            }
            for place in 0..row.cells.len() {
                let index = (place + round) % row.cells.len();
                tell(step, &row.name, row.cells[index].peer);
                step += 1;
                let given = &mut answers[index];
                if given.iter().all(|answer| matches!(answer, Answer::Measured { .. })) {
                    given.push(ask(&mut row.cells[index].ask));
                }
            }
        }
    }
    let warm_up = usize::from(matches!(question.rounds, Rounds::Repeated | Rounds::AtMost(_)));
    let peers = question.rows.first().into_iter();
    let peers: Vec<_> = peers.flat_map(|row| row.cells.iter().map(|cell| cell.peer)).collect();
    let rows = question.rows.iter().zip(answers).map(|(row, answers)| {
        let of_row: Vec<_> = row.cells.iter().map(|cell| cell.peer).collect();
        assert_eq!(of_row, peers, "`{}`: every row has the same peers", row.name);
        RowReport { name: row.name.clone(), results: verdicts(&peers, &answers, warm_up) }
    });
    let rows = rows.collect();
    let Question { name, sentence, unit, better, .. } = question;
    Report { name, sentence, unit, better, peers, rows }
}

/// A panic is an answer too.
fn ask(ask: &mut Ask) -> Answer {
    catch_unwind(AssertUnwindSafe(ask))
        .unwrap_or_else(|panic| Answer::Wrong(format!("panics: {}", panic_text(&*panic))))
}

/// What a panic said, in one line.
pub fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("(no text)");
    text.lines().next().unwrap_or("").to_owned()
}

fn verdicts(peers: &[&str], answers: &[Vec<Answer>], warm_up: usize) -> Vec<Verdict> {
    let samples: Vec<Vec<f64>> =
        answers.iter().map(|given| values(given).skip(warm_up).collect()).collect();
    let ours = peers.iter().position(|peer| *peer == OURS).map(|index| &samples[index]);
    answers
        .iter()
        .zip(&samples)
        .map(|(given, samples)| match given.last() {
            Some(Answer::Measured { remark, .. }) => match Summary::of(samples) {
                Some(summary) => {
                    let ratio = ours.and_then(|ours| ratio(samples, ours));
                    Verdict::Measured { summary, ratio, remark: remark.clone() }
                }
                None => Verdict::Cannot("was not asked often enough".to_owned()),
            },
            Some(Answer::Cannot(reason)) => Verdict::Cannot(reason.clone()),
            Some(Answer::Wrong(reason)) => Verdict::Wrong(reason.clone()),
            None => Verdict::Cannot("was not asked".to_owned()),
        })
        .collect()
}

fn values(answers: &[Answer]) -> impl Iterator<Item = f64> {
    answers.iter().filter_map(|answer| match answer {
        Answer::Measured { value, .. } => Some(*value),
        _ => None,
    })
}

fn ratio(samples: &[f64], ours: &[f64]) -> Option<f64> {
    let ratios: Vec<f64> = samples.iter().zip(ours).map(|(theirs, ours)| theirs / ours).collect();
    let median = Summary::of(&ratios)?.median;
    median.is_finite().then_some(median)
}

#[cfg(test)]
mod tests;
