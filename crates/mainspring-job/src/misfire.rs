//! Judges a wake: which of the due instants run, and which were missed.
//!
//! A scheduler may wake late: the machine was busy, asleep, or its clock was set forward. An instant
//! that is a little late simply runs late. Of those that lie further back, the policy decides.
//!
//! # Ground rules
//! - The next instant is computed from the schedule, never from "now plus something": a late wake
//!   moves no later beat.
//! - Bounded: at most [`Misfire::RUNS_MAX`] runs and [`Misfire::COUNTED_MAX`] counted misses per wake,
//!   whatever the schedule.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use mainspring_schedule::Schedule;

/// What becomes of instants whose time passed while nobody could run them.
///
/// Whatever the policy, an instant at most the *grace* late still runs; five seconds unless
/// [`grace`](Self::grace) says otherwise. What lies further back is a misfire.
///
/// ```
/// use std::time::Duration;
/// use mainspring_job::Misfire;
/// use mainspring_schedule::Schedule;
///
/// let hourly: Schedule = "0 * * * *".parse()?;
/// let (due, now) = ("2026-03-01T12:00:00Z".parse()?, "2026-03-01T15:30:00Z".parse()?);
/// let runs = |misfire: Misfire| {
///     let mut runs = Vec::new();
///     misfire.judge(&hourly, due, now, |due| runs.push(due.strftime("%H").to_string()));
///     runs
/// };
/// assert_eq!(runs(Misfire::skip()), [""; 0]);
/// assert_eq!(runs(Misfire::run_once()), ["15"]);
/// assert_eq!(runs(Misfire::run_all(Duration::from_secs(2 * 3600))), ["14", "15"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misfire {
    grace: Duration,
    pub(crate) late: Late,
}

/// What runs of the instants that lie further back than the grace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Late {
    None,
    /// The last one, if nothing within the grace runs in its place.
    Last,
    /// Those at most this far back.
    Within(Duration),
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
    /// At most so many runs of one job come from one wake; what is over is missed.
    pub const RUNS_MAX: u32 = 1000;
    /// Counting missed instants costs a step of the schedule each, so it has an end.
    pub const COUNTED_MAX: u64 = 10_000;

    /// What was missed does not run.
    pub fn skip() -> Self {
        Self { late: Late::None, ..Self::default() }
    }

    /// One run stands for all that was missed: the latest instant.
    pub fn run_once() -> Self {
        Self::default()
    }

    /// All that was missed runs, as far back as `horizon`, the oldest first.
    pub fn run_all(horizon: Duration) -> Self {
        Self { late: Late::Within(horizon), ..Self::default() }
    }

    /// An instant that is at most `grace` late runs as if it were on time.
    pub fn grace(self, grace: Duration) -> Self {
        Self { grace, ..self }
    }

    /// How late an instant may be and still count as on time.
    pub fn grace_limit(&self) -> Duration {
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
        let Some(first) = self.first_to_run(schedule, due, now) else {
            return Onward { next: schedule.next_after(now), missed: count(schedule, due, now) };
        };
        let mut missed = count_before(schedule, due, first);
        let mut at = first;
        for _ in 0..Self::RUNS_MAX {
            run(at);
            match schedule.next_after(at) {
                Some(next) if next <= now => at = next,
                next => return Onward { next, missed },
            }
        }
        missed = missed.saturating_add(count(schedule, at, now)).min(Self::COUNTED_MAX);
        Onward { next: schedule.next_after(now), missed }
    }

    /// The oldest instant that is to run; `None` if none is.
    fn first_to_run(
        &self,
        schedule: &Schedule,
        due: Timestamp,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let reach = match self.late {
            Late::Within(horizon) => horizon.max(self.grace),
            Late::None | Late::Last => self.grace,
        };
        let oldest = back_from(now, reach);
        if due >= oldest {
            return Some(due);
        }
        let within = schedule.next_after(back_from(oldest, NANOSECOND)).filter(|at| *at <= now);
        let first = match self.late {
            Late::Last => within.or_else(|| {
                let after_now = now.checked_add(NANOSECOND).unwrap_or(Timestamp::MAX);
                schedule.previous_before(after_now)
            }),
            Late::None | Late::Within(_) => within,
        };
        // A schedule may have been changed so that `due` is none of its instants any more.
        first.map(|first| first.max(due)).or_else(|| (self.late == Late::Last).then_some(due))
    }
}

impl Default for Misfire {
    /// [`run_once`](Self::run_once), with a grace of five seconds: a busy machine is late by less, a
    /// machine that slept by more.
    fn default() -> Self {
        Self { grace: Duration::from_secs(5), late: Late::Last }
    }
}

const NANOSECOND: Duration = Duration::from_nanos(1);

fn back_from(at: Timestamp, by: Duration) -> Timestamp {
    let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
    at.checked_sub(by).unwrap_or(Timestamp::MIN)
}

/// How many instants lie in `from..=to`, `from` being one.
fn count(schedule: &Schedule, from: Timestamp, to: Timestamp) -> u64 {
    count_before(schedule, from, to.checked_add(NANOSECOND).unwrap_or(Timestamp::MAX))
}

/// How many instants lie in `from..until`, `from` being one, up to [`Misfire::COUNTED_MAX`].
fn count_before(schedule: &Schedule, from: Timestamp, until: Timestamp) -> u64 {
    let mut at = from;
    let mut counted = 0;
    while at < until && counted < Misfire::COUNTED_MAX {
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
    use std::time::Duration;

    fn at(text: &str) -> Timestamp {
        format!("2026-03-01T{text}Z").parse().expect("a time of day")
    }

    #[track_caller]
    fn check(schedule: &str, due: &str, now: &str, runs: &[&str], missed: u64, next: Option<&str>) {
        check_by(Misfire::default(), schedule, due, now, runs, missed, next);
    }

    #[track_caller]
    fn check_by(
        misfire: Misfire,
        schedule: &str,
        due: &str,
        now: &str,
        runs: &[&str],
        missed: u64,
        next: Option<&str>,
    ) {
        let schedule: Schedule = schedule.parse().expect("a schedule");
        let mut got = Vec::new();
        let onward = misfire.judge(&schedule, at(due), at(now), |due| got.push(due));
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
        assert_eq!(runs, 1000);
        assert_eq!(onward, Onward { next: Some(at("12:00:01.000000001")), missed: 10_000 });
    }

    #[test]
    fn skip_runs_nothing_but_what_is_fresh() {
        let skip = Misfire::skip();
        check_by(skip, "0 * * * *", "12:00:00", "15:30:00", &[], 4, Some("16:00:00"));
        check_by(skip, "0 * * * *", "12:00:00", "15:00:05", &["15:00:00"], 3, Some("16:00:00"));
        check_by(skip, "@at 2026-03-01T12:00:00Z", "12:00:00", "15:00:00", &[], 1, None);
    }

    #[test]
    fn all_within_the_horizon_run() {
        let all = Misfire::run_all(Duration::from_secs(7200));
        let two = ["14:00:00", "15:00:00"];
        check_by(all, "0 * * * *", "12:00:00", "15:30:00", &two, 2, Some("16:00:00"));
        let exactly = ["13:00:00", "14:00:00", "15:00:00"];
        check_by(all, "0 * * * *", "12:00:00", "15:00:00", &exactly, 1, Some("16:00:00"));
        check_by(all, "@at 2026-03-01T12:00:00Z", "12:00:00", "15:00:00", &[], 1, None);
    }

    #[test]
    fn a_grace_of_nothing_takes_only_what_is_due_now() {
        let strict = Misfire::skip().grace(Duration::ZERO);
        check_by(strict, "0 * * * *", "12:00:00", "12:00:00", &["12:00:00"], 0, Some("13:00:00"));
        check_by(strict, "0 * * * *", "12:00:00", "12:00:00.1", &[], 1, Some("13:00:00"));
    }
}
