//! Judges a wake: which of the due instants run, and which were missed.
//!
//! A scheduler may wake late: the machine was busy, asleep, or its clock was set forward. An instant
//! that is a little late simply runs late. Of those that lie further back, each is *missed*, and if
//! nothing else runs now, one run stands for all of them.
//!
//! # Ground rules
//! - The next instant is computed from the schedule, never from "now plus something": a late wake
//!   moves no later beat.
//! - Bounded: at most [`RUNS_MAX`] runs and [`COUNTED_MAX`] counted misses per wake, whatever the
//!   schedule.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use mainspring_schedule::Schedule;

/// At most so many runs of one job come from one wake; what is over is missed.
const RUNS_MAX: u32 = 64;
/// Counting missed instants costs a schedule's step each, so it has an end.
const COUNTED_MAX: u64 = 10_000;

/// What becomes of instants whose time passed while nobody could run them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misfire {
    grace: Duration,
}

/// What [`Misfire::judge`] found besides the runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Onward {
    /// The job's next due instant, after `now`; `None` if its schedule has ended.
    pub next: Option<Timestamp>,
    /// How many instants were missed; 10,000 may stand for more.
    pub missed: u64,
}

impl Misfire {
    /// An instant that is at most `grace` late runs; what is later is missed.
    pub fn after(grace: Duration) -> Self {
        Self { grace }
    }

    /// How late an instant may be and still run.
    pub fn grace(&self) -> Duration {
        self.grace
    }

    /// Calls `run` for each instant that is to run now, in order, and says how it goes on.
    ///
    /// `due` is the job's next due instant as it was last computed; nothing runs if it is after
    /// `now`.
    pub fn judge(
        &self,
        schedule: &Schedule,
        due: Timestamp,
        now: Timestamp,
        mut run: impl FnMut(Timestamp),
    ) -> Onward {
        if due > now {
            return Onward { next: Some(due), missed: 0 };
        }
        let first = self.first_to_run(schedule, due, now);
        let mut missed = count(schedule, due, first);
        let mut at = first;
        for _ in 0..RUNS_MAX {
            run(at);
            match schedule.next_after(at) {
                Some(next) if next <= now => at = next,
                next => return Onward { next, missed },
            }
        }
        let next = schedule.next_after(now);
        missed = missed.saturating_add(count(schedule, at, next.unwrap_or(now))).min(COUNTED_MAX);
        Onward { next, missed }
    }

    /// The oldest instant within the grace; if there is none, the latest of the missed ones.
    fn first_to_run(&self, schedule: &Schedule, due: Timestamp, now: Timestamp) -> Timestamp {
        let nanosecond = SignedDuration::from_nanos(1);
        let grace = SignedDuration::try_from(self.grace).unwrap_or(SignedDuration::MAX);
        let oldest = now.checked_sub(grace).unwrap_or(Timestamp::MIN);
        if due >= oldest {
            return due;
        }
        let fresh = oldest.checked_sub(nanosecond).ok().and_then(|at| schedule.next_after(at));
        if let Some(fresh) = fresh.filter(|fresh| *fresh <= now) {
            return fresh.max(due);
        }
        let after_now = now.checked_add(nanosecond).unwrap_or(Timestamp::MAX);
        schedule.previous_before(after_now).map_or(due, |latest| latest.max(due))
    }
}

impl Default for Misfire {
    /// A grace of five seconds: a busy machine is late by less, a machine that slept by more.
    fn default() -> Self {
        Self::after(Duration::from_secs(5))
    }
}

/// How many instants lie in `from..until`, `from` being one, up to [`COUNTED_MAX`].
fn count(schedule: &Schedule, from: Timestamp, until: Timestamp) -> u64 {
    let mut at = from;
    let mut counted = 0;
    while at < until && counted < COUNTED_MAX {
        counted += 1;
        match schedule.next_after(at) {
            Some(next) => at = next,
            None => break,
        }
    }
    counted
}

#[cfg(test)]
mod tests {
    use super::{Misfire, Onward};
    use jiff::Timestamp;
    use mainspring_schedule::Schedule;

    fn at(text: &str) -> Timestamp {
        format!("2026-03-01T{text}Z").parse().expect("a time of day")
    }

    #[track_caller]
    fn check(schedule: &str, due: &str, now: &str, runs: &[&str], missed: u64, next: Option<&str>) {
        let schedule: Schedule = schedule.parse().expect("a schedule");
        let mut got = Vec::new();
        let onward = Misfire::default().judge(&schedule, at(due), at(now), |due| got.push(due));
        let runs: Vec<_> = runs.iter().map(|text| at(text)).collect();
        assert_eq!(got, runs, "runs");
        assert_eq!(onward, Onward { next: next.map(at), missed });
    }

    #[test]
    fn on_time() {
        check("0 * * * *", "12:00:00", "12:00:00", &["12:00:00"], 0, Some("13:00:00"));
        check("0 * * * *", "12:00:00", "12:00:04.9", &["12:00:00"], 0, Some("13:00:00"));
    }

    #[test]
    fn before_its_time_nothing_runs() {
        check("0 * * * *", "12:00:00", "11:59:59.999999999", &[], 0, Some("12:00:00"));
    }

    #[test]
    fn a_little_late_every_second_runs() {
        let seconds = ["12:00:00", "12:00:01", "12:00:02", "12:00:03"];
        check("* * * * * *", "12:00:00", "12:00:03.5", &seconds, 0, Some("12:00:04"));
    }

    #[test]
    fn far_back_one_stands_for_all() {
        check("0 * * * *", "12:00:00", "12:30:00", &["12:00:00"], 0, Some("13:00:00"));
        check("0 * * * *", "12:00:00", "15:30:00", &["15:00:00"], 3, Some("16:00:00"));
    }

    #[test]
    fn a_fresh_instant_stands_for_the_missed_ones() {
        check("0 * * * *", "12:00:00", "15:00:01", &["15:00:00"], 3, Some("16:00:00"));
        let fresh = ["12:59:55", "12:59:56", "12:59:57", "12:59:58", "12:59:59", "13:00:00"];
        check("* * * * * *", "12:00:00", "13:00:00", &fresh, 3595, Some("13:00:01"));
    }

    #[test]
    fn a_past_one_shot_runs_once_and_ends() {
        check("@at 2026-03-01T12:00:00Z", "12:00:00", "18:00:00", &["12:00:00"], 0, None);
    }

    #[test]
    fn a_beat_of_a_nanosecond_is_bounded() {
        let schedule: Schedule =
            "@every 1ns starting 2026-03-01T12:00:00Z".parse().expect("a schedule");
        let mut runs = 0;
        let onward =
            Misfire::default().judge(&schedule, at("12:00:00"), at("12:00:01"), |_| runs += 1);
        assert_eq!(runs, 64);
        assert_eq!(onward, Onward { next: Some(at("12:00:01.000000001")), missed: 10_000 });
    }
}
